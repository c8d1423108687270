/**
 * What an identity pool gives to its identities: roles, how one is chosen, and the tags of their sessions. Pure; what a key of
 * its maps names is said by mapped-providers.ts.
 */
import { err, ok, type Result, serviceError } from "./errors.ts";
import { isRoleArn } from "./role-arn.ts";
import { isTagKey } from "./tag-text.ts";

/** ARNs of the roles without a mapping. One that is absent is given to nobody. */
export type PoolRoles = { readonly authenticated?: string; readonly unauthenticated?: string };

export type MappingRule = {
  readonly claim: string;
  readonly match: "Equals" | "Contains" | "StartsWith" | "NotEqual";
  readonly value: string;
  readonly roleArn: string;
};

/** How the role of a login is chosen: by the claims `cognito:roles` and `cognito:preferred_role`, or by rules in order. */
export type RoleMapping = {
  readonly type: "Token" | "Rules";
  /** What is given where the claims choose none. */
  readonly ambiguousRoleResolution: "AuthenticatedRole" | "Deny";
  /** Of type `Rules` alone. */
  readonly rules?: readonly MappingRule[];
};

/** As it was set: with `useDefaults` the tags are `client` and `username`, and `principalTags` is not used. */
export type PrincipalTagMap = {
  readonly useDefaults: boolean;
  /** Tag key to claim name. */
  readonly principalTags: Readonly<Record<string, string>>;
};

export type PoolAccess = {
  readonly roles: PoolRoles;
  /** By the provider as the caller spelt it: a user pool's name has `:CLIENT` at its end, an issuer is an ARN or `host/path`. */
  readonly roleMappings: Readonly<Record<string, RoleMapping>>;
  /** By the provider as the caller spelt it: a user pool has no client id here. */
  readonly principalTagMaps: Readonly<Record<string, PrincipalTagMap>>;
};

/** Of a pool for which nobody has set anything. */
export const NO_ACCESS: PoolAccess = { roles: {}, roleMappings: {}, principalTagMaps: {} };

/** The two members that SetIdentityPoolRoles sets together. */
export type RoleSettings = Pick<PoolAccess, "roles" | "roleMappings">;

/** API reference, RulesConfigurationType. The service model's 400 is the bound of its shape. */
const MAX_RULES = 25;

/** InvalidParameterException, in words of ours, for what the shapes permit and no choice of a role could go by. */
export function checkRoles({ roles, roleMappings }: RoleSettings): Result<void> {
  if (!Object.values(roles).every(isRoleArn)) return invalid("Invalid role ARN at 'roles'.");
  for (const { type, rules } of Object.values(roleMappings)) {
    if (type === "Rules" && rules === undefined) {
      return invalid("A role mapping of type Rules must have a RulesConfiguration.");
    }
    if (type === "Token" && rules !== undefined) {
      return invalid("A role mapping of type Token takes no RulesConfiguration.");
    }
    if (rules !== undefined && rules.length > MAX_RULES) {
      return invalid(`A role mapping can have at most ${MAX_RULES} rules.`);
    }
    if (rules?.every(({ roleArn }) => isRoleArn(roleArn)) === false) {
      return invalid("Invalid role ARN at 'roleMappings'.");
    }
  }
  return ok(undefined);
}

/** The keys become those of a session's tags, which STS compares without regard to case. */
export function checkPrincipalTags({ principalTags }: PrincipalTagMap): Result<void> {
  const keys = Object.keys(principalTags);
  if (!keys.every(isTagKey)) return invalid("Invalid tag key at 'principalTags'.");
  const folded = new Set(keys.map((key) => key.toLowerCase()));
  return folded.size === keys.length ? ok(undefined) : invalid("Duplicate entries at 'principalTags'.");
}

/** Stands for all roles, where a mapping of type Token leaves the choice to whoever issues the login tokens. */
export const ANY_ROLE = "*";

/** The roles that these settings may give, as one that sets them must be allowed to: whole ARNs, or `ANY_ROLE`. */
export function rolesGivenBy({ roles, roleMappings }: RoleSettings): readonly string[] {
  const given = Object.values(roleMappings).flatMap(({ type, rules = [] }) =>
    type === "Token" ? [ANY_ROLE] : rules.map(({ roleArn }) => roleArn),
  );
  return [...Object.values(roles), ...given];
}

function invalid(message: string): Result<never> {
  return err(serviceError("InvalidParameterException", message));
}
