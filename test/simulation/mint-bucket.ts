/** The rate of one identity as its object has it: a bucket in memory, and in the storage what a next life starts from. */
import { RATE_EXCEEDED } from "../../src/domain/errors.ts";
import type { DrawForMint } from "../../src/linking/identity-calls.ts";
import { type Bucket, bucketToKeep, draw, forgivenDrawMs, restoredBucket } from "../../src/limits/rate-limit.ts";
import type { Life } from "./slots.ts";
import { RATE } from "./settings.ts";
import type { Surroundings } from "./surroundings.ts";

/** When, by true time, a token was drawn for the call that has this limiter. */
export type NotingLimiter = { readonly drawForMint: DrawForMint; drawnAtMs: number | null };

export class MintBucket {
  readonly #world: Surroundings;
  readonly #name: string;
  readonly #life: Life;
  readonly #now: () => number;
  /** Null is full: so it starts for an identity that is made in this life. */
  #minted: Bucket | null;
  #keptBucket: Bucket | null;

  constructor(
    world: Surroundings,
    slot: { readonly name: string; readonly stored: unknown },
    life: Life,
    now: () => number,
  ) {
    this.#world = world;
    this.#name = slot.name;
    this.#life = life;
    this.#now = now;
    this.#keptBucket = world.bucketOf(slot.name);
    // As in a new isolate, whose process before was ended by a crash.
    const mayHaveJustDrawn = world.network.nowMs - world.lastDrawMs(slot.name) < forgivenDrawMs(RATE);
    this.#minted = slot.stored === null ? null : restoredBucket(this.#keptBucket, RATE, now(), mayHaveJustDrawn);
  }

  /** For one call. */
  limiter(): NotingLimiter {
    const limiter: NotingLimiter = {
      drawnAtMs: null,
      drawForMint: () => {
        const nowMs = this.#now();
        const drawn = draw(this.#minted, RATE, nowMs);
        this.#minted = drawn.bucket;
        if (!drawn.ok) return { ...RATE_EXCEEDED, retryAfterSeconds: drawn.retryAfterSeconds };
        limiter.drawnAtMs = this.#world.network.nowMs;
        this.#world.noteDraw(this.#name);
        const toKeep = bucketToKeep(drawn.bucket, this.#keptBucket, RATE, nowMs);
        if (toKeep === null) return null;
        this.#world.storeBucket(this.#life, this.#name, toKeep);
        // Only what is stored is what a next life would start from.
        this.#keptBucket = toKeep;
        return null;
      },
    };
    return limiter;
  }
}
