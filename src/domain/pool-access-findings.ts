/** What a pool's flows, roles and maps say that no call could ever use, or that refuses calls which somebody may expect to work. Pure. */
import type { Finding } from "./finding.ts";
import type { IdentityPool } from "./identity-pool.ts";
import { hasProvider, strangerAmong } from "./mapped-providers.ts";
import { NO_ACCESS } from "./pool-access.ts";

/** `hasProviders`: the developer provider is one. */
export function accessFindings(pool: IdentityPool, hasProviders: boolean): readonly Finding[] {
  return [...flowFindings(pool), ...roleFindings(pool, hasProviders), ...mapFindings(pool)];
}

function flowFindings({ allowsClassicFlow, access }: IdentityPool): readonly Finding[] {
  if (allowsClassicFlow === false) {
    return [
      {
        level: "warning",
        code: "classic-flow-off",
        about: "AllowClassicFlow",
        message: "AllowClassicFlow is false, so that GetOpenIdToken is refused. GetCredentialsForIdentity works.",
        action: "Set AllowClassicFlow to true if apps or relying parties use the OpenID token.",
      },
    ];
  }
  if (Object.keys(access?.roleMappings ?? {}).length === 0) return [];
  return [
    {
      level: "warning",
      code: "classic-flow-off-by-mappings",
      about: "RoleMappings",
      message:
        "A pool with role mappings refuses GetOpenIdToken, which would go round them. GetCredentialsForIdentity works.",
      action: "Use another pool for those who need the OpenID token.",
    },
  ];
}

function roleFindings({ allowsUnauthenticated, access }: IdentityPool, hasProviders: boolean): readonly Finding[] {
  // A pool for OpenID tokens alone needs none.
  if (access === undefined) return [];
  const { roles, roleMappings } = access;
  const findings: Finding[] = [];
  if (roles.unauthenticated !== undefined && !allowsUnauthenticated) {
    findings.push({
      level: "advice",
      code: "role-of-nobody",
      about: "unauthenticated",
      message: "The pool has a role for guests and takes no guests.",
      action: "Remove the role with SetIdentityPoolRoles, so that it is not given the day guests are allowed.",
    });
  }
  if (roles.authenticated !== undefined && !hasProviders) {
    findings.push({
      level: "advice",
      code: "role-of-nobody",
      about: "authenticated",
      message: "The pool has a role for users who have logged in, and no provider to log in at.",
      action: "Add the provider, or remove the role with SetIdentityPoolRoles.",
    });
  }
  if (roles.authenticated !== undefined && roles.unauthenticated === undefined && allowsUnauthenticated) {
    findings.push({
      level: "advice",
      code: "guests-without-role",
      about: "unauthenticated",
      message: "Users are given a role and guests none, so that GetCredentialsForIdentity refuses guests.",
      action: "Set a role for guests if they are to have AWS credentials.",
    });
  }
  const fallsBack = Object.values(roleMappings).some(
    ({ ambiguousRoleResolution }) => ambiguousRoleResolution !== "Deny",
  );
  if (fallsBack && roles.authenticated === undefined) {
    findings.push({
      level: "warning",
      code: "mapping-without-default",
      about: "authenticated",
      message: "A role mapping falls back to the role for users, and there is none: who matches no rule is refused.",
      action: "Set the authenticated role, or let the mapping deny.",
    });
  }
  return findings;
}

/** Keys of providers that have left the pool since. */
function mapFindings(pool: IdentityPool): readonly Finding[] {
  const { roleMappings, principalTagMaps } = pool.access ?? NO_ACCESS;
  const mapped = Object.keys(roleMappings).filter((key) => strangerAmong(pool, [key]) !== undefined);
  const tagged = Object.keys(principalTagMaps).filter((key) => !hasProvider(pool, key));
  return [
    ...mapped.map((about): Finding => {
      return {
        level: "warning",
        code: "mapping-of-nobody",
        about,
        message: "A role mapping names a provider or client that the pool does not have.",
        action: "Remove it with SetIdentityPoolRoles, or add the provider again.",
      };
    }),
    ...tagged.map((about): Finding => {
      return {
        level: "warning",
        code: "tag-map-of-nobody",
        about,
        message: "A principal tag map names a provider that the pool does not have.",
        action:
          "Clear it with SetPrincipalTagAttributeMap while the provider is in the pool, or add the provider again.",
      };
    }),
  ];
}
