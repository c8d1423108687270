import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { objectsOf } from "../../../src/durable/objects.ts";
import { giveWay, MAX_ATTEMPTS, whileBusy } from "../../../src/linking/contention.ts";
import { newIdentityId } from "../../support/objects.ts";

/** Pauses are noted and not waited for. */
function contention(random = 0.5) {
  const pauses: number[] = [];
  const pause = async (ms: number) => void pauses.push(ms);
  return { pauses, context: { objects: objectsOf(env), pause, random: () => random } };
}

describe("giveWay", () => {
  it("waits longer each time, up to a bound, and about three seconds in all", async () => {
    const { pauses, context } = contention(1);
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) await giveWay(context, attempt, undefined);
    expect(pauses).toEqual(pauses.toSorted((a, b) => a - b));
    expect(Math.max(...pauses)).toBe(400);
    expect(pauses.reduce((sum, ms) => sum + ms, 0)).toBeLessThan(5000);
  });

  it("two that wait for each other do not wait alike", async () => {
    const [one, two] = [contention(0), contention(0.9)];
    await giveWay(one.context, 3, undefined);
    await giveWay(two.context, 3, undefined);
    expect(one.pauses).not.toEqual(two.pauses);
    expect(Math.min(...one.pauses)).toBeGreaterThan(0);
  });

  it("does not wait for a holder that has decided", async () => {
    const { pauses, context } = contention();
    const participant = { kind: "login", loginId: "0".repeat(64), ticket: "t" } as const;
    await giveWay(context, 0, { transactionId: "gone", coordinator: newIdentityId(), participant });
    expect(pauses).toEqual([]);
  });
});

describe("whileBusy", () => {
  it("gives the first reply that is not busy", async () => {
    const { pauses, context } = contention();
    const replies = [{ kind: "busy" }, { kind: "busy" }, { kind: "done", value: 1 }] as const;
    let count = 0;
    const attempt = async () => replies[count++] ?? { kind: "busy" as const };
    expect(await whileBusy(context, attempt)).toEqual({ kind: "done", value: 1 });
    expect(pauses).toHaveLength(2);
  });

  it("D4: gives up after a bounded number of attempts", async () => {
    const { context } = contention();
    let attempts = 0;
    const attempt = async () => {
      attempts += 1;
      return { kind: "busy" as const };
    };
    expect(await whileBusy<{ kind: "done" }>(context, attempt)).toBeNull();
    expect(attempts).toBe(MAX_ATTEMPTS);
  });
});
