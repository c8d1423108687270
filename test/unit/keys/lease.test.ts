import { describe, expect, it } from "vitest";
import { err, ok, type Result, serviceError } from "../../../src/domain/errors.ts";
import { type Asker, covers, createLease, type Held, type Leased } from "../../../src/keys/lease.ts";
import { seededRandom } from "../../support/random.ts";

const terms = { refreshAfterSeconds: 60, useForSeconds: 600 };

/** A source that answers 1, 2, 3, … or as it is told, and an isolate that asks it. */
function source(random: () => number = () => 0) {
  const state: { asked: number; answer: "value" | "refusal" | "unreachable" } = { asked: 0, answer: "value" };
  const lease = createLease<number, Asker>(async (): Promise<Result<Leased<number>>> => {
    state.asked++;
    if (state.answer === "unreachable") throw new Error("Network connection lost");
    if (state.answer === "refusal") return err(serviceError("InternalErrorException", "no"));
    return ok({ value: state.asked, terms });
  }, random);
  let work: Promise<unknown>[] = [];
  const asker: Asker = { later: (more) => void work.push(more) };
  const rest = async () => {
    await Promise.all(work.splice(0));
  };
  return {
    state,
    work,
    ask: async (now: number) => valueOf(await lease(now, asker)),
    rest,
    span: async (now: number) => await lease(now, asker),
  };
}

function valueOf<T>(held: Result<Held<T>>): Result<T> {
  return held.ok ? ok(held.value.value) : held;
}

describe("a lease", () => {
  it("asks once for half of its life", async () => {
    const { state, work, ask, rest } = source();
    expect(await ask(1000)).toEqual(ok(1));
    await rest();
    for (const now of [1001, 1015, 1029.9]) expect(await ask(now)).toEqual(ok(1));
    expect([state.asked, work]).toEqual([1, []]);
  });

  it("is renewed behind an answer from half of its life on, and nobody waits for that", async () => {
    const { state, work, ask, rest } = source();
    await ask(1000);
    await rest();
    expect(await ask(1030)).toEqual(ok(1));
    expect([state.asked, work.length]).toEqual([2, 1]);
    await rest();
    expect(await ask(1031)).toEqual(ok(2));
    // The new one is counted from its own question.
    expect(await ask(1059.9)).toEqual(ok(2));
    expect(state.asked).toBe(2);
    expect(await ask(1060)).toEqual(ok(2));
    expect(state.asked).toBe(3);
  });

  it("is waited for past its life, whatever is under way: an emergency is known within it", async () => {
    const { state, ask, rest } = source();
    await ask(1000);
    await rest();
    expect(await ask(1060)).toEqual(ok(2));
    expect(state.asked).toBe(2);
  });

  it("is renewed by one request at a time, and by another one when that one was cut off", async () => {
    const gates: (() => void)[] = [];
    let asked = 0;
    const lease = createLease<number, Asker>(
      async () => {
        const number = ++asked;
        if (number > 1) await new Promise<void>((open) => gates.push(open));
        return ok({ value: number, terms });
      },
      () => 0,
    );
    const asker = { later: () => {} };
    await lease(1000, asker);
    for (const now of [1030, 1030, 1031, 1034.9]) expect(valueOf(await lease(now, asker))).toEqual(ok(1));
    expect(asked).toBe(2);
    // Nothing has come of it, nor ever will.
    expect(valueOf(await lease(1035, asker))).toEqual(ok(1));
    expect(asked).toBe(3);
  });

  it("keeps what it holds when a renewal fails, in whatever way, until its life is over", async () => {
    for (const answer of ["refusal", "unreachable"] as const) {
      const { state, ask, rest } = source();
      await ask(1000);
      state.answer = answer;
      expect(await ask(1040)).toEqual(ok(1));
      await rest();
      expect(await ask(1059)).toEqual(ok(1));
      await rest();
      expect((await ask(1060)).ok).toBe(answer === "unreachable");
    }
  });

  it("goes on with what it holds while the source cannot be reached, but not a second past its terms", async () => {
    const { state, ask } = source();
    await ask(1000);
    state.answer = "unreachable";
    expect(await ask(1599)).toEqual(ok(1));
    expect(await ask(1600)).toMatchObject({ ok: false, error: { type: "InternalErrorException" } });
    state.answer = "value";
    expect((await ask(1601)).ok).toBe(true);
  });

  it("passes a refusal on to who waits, whatever it holds", async () => {
    const { state, ask } = source();
    await ask(1000);
    state.answer = "refusal";
    expect((await ask(1060)).ok).toBe(false);
  });

  it("asks again when the clock was set back, since the age is then unknown", async () => {
    const { state, ask } = source();
    await ask(1000);
    expect(await ask(999)).toEqual(ok(2));
    state.answer = "unreachable";
    expect((await ask(500)).ok).toBe(false);
  });

  it("says for how long its answer needs no new question, and never longer than it may be used", async () => {
    const { state, span } = source();
    expect(await span(1000)).toMatchObject(ok({ from: 1000, until: 1060 }));
    state.answer = "unreachable";
    // The source was asked just now, and will be again by whoever needs the value for longer than a life.
    expect(await span(1100)).toEqual(ok({ value: 1, from: 1100, until: 1160 }));
    expect(await span(1590)).toEqual(ok({ value: 1, from: 1590, until: 1600 }));
    expect([999.9, 1000, 1059.9, 1060].map((now) => covers({ from: 1000, until: 1060 }, now))).toEqual([
      false,
      true,
      true,
      false,
    ]);
  });

  it("counts from before the question, and shares no promise between concurrent requests", async () => {
    const gates: (() => void)[] = [];
    const lease = createLease<string, Asker>(
      async () => {
        const name = `answer ${gates.length}`;
        await new Promise<void>((open) => gates.push(open));
        return ok({ value: name, terms });
      },
      () => 0,
    );
    const asker = { later: () => {} };
    const slow = lease(1000, asker);
    const quick = lease(1010, asker);
    gates[1]?.();
    expect(valueOf(await quick)).toEqual(ok("answer 1"));
    gates[0]?.();
    expect(valueOf(await slow)).toEqual(ok("answer 0"));
    // The late answer is as old as its question, and does not take the place of the newer one.
    expect(valueOf(await lease(1039, asker))).toEqual(ok("answer 1"));
  });

  it("ends at a random moment of the last fifth of its terms", async () => {
    for (const [chance, life] of [
      [0, 60],
      [0.5, 54],
      [0.999_999, 48.000_012],
    ] as const) {
      const { state, ask, rest } = source(() => chance);
      await ask(1000);
      await rest();
      await ask(1000 + life / 2 - 0.1);
      expect(state.asked).toBe(1);
      expect(await ask(1000 + life + 0.001)).toEqual(ok(2));
    }
  });
});

it("two thousand isolates that begin in one second do not go on asking together", async () => {
  const isolates = 2000;
  const seconds = 600;
  const random = seededRandom();
  const asked = Array.from({ length: seconds }, () => 0);
  let now = 0;
  const leases = Array.from({ length: isolates }, () => {
    const lease = createLease<number, Asker>(async () => {
      const second = Math.floor(now);
      asked[second] = (asked[second] ?? 0) + 1;
      return await Promise.resolve(ok({ value: 1, terms }));
    }, random);
    return { lease, phase: random() };
  });
  const asker = { later: () => {} };
  for (let second = 0; second < seconds; second++) {
    // Each signs a token a second, somewhere in it.
    await Promise.all(
      leases.map(({ lease, phase }) => {
        now = second + phase;
        return lease(now, asker);
      }),
    );
  }
  const [first, ...renewals] = asked;
  expect(first).toBe(isolates);
  const mean = renewals.reduce((sum, count) => sum + count, 0) / renewals.length;
  expect(mean).toBeGreaterThan(isolates / 60);
  expect(Math.max(...renewals)).toBeLessThan(10 * mean);
});
