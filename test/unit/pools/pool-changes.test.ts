import { describe, expect, it } from "vitest";
import { identityPoolIdOf } from "../../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { type RoleMapping } from "../../../src/domain/pool-access.ts";
import { changedPool, type PoolChange } from "../../../src/pools/pool-changes.ts";

const ARN = "arn:aws:iam::123456789012:role/users";
const OIDC = "arn:aws:iam::123456789012:oidc-provider/issuer.example";
const token: RoleMapping = { type: "Token", ambiguousRoleResolution: "Deny" };

const pool: IdentityPool = {
  identityPoolId: identityPoolIdOf("us-east-1", "1"),
  name: "pool",
  allowsUnauthenticated: true,
  supportedLoginProviders: { "accounts.google.com": "a", "issuer.example": "b" },
  openIdConnectProviderArns: [OIDC],
};

function after(...changes: readonly PoolChange[]): IdentityPool {
  return changes.reduce((before, change) => {
    const changed = changedPool(before, change);
    if (!changed.ok) throw new Error(changed.error.message);
    return changed.value;
  }, pool);
}

const refusal = (change: PoolChange, before = pool) => changedPool(before, change);
const invalid = (message: string) => ({ ok: false, error: { type: "InvalidParameterException", message } });
const tagged = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, index) => [`key${index}`, "v"]));
const map = { useDefaults: false, principalTags: { team: "department" } };

describe("a source", () => {
  const source = {
    identityPoolId: identityPoolIdOf("us-east-1", "2"),
    proof: "open-id-token",
    guests: "source",
    unknownIds: "ask",
    providers: ["accounts.google.com"],
  } as const;

  it("takes the place of the one before, and leaves all else; once ended, it is remembered that there was one", () => {
    const tagsBefore: PoolChange = { kind: "tag", tags: { a: "b" } };
    const local = { ...source, guests: "local" } as const;
    const changed = after(tagsBefore, { kind: "source", source }, { kind: "source", source: local });
    expect(changed).toEqual({ ...pool, tags: { a: "b" }, source: local, hadSource: true });
    const ended = after(tagsBefore, { kind: "source", source }, { kind: "source", source: null });
    expect(ended).toEqual({ ...pool, tags: { a: "b" }, hadSource: true });
    expect(after({ kind: "source", source: null })).toEqual(pool);
  });
});

describe("roles and role mappings", () => {
  it("are set together, in place of those before, and leave all else", () => {
    const tags = { a: "b" };
    const changed = after(
      { kind: "tag", tags },
      { kind: "principal-tags", provider: "accounts.google.com", map },
      { kind: "roles", roles: { authenticated: ARN }, roleMappings: { "accounts.google.com": token } },
      { kind: "roles", roles: { unauthenticated: ARN }, roleMappings: {} },
    );
    expect(changed).toEqual({
      ...pool,
      tags,
      access: {
        roles: { unauthenticated: ARN },
        roleMappings: {},
        principalTagMaps: { "accounts.google.com": map },
      },
    });
  });

  it.each(["graph.facebook.com", "https://accounts.google.com", "issuer.example/other"])(
    "refuse a mapping of %s in the live words, since the pool does not have it, and say why which keys it has",
    (key) => {
      const message = `(${key}) is not a valid RoleMapping ProviderName or is not a configured provider.`;
      const reason = `keys for this pool: accounts.google.com, issuer.example, ${OIDC}`;
      expect(refusal({ kind: "roles", roles: {}, roleMappings: { [key]: token } })).toEqual({
        ok: false,
        error: { type: "InvalidParameterException", message, reason },
      });
    },
  );

  it("names the client of a user pool among the keys, and twenty keys at most", () => {
    const providerName = "cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI";
    const userPools = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ providerName, clientId: `client${index}` }));
    const { supportedLoginProviders: _, openIdConnectProviderArns: __, ...bare } = pool;
    const reasonOf = (before: IdentityPool) => {
      const refused = refusal({ kind: "roles", roles: {}, roleMappings: { [providerName]: token } }, before);
      return refused.ok ? "" : refused.error.reason;
    };
    expect(reasonOf(bare)).toBe("the pool has no provider to map");
    expect(reasonOf({ ...bare, cognitoIdentityProviders: userPools(1) })).toBe(
      `keys for this pool: ${providerName}:client0`,
    );
    expect(reasonOf({ ...bare, cognitoIdentityProviders: userPools(20) })).toMatch(/:client19$/);
    expect(reasonOf({ ...bare, cognitoIdentityProviders: userPools(21) })).toMatch(/:client19, …$/);
  });

  it("refuse a provider that is mapped twice, by its ARN and by its name", () => {
    const roleMappings = { [OIDC]: token, "issuer.example": token };
    expect(refusal({ kind: "roles", roles: {}, roleMappings })).toEqual(
      invalid("Duplicate entries at 'roleMappings'."),
    );
  });
});

describe("a map of principal tags", () => {
  const set = (provider: string, more = map): PoolChange => ({ kind: "principal-tags", provider, map: more });

  it("takes the place of that of its provider, under whichever spelling, and of no other", () => {
    const { access } = after(
      set("accounts.google.com"),
      set("issuer.example"),
      set(OIDC, { ...map, useDefaults: true }),
    );
    expect(access?.principalTagMaps).toEqual({
      "accounts.google.com": map,
      [OIDC]: { ...map, useDefaults: true },
    });
  });

  it("is refused of a provider that the pool does not have", () => {
    expect(refusal(set("graph.facebook.com"))).toEqual(
      invalid("Invalid provider 'graph.facebook.com' at 'identityProviderName'."),
    );
  });
});

describe("tags", () => {
  it("are added to what is there, replaced by their keys, and taken away", () => {
    const changed = after(
      { kind: "tag", tags: { a: "1", b: "2" } },
      { kind: "tag", tags: { b: "3", c: "" } },
      { kind: "untag", keys: ["a", "nobody has it"] },
    );
    expect(changed.tags).toEqual({ b: "3", c: "" });
    expect(after({ kind: "tag", tags: { a: "1" } }, { kind: "untag", keys: ["a"] })).toEqual(pool);
    expect(after({ kind: "untag", keys: ["a"] })).toEqual(pool);
  });

  it("are 50 in the end, or nothing is changed", () => {
    const full = after({ kind: "tag", tags: tagged(50) });
    expect(changedPool(full, { kind: "tag", tags: { key0: "again" } }).ok).toBe(true);
    expect(refusal({ kind: "tag", tags: { one: "more" } }, full)).toEqual(
      invalid("An identity pool can have at most 50 IdentityPoolTags."),
    );
  });

  it.each(["__proto__", "constructor"])("may be called %s (T39)", (key) => {
    const tags = Object.fromEntries([[key, "1"]]);
    const changed = after({ kind: "tag", tags }, { kind: "tag", tags: { a: "2" } });
    expect(Object.entries(changed.tags ?? {})).toEqual([
      [key, "1"],
      ["a", "2"],
    ]);
    expect(after({ kind: "tag", tags }, { kind: "untag", keys: [key] }).tags).toBe(undefined);
  });
});

it("all that a pool has is bounded together", () => {
  const rules = Array.from({ length: 25 }, () => ({
    claim: "c".repeat(64),
    match: "Equals" as const,
    value: "v".repeat(128),
    roleArn: `${ARN}${"r".repeat(480)}`,
  }));
  const mapping = { type: "Rules", ambiguousRoleResolution: "Deny", rules } as const;
  const providers = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`i${index}.example`, "c"]));
  const large = { ...pool, supportedLoginProviders: providers };
  const roles = (count: number): PoolChange => ({
    kind: "roles",
    roles: {},
    roleMappings: Object.fromEntries(
      Object.keys(providers)
        .slice(0, count)
        .map((key) => [key, mapping]),
    ),
  });
  expect(changedPool(large, roles(3)).ok).toBe(true);
  expect(changedPool(large, roles(4))).toEqual(
    invalid("The settings of an identity pool can have at most 65536 bytes."),
  );
});
