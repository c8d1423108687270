/** The one pool of a simulated installation, and its limits. */
import { identityPoolIdOf, type IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../src/domain/identity-pool.ts";

export const POOL_ID: IdentityPoolId = identityPoolIdOf("r", "0");
/** Provider of the developer's own users; all others are public. */
export const DEVELOPER = "dev";
export const POOL: IdentityPool = {
  identityPoolId: POOL_ID,
  name: "pool",
  allowsUnauthenticated: true,
  developerProviderName: DEVELOPER,
};
/** Of the mints of one identity: small, so that clients do reach it. */
export const RATE = { perSecond: 2, burst: 10 };
