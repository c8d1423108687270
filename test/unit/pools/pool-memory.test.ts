import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { IdentityPoolId } from "../../../src/domain/identifiers.ts";
import { IsolateCache } from "../../../src/domain/isolate-cache.ts";
import { Isolate } from "../../../src/isolate.ts";
import { PoolMemory, type PoolReader } from "../../../src/pools/pool-memory.ts";
import { IdentityPoolObject } from "../../../src/worker.ts";
import { dieInNext, holdNext, makePool, newPoolId, noteCalls } from "../../support/objects.ts";
import { seededRandom } from "../../support/random.ts";

const elapse = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);
const { pools } = new Isolate(() => 0);
/** What goes on behind the answers. */
const later: Promise<void>[] = [];
const read = (identityPoolId: IdentityPoolId) =>
  pools.read(identityPoolId, Date.now() / 1000, {
    ask: async (id) => await env.IDENTITY_POOL.getByName(id).read(),
    later: (work) => later.push(work),
  });

beforeEach(() => {
  later.length = 0;
  vi.useFakeTimers({ toFake: ["Date"] });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("a pool is read", () => {
  it("asks the pool's object once in 15 seconds, and goes by what it was for no longer than 30", async () => {
    const pool = await makePool({ name: "first" });
    const noted = noteCalls();
    expect(await read(pool.identityPoolId)).toEqual(pool);
    await env.IDENTITY_POOL.getByName(pool.identityPoolId).update({ ...pool, name: "second" });
    elapse(14.9);
    expect((await read(pool.identityPoolId))?.name).toBe("first");
    expect([later.length, noted.filter((call) => call === "IdentityPoolObject.read").length]).toEqual([0, 1]);
    elapse(14);
    expect((await read(pool.identityPoolId))?.name).toBe("first");
    await Promise.all(later);
    expect((await read(pool.identityPoolId))?.name).toBe("second");
    expect(noted.filter((call) => call === "IdentityPoolObject.read")).toHaveLength(2);
    await env.IDENTITY_POOL.getByName(pool.identityPoolId).update({ ...pool, name: "third" });
    elapse(30);
    expect((await read(pool.identityPoolId))?.name).toBe("third");
  });

  it("does not remember that there is none: a pool is there as soon as it is made", async () => {
    const identityPoolId = newPoolId();
    expect(await read(identityPoolId)).toBeNull();
    await env.IDENTITY_POOL.getByName(identityPoolId).create(identityPoolId, {
      name: "new",
      allowsUnauthenticated: true,
    });
    expect((await read(identityPoolId))?.name).toBe("new");
  });

  it("holds no failure: the next reader asks again", async () => {
    const pool = await makePool();
    dieInNext(IdentityPoolObject.prototype, "read", "before");
    await expect(read(pool.identityPoolId)).rejects.toThrow();
    expect(await read(pool.identityPoolId)).toEqual(pool);
  });

  it("keeps pools apart", async () => {
    const [one, two] = [await makePool({ name: "one" }), await makePool({ name: "two" })];
    for (const _ of ["cold", "warm"]) {
      expect([(await read(one.identityPoolId))?.name, (await read(two.identityPoolId))?.name]).toEqual(["one", "two"]);
    }
  });
});

describe("a pool is forgotten", () => {
  it("makes a change seen at once in this isolate, and the end of a pool too", async () => {
    const pool = await makePool({ name: "first" });
    const stub = env.IDENTITY_POOL.getByName(pool.identityPoolId);
    await read(pool.identityPoolId);
    await stub.update({ ...pool, name: "second" });
    pools.forget(pool.identityPoolId);
    expect((await read(pool.identityPoolId))?.name).toBe("second");
    await stub.remove("the request");
    pools.forget(pool.identityPoolId);
    expect(await read(pool.identityPoolId)).toBeNull();
  });

  it("is not undone by a reader that asked before the change and hears after it", async () => {
    const pool = await makePool({ name: "first" });
    const held = holdNext(IdentityPoolObject.prototype, "read", "after");
    const early = read(pool.identityPoolId);
    await held.reached;
    await env.IDENTITY_POOL.getByName(pool.identityPoolId).update({ ...pool, name: "second" });
    pools.forget(pool.identityPoolId);
    held.release();
    expect((await early)?.name).toBe("first");
    expect((await read(pool.identityPoolId))?.name).toBe("second");
  });
});

/** An isolate, and a pool whose name says which question brought it; questions hang while `isHeld`. */
function source(random: () => number = () => 0) {
  const memory = new PoolMemory(new IsolateCache(1000, 30), random);
  const state = { asked: 0, isHeld: false, answer: "pool" as "pool" | "none" | "unreachable" };
  const gates: (() => void)[] = [];
  const work: Promise<void>[] = [];
  const reader: PoolReader = {
    async ask(identityPoolId) {
      const name = String(++state.asked);
      const { answer } = state;
      if (state.isHeld) await new Promise<void>((open) => gates.push(open));
      if (answer === "unreachable") throw new Error("Network connection lost");
      return answer === "none" ? null : { identityPoolId, name, allowsUnauthenticated: true };
    },
    later: (more) => work.push(more),
  };
  return {
    memory,
    state,
    gates,
    work,
    readAt: async (now: number, id = POOL) => (await memory.read(id, now, reader))?.name ?? null,
    rest: async () => {
      await Promise.all(work.splice(0));
    },
  };
}

const POOL = newPoolId();

describe("a pool is renewed behind the answers", () => {
  it("from half of its life on, by one reader at a time, and by another one when that one was cut off", async () => {
    const { state, work, readAt } = source();
    await readAt(1000);
    state.isHeld = true;
    for (const now of [1014.9, 1015, 1015, 1016, 1019.9]) expect(await readAt(now)).toBe("1");
    expect([state.asked, work.length]).toEqual([2, 1]);
    expect(await readAt(1020)).toBe("1");
    expect(state.asked).toBe(3);
  });

  it("apart from other pools", async () => {
    const { state, readAt } = source();
    const other = newPoolId();
    await readAt(1000);
    await readAt(1000, other);
    state.isHeld = true;
    await readAt(1016);
    await readAt(1016, other);
    expect(state.asked).toBe(4);
  });

  it("and counts its life from the question that brought it", async () => {
    const { state, gates, readAt, rest } = source();
    await readAt(1000);
    state.isHeld = true;
    await readAt(1020);
    gates[0]?.();
    await rest();
    // Heard of whenever it was: as of 1020.
    expect(await readAt(1049.9)).toBe("2");
    state.isHeld = false;
    expect(await readAt(1050)).toBe("4");
  });

  it("never past its life: who comes then waits for an answer of its own, whatever is under way", async () => {
    const { state, readAt } = source();
    await readAt(1000);
    state.isHeld = true;
    await readAt(1029);
    state.isHeld = false;
    expect(await readAt(1030)).toBe("3");
  });

  it("less often when that fails, and for no longer", async () => {
    const { state, readAt, rest } = source();
    await readAt(1000);
    state.answer = "unreachable";
    for (let now = 1015; now < 1030; now += 0.5) {
      expect(await readAt(now)).toBe("1");
      await rest();
    }
    // At 1015, and once more 7.5 to 12.5 s later.
    expect(state.asked).toBe(3);
    await expect(readAt(1030)).rejects.toThrow("lost");
    state.answer = "pool";
    expect(await readAt(1030)).toBe("5");
  });

  it("and is gone at once when that brings that there is none", async () => {
    const { state, readAt, rest } = source();
    await readAt(1000);
    state.answer = "none";
    expect(await readAt(1020)).toBe("1");
    await rest();
    expect(await readAt(1020)).toBeNull();
  });

  it("which does not undo that it was forgotten meanwhile", async () => {
    for (const answer of ["pool", "none"] as const) {
      const { memory, state, gates, readAt, rest } = source();
      await readAt(1000);
      Object.assign(state, { isHeld: true, answer });
      await readAt(1020);
      memory.forget(POOL);
      Object.assign(state, { isHeld: false, answer: "pool" });
      gates[0]?.();
      await rest();
      expect(await readAt(1021)).toBe("3");
      expect(await readAt(1022)).toBe("3");
    }
  });

  it("but not by an answer that is older than what is held", async () => {
    const { state, gates, readAt, rest } = source();
    await readAt(1000);
    state.isHeld = true;
    await readAt(1029);
    state.isHeld = false;
    expect(await readAt(1031)).toBe("3");
    gates[0]?.();
    await rest();
    expect(await readAt(1032)).toBe("3");
  });

  it("and asked for anew when the clock was set back, since its age is then unknown", async () => {
    const { readAt } = source();
    await readAt(1000);
    expect(await readAt(500)).toBe("2");
    expect(await readAt(501)).toBe("2");
  });

  it("and ends at a random moment of the last fifth of 30 seconds", async () => {
    for (const [chance, life] of [
      [0, 30],
      [0.5, 27],
      [0.999_999, 24.000_006],
    ] as const) {
      const { state, readAt } = source(() => chance);
      await readAt(1000);
      await readAt(1000 + life / 2 - 0.01);
      expect(state.asked).toBe(1);
      state.isHeld = true;
      await readAt(1000 + life - 0.01);
      state.isHeld = false;
      expect(await readAt(1000 + life + 0.01)).toBe("3");
    }
  });
});

it("two thousand isolates that begin in one second do not go on asking for a pool together", async () => {
  const isolates = 2000;
  const seconds = 300;
  const random = seededRandom();
  const asked = Array.from({ length: seconds }, () => 0);
  let now = 0;
  const reader: PoolReader = {
    async ask(identityPoolId) {
      const second = Math.floor(now);
      asked[second] = (asked[second] ?? 0) + 1;
      return await Promise.resolve({ identityPoolId, name: "busy", allowsUnauthenticated: true });
    },
    later: () => {},
  };
  const all = Array.from({ length: isolates }, () => {
    return { memory: new PoolMemory(new IsolateCache(1000, 30), random), phase: random() };
  });
  for (let second = 0; second < seconds; second++) {
    // Each is asked for a token a second, somewhere in it.
    await Promise.all(
      all.map(({ memory, phase }) => {
        now = second + phase;
        return memory.read(POOL, now, reader);
      }),
    );
  }
  const [first, ...renewals] = asked;
  expect(first).toBe(isolates);
  const mean = renewals.reduce((sum, count) => sum + count, 0) / renewals.length;
  expect(mean).toBeGreaterThan(isolates / 30);
  expect(Math.max(...renewals)).toBeLessThan(10 * mean);
});
