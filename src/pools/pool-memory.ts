/**
 * An isolate's memory of identity pools, each renewed behind the answers before its life ends. A pool that does not exist is not
 * remembered: it may be made the next moment. Holds data, never a promise: two first readers ask twice.
 */
import { backoffSeconds } from "../domain/backoff.ts";
import type { IdentityPoolId } from "../domain/identifiers.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import type { IsolateCache } from "../domain/isolate-cache.ts";
import { RENEWAL_PATIENCE_SECONDS, spreadLife, untouchedSeconds } from "../domain/renewal.ts";

/** A pool as it was when its object was asked. Instants are epoch seconds. */
export type RememberedPool = {
  readonly pool: IdentityPool;
  readonly askedAt: number;
  /** From here on a reader renews it; one that is under way, or has failed, puts that off for the others. */
  renewFrom: number;
};

/** A request that reads a pool, to which its questions are bound. */
export type PoolReader = {
  /** The pool, as its object has it; null: there is none, or it was deleted. */
  ask(identityPoolId: IdentityPoolId): Promise<IdentityPool | null>;
  /** Lets work go on that no answer waits for. */
  later(work: Promise<void>): void;
};

export class PoolMemory {
  readonly #pools: IsolateCache<RememberedPool>;
  readonly #random: () => number;
  /** Changes made through this isolate: an answer that was asked for before one of them is not remembered after it. */
  #changes = 0;

  /** The life of what `pools` holds is how long a changed pool may be seen as it was. `random` is uniform in [0, 1). */
  constructor(pools: IsolateCache<RememberedPool>, random: () => number) {
    this.#pools = pools;
    this.#random = random;
  }

  /** `now` in epoch seconds. Asks where nothing is remembered, and throws what that throws; null: there is no such pool. */
  async read(identityPoolId: IdentityPoolId, now: number, reader: PoolReader): Promise<IdentityPool | null> {
    const known = this.#pools.get(identityPoolId, now);
    if (known === undefined) return await this.#ask(identityPoolId, now, reader);
    if (now >= known.renewFrom) reader.later(this.#renew(identityPoolId, known, now, reader));
    return known.pool;
  }

  /** A pool was changed through this isolate: its next reader sees it at once, whatever is under way. */
  forget(identityPoolId: IdentityPoolId): void {
    this.#changes += 1;
    this.#pools.delete(identityPoolId);
  }

  /** One at a time for each pool; what it brings ends by itself, so that a failure changes nothing but when the next one comes. */
  async #renew(identityPoolId: IdentityPoolId, known: RememberedPool, now: number, reader: PoolReader): Promise<void> {
    const waitedSeconds = now - known.askedAt;
    known.renewFrom = now + RENEWAL_PATIENCE_SECONDS;
    try {
      await this.#ask(identityPoolId, now, reader);
    } catch {
      known.renewFrom = now + backoffSeconds(waitedSeconds, identityPoolId);
    }
  }

  /** Its life begins before the question: so old the answer may be. */
  async #ask(identityPoolId: IdentityPoolId, now: number, reader: PoolReader): Promise<IdentityPool | null> {
    const changesBefore = this.#changes;
    const before = this.#pools.peek(identityPoolId);
    const pool = await reader.ask(identityPoolId);
    if (this.#changes !== changesBefore) return pool;
    // A late answer does not take the place of one that was asked for after it.
    const held = this.#pools.peek(identityPoolId);
    if (held !== undefined && held !== before && held.askedAt > now) return pool;
    if (pool === null) this.#pools.delete(identityPoolId);
    else this.#remember(identityPoolId, pool, now);
    return pool;
  }

  #remember(identityPoolId: IdentityPoolId, pool: IdentityPool, askedAt: number): void {
    const lifeSeconds = spreadLife(this.#pools.maxLifeSeconds, this.#random());
    const renewFrom = askedAt + untouchedSeconds(lifeSeconds);
    this.#pools.set(identityPoolId, { pool, askedAt, renewFrom }, askedAt, lifeSeconds);
  }
}
