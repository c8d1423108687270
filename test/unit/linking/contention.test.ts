import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { ok } from "../../../src/domain/errors.ts";
import { objectsOf } from "../../../src/durable/objects.ts";
import { type Attempt, changed, LOOK_AGAIN, MAX_ATTEMPTS, untilAnswered } from "../../../src/linking/contention.ts";
import { newIdentityId } from "../../support/objects.ts";

/** Pauses are noted and not waited for. */
function contention(random = 0.5) {
  const pauses: number[] = [];
  const pause = async (ms: number) => void pauses.push(ms);
  return { pauses, context: { objects: objectsOf(env), pause, random: () => random } };
}

/** Attempts that end like this, one after the other, and then as the last one for ever. */
function attempts(...ends: readonly Attempt<number>[]) {
  let count = 0;
  return async () => ends[Math.min(count++, ends.length - 1)] ?? LOOK_AGAIN;
}

const BUSY = { kind: "busy" } as const;

describe("an attempt that finds something in its way", () => {
  it("waits longer each time, up to a bound, and about three seconds in all", async () => {
    const { pauses, context } = contention(1);
    await untilAnswered(context, attempts(BUSY));
    expect(pauses).toHaveLength(MAX_ATTEMPTS);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect(Math.max(...pauses)).toBe(400);
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(5000);
  });

  it("two that wait for each other do not wait alike", async () => {
    const [one, two] = [contention(0), contention(0.9)];
    for (const { context } of [one, two]) await untilAnswered(context, attempts(BUSY, BUSY, ok(1)));
    expect(one.pauses).not.toEqual(two.pauses);
    expect(Math.min(...one.pauses)).toBeGreaterThan(0);
  });

  it("does not wait for a holder that has decided", async () => {
    const { pauses, context } = contention();
    const participant = { kind: "login", loginId: "0".repeat(64), ticket: "t" } as const;
    const holder = { transactionId: "gone", coordinator: newIdentityId(), participant };
    expect(await untilAnswered(context, attempts({ kind: "busy", holder }, ok(1)))).toEqual(ok(1));
    expect(pauses).toEqual([]);
  });

  it("does not wait where another look is all it takes", async () => {
    const { pauses, context } = contention();
    expect(await untilAnswered(context, attempts(LOOK_AGAIN, ok(1)))).toEqual(ok(1));
    expect(pauses).toEqual([]);
  });

  it("gives the first answer that is not busy", async () => {
    const { pauses, context } = contention();
    expect(await untilAnswered(context, attempts(BUSY, BUSY, ok(1)))).toEqual(ok(1));
    expect(pauses).toHaveLength(2);
  });

  it("gives a refusal as it is", async () => {
    const refusal = { kind: "pool-not-allowed" } as const;
    const { pauses, context } = contention();
    expect(await untilAnswered(context, attempts({ ok: false, error: refusal }))).toEqual({
      ok: false,
      error: refusal,
    });
    expect(pauses).toEqual([]);
  });

  it.each([BUSY, LOOK_AGAIN])(
    "invariant all-comes-to-rest: gives up after a bounded number of attempts: %o",
    async (end) => {
      const { context } = contention();
      let count = 0;
      const attempt = async () => {
        count += 1;
        return end;
      };
      expect(await untilAnswered(context, attempt)).toEqual({ ok: false, error: { kind: "contended" } });
      expect(count).toBe(MAX_ATTEMPTS);
    },
  );
});

describe("the reply to a change", () => {
  it("is an answer unless it is busy", () => {
    const error = { type: "NotAuthorizedException", message: "no" } as const;
    const refusal = { kind: "developer-users-stay" } as const;
    expect(changed({ kind: "done" })).toEqual(ok(undefined));
    expect(changed({ kind: "refused", error, refusal })).toEqual({ ok: false, error: refusal });
    expect(changed({ kind: "refused", error })).toEqual({ ok: false, error: { kind: "worded", error } });
    expect(changed(BUSY)).toBe(BUSY);
  });
});
