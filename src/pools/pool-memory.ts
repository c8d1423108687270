/** An isolate's memory of identity pools. A pool that does not exist is not remembered: it may be made the next moment. */
import type { IdentityPoolId } from "../domain/identifiers.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import type { IsolateCache } from "../domain/isolate-cache.ts";

export class PoolMemory {
  readonly #pools: IsolateCache<IdentityPool>;
  /** Changes made through this isolate: an answer that was asked for before one of them is not remembered after it. */
  #changes = 0;

  constructor(pools: IsolateCache<IdentityPool>) {
    this.#pools = pools;
  }

  /** `now` in epoch seconds. `ask`s the pool's object where nothing is remembered; null: there is no such pool, or it was deleted. */
  async read(
    identityPoolId: IdentityPoolId,
    now: number,
    ask: (identityPoolId: IdentityPoolId) => Promise<IdentityPool | null>,
  ): Promise<IdentityPool | null> {
    const known = this.#pools.get(identityPoolId, now);
    if (known !== undefined) return known;
    const changesBefore = this.#changes;
    const pool = await ask(identityPoolId);
    if (pool !== null && this.#changes === changesBefore) this.#pools.set(identityPoolId, pool, now);
    return pool;
  }

  /** A pool was changed through this isolate: its next reader sees it at once. */
  forget(identityPoolId: IdentityPoolId): void {
    this.#changes += 1;
    this.#pools.delete(identityPoolId);
  }
}
