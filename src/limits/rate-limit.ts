/** A token bucket as a pure function of (state, now). It refills while nobody looks, so a forgotten one was full. */

export type RateLimit = {
  /** Tokens that come back each second. */
  readonly perSecond: number;
  /** Most tokens that the bucket holds. */
  readonly burst: number;
};

export type Bucket = { readonly tokens: number; /** Milliseconds since the epoch. */ readonly asOfMs: number };

export type Draw =
  | { readonly ok: true; readonly bucket: Bucket }
  | { readonly ok: false; readonly bucket: Bucket; readonly retryAfterSeconds: number };

function refill(bucket: Bucket | null, limit: RateLimit, nowMs: number): Bucket {
  if (bucket === null) return { tokens: limit.burst, asOfMs: nowMs };
  // A clock that steps back must not refill twice for the same time: the bucket then waits for it to catch up.
  const elapsedMs = Math.max(0, nowMs - bucket.asOfMs);
  const tokens = Math.min(limit.burst, bucket.tokens + (elapsedMs / 1000) * limit.perSecond);
  return { tokens, asOfMs: Math.max(nowMs, bucket.asOfMs) };
}

/** What is in it now. Takes none. `null` is a bucket never drawn on. */
export function tokensIn(bucket: Bucket | null, limit: RateLimit, nowMs: number): number {
  return refill(bucket, limit, nowMs).tokens;
}

/** In how many whole seconds there will be a token; null when there is one. Takes none. */
export function secondsUntilToken(bucket: Bucket | null, limit: RateLimit, nowMs: number): number | null {
  const { tokens } = refill(bucket, limit, nowMs);
  return tokens >= 1 ? null : Math.max(1, Math.ceil((1 - tokens) / limit.perSecond));
}

/** Takes one token, or says in how many whole seconds there will be one. `null` is a bucket never drawn on. */
export function draw(bucket: Bucket | null, limit: RateLimit, nowMs: number): Draw {
  const filled = refill(bucket, limit, nowMs);
  const retryAfterSeconds = secondsUntilToken(filled, limit, nowMs);
  return retryAfterSeconds === null
    ? { ok: true, bucket: { ...filled, tokens: filled.tokens - 1 } }
    : { ok: false, bucket: filled, retryAfterSeconds };
}

/**
 * Draws that may be forgotten with an object's memory: a fifth of the burst, and the first of each life. Nearly every token
 * is minted by an object that had been forgotten, and none of those must cost a write.
 */
function forgettable(limit: RateLimit): number {
  return Math.floor(limit.burst / 5);
}

/** How far ahead a kept bucket is pessimistic, in milliseconds: it is written once for all draws of that time. */
const KEPT_AHEAD_MS = 2000;

/** When `bucketToKeep` gave this bucket to be kept. */
export function keptSinceMs({ asOfMs }: Bucket): number {
  return asOfMs - KEPT_AHEAD_MS;
}

/**
 * How long a first draw that nobody wrote down goes on to count, in milliseconds: until it has refilled. An object that is
 * evicted for idleness has been idle for longer; one that a crash took with its process may have drawn just before.
 */
export function forgivenDrawMs(limit: RateLimit): number {
  return 1000 / limit.perSecond;
}

/**
 * The bucket of an object whose memory was lost: what it kept, refilled, and never more than what it may have forgotten
 * leaves. `mayHaveJustDrawn`: the life before may have ended less than `forgivenDrawMs` ago. Never more than there was
 * (invariant bounded-rate).
 */
export function restoredBucket(
  kept: Bucket | null,
  limit: RateLimit,
  nowMs: number,
  mayHaveJustDrawn: boolean,
): Bucket {
  const { tokens } = refill(kept, limit, nowMs);
  const most = limit.burst - forgettable(limit) - (mayHaveJustDrawn ? 1 : 0);
  return { tokens: Math.min(tokens, most), asOfMs: nowMs };
}

/**
 * What must be kept after a draw, so that no restart, now or later, restores more than there is; null while what is kept, or
 * nothing, still sees to that.
 */
export function bucketToKeep(bucket: Bucket, kept: Bucket | null, limit: RateLimit, nowMs: number): Bucket | null {
  const afterCrash = restoredBucket(kept, limit, nowMs, true).tokens;
  return bucket.tokens < afterCrash ? { tokens: 0, asOfMs: nowMs + KEPT_AHEAD_MS } : null;
}
