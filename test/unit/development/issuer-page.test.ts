import { describe, expect, it } from "vitest";
import { firstPage } from "../../../src/development/first-page.ts";
import { issuerPage } from "../../../src/development/issuer-page.ts";

const HOSTILE = `"><script>alert('x')</script>&`;
const CLAIMS = { iss: "iss", sub: "sub", aud: "aud", iat: 1_800_000_000, exp: 1_800_003_600, name: "alice" };
const SIGNED_IN = {
  kind: "signed-in",
  claims: CLAIMS,
  providerName: "127.0.0.1:8787/development/issuer",
  identityPoolId: "us-east-1:pool",
  token: "header.payload.signature",
  commands: ["first", "second"],
} as const;

async function render(content: Parameters<typeof issuerPage>[0]): Promise<string> {
  return String(await issuerPage(content));
}

/** Scripts of a page that are no file. */
function inline(page: string): readonly string[] {
  return (
    page.match(/<script(?! type="module" src="\/development\/pages\.js"><\/script>)|<style|\bon\w+=|style=/g) ?? []
  );
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

  it("has the focus in its field where the field is what it is for, and not below a result", async () => {
    const pages = [{ kind: "form" }, { kind: "refused", name: "", problem: "the problem" }, SIGNED_IN] as const;
    const focused = pages.map(async (content) => (await render(content)).includes("autofocus"));
    expect(await Promise.all(focused)).toEqual([true, true, false]);
  });

  it("shows who one is, the claims, the token and the commands", async () => {
    const page = await render(SIGNED_IN);
    for (const text of [
      "<h1>Signed in as alice</h1>",
      "1800003600 (2027-01-15T09:00:00Z)",
      ">header.payload.signature</pre",
      "first\nsecond",
      'data-provider="127.0.0.1:8787/development/issuer"',
    ]) {
      expect(page).toContain(text);
    }
  });

  it("escapes every value", async () => {
    const refused = await render({ kind: "refused", name: HOSTILE, problem: HOSTILE });
    const claims = { ...CLAIMS, name: HOSTILE, iss: HOSTILE, sub: HOSTILE, aud: HOSTILE };
    const values = { claims, providerName: HOSTILE, identityPoolId: HOSTILE, token: HOSTILE, commands: [HOSTILE] };
    const signedIn = await render({ kind: "signed-in", ...values });
    expect(inline(refused + signedIn)).toEqual([]);
    expect(refused + signedIn).not.toContain("alert('x')");
    expect(refused).toContain('value="&quot;&gt;&lt;script&gt;');
  });

  it("has nothing inline", async () => {
    expect(inline(await render({ kind: "form" }))).toEqual([]);
    expect(inline("<script>1</script><style><p onclick=1>")).toHaveLength(3);
  });
});

describe("the first page", () => {
  const service = { endpoint: "http://127.0.0.1:1", region: "r", identityPoolId: "r:pool", providerName: "p" };

  it("says where the service is, leads on, and has nothing inline", async () => {
    const relying = { issuer: "https://identity.example.com", algorithm: "ES256", folder: null };
    const page = String(await firstPage(service, relying));
    for (const text of [
      ">http://127.0.0.1:1</code",
      'href="/console/"',
      'href="/development/issuer"',
      'data-pool="r:pool"',
      "https://identity.example.com/.well-known/openid-configuration",
      "algorithms: [&quot;ES256&quot;]",
    ]) {
      expect(page).toContain(text);
    }
    expect(inline(page)).toEqual([]);
  });

  it("escapes every value", async () => {
    const values = { endpoint: HOSTILE, region: HOSTILE, identityPoolId: HOSTILE, providerName: HOSTILE };
    const page = String(await firstPage(values, { issuer: HOSTILE, algorithm: HOSTILE, folder: null }));
    expect(inline(page)).toEqual([]);
    expect(page).not.toContain("alert('x')");
  });
});
