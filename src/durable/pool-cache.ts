/**
 * The isolate's memory of identity pools: settled values with a stated life, never promises, because a promise begun in
 * one request may not be awaited in another. A pool that does not exist is not remembered.
 */
import type { IdentityPoolId } from "../domain/identifiers.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import type { IdentityPoolObject } from "./identity-pool-object.ts";

/** How long a changed or deleted pool may still be seen as it was, in milliseconds. */
const POOL_LIFE_MS = 30_000;
/** Most pools that an isolate remembers; beyond it the oldest is forgotten. */
const MAX_POOLS = 1000;

const pools = new Map<string, { readonly pool: IdentityPool; readonly expiresAtMs: number }>();

/** Null when there is no such pool, or it was deleted. */
export async function readPool(
  namespace: DurableObjectNamespace<IdentityPoolObject>,
  identityPoolId: IdentityPoolId,
  nowMs: number,
): Promise<IdentityPool | null> {
  const cached = pools.get(identityPoolId);
  if (cached !== undefined && nowMs < cached.expiresAtMs) return cached.pool;
  const pool = await namespace.getByName(identityPoolId).read();
  pools.delete(identityPoolId);
  if (pool === null) return null;
  const oldest = pools.size >= MAX_POOLS ? pools.keys().next().value : undefined;
  if (oldest !== undefined) pools.delete(oldest);
  pools.set(identityPoolId, { pool, expiresAtMs: nowMs + POOL_LIFE_MS });
  return pool;
}

/** A pool was changed through this isolate: the next reader sees it at once. */
export function forgetPool(identityPoolId: IdentityPoolId): void {
  pools.delete(identityPoolId);
}
