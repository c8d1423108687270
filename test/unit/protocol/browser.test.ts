/** What a browser is told that was pointed at the API. */
import { describe, expect, it } from "vitest";
import { authorizationResponse } from "../../../src/protocol/browser.ts";

describe("authorizationResponse", () => {
  it("is one plain sentence that nobody keeps", async () => {
    const response = authorizationResponse();
    expect([response.status, response.headers.get("content-type")]).toEqual([400, "text/plain; charset=utf-8"]);
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(response.headers.has("location")).toBe(false);
    expect(await response.text()).toMatch(/^This is an issuer of OpenID tokens without a login page: [^<>]+\.\n$/);
  });
});
