import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { IdentityPoolId } from "../../../src/domain/identifiers.ts";
import { Isolate } from "../../../src/isolate.ts";
import { IdentityPoolObject } from "../../../src/worker.ts";
import { dieInNext, holdNext, makePool, newPoolId, noteCalls } from "../../support/objects.ts";

const elapse = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);
const { pools } = new Isolate();
const read = (identityPoolId: IdentityPoolId) =>
  pools.read(identityPoolId, Date.now() / 1000, async (id) => await env.IDENTITY_POOL.getByName(id).read());

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

describe("a pool is read", () => {
  it("asks the pool's object once in 30 seconds, and not a second longer goes by what it was", async () => {
    const pool = await makePool({ name: "first" });
    const noted = noteCalls();
    expect(await read(pool.identityPoolId)).toEqual(pool);
    await env.IDENTITY_POOL.getByName(pool.identityPoolId).put(pool.identityPoolId, { ...pool, name: "second" });
    elapse(29);
    expect((await read(pool.identityPoolId))?.name).toBe("first");
    elapse(1);
    expect((await read(pool.identityPoolId))?.name).toBe("second");
    expect(noted.filter((call) => call === "IdentityPoolObject.read")).toHaveLength(2);
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
    await stub.put(pool.identityPoolId, { ...pool, name: "second" });
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
    await env.IDENTITY_POOL.getByName(pool.identityPoolId).put(pool.identityPoolId, { ...pool, name: "second" });
    pools.forget(pool.identityPoolId);
    held.release();
    expect((await early)?.name).toBe("first");
    expect((await read(pool.identityPoolId))?.name).toBe("second");
  });
});
