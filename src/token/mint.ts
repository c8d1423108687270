/** A grant becomes a signed token: claims, the last look at them, the signature. Decides nothing that the grant left open. */
import type { Result } from "../domain/errors.ts";
import type { Grant } from "../domain/grant.ts";
import { claimsOf, lintClaims, type MintStamp, type OpenIdClaims } from "../domain/open-id-claims.ts";
import { lintRoleClaims, type RoleClaims, roleClaimsOf, type RoleGrant } from "../domain/role-claims.ts";
import type { Signing } from "../keys/signer.ts";

/**
 * Throws when the claims are not what the evidence permits: that is a defect of this service, and nothing is signed
 * (invariant names-what-was-verified).
 */
export function assertMintable(claims: OpenIdClaims, grant: Grant, stamp: MintStamp): void {
  refuseToSign(lintClaims(claims, grant, stamp));
}

/** The same of a token for a role. */
export function assertMintableForRole(claims: RoleClaims, grant: RoleGrant, stamp: MintStamp): void {
  refuseToSign(lintRoleClaims(claims, grant, stamp));
}

function refuseToSign(problem: string | undefined): void {
  if (problem !== undefined) throw new Error(`refused to sign: ${problem}`);
}

/** The signed token of `grant`; `now` is the clock, in epoch seconds. Fails with InternalErrorException when there is no key to sign with. */
export function mint(grant: Grant, stamp: MintStamp, signing: Signing, now: () => number): Promise<Result<string>> {
  const claims = claimsOf(grant, stamp);
  assertMintable(claims, grant, stamp);
  return signing.sign(claims, now);
}

/** The signed token by which `grant.roleArn` is assumed, and no other role. Fails as `mint`. */
export function mintForRole(
  grant: RoleGrant,
  stamp: MintStamp,
  signing: Signing,
  now: () => number,
): Promise<Result<string>> {
  const claims = roleClaimsOf(grant, stamp);
  assertMintableForRole(claims, grant, stamp);
  return signing.sign(claims, now);
}
