/** A login: one subject at one provider, seen from one identity pool. E-mail is never part of it (T35). */
import { type Hash, sha256Hex } from "./digest.ts";
import type { IdentityPoolId } from "./identifiers.ts";

export type Login = {
  /** The provider's one name, whatever spelling the call or the pool has: provider-name.ts. */
  readonly providerName: string;
  /**
   * The provider's identifier of the user, as given: no folding, no trimming (T18). What is stored has it for developer users
   * alone, whom LookupDeveloperIdentity names: of all others the hash in `loginId` is enough (T46).
   */
  readonly subject?: string;
  /** Name of the login's object: see `loginIdOf` and `developerLoginIdOf`. */
  readonly loginId: string;
  /** The user of a developer provider: a signed call vouches for it, and an identity may have several. */
  readonly isDeveloper?: true;
};

/** A login whose token has been checked in this very request. */
export type VerifiedLogin = Login & {
  readonly subject: string;
  /** The two `amr` entries that a token names it by: the provider name and the long form. */
  readonly amr: readonly string[];
  /** Epoch seconds at which the login token was issued; absent where its provider does not say, or nobody asks. */
  readonly issuedAt?: number;
};

/** Most logins of one identity (API reference, MergeDeveloperIdentities). */
export const MAX_LINKED_LOGINS = 20;

/**
 * The name of a public login's object: 64 hex digits of SHA-256 over (pool, provider, subject).
 * Hashed because object names show up in dashboards, and a subject may be longer than a name can be. The JSON
 * array keeps `a|b`+`c` apart from `a`+`b|c` (T40).
 */
export function loginIdOf(
  identityPoolId: IdentityPoolId,
  providerName: string,
  subject: string,
  hash: Hash = sha256Hex,
): Promise<string> {
  return hash(JSON.stringify([identityPoolId, providerName, subject]));
}

/**
 * The same for the user of a developer provider. How a login is proved is part of what it is (T21, T32): whatever the
 * providers are called, now or later, an array of four never meets one of three, and no signed call vouches for somebody
 * who logs in by tokens.
 */
export function developerLoginIdOf(
  identityPoolId: IdentityPoolId,
  providerName: string,
  userIdentifier: string,
  hash: Hash = sha256Hex,
): Promise<string> {
  return hash(JSON.stringify(["developer", identityPoolId, providerName, userIdentifier]));
}
