/**
 * The rate of one identity: a bucket that rests in its object's memory, and is stored while it is well used, so that no
 * restart refills it. The rules are rate-limit.ts; a host gives the clock and the disk.
 */
import { RATE_EXCEEDED, type ServiceError } from "../domain/errors.ts";
import {
  type Bucket,
  bucketToKeep,
  draw,
  forgivenDrawMs,
  keptSinceMs,
  type RateLimit,
  restoredBucket,
  secondsUntilToken,
  tokensIn,
} from "./rate-limit.ts";

export type BucketHost = {
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** What `keep` stored last, by whichever life of the object; null when nothing is kept. */
  kept(): Bucket | null;
  /** One storage step; throws what the storage throws. */
  keep(bucket: Bucket): void;
  /** For how long at least, in milliseconds, no life of this object can have drawn; asked once, at its beginning. */
  quietForMs(): number;
};

/** A bucket as it is at one moment. */
export type BucketLevel = {
  /** As many as a call would find; a part of one counts as one only when it is whole. */
  readonly tokens: number;
  readonly limit: RateLimit;
  /** Milliseconds since the epoch at which so few were left that it was stored; null where it never was. */
  readonly lastLowMs: number | null;
};

/** What a call may do with a bucket. */
export type MintLimit = {
  /** Takes a token: null, or the refusal when there is none. */
  draw(): ServiceError | null;
  /** What `draw` would refuse now; takes nothing. */
  look(): ServiceError | null;
  /** Takes nothing. */
  level(): BucketLevel;
};

/** For one life of an object. */
export class MintBucket implements MintLimit {
  readonly #host: BucketHost;
  readonly #limit: RateLimit;
  /** What a next life would start from. */
  #kept: Bucket | null;
  /** Null is full. */
  #bucket: Bucket | null;

  /** `isMade`: whether the identity was there before; one that is made in this life starts with a full bucket. */
  constructor(host: BucketHost, limit: RateLimit, isMade: boolean) {
    this.#host = host;
    this.#limit = limit;
    const mayHaveJustDrawn = host.quietForMs() < forgivenDrawMs(limit);
    this.#kept = host.kept();
    this.#bucket = isMade ? restoredBucket(this.#kept, limit, host.nowMs(), mayHaveJustDrawn) : null;
  }

  look(): ServiceError | null {
    const seconds = secondsUntilToken(this.#bucket, this.#limit, this.#host.nowMs());
    return seconds === null ? null : refusalFor(seconds);
  }

  level(): BucketLevel {
    const tokens = tokensIn(this.#bucket, this.#limit, this.#host.nowMs());
    return { tokens, limit: this.#limit, lastLowMs: this.#kept === null ? null : keptSinceMs(this.#kept) };
  }

  draw(): ServiceError | null {
    const nowMs = this.#host.nowMs();
    const drawn = draw(this.#bucket, this.#limit, nowMs);
    this.#bucket = drawn.bucket;
    // A refusal took nothing, so that a flood of them writes nothing.
    if (!drawn.ok) return refusalFor(drawn.retryAfterSeconds);
    const toKeep = bucketToKeep(drawn.bucket, this.#kept, this.#limit, nowMs);
    if (toKeep === null) return null;
    this.#host.keep(toKeep);
    // Only what is stored is what a next life would start from.
    this.#kept = toKeep;
    return null;
  }
}

function refusalFor(retryAfterSeconds: number): ServiceError {
  return { ...RATE_EXCEEDED, retryAfterSeconds };
}
