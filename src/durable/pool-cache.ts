/** The isolate's memory of identity pools. A pool that does not exist is not remembered: it may be made the next moment. */
import type { IdentityPoolId } from "../domain/identifiers.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import type { IdentityPoolObject } from "./identity-pool-object.ts";
import { IsolateCache } from "../domain/isolate-cache.ts";

/** How long a changed or deleted pool may still be seen as it was, in seconds. */
const POOL_LIFE_SECONDS = 30;
/** Most pools that one isolate remembers: a few kilobytes each. */
const MAX_POOLS = 1000;

const pools = new IsolateCache<IdentityPool>(MAX_POOLS);
/** Changes made through this isolate: an answer that was asked for before one of them is not remembered after it. */
let changes = 0;

/** Null when there is no such pool, or it was deleted. */
export async function readPool(
  namespace: DurableObjectNamespace<IdentityPoolObject>,
  identityPoolId: IdentityPoolId,
): Promise<IdentityPool | null> {
  const now = Date.now() / 1000;
  const cached = pools.get(identityPoolId, now);
  if (cached !== undefined) return cached;
  const changesBefore = changes;
  const pool = await namespace.getByName(identityPoolId).read();
  if (pool !== null && changes === changesBefore) pools.set(identityPoolId, pool, now, POOL_LIFE_SECONDS);
  return pool;
}

/** A pool was changed through this isolate: its next reader sees it at once. */
export function forgetPool(identityPoolId: IdentityPoolId): void {
  changes += 1;
  pools.delete(identityPoolId);
}
