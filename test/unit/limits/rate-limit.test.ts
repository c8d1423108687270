/** The token bucket: invariant bounded-rate for every sequence of draws, and what clocks and evictions do to it. */
import { array, assert, boolean, constantFrom, integer, oneof, property, record } from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Bucket,
  bucketToKeep,
  draw,
  forgivenDrawMs,
  type RateLimit,
  restoredBucket,
} from "../../../src/limits/rate-limit.ts";

const LIMIT: RateLimit = { perSecond: 5, burst: 20 };
const START_MS = 1_700_000_000_000;

/** Instants at which a draw was accepted. */
function accepted(limit: RateLimit, instants: readonly number[]): readonly number[] {
  let bucket: Bucket | null = null;
  return instants.filter((nowMs) => {
    const drawn = draw(bucket, limit, nowMs);
    bucket = drawn.bucket;
    return drawn.ok;
  });
}

describe("the token bucket", () => {
  it("accepts a burst, refuses the next, and says when to come again", () => {
    const burst = Array.from({ length: 21 }, () => START_MS);
    expect(accepted(LIMIT, burst)).toHaveLength(20);
    expect(draw({ tokens: 0, asOfMs: START_MS }, LIMIT, START_MS)).toMatchObject({ ok: false, retryAfterSeconds: 1 });
    expect(draw({ tokens: 0, asOfMs: START_MS }, { perSecond: 0.2, burst: 2 }, START_MS)).toMatchObject({
      retryAfterSeconds: 5,
    });
  });

  it("accepts again after exactly the time that it named", () => {
    const slow = { perSecond: 0.5, burst: 5 };
    const empty = { tokens: 0, asOfMs: START_MS };
    expect(draw(empty, slow, START_MS + 1999).ok).toBe(false);
    expect(draw(empty, slow, START_MS + 2000).ok).toBe(true);
  });

  it("keeps accepted draws in any window within rate times window plus burst (invariant bounded-rate)", () => {
    const gaps = array(integer({ min: 0, max: 700 }), { maxLength: 150 });
    const limits = record({ perSecond: integer({ min: 1, max: 50 }), burst: integer({ min: 1, max: 100 }) });
    assert(
      property(limits, gaps, (limit, between) => {
        let now = START_MS;
        const instants = accepted(
          limit,
          between.map((gap) => (now += gap)),
        );
        for (const [first, from] of instants.entries()) {
          for (const [last, to] of instants.entries()) {
            if (last < first) continue;
            const most = (limit.perSecond * (to - from)) / 1000 + limit.burst;
            expect(last - first + 1).toBeLessThanOrEqual(most + 1e-6);
          }
        }
      }),
    );
  });

  it("never accepts more for a clock that jumps back and forth than for the time that truly passed ahead", () => {
    const jumps = array(integer({ min: -300_000, max: 300_000 }), { maxLength: 100 });
    assert(
      property(jumps, (offsets) => {
        const instants = offsets.map((offset) => START_MS + offset);
        // The bucket is full when it is first drawn on, and from then on only the latest instant so far counts.
        const span = Math.max(...instants, START_MS - 300_000) - (instants[0] ?? START_MS - 300_000);
        expect(accepted(LIMIT, instants).length).toBeLessThanOrEqual((LIMIT.perSecond * span) / 1000 + LIMIT.burst);
      }),
    );
  });

  it("never holds more than its burst, however long nobody drew", () => {
    const drawn = draw({ tokens: 3, asOfMs: START_MS }, LIMIT, START_MS + 86_400_000);
    expect(drawn.bucket.tokens).toBe(19);
  });

  it("is as full when forgotten as it would have become by the time an object can be evicted", () => {
    const refillMs = (LIMIT.burst / LIMIT.perSecond) * 1000;
    const remembered = draw({ tokens: 0, asOfMs: START_MS }, LIMIT, START_MS + refillMs);
    expect(remembered.bucket).toEqual(draw(null, LIMIT, START_MS + refillMs).bucket);
  });
});

describe("a bucket whose object lost its memory", () => {
  const limit = { perSecond: 5, burst: 20 };

  it("starts with four fifths when nothing was kept, and its first mint keeps nothing", () => {
    const restored = restoredBucket(null, limit, 1_000, false);
    expect(restored.tokens).toBe(16);
    const first = draw(restored, limit, 1_000);
    expect(bucketToKeep(first.bucket, null, limit, 1_000)).toBeNull();
    expect(bucketToKeep(draw(first.bucket, limit, 1_000).bucket, null, limit, 1_000)).not.toBeNull();
  });

  it("goes on from what was kept, refilled by the clock, and never above four fifths", () => {
    expect(restoredBucket({ tokens: 2, asOfMs: 1_000 }, limit, 2_000, false).tokens).toBe(7);
    expect(restoredBucket({ tokens: 2, asOfMs: 1_000 }, limit, 60_000, false).tokens).toBe(16);
    expect(restoredBucket({ tokens: 0, asOfMs: 3_000 }, limit, 1_000, false).tokens).toBe(0);
  });

  it("counts the draw that the life before it may have been forgiven, once it ended a moment ago", () => {
    expect(restoredBucket(null, limit, 1_000, true).tokens).toBe(15);
    expect(restoredBucket({ tokens: 2, asOfMs: 1_000 }, limit, 2_000, true).tokens).toBe(7);
    expect(restoredBucket(null, { perSecond: 1, burst: 1 }, 1_000, true).tokens).toBe(0);
  });

  it("is kept once for a whole burst, and about twice in five seconds at the full rate", () => {
    let bucket: Bucket | null = null;
    let kept: Bucket | null = null;
    let writes = 0;
    const mint = (nowMs: number) => {
      const drawn = draw(bucket, limit, nowMs);
      bucket = drawn.bucket;
      const toKeep = drawn.ok ? bucketToKeep(bucket, kept, limit, nowMs) : null;
      if (toKeep === null) return;
      kept = toKeep;
      writes += 1;
    };
    for (let count = 0; count < 20; count++) mint(1_000);
    expect(writes).toBe(1);
    for (let nowMs = 1_200; nowMs <= 6_000; nowMs += 200) mint(nowMs);
    expect(writes).toBeLessThanOrEqual(4);
  });

  it("invariant bounded-rate: no window holds more than rate times window plus burst, whenever the object is lost", () => {
    const limits = constantFrom(
      limit,
      { perSecond: 2, burst: 4 },
      { perSecond: 1, burst: 1 },
      { perSecond: 10, burst: 100 },
    );
    const step = record({
      gapMs: oneof(integer({ min: 0, max: 60 }), integer({ min: 0, max: 6_000 })),
      draws: integer({ min: 0, max: 8 }),
      isLost: boolean(),
    });
    assert(
      property(limits, array(step, { maxLength: 120 }), (rate, steps) => {
        let bucket: Bucket | null = null;
        let kept: Bucket | null = null;
        let nowMs = START_MS;
        const minted: number[] = [];
        for (const { gapMs, draws, isLost } of steps) {
          nowMs += gapMs;
          // The shell does not know when the life before ended, only that it may have been a moment ago.
          const mayHaveJustDrawn = nowMs - (minted.at(-1) ?? 0) < forgivenDrawMs(rate);
          if (isLost) bucket = restoredBucket(kept, rate, nowMs, mayHaveJustDrawn);
          for (let count = 0; count < draws; count++) {
            const drawn = draw(bucket, rate, nowMs);
            bucket = drawn.bucket;
            if (!drawn.ok) break;
            minted.push(nowMs);
            kept = bucketToKeep(bucket, kept, rate, nowMs) ?? kept;
          }
        }
        for (const [first, from] of minted.entries()) {
          for (const [last, to] of minted.entries()) {
            if (last < first) continue;
            const most = (rate.perSecond * (to - from)) / 1000 + rate.burst;
            expect(last - first + 1).toBeLessThanOrEqual(most + 1e-6);
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
