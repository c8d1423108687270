import { describe, expect, it } from "vitest";
import { contentSecurityPolicy, issuerPage } from "../../../src/development/issuer-page.ts";

const HOSTILE = `"><script>alert('x')</script>&`;

async function render(content: Parameters<typeof issuerPage>[0]): Promise<string> {
  return String(await issuerPage(content, "nonce-1"));
}

describe("the sign-in page", () => {
  it("labels its one field and sends it to the issuer", async () => {
    const page = await render({ kind: "form" });
    expect(page).toContain('<label for="name">');
    expect(page).toContain('<form method="post" action="/development/issuer">');
    expect(page).toContain('<html lang="en">');
  });

  it("says what is wrong where assistive technology hears it", async () => {
    const page = await render({ kind: "refused", name: "", problem: "the problem" });
    expect(page).toContain('<p id="problem" role="alert">the problem</p>');
    expect(page).toContain('aria-describedby="about-name problem"');
  });

  it("shows the token and the commands", async () => {
    const page = await render({
      kind: "signed-in",
      name: "alice",
      providerName: "127.0.0.1:8787/development/issuer",
      token: "header.payload.signature",
      expiresAt: 1_800_000_000,
      commands: ["first", "second"],
    });
    expect(page).toContain("header.payload.signature");
    expect(page).toContain("first\nsecond");
    expect(page).toContain("2027-01-15T08:00:00.000Z");
  });

  it("escapes every value", async () => {
    const refused = await render({ kind: "refused", name: HOSTILE, problem: HOSTILE });
    const values = { name: HOSTILE, providerName: HOSTILE, token: HOSTILE, commands: [HOSTILE] };
    const signedIn = await render({ kind: "signed-in", ...values, expiresAt: 0 });
    expect(refused + signedIn).not.toContain("<script");
    expect(refused).toContain('value="&quot;&gt;&lt;script&gt;');
  });

  it("loads nothing but its own style", async () => {
    const page = await render({ kind: "form" });
    expect(page).toContain('<style nonce="nonce-1">');
    expect(page).not.toMatch(/\b(src|href)=/);
    expect(contentSecurityPolicy("nonce-1")).toMatch(/^default-src 'none'; style-src 'nonce-nonce-1';/);
  });
});
