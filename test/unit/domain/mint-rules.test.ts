/** Who may mint: each standing with and without logins, each hostile case beside its happy one. */
import { describe, expect, it } from "vitest";
import type { Identity, Standing } from "../../../src/domain/identity.ts";
import { identityIdOf, identityPoolIdOf } from "../../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import type { VerifiedLogin } from "../../../src/domain/login.ts";
import { errorOf } from "../../../src/domain/refusals.ts";
import { judgeGuest, judgeLogins, judgeStanding, permitsFlow } from "../../../src/domain/mint-rules.ts";

const ID = identityIdOf("us-east-1", "a");
const POOL: IdentityPool = {
  identityPoolId: identityPoolIdOf("us-east-1", "0"),
  name: "pool",
  allowsUnauthenticated: true,
};

function login(providerName: string, subject = "1"): VerifiedLogin {
  return { providerName, subject, loginId: `${providerName}/${subject}`, amr: [providerName] };
}

function identity(kind: Exclude<Standing["kind"], "merged">, ...logins: readonly VerifiedLogin[]): Identity {
  const held = logins.map(({ providerName, subject, loginId }) => ({
    providerName,
    subject,
    loginId,
    linkId: "t1",
    linkedAt: 1,
  }));
  return {
    identityId: ID,
    identityPoolId: POOL.identityPoolId,
    createdAt: 1,
    modifiedAt: 1,
    standing: { kind },
    logins: held,
  };
}

const DISABLED = { isDisabled: true } as const;
const MERGED: Identity = { ...identity("guest"), standing: { kind: "merged", into: identityIdOf("us-east-1", "b") } };

describe("judgeStanding", () => {
  it.each<[string, Identity | null, string | null]>([
    ["lets a guest be used", identity("guest"), null],
    ["lets a linked identity be used", identity("linked", login("a")), null],
    ["does not know an id that was never made", null, "ResourceNotFoundException"],
    ["does not know one that is not born yet", identity("unborn"), "ResourceNotFoundException"],
    ["does not know a deleted one", identity("deleted"), "ResourceNotFoundException"],
    ["forbids a merged one (invariant no-way-back)", MERGED, "NotAuthorizedException"],
    ["forbids a disabled guest", { ...identity("guest"), ...DISABLED }, "NotAuthorizedException"],
    [
      "forbids a disabled identity, whatever its logins (invariant disabled-is-stopped)",
      { ...identity("linked", login("a")), ...DISABLED },
      "NotAuthorizedException",
    ],
    [
      "does not know a deleted one that was disabled",
      { ...identity("deleted"), ...DISABLED },
      "ResourceNotFoundException",
    ],
    ["forbids one whose last login was unlinked (T33)", identity("closed"), "NotAuthorizedException"],
  ])("%s", (_, record, error) => {
    const judged = judgeStanding(record, ID);
    expect(judged.ok ? null : errorOf(judged.error).type).toBe(error);
  });
});

describe("judgeGuest", () => {
  it("grants a guest a token that names no login", () => {
    const judged = judgeGuest(identity("guest"), POOL);
    expect(judged).toMatchObject({
      ok: true,
      value: { identityId: ID, identityPoolId: POOL.identityPoolId, logins: [], lifetimeSeconds: 600 },
    });
  });

  it("refuses a guest where the pool allows none", () => {
    expect(judgeGuest(identity("guest"), { ...POOL, allowsUnauthenticated: false })).toEqual({
      ok: false,
      error: { kind: "guests-not-supported" },
    });
  });

  it.each([identity("linked", login("a")), identity("closed"), MERGED])(
    "never grants without a login to one that was linked (T33, invariant no-way-back): %o",
    (record) => {
      expect(judgeGuest(record, POOL)).toEqual({ ok: false, error: { kind: "access-forbidden", identityId: ID } });
    },
  );
});

describe("judgeLogins", () => {
  const linked = identity("linked", login("a"), login("b"));

  it("grants for logins that are all held, and names just those that were presented (invariant names-what-was-verified)", () => {
    const verdict = judgeLogins(linked, [login("b")]);
    expect(verdict).toMatchObject({ kind: "granted", grant: { logins: [{ loginId: "b/1" }] } });
  });

  it("has the rest linked when one is held", () => {
    expect(judgeLogins(linked, [login("a"), login("c")])).toEqual({ kind: "to-link" });
  });

  it("has all linked to a guest", () => {
    expect(judgeLogins(identity("guest"), [login("a")])).toEqual({ kind: "to-link" });
  });

  it("takes no login of somebody else for a proof (T32)", () => {
    for (const foreign of [login("c"), login("a", "2"), login("__proto__")]) {
      expect(judgeLogins(linked, [foreign])).toEqual({
        kind: "unproved",
        refusal: { kind: "logins-do-not-match" },
      });
    }
  });

  it("does not grant for two users of one provider, of which one is held", () => {
    expect(judgeLogins(linked, [login("a"), login("a", "2")])).toEqual({ kind: "to-link" });
  });
});

describe("the basic flow", () => {
  it.each<[boolean | undefined, boolean]>([
    [undefined, true],
    [true, true],
    [false, false],
  ])("with AllowClassicFlow %s is %s", (allows, permits) => {
    const pool = allows === undefined ? POOL : { ...POOL, allowsClassicFlow: allows };
    expect(permitsFlow("basic", pool, ["accounts.google.com"]).ok).toBe(permits);
  });

  it("is refused with any role mapping, and not with default roles or principal tags alone", () => {
    const mapping = { type: "Token", ambiguousRoleResolution: "Deny" } as const;
    const roles = { authenticated: "arn:aws:iam::123456789012:role/users" };
    const principalTagMaps = { a: { useDefaults: true, principalTags: {} } };
    const access = { roles, roleMappings: {}, principalTagMaps };
    expect(permitsFlow("basic", { ...POOL, access }, [])).toEqual({ ok: true, value: undefined });
    // Whoever presents it: also a guest, and a login of another provider.
    for (const names of [[], ["accounts.google.com"], ["a"]]) {
      const mapped = { ...POOL, access: { ...access, roleMappings: { a: mapping } } };
      expect(permitsFlow("basic", mapped, names)).toEqual({
        ok: false,
        error: { kind: "basic-flow-with-role-mappings" },
      });
      expect(permitsFlow("enhanced", mapped, names)).toEqual({ ok: true, value: undefined });
    }
  });

  it("refuses SAML, whatever else is presented", () => {
    const names = ["accounts.google.com", "arn:aws:iam::123456789012:saml-provider/corp"];
    expect(permitsFlow("basic", POOL, names)).toEqual({ ok: false, error: { kind: "basic-flow-with-saml" } });
    expect(permitsFlow("basic", POOL, ["accounts.google.com"])).toEqual({ ok: true, value: undefined });
  });
});

it("the enhanced flow is permitted whatever the pool says of the basic one, and takes SAML", () => {
  const names = ["arn:aws:iam::123456789012:saml-provider/corp"];
  expect(permitsFlow("enhanced", { ...POOL, allowsClassicFlow: false }, names)).toEqual({ ok: true, value: undefined });
});
