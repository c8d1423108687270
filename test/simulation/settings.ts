/** The pools of a simulated installation as it begins, and its limits. */
import { identityPoolIdOf, type IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../src/domain/identity-pool.ts";

export const POOL_ID: IdentityPoolId = identityPoolIdOf("r", "0");
/** The neighbour of the first one: the same people log in there, and are other identities. */
export const OTHER_POOL_ID: IdentityPoolId = identityPoolIdOf("r", "e");
/** For how long the neighbour's tokens are good; those of all other pools are as long as they are where nobody sets it. */
export const OTHER_TOKEN_SECONDS = 120;
/** Provider of the developer's own users; all others are public. */
export const DEVELOPER = "dev";
const POOL: IdentityPool = {
  identityPoolId: POOL_ID,
  name: "pool",
  allowsUnauthenticated: true,
  developerProviderName: DEVELOPER,
};
export const POOLS: readonly IdentityPool[] = [
  POOL,
  { ...POOL, identityPoolId: OTHER_POOL_ID, name: "other", tokenSeconds: OTHER_TOKEN_SECONDS },
];
export const KEY_ENCRYPTION_KEY = "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=";
export const KEYS = { keyEncryptionKey: KEY_ENCRYPTION_KEY, keyEncryptionKeyOther: null };
/** Providers with a secret of the app in their value. */
export const SECRETS: Readonly<Record<string, string>> = { "api.twitter.com": "app;secret" };
/** Of the mints of one identity: small, so that clients do reach it. */
export const RATE = { perSecond: 2, burst: 10 };
