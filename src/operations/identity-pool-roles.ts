/** SetIdentityPoolRoles and GetIdentityPoolRoles: which roles the identities of a pool are given, and how one is chosen. */
import { forbiddenRole } from "../domain/admin-credential.ts";
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import { checkRoles, NO_ACCESS, type RoleMapping, rolesGivenBy, type RoleSettings } from "../domain/pool-access.ts";
import { errorOf } from "../domain/refusals.ts";
import type { InputOf, OutputOf } from "../protocol/shapes.ts";
import { explained, identityPoolIdOfInput, poolRefusal, type SignedContext } from "./context.ts";
import { changePool, readNamedPool } from "./named-pool.ts";

export async function setIdentityPoolRoles(
  input: InputOf<"SetIdentityPoolRoles">,
  context: SignedContext,
): Promise<Result<undefined>> {
  const identityPoolId = identityPoolIdOfInput(input.IdentityPoolId);
  const refusal = poolRefusal(context, identityPoolId);
  if (refusal !== null) return refusal;
  const settings = settingsOf(input);
  if (!settings.ok) return settings;
  const checked = checkRoles(settings.value);
  if (!checked.ok) return checked;
  const forbidden = forbiddenRole(context.caller.credential, rolesGivenBy(settings.value));
  if (forbidden !== null) {
    return err({ ...errorOf({ kind: "role-forbidden", roleArn: forbidden }), reason: "role-not-allowed" });
  }
  const changed = await changePool(context, identityPoolId, { kind: "roles", ...settings.value });
  return changed.ok ? changed : err(explained(changed.error, context));
}

export async function getIdentityPoolRoles(
  input: InputOf<"GetIdentityPoolRoles">,
  context: SignedContext,
): Promise<Result<OutputOf<"GetIdentityPoolRoles">>> {
  const identityPoolId = identityPoolIdOfInput(input.IdentityPoolId);
  const refusal = poolRefusal(context, identityPoolId);
  if (refusal !== null) return refusal;
  const pool = await readNamedPool(context, identityPoolId);
  if (!pool.ok) return pool;
  const { roles, roleMappings } = pool.value.access ?? NO_ACCESS;
  const mappings = Object.entries(roleMappings).map(([provider, mapping]) => [provider, mappingAs(mapping)] as const);
  return ok({
    IdentityPoolId: identityPoolId,
    ...(Object.keys(roles).length > 0 && { Roles: roles }),
    ...(mappings.length > 0 && { RoleMappings: Object.fromEntries(mappings) }),
  });
}

type MappingInput =
  NonNullable<InputOf<"SetIdentityPoolRoles">["RoleMappings"]> extends ReadonlyMap<string, infer Mapping>
    ? Mapping
    : never;

/** Mappings that are not given are none. */
function settingsOf({ Roles, RoleMappings }: InputOf<"SetIdentityPoolRoles">): Result<RoleSettings> {
  const roleMappings: [string, RoleMapping][] = [];
  for (const [provider, mapping] of RoleMappings ?? []) {
    const read = mappingOf(mapping);
    if (!read.ok) return read;
    roleMappings.push([provider, read.value]);
  }
  // The shape knows these two keys alone.
  return ok({ roles: Object.fromEntries(Roles), roleMappings: Object.fromEntries(roleMappings) });
}

function mappingOf({ Type, AmbiguousRoleResolution, RulesConfiguration }: MappingInput): Result<RoleMapping> {
  if (AmbiguousRoleResolution === undefined) {
    return err(serviceError("InvalidParameterException", "A role mapping must have an AmbiguousRoleResolution."));
  }
  const rules = RulesConfiguration?.Rules.map(({ Claim, MatchType, Value, RoleARN }) => ({
    claim: Claim,
    match: MatchType,
    value: Value,
    roleArn: RoleARN,
  }));
  return ok({
    type: Type,
    ambiguousRoleResolution: AmbiguousRoleResolution,
    ...(rules !== undefined && { rules }),
  });
}

function mappingAs({ type, ambiguousRoleResolution, rules }: RoleMapping) {
  return {
    Type: type,
    AmbiguousRoleResolution: ambiguousRoleResolution,
    ...(rules !== undefined && {
      RulesConfiguration: {
        Rules: rules.map(({ claim, match, value, roleArn }) => ({
          Claim: claim,
          MatchType: match,
          Value: value,
          RoleARN: roleArn,
        })),
      },
    }),
  };
}
