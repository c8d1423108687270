import { describe, expect, it } from "vitest";
import { preflightHeaders } from "../../../src/protocol/cors.ts";

function preflight(asked?: string): Readonly<Record<string, string>> {
  const headers = { origin: "https://app.example", "access-control-request-method": "POST" };
  const asking = asked === undefined ? headers : { ...headers, "access-control-request-headers": asked };
  return preflightHeaders(new Request("https://edge.example/", { method: "OPTIONS", headers: asking }));
}

describe("preflightHeaders", () => {
  it("allow the headers that were asked for", () => {
    expect(preflight("content-type, x-amz-target,authorization")).toEqual({
      "access-control-allow-methods": "POST",
      "access-control-allow-headers": "content-type,x-amz-target,authorization",
      "access-control-max-age": "172800",
    });
  });

  it.each([undefined, "", ",,", "*", "a b;c"])("allow the headers of the SDKs when %j was asked for", (asked) => {
    const allowed = preflight(asked)["access-control-allow-headers"]?.split(",");
    expect(allowed).toEqual(
      expect.arrayContaining([
        "content-type",
        "x-amz-target",
        "authorization",
        "x-amz-security-token",
        "cache-control",
      ]),
    );
    expect(allowed).not.toContain("*");
  });

  it("echo nothing but header names, and only so many", () => {
    expect(preflight(`x-ok, <script>, "x", ${"n".repeat(65)}`)["access-control-allow-headers"]).toBe("x-ok");
    const many = Array.from({ length: 5000 }, (_, index) => `x-${index}`).join(",");
    expect(preflight(many)["access-control-allow-headers"]?.split(",")).toHaveLength(64);
  });

  it("never speak of the origin or of credentials", () => {
    expect(Object.keys(preflight("content-type"))).not.toContain("access-control-allow-credentials");
    expect(JSON.stringify(preflight("content-type"))).not.toContain("app.example");
  });
});
