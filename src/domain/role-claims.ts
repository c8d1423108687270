/**
 * The claims of the token that is shown to the security token service (STS) and to nobody else: those of an OpenID token, of
 * five minutes, and the one role that it is good for (docs/adr/0065-role-pin.md). Built from a grant, then held
 * against it once more. Pure; signs nothing.
 */
import type { Grant } from "./grant.ts";
import { CLAIM_NAMES, claimsFor, lintEvidence, type MintStamp, type OpenIdClaims } from "./open-id-claims.ts";
import { isRoleArn } from "./role-arn.ts";

/** Claim of the roles that a token may be used for: STS of AWS refuses every other, before it looks at a trust policy. */
export const ROLES_CLAIM = "https://aws.amazon.com/roles";
/** Lifetime, in seconds: STS is asked at once, and its clock may be wrong by as much. */
export const ROLE_TOKEN_LIFETIME_SECONDS = 300;

/** A grant of credentials. */
export type RoleGrant = Grant & { readonly roleArn: string };

export type RoleClaims = OpenIdClaims & { readonly [ROLES_CLAIM]: readonly string[] };

const NAMES: ReadonlySet<string> = new Set([...CLAIM_NAMES, ROLES_CLAIM]);

export function roleClaimsOf(grant: RoleGrant, stamp: MintStamp): RoleClaims {
  return { ...claimsFor(grant, stamp, ROLE_TOKEN_LIFETIME_SECONDS), [ROLES_CLAIM]: [grant.roleArn] };
}

/**
 * The last look before signing: what is wrong with `claims` as the token of `grant` for STS, or undefined. Its answer holds no
 * value of a claim.
 */
export function lintRoleClaims(claims: RoleClaims, grant: RoleGrant, stamp: MintStamp): string | undefined {
  if (!Object.keys(claims).every((name) => NAMES.has(name))) return "a claim that no token for a role has";
  const { [ROLES_CLAIM]: roles } = claims;
  if (!Array.isArray(roles) || roles.length !== 1) return "not exactly one role";
  if (roles[0] !== grant.roleArn || !isRoleArn(grant.roleArn)) return "a role that was not granted";
  if (claims.exp - claims.iat !== ROLE_TOKEN_LIFETIME_SECONDS) return "the lifetime is not five minutes";
  return lintEvidence(claims, grant, stamp);
}
