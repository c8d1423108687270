/** The memory of identity pools of this isolate (pools/pool-memory.ts), and the way to the pools themselves. */
import type { IdentityPoolId } from "../domain/identifiers.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import { PoolMemory } from "../pools/pool-memory.ts";
import type { IdentityPoolObject } from "./identity-pool-object.ts";

const memory = new PoolMemory();

/** The pool's settings, at most as old as the memory allows; null when there is no such pool, or it was deleted. */
export async function readPool(
  namespace: DurableObjectNamespace<IdentityPoolObject>,
  identityPoolId: IdentityPoolId,
): Promise<IdentityPool | null> {
  const ask = async () => await namespace.getByName(identityPoolId).read();
  return await memory.read(identityPoolId, Date.now() / 1000, ask);
}

/** A pool was changed through this isolate: its next reader sees it at once. */
export function forgetPool(identityPoolId: IdentityPoolId): void {
  memory.forget(identityPoolId);
}
