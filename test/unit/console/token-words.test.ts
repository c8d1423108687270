import { describe, expect, it } from "vitest";
import { lifeText, meaningOf, providerNameIn, readToken, valueText, whoIn } from "../../../console/token-words.ts";
import { base64url } from "../../support/login-tokens.ts";

const tokenOf = (claims: unknown, header: unknown = { alg: "RS256" }) =>
  `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}.c2ln`;

describe("a token, read", () => {
  it("has its header and its claims, whatever script they are in, and spaces around it do not matter", () => {
    const read = readToken(` ${tokenOf({ name: "Zoë 王" }, { alg: "ES256" })}\n`);
    expect(read).toEqual({ header: { alg: "ES256" }, claims: { name: "Zoë 王" } });
  });

  it.each(["", "eyJ", "a.b", "a.b.c", `${tokenOf({})}.x`, tokenOf([]), tokenOf(null), `!.${base64url("{}")}.c`])(
    "is none of %j",
    (text) => expect(readToken(text)).toBeNull(),
  );

  it.each([
    [{ iss: "https://accounts.google.com" }, "accounts.google.com"],
    [{ iss: "http://127.0.0.1:8787/development/issuer" }, "127.0.0.1:8787/development/issuer"],
    [{ iss: "https://tenant.example/" }, "tenant.example"],
    [{ iss: 7 }, ""],
    [{}, ""],
  ])("of issuer %j belongs under the provider %s", (claims, name) => {
    expect(providerNameIn(tokenOf(claims))).toBe(name);
  });
});

describe("amr", () => {
  it.each([
    [["unauthenticated"], { kind: "guest" }],
    [
      ["authenticated", "a.example", "a.example:client:ann", "b.example", "b.example:client:7"],
      {
        kind: "user",
        logins: [
          { providerName: "a.example", longForm: "a.example:client:ann" },
          { providerName: "b.example", longForm: "b.example:client:7" },
        ],
      },
    ],
    [["unauthenticated", "a.example"], { kind: "unknown" }],
    [["authenticated", "a.example"], { kind: "unknown" }],
    [["authenticated", "a.example", 7], { kind: "unknown" }],
    ["authenticated", { kind: "unknown" }],
    [undefined, { kind: "unknown" }],
  ])("%j is %j", (amr, who) => expect(whoIn(amr)).toEqual(who));
});

describe("a claim", () => {
  it("has a meaning where tokens of this service have it", () => {
    expect(meaningOf("sub")).toContain("identity");
    expect(meaningOf("email")).toBeUndefined();
    expect(meaningOf("constructor")).toBeUndefined();
  });

  it.each([
    ["exp", 1_700_000_000, "1700000000 (2023-11-14T22:13:20Z)"],
    ["exp", 1e300, "1e+300"],
    ["amr", ["a"], '["a"]'],
    ["sub", "us-east-1:x", "us-east-1:x"],
    ["count", 3, "3"],
    ["gone", undefined, ""],
  ])("%s of %j is shown as %s", (claim, value, text) => expect(valueText(claim, value)).toBe(text));

  it.each([
    [100, 41, false, "Good for 59 s more."],
    [1000, 400, false, "Good for 10 min more."],
    [90_000, 0, false, "Good for 25 h more."],
    [400, 400, true, "It was good until 0 s ago."],
    [400, 1000, true, "It was good until 10 min ago."],
    ["soon", 0, true, "It does not say until when it is good."],
  ])("exp %j at %d: over is %s", (expiresAt, now, isOver, text) => {
    expect(lifeText(expiresAt, now)).toEqual({ isOver, text });
  });
});
