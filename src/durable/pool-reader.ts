/** Who reads a pool of its object: for the Worker and for the objects, with the isolate's memory before it. */
import type { IdentityPoolId } from "../domain/identifiers.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import { isolate } from "../isolate.ts";
import type { PoolReader } from "../pools/pool-memory.ts";

/** Gives a pool's settings, at most as old as the isolate's memory allows; `later` has what is renewed outlive the answer. */
export function poolReaderOf(
  env: () => Env,
  later: PoolReader["later"],
): (identityPoolId: IdentityPoolId) => Promise<IdentityPool | null> {
  const reader = { ask: async (id: IdentityPoolId) => await isolate.stubsOf(env()).identityPool(id).read(), later };
  return async (identityPoolId) => await isolate.pools.read(identityPoolId, Date.now() / 1000, reader);
}
