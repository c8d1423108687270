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

/** Takes one token, or says in how many whole seconds there will be one. `null` is a bucket never drawn on. */
export function draw(bucket: Bucket | null, limit: RateLimit, nowMs: number): Draw {
  const filled = refill(bucket, limit, nowMs);
  if (filled.tokens >= 1) return { ok: true, bucket: { ...filled, tokens: filled.tokens - 1 } };
  const retryAfterSeconds = Math.max(1, Math.ceil((1 - filled.tokens) / limit.perSecond));
  return { ok: false, bucket: filled, retryAfterSeconds };
}

/** Whether a draw would succeed, without drawing. */
export function hasToken(bucket: Bucket | null, limit: RateLimit, nowMs: number): boolean {
  return refill(bucket, limit, nowMs).tokens >= 1;
}

/**
 * Draws that may be forgotten with an object's memory: a fifth of the burst. Beyond them the bucket is kept in storage, so
 * that a restart in the middle of a burst never grants a second one.
 */
function forgettable(limit: RateLimit): number {
  return Math.floor(limit.burst / 5);
}

/** The bucket of an object whose memory was lost: what it kept, refilled, and never more than what it may have forgotten leaves. */
export function restoredBucket(kept: Bucket | null, limit: RateLimit, nowMs: number): Bucket {
  const { tokens, asOfMs } = refill(kept, limit, nowMs);
  return { tokens: Math.min(tokens, limit.burst - forgettable(limit)), asOfMs };
}

/**
 * Whether a bucket holds so little that it must outlive its object's memory. The first draw of each life is forgiven: nearly
 * every token is minted by an object that had been forgotten, and none of them must cost a write. It would take restarts
 * that follow each other faster than one token refills to gain from that.
 */
export function mustKeep(bucket: Bucket, limit: RateLimit): boolean {
  return bucket.tokens < limit.burst - forgettable(limit) - 1;
}
