/**
 * Which role a call is given credentials for: by the pool's roles and role mappings, and by what the verified logins say. Pure.
 * The default is that there is none (invariant only-an-open-role).
 */
import { err, ok, type Result } from "./errors.ts";
import type { Members } from "./json.ts";
import { isKeyOf, type LoginEvidence, textsOf } from "./login-evidence.ts";
import type { MappingRule, PoolAccess, RoleMapping } from "./pool-access.ts";
import type { TaggedRefusal } from "./refusals.ts";
import { isRoleArn } from "./role-arn.ts";

/** What one mapping makes of the login that it is for. `undefined` as a role is the pool's default, whatever that is. */
type Vote = { readonly mapping: string } & (
  | { readonly kind: "role"; readonly roleArn: string | undefined }
  /** The caller's own choice, among the roles that this login opens. */
  | { readonly kind: "chosen" }
  | { readonly kind: "deny" }
);

/**
 * Developer guide, "Role-based access control"; what it leaves open, several logins above all, is decided in docs/cognito-divergences.md.
 * `customRoleArn` is the caller's word, and opens nothing: it picks among what is open.
 */
export function chooseRole(
  access: PoolAccess | undefined,
  logins: readonly LoginEvidence[],
  customRoleArn?: string,
): Result<string, TaggedRefusal> {
  const { roles = {}, roleMappings = {} } = access ?? {};
  if (logins.length === 0) return theOne(roles.unauthenticated, customRoleArn);
  const votes = Object.entries(roleMappings).flatMap(([mapping, rules]) =>
    logins.filter((login) => isKeyOf(mapping, login)).map((login) => vote(mapping, rules, login, customRoleArn)),
  );
  if (votes.length === 0) return theOne(roles.authenticated, customRoleArn);
  const denials = votes.filter(({ kind }) => kind === "deny");
  if (denials.length > 0) return denied(denials);
  if (customRoleArn !== undefined) {
    const isOpen = votes.some(({ kind }) => kind === "chosen");
    return isOpen ? ok(customRoleArn) : err({ kind: "role-forbidden", roleArn: customRoleArn });
  }
  const given = votes.map((one) => (one.kind === "role" ? one.roleArn : undefined) ?? roles.authenticated);
  const [first] = given;
  if (given.some((roleArn) => roleArn === undefined)) return err({ kind: "no-role" });
  return given.every((roleArn) => roleArn === first) ? theOne(first, undefined) : denied(votes);
}

/** The role for a token of this service: that of users, whatever the logins that it was given for would have chosen. */
export function usersRole(access: PoolAccess | undefined, customRoleArn?: string): Result<string, TaggedRefusal> {
  return theOne(access?.roles.authenticated, customRoleArn);
}

/** Where nothing chooses, whoever names a role may only name the one that is given anyway. */
function theOne(roleArn: string | undefined, customRoleArn: string | undefined): Result<string, TaggedRefusal> {
  if (roleArn === undefined) return err({ kind: "no-role" });
  const isForbidden = customRoleArn !== undefined && customRoleArn !== roleArn;
  return isForbidden ? err({ kind: "role-forbidden", roleArn: customRoleArn }) : ok(roleArn);
}

function denied(votes: readonly Vote[]): Result<never, TaggedRefusal> {
  return err({ kind: "role-denied", mappings: [...new Set(votes.map(({ mapping }) => mapping))].toSorted() });
}

function vote(
  mapping: string,
  { type, rules = [], ambiguousRoleResolution }: RoleMapping,
  login: LoginEvidence,
  customRoleArn: string | undefined,
): Vote {
  const claims = login.claims();
  const open = type === "Token" ? rolesIn(claims) : rules.filter((rule) => matches(rule, claims)).map(roleOf);
  if (customRoleArn !== undefined && open.includes(customRoleArn)) return { mapping, kind: "chosen" };
  const preferred = type === "Token" ? preferredRoleIn(claims) : open[0];
  if (preferred !== undefined) return { mapping, kind: "role", roleArn: preferred };
  return ambiguousRoleResolution === "Deny" ? { mapping, kind: "deny" } : { mapping, kind: "role", roleArn: undefined };
}

function roleOf({ roleArn }: MappingRule): string {
  return roleArn;
}

/** `cognito:roles`: a list in the tokens of user pools, text joined by commas in the guide. A role's name may have commas itself. */
function rolesIn(claims: Members): readonly string[] {
  const claimed = claims.get("cognito:roles");
  const roles: readonly unknown[] = typeof claimed === "string" ? claimed.split(/,(?=arn:)/) : toList(claimed);
  return roles.filter((role) => typeof role === "string").filter(isRoleArn);
}

function toList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function preferredRoleIn(claims: Members): string | undefined {
  const claimed = claims.get("cognito:preferred_role");
  return typeof claimed === "string" && isRoleArn(claimed) ? claimed : undefined;
}

/** Exactly as it is spelt. Of a list one element is enough; `NotEqual` holds of none of them, and never of a claim that is not there. */
function matches({ claim, match, value }: MappingRule, claims: Members): boolean {
  const texts = textsOf(claims.get(claim));
  switch (match) {
    case "Equals":
      return texts.includes(value);
    case "Contains":
      return texts.some((text) => text.includes(value));
    case "StartsWith":
      return texts.some((text) => text.startsWith(value));
    case "NotEqual":
      return texts.length > 0 && !texts.includes(value);
  }
}
