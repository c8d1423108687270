/** An isolate's memory of identity pools. A pool that does not exist is not remembered: it may be made the next moment. */
import type { IdentityPoolId } from "../domain/identifiers.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import { IsolateCache } from "../domain/isolate-cache.ts";

/** How long a changed or deleted pool may still be seen as it was, in seconds. */
const POOL_LIFE_SECONDS = 30;
/** Most pools that one isolate remembers: a few kilobytes each. */
const MAX_POOLS = 1000;

export class PoolMemory {
  readonly #pools = new IsolateCache<IdentityPool>(MAX_POOLS);
  /** Changes made through this isolate: an answer that was asked for before one of them is not remembered after it. */
  #changes = 0;

  /** Null when there is no such pool, or it was deleted. `now` in epoch seconds; `ask` asks the pool itself. */
  async read(
    identityPoolId: IdentityPoolId,
    now: number,
    ask: () => Promise<IdentityPool | null>,
  ): Promise<IdentityPool | null> {
    const cached = this.#pools.get(identityPoolId, now);
    if (cached !== undefined) return cached;
    const changesBefore = this.#changes;
    const pool = await ask();
    if (pool !== null && this.#changes === changesBefore) this.#pools.set(identityPoolId, pool, now, POOL_LIFE_SECONDS);
    return pool;
  }

  /** A pool was changed through this isolate: its next reader sees it at once. */
  forget(identityPoolId: IdentityPoolId): void {
    this.#changes += 1;
    this.#pools.delete(identityPoolId);
  }
}
