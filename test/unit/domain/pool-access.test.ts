import { describe, expect, it } from "vitest";
import { checkPrincipalTags, checkRoles, type RoleMapping, rolesGivenBy } from "../../../src/domain/pool-access.ts";

const ARN = "arn:aws:iam::123456789012:role/app/users";
const rule = { claim: "group", match: "Equals", value: "staff", roleArn: `${ARN}-1` } as const;
const rules = (count: number): RoleMapping => ({
  type: "Rules",
  ambiguousRoleResolution: "Deny",
  rules: Array.from({ length: count }, () => rule),
});
const token: RoleMapping = { type: "Token", ambiguousRoleResolution: "AuthenticatedRole" };
const invalid = (message: string) => ({ ok: false, error: { type: "InvalidParameterException", message } });

describe("checkRoles", () => {
  const provider = "accounts.google.com";

  it("permits no roles, default roles, and both types of mapping", () => {
    for (const settings of [
      { roles: {}, roleMappings: {} },
      { roles: { authenticated: ARN, unauthenticated: ARN }, roleMappings: {} },
      { roles: {}, roleMappings: { [provider]: token, "graph.facebook.com": rules(25) } },
    ]) {
      expect(checkRoles(settings)).toEqual({ ok: true, value: undefined });
    }
  });

  it.each<[string, RoleMapping]>([
    ["A role mapping can have at most 25 rules.", rules(26)],
    ["A role mapping of type Rules must have a RulesConfiguration.", { ...token, type: "Rules" }],
    ["A role mapping of type Token takes no RulesConfiguration.", { ...rules(1), type: "Token" }],
    ["Invalid role ARN at 'roleMappings'.", { ...rules(1), rules: [rule, { ...rule, roleArn: "users" }] }],
  ])("refuses with: %s", (message, mapping) => {
    expect(checkRoles({ roles: {}, roleMappings: { a: token, [provider]: mapping } })).toEqual(invalid(message));
  });

  it.each(["authenticated", "unauthenticated"])("refuses a role for %s that is none", (key) => {
    expect(checkRoles({ roles: { [key]: `${ARN}?` }, roleMappings: {} })).toEqual(
      invalid("Invalid role ARN at 'roles'."),
    );
  });
});

describe("rolesGivenBy", () => {
  it("names every role that is set, of the rules too", () => {
    const roles = { authenticated: ARN, unauthenticated: `${ARN}-guest` };
    expect(rolesGivenBy({ roles, roleMappings: { a: rules(1) } })).toEqual([ARN, `${ARN}-guest`, rule.roleArn]);
    expect(rolesGivenBy({ roles: {}, roleMappings: {} })).toEqual([]);
  });

  it("T70: is any role where the issuer of a token chooses it", () => {
    expect(rolesGivenBy({ roles: {}, roleMappings: { a: rules(1), b: token } })).toContain("*");
  });
});

describe("checkPrincipalTags", () => {
  const check = (...keys: readonly string[]) =>
    checkPrincipalTags({
      useDefaults: false,
      principalTags: Object.fromEntries(keys.map((key) => [key, "claim"])),
    }).ok;

  it("permits keys of letters and digits of any script, and a few signs", () => {
    expect(check("team", "Kostenstelle ä", "ключ", "部门", "a_b.c:d/e=f+g-h@i", "awsome", "x:aws:")).toBe(true);
  });

  it.each(["aws:team", "AWS:PrincipalTag", "a*b", "a${b}", 'a"b', "a\nb", "a\u202eb", "__proto__*"])(
    "refuses the key %j",
    (key) => {
      expect(check("team", key)).toBe(false);
    },
  );

  it("refuses two keys that STS takes for one", () => {
    expect(check("Team", "team")).toBe(false);
    expect(check("__proto__", "constructor")).toBe(true);
  });
});
