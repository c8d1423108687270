/**
 * The rate of one identity: a bucket that rests in its object's memory, and is stored while it is well used, so that no
 * restart refills it. The rules are limits/rate-limit.ts; this gives them the clock and the disk.
 */
import { RATE_EXCEEDED, type ServiceError } from "../domain/errors.ts";
import type { DrawForMint } from "../linking/identity-calls.ts";
import {
  type Bucket,
  bucketToKeep,
  draw,
  forgivenDrawMs,
  type RateLimit,
  restoredBucket,
  secondsUntilToken,
} from "../limits/rate-limit.ts";

/** Only there while the identity's rate is, or was of late, well used. */
const BUCKET_KEY = "bucket";

/**
 * When this isolate woke its first identity. Until then identities may have drawn in the process before it, which a crash
 * ended; whoever is evicted from this one has been idle for long enough.
 */
let isolateSinceMs: number | null = null;

export type MintBucket = {
  readonly draw: DrawForMint;
  /** What `draw` would refuse now; takes nothing. */
  look(): ServiceError | null;
};

/** For one life of an object. `isMade`: whether its identity was there before; one that is made in this life starts full. */
export function mintBucketOf(kv: SyncKvStorage, limit: RateLimit, isMade: boolean): MintBucket {
  const wokeAtMs = Date.now();
  isolateSinceMs ??= wokeAtMs;
  const mayHaveJustDrawn = wokeAtMs - isolateSinceMs < forgivenDrawMs(limit);
  /** What a next life would start from. */
  let kept = kv.get<Bucket>(BUCKET_KEY) ?? null;
  let bucket = isMade ? restoredBucket(kept, limit, wokeAtMs, mayHaveJustDrawn) : null;
  const refusal = (retryAfterSeconds: number): ServiceError => ({ ...RATE_EXCEEDED, retryAfterSeconds });
  return {
    look: () => {
      const seconds = secondsUntilToken(bucket, limit, Date.now());
      return seconds === null ? null : refusal(seconds);
    },
    draw: () => {
      const nowMs = Date.now();
      const drawn = draw(bucket, limit, nowMs);
      bucket = drawn.bucket;
      // A refusal took nothing, so that a flood of them writes nothing.
      if (!drawn.ok) return refusal(drawn.retryAfterSeconds);
      const toKeep = bucketToKeep(bucket, kept, limit, nowMs);
      if (toKeep !== null) {
        kv.put(BUCKET_KEY, toKeep);
        kept = toKeep;
      }
      return null;
    },
  };
}
