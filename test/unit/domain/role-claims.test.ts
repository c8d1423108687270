import { describe, expect, it } from "vitest";
import { identityIdOf, identityPoolIdOf } from "../../../src/domain/identifiers.ts";
import { claimsOf, lintClaims, type OpenIdClaims, TAGS_CLAIM } from "../../../src/domain/open-id-claims.ts";
import {
  lintRoleClaims,
  type RoleClaims,
  roleClaimsOf,
  type RoleGrant,
  ROLES_CLAIM,
} from "../../../src/domain/role-claims.ts";

const identityId = identityIdOf("us-east-1", "22222222-2222-4222-8222-222222222222");
const identityPoolId = identityPoolIdOf("us-east-1", "11111111-1111-4111-8111-111111111111");
const stamp = { issuer: "https://identity.example.com", now: 1_800_000_000.9, jti: "5b1f" };
const roleArn = "arn:aws:iam::123456789012:role/users";
const amr = ["accounts.google.com", "accounts.google.com:client:g1"] as const;

const guest: RoleGrant = { identityId, identityPoolId, logins: [], lifetimeSeconds: 600, roleArn };
const user: RoleGrant = {
  ...guest,
  logins: [{ providerName: "accounts.google.com", subject: "g1", loginId: "00", amr }],
  principalTags: { team: "red" },
};

describe("roleClaimsOf", () => {
  it("is an OpenID token's of five minutes, with the one role", () => {
    expect(roleClaimsOf(user, stamp)).toEqual({
      sub: identityId,
      aud: identityPoolId,
      amr: ["authenticated", ...amr],
      "https://aws.amazon.com/tags": { principal_tags: { team: ["red"] } },
      iss: "https://identity.example.com",
      exp: 1_800_000_300,
      iat: 1_800_000_000,
      jti: "5b1f",
      "https://aws.amazon.com/roles": [roleArn],
    });
    expect(roleClaimsOf(guest, stamp).amr).toEqual(["unauthenticated"]);
  });

  it("is a token of its own kind: neither passes for the other, and an OpenID token never names a role", () => {
    expect(lintClaims(roleClaimsOf(user, stamp), user, stamp)).toContain("claim");
    expect(claimsOf(user, stamp)).not.toHaveProperty([ROLES_CLAIM]);
    expect(lintRoleClaims(claimsOf(user, stamp) as RoleClaims, user, stamp)).toContain("role");
  });
});

describe("lintRoleClaims", () => {
  it.each([
    ["a guest", guest],
    ["a user with tags", user],
    ["a role of Ceph's", { ...user, roleArn: "arn:aws:iam:::role/users" }],
    ["a role with a path", { ...user, roleArn: "arn:aws-us-gov:iam::123456789012:role/apps/users" }],
  ])("accepts what roleClaimsOf makes for %s", (_, grant) => {
    expect(lintRoleClaims(roleClaimsOf(grant, stamp), grant, stamp)).toBeUndefined();
  });

  it.each<[string, RoleGrant, Partial<Record<keyof RoleClaims | "email", unknown>>, string]>([
    ["another role", user, { [ROLES_CLAIM]: ["arn:aws:iam::123456789012:role/admins"] }, "role"],
    ["a role beside it", user, { [ROLES_CLAIM]: [roleArn, "arn:aws:iam::123456789012:role/admins"] }, "role"],
    ["no role", user, { [ROLES_CLAIM]: [] }, "role"],
    ["the role as a text", user, { [ROLES_CLAIM]: roleArn }, "role"],
    ["ten minutes", user, { exp: 1_800_000_600 }, "lifetime"],
    ["a second more", user, { exp: 1_800_000_301 }, "lifetime"],
    ["an issue in the future", user, { iat: 1_800_000_001, exp: 1_800_000_301 }, "iat"],
    ["another pool", user, { aud: "us-east-1:another" }, "aud"],
    ["another identity", user, { sub: "us-east-1:another" }, "sub"],
    ["another issuer", user, { iss: "https://evil.example" }, "iss"],
    ["no jti", user, { jti: "" }, "jti"],
    ["a guest as authenticated", guest, { amr: ["authenticated"] }, "amr"],
    ["a user as a guest", user, { amr: ["unauthenticated"] }, "amr"],
    ["another tag", user, { [TAGS_CLAIM]: { principal_tags: { team: ["blue"] } } }, "tags"],
    ["a second value of a tag", user, { [TAGS_CLAIM]: { principal_tags: { team: ["red", "blue"] } } }, "tags"],
    [
      "a transitive tag key",
      user,
      { [TAGS_CLAIM]: { principal_tags: { team: ["red"] }, transitive_tag_keys: ["team"] } },
      "tags",
    ],
    ["a claim of the login", user, { email: "a@example.com" }, "claim"],
  ])("refuses %s", (_, grant, change, problem) => {
    const claims = { ...roleClaimsOf(grant, stamp), ...change } as RoleClaims;
    expect(lintRoleClaims(claims, grant, stamp)).toContain(problem);
  });

  it.each([
    "",
    "*",
    "role/users",
    "arn:aws:iam::123456789012:user/u",
    `${roleArn} `,
    "arn:aws:iam::1:role/a;arn:aws:iam::1:role/b",
  ])("refuses a grant of the role %j", (text) => {
    const grant = { ...user, roleArn: text };
    expect(lintRoleClaims(roleClaimsOf(grant, stamp), grant, stamp)).toContain("role");
  });

  it("says nothing of the values", () => {
    const claims = { ...roleClaimsOf(user, stamp), [ROLES_CLAIM]: ["secret"] };
    expect(lintRoleClaims(claims, user, stamp)).not.toMatch(/secret|users|us-east/);
  });
});

it("an OpenID token's claims are what they were", () => {
  const { roleArn: _, ...grant } = user;
  const claims: OpenIdClaims = claimsOf(grant, stamp);
  expect(claims.exp - claims.iat).toBe(600);
  expect(lintClaims(claims, grant, stamp)).toBeUndefined();
});
