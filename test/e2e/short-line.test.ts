/** The short lines of `npm start`, from those of the log. */
import { describe, expect, it } from "vitest";
import { shortLine } from "../../scripts/short-line.ts";

const AT = new Date(2026, 10, 28, 9, 5, 7);
const shown = (event: object) => shortLine(JSON.stringify(event), AT);

describe("a request's short line", () => {
  const request = { message: "request", requestId: "r", operation: "GetId", status: 200, durationMs: 2.1 };

  it("has the time, the status, the operation, how long it took, and whose logins were presented", () => {
    const providers = ["accounts.google.com", "www.amazon.com"];
    expect(shown({ ...request, providers })).toBe(
      "09:05:07  200  GetId                         2.1 ms  accounts.google.com, www.amazon.com",
    );
    expect(shown(request)).toBe("09:05:07  200  GetId                         2.1 ms");
  });

  it("says why it was refused", () => {
    const refused = { status: 400, exception: "NotAuthorizedException", reason: "accounts.google.com: expired" };
    expect(shown({ ...request, ...refused })).toMatch(/NotAuthorizedException \(accounts\.google\.com: expired\)$/);
    expect(shown({ ...request, operation: null, ...refused })).toContain("400  no operation  ");
  });

  it("T46: has nothing but printable ASCII on one line, whatever a reason says", () => {
    const reason = "a\u001B[2Jb\r\nc\u202Ed\u0000";
    const line = shown({ ...request, exception: "NotAuthorizedException", reason });
    expect(line).toMatch(/^[ -~]+$/);
    expect(line).toContain("(a?[2Jb c?d?)");
  });
});

describe("all else that the log says", () => {
  it.each([
    { message: "upstream asked", provider: "www.amazon.com", outcome: 200, durationMs: 1 },
    { event: "audit", what: "DisableIdentity", who: "admin", outcome: "done" },
  ])("is not shown where it is as it should be: %j", (event) => {
    expect(shown(event)).toBeNull();
  });

  it("is shown where somebody should look", () => {
    const late = { event: "issuer-keys-not-loaded", issuer: "https://a.example", reason: "upstream-timeout" };
    expect(shown(late)).toBe(
      "09:05:07  warn  issuer-keys-not-loaded  issuer=https://a.example  reason=upstream-timeout",
    );
    expect(shown({ event: "not-configured", problems: ["ISSUER is missing"] })).toBe(
      '09:05:07  error  not-configured  problems=["ISSUER is missing"]',
    );
  });

  it("has a defect's message, and not its stack", () => {
    const cause = { name: "TypeError", message: "of undefined", stack: "TypeError\n    at there" };
    const line = shown({ message: "defect", requestId: "r", operation: "GetId", cause });
    expect(line).toBe("09:05:07  error  defect  requestId=r  operation=GetId  cause=TypeError: of undefined");
  });

  it("has the runtime's own words on one line", () => {
    expect(shortLine("Uncaught Error: away\n    at there\n", AT)).toBe("09:05:07  Uncaught Error: away at there");
    expect(shortLine('"text"', AT)).toBe('09:05:07  "text"');
  });
});
