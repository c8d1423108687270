import { describe, expect, it } from "vitest";
import type { Grant } from "../../../src/domain/grant.ts";
import { identityIdOf, identityPoolIdOf } from "../../../src/domain/identifiers.ts";
import type { VerifiedLogin } from "../../../src/domain/login.ts";
import { claimsOf, lintClaims, type OpenIdClaims, TAGS_CLAIM } from "../../../src/domain/open-id-claims.ts";

const identityId = identityIdOf("us-east-1", "22222222-2222-4222-8222-222222222222");
const identityPoolId = identityPoolIdOf("us-east-1", "11111111-1111-4111-8111-111111111111");
const stamp = { issuer: "https://identity.example.com", now: 1_800_000_000, jti: "5b1f" };

function login(providerName: string, subject: string, longForm = `${providerName}:client:${subject}`): VerifiedLogin {
  return { providerName, subject, loginId: "00", amr: [providerName, longForm] };
}

const google = login("accounts.google.com", "g1");
const apple = login("appleid.apple.com", "a1");
const developer = login("login.company", "d1", `login.company:${identityPoolId}:d1`);

const guest: Grant = { identityId, identityPoolId, logins: [], lifetimeSeconds: 600 };
const user: Grant = { ...guest, logins: [google, apple] };
const tagged: Grant = {
  ...guest,
  logins: [developer],
  lifetimeSeconds: 86_400,
  principalTags: { team: "red", ["__proto__"]: "x", constructor: "y" },
};

const redTags = { team: ["red"], ["__proto__"]: ["x"], constructor: ["y"] };

describe("claimsOf", () => {
  it("says unauthenticated for a guest, in the live service's order of claims", () => {
    const claims = claimsOf(guest, stamp);
    expect(claims).toEqual({
      sub: identityId,
      aud: identityPoolId,
      amr: ["unauthenticated"],
      iss: "https://identity.example.com",
      exp: 1_800_000_600,
      iat: 1_800_000_000,
      jti: "5b1f",
    });
    expect(Object.keys(claims)).toEqual(["sub", "aud", "amr", "iss", "exp", "iat", "jti"]);
  });

  it("names each verified login by its pair, in the order of the grant", () => {
    expect(claimsOf(user, stamp).amr).toEqual([
      "authenticated",
      "accounts.google.com",
      "accounts.google.com:client:g1",
      "appleid.apple.com",
      "appleid.apple.com:client:a1",
    ]);
  });

  it("carries principal tags, prototype names among them, only when there are any", () => {
    const text = JSON.stringify(claimsOf(tagged, stamp)[TAGS_CLAIM]);
    expect(text).toBe('{"principal_tags":{"team":["red"],"__proto__":["x"],"constructor":["y"]}}');
    expect(TAGS_CLAIM in claimsOf({ ...guest, principalTags: {} }, stamp)).toBe(false);
  });

  it("writes whole seconds", () => {
    const claims = claimsOf(guest, { ...stamp, now: 1_800_000_000.9 });
    expect([claims.iat, claims.exp]).toEqual([1_800_000_000, 1_800_000_600]);
    expect(lintClaims(claims, guest, { ...stamp, now: 1_800_000_000.9 })).toBeUndefined();
  });
});

describe("lintClaims", () => {
  it.each([
    ["a guest", guest],
    ["a user of two providers", user],
    ["a user of a pool with the shortest tokens", { ...user, lifetimeSeconds: 60 }],
    ["a guest of a pool with shorter tokens", { ...guest, lifetimeSeconds: 599 }],
    ["a developer's user with tags and the longest lifetime", tagged],
    ["a developer's user of one second", { ...tagged, lifetimeSeconds: 1 }],
  ])("accepts what claimsOf makes for %s", (_, grant) => {
    expect(lintClaims(claimsOf(grant, stamp), grant, stamp)).toBeUndefined();
  });

  const other = identityIdOf("us-east-1", "33333333-3333-4333-8333-333333333333");
  it.each<[string, Grant, Partial<Record<keyof OpenIdClaims | "email", unknown>>, string]>([
    ["another identity", user, { sub: other }, "sub"],
    ["another pool", user, { aud: other }, "aud"],
    ["an audience that is a list (T17)", user, { aud: [identityPoolId] }, "aud"],
    ["another issuer", user, { iss: "https://identity.example.com/" }, "iss"],
    ["another jti", user, { jti: "" }, "jti"],
    ["a longer life", user, { exp: stamp.now + 601 }, "lifetime"],
    ["an expiry before its issue", user, { exp: stamp.now - 1 }, "lifetime"],
    ["an issue in the future", user, { iat: stamp.now + 1, exp: stamp.now + 601 }, "iat"],
    ["an issue in the past", user, { iat: stamp.now - 1, exp: stamp.now + 599 }, "iat"],
    ["an issue that is no number", user, { iat: Number.NaN, exp: Number.NaN }, "iat"],
    ["a claim of the login", user, { email: "a@example.com" }, "claim"],
    ["a guest as authenticated", guest, { amr: ["authenticated"] }, "amr"],
    ["a guest with a provider", guest, { amr: ["unauthenticated", "accounts.google.com"] }, "amr"],
    ["a user as a guest", user, { amr: ["unauthenticated"] }, "amr"],
    [
      "both words",
      user,
      { amr: ["authenticated", "unauthenticated", ...user.logins.flatMap(({ amr }) => amr)] },
      "amr",
    ],
    ["one login fewer", user, { amr: ["authenticated", ...google.amr] }, "amr"],
    ["one login more", { ...user, logins: [google] }, { amr: ["authenticated", ...google.amr, ...apple.amr] }, "amr"],
    ["the first login twice", user, { amr: ["authenticated", ...google.amr, ...google.amr] }, "amr"],
    ["half a pair", user, { amr: ["authenticated", ...google.amr, "appleid.apple.com"] }, "amr"],
    ["an empty amr", user, { amr: [] }, "amr"],
    ["tags that nobody granted", user, { [TAGS_CLAIM]: { principal_tags: { team: ["red"] } } }, "tags"],
    ["an empty tags claim", user, { [TAGS_CLAIM]: { principal_tags: {} } }, "tags"],
    ["another tag value", tagged, { [TAGS_CLAIM]: { principal_tags: { ...redTags, team: ["blue"] } } }, "tags"],
    ["a tag with two values", tagged, { [TAGS_CLAIM]: { principal_tags: { ...redTags, team: ["red", "x"] } } }, "tags"],
  ])("refuses %s", (_, grant, change, problem) => {
    const claims = { ...claimsOf(grant, stamp), ...change } as OpenIdClaims;
    expect(lintClaims(claims, grant, stamp)).toContain(problem);
  });

  it.each<[string, Grant]>([
    ["a lifetime of 900 s without a developer's login", { ...user, lifetimeSeconds: 900 }],
    ["a lifetime of 900 s of a guest", { ...guest, lifetimeSeconds: 900 }],
    ["a shorter life than a pool can set (invariant lives-as-its-pool-says)", { ...user, lifetimeSeconds: 59 }],
    [
      "a developer's login of another pool",
      { ...tagged, logins: [{ ...developer, amr: ["login.company", "login.company:other:d1"] }] },
    ],
    ["no lifetime", { ...tagged, lifetimeSeconds: 0 }],
    ["a lifetime longer than a key is retained for", { ...tagged, lifetimeSeconds: 86_401 }],
    ["half a second", { ...tagged, lifetimeSeconds: 0.5 }],
    ["two subjects of one provider (T41)", { ...user, logins: [google, login("accounts.google.com", "g2")] }],
    ["a long form of another subject", { ...user, logins: [login("p", "s1", "p:client:s2")] }],
    ["a pair of another provider", { ...user, logins: [{ ...google, providerName: "evil.example" }] }],
    ["twenty-one logins", { ...user, logins: Array.from({ length: 21 }, (_, i) => login(`p${i}`, "s")) }],
  ])("refuses a grant with %s", (_, grant) => {
    expect(lintClaims(claimsOf(grant, stamp), grant, stamp)).toEqual(expect.any(String));
  });

  it("finds the one bad login among twenty, wherever it stands", () => {
    const logins = Array.from({ length: 20 }, (_, i) => login(`p${i}`, `s${i}`));
    const grant = { ...user, logins };
    const claims = claimsOf(grant, stamp);
    expect(lintClaims(claims, grant, stamp)).toBeUndefined();
    for (let bad = 0; bad < logins.length; bad++) {
      const amr = claims.amr.with(2 + 2 * bad, `p${bad}:client:somebody-else`);
      expect(lintClaims({ ...claims, amr }, grant, stamp), `login ${bad}`).toContain("amr");
    }
  });

  it("says nothing of the values", () => {
    const claims = { ...claimsOf(user, stamp), amr: ["authenticated", "secret-provider", "x", "y", "z"] };
    expect(lintClaims(claims, user, stamp)).not.toMatch(/secret|g1|us-east/);
  });
});
