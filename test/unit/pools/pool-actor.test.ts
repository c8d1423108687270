import { beforeEach, describe, expect, it } from "vitest";
import { type IdentityId, identityPoolIdOf } from "../../../src/domain/identifiers.ts";
import { PoolActor } from "../../../src/pools/pool-actor.ts";
import type { PoolHost, PoolRecord } from "../../../src/pools/pool-host.ts";

const identityPoolId = identityPoolIdOf("us-east-1", "1");
const settings = { name: "pool", allowsUnauthenticated: true };

/** An installation in memory: a clock that is moved by hand, one alarm, and lists that answer or do not. */
class Installation implements PoolHost {
  nowSeconds = 1_000_000;
  stored: PoolRecord | null = null;
  wakeAt: number | null = null;
  listedName: string | null = null;
  isListedWithSource = false;
  readonly revisions: number[] = [];
  isDirectoryAway = false;
  readonly shards = new Map<string, Set<IdentityId>>();
  readonly stuck = new Set<IdentityId>();
  readonly unreachable = new Set<IdentityId>();
  readonly awayShards = new Set<string>();
  removals = 0;
  readonly leftOvers: string[] = [];

  now = () => this.nowSeconds;
  save(record: PoolRecord, wakeAt: number | null) {
    this.stored = record;
    this.wakeAt = wakeAt;
  }
  directoryShards = () => 16;
  setAlarm(wakeAt: number) {
    this.wakeAt = wakeAt;
  }
  seal = async () => await Promise.resolve(null);
  open = async () => await Promise.reject(new Error("nothing is sealed"));
  async list(_: string, name: string | null, revision: number, hasSource: boolean) {
    this.revisions.push(revision);
    if (this.isDirectoryAway) throw new Error("away");
    this.isListedWithSource = hasSource;
    this.listedName = await Promise.resolve(name);
  }
  shard(name: string) {
    const listed = this.shards.get(name) ?? new Set();
    return {
      close: async () => {},
      page: async (after: string, limit: number) => {
        if (this.awayShards.has(name)) throw new Error("away");
        const ids = [...listed].filter((id) => id > after).toSorted();
        return await Promise.resolve(ids.slice(0, limit));
      },
      update: async (_: "remove", identityId: IdentityId) => await Promise.resolve(listed.delete(identityId)),
    };
  }
  async removeIdentity(identityId: IdentityId): Promise<{ kind: "done" | "busy" }> {
    this.removals++;
    if (this.unreachable.has(identityId)) throw new Error("unreachable");
    return await Promise.resolve({ kind: this.stuck.has(identityId) ? "busy" : "done" });
  }
  leftOver(what: string) {
    this.leftOvers.push(what);
  }

  fill(shard: number, count: number): readonly IdentityId[] {
    const ids = Array.from({ length: count }, (_, index) => `us-east-1:${shard}${index}` as IdentityId);
    this.shards.set(`${identityPoolId}/${shard}`, new Set(ids));
    return ids;
  }

  left(shard: number): readonly IdentityId[] {
    return [...(this.shards.get(`${identityPoolId}/${shard}`) ?? [])];
  }

  /** Seconds from now to the alarm. */
  get waitSeconds(): number {
    return (this.wakeAt ?? Number.NaN) - this.nowSeconds;
  }

  /** Lets the time pass until the alarm, and runs it; in a new life each time. */
  async wake(): Promise<void> {
    this.nowSeconds = this.wakeAt ?? Number.NaN;
    this.wakeAt = null;
    await new PoolActor(this, this.stored).alarm();
  }
}

let installation: Installation;
let pool: PoolActor;

beforeEach(async () => {
  installation = new Installation();
  pool = new PoolActor(installation, null);
  await pool.create(identityPoolId, settings);
});

describe("a pool whose directory does not answer", () => {
  it("tells it ever more seldom, down to once an hour or so, and at once is at rest when it has heard", async () => {
    installation.isDirectoryAway = true;
    await pool.update({ ...settings, name: "renamed" });
    const waits: number[] = [];
    while (installation.nowSeconds < 1_000_000 + 86_400) {
      waits.push(installation.waitSeconds);
      await installation.wake();
    }
    expect(waits[0]).toBeGreaterThanOrEqual(7.5);
    expect(waits[0]).toBeLessThanOrEqual(12.5);
    expect(waits).toEqual(waits.toSorted((one, other) => one - other));
    expect(waits.at(-1)).toBeLessThanOrEqual(4500);
    expect(waits.length).toBeLessThan(60);
    expect(installation.leftOvers).toContain("its entry in the directory");
    installation.isDirectoryAway = false;
    await installation.wake();
    expect(installation.listedName).toBe("renamed");
    expect(installation.wakeAt).toBeNull();
  });

  it("says the same again under the same revision, and each change under a larger one", async () => {
    installation.isDirectoryAway = true;
    await pool.update({ ...settings, name: "renamed" });
    await installation.wake();
    pool = new PoolActor(installation, installation.stored);
    await pool.update({ ...settings, name: "renamed again" });
    await pool.remove("the request");
    const [created, renamed = 0, again, later = 0, last = 0] = installation.revisions;
    expect(created).toBeLessThan(renamed);
    expect(again).toBe(renamed);
    expect(later).toBeGreaterThan(renamed);
    expect(last).toBeGreaterThan(later);
  });

  it("a record without a revision says 0, and is above all that was said before with its next change", async () => {
    installation.isDirectoryAway = true;
    const { revision: said = 0, ...record } = installation.stored ?? { revision: 0 };
    pool = new PoolActor(installation, { ...(record as PoolRecord), isListed: false });
    installation.nowSeconds += 60;
    await pool.alarm();
    expect(installation.revisions.at(-1)).toBe(0);
    await pool.update({ ...settings, name: "renamed" });
    expect(installation.revisions.at(-1)).toBeGreaterThan(said);
  });

  it("is told of a source that came or went, and of nothing else that is no name of the pool's", async () => {
    const source = {
      identityPoolId,
      proof: "open-id-token",
      guests: "source",
      unknownIds: "ask",
      providers: ["accounts.google.com"],
    } as const;
    installation.isDirectoryAway = true;
    await pool.change({ kind: "source", source });
    const [, said] = installation.revisions;
    expect(said).toBeGreaterThan(installation.revisions[0] ?? 0);
    installation.isDirectoryAway = false;
    await installation.wake();
    expect(installation.isListedWithSource).toBe(true);
    pool = new PoolActor(installation, installation.stored);
    await pool.change({ kind: "source", source: { ...source, guests: "local" } });
    await pool.change({ kind: "tag", tags: { a: "b" } });
    expect(installation.revisions).toHaveLength(3);
    await pool.change({ kind: "source", source: null });
    expect(installation.isListedWithSource).toBe(false);
    expect(installation.wakeAt).toBeNull();
  });

  it("counts on where its clock was set back", async () => {
    installation.nowSeconds -= 3600;
    await pool.update({ ...settings, name: "renamed" });
    const [created = 0, renamed] = installation.revisions;
    expect(renamed).toBe(created + 1);
  });

  it("is swept all the same when it was deleted", async () => {
    installation.fill(3, 5);
    installation.isDirectoryAway = true;
    await pool.remove("the request");
    await installation.wake();
    expect(installation.removals).toBe(5);
    expect(installation.stored).toMatchObject({ sweptShards: 16, isListed: false });
  });
});

describe("the sweep of a deleted pool", () => {
  it("begins at once, is done in bounded pieces, and goes on at once while it comes further", async () => {
    installation.fill(0, 5000);
    await pool.remove("the request");
    expect(installation.waitSeconds).toBe(0);
    await installation.wake();
    expect(installation.removals).toBe(2000);
    expect(installation.waitSeconds).toBe(0);
    await installation.wake();
    await installation.wake();
    expect(installation.removals).toBe(5000);
    expect(installation.stored).toMatchObject({ sweptShards: 16 });
    expect(installation.wakeAt).toBeNull();
  });

  it("waits ever longer for an identity that stands still, from the last step on that it came", async () => {
    const [first] = installation.fill(7, 3);
    if (first === undefined) throw new Error("no identity");
    installation.stuck.add(first);
    await pool.remove("the request");
    await installation.wake();
    expect(installation.removals).toBe(3);
    // The other two went, so that it looks again at once; then it waits.
    const waits: number[] = [];
    for (let count = 0; count < 12; count++) {
      waits.push(installation.waitSeconds);
      await installation.wake();
    }
    expect(waits[0]).toBe(0);
    expect(waits[1]).toBeGreaterThanOrEqual(7.5);
    expect(waits[1]).toBeLessThanOrEqual(12.5);
    expect(waits.at(-1)).toBeGreaterThan(60);
    installation.stuck.clear();
    await installation.wake();
    expect(installation.stored).toMatchObject({ sweptShards: 16 });
  });

  it("an identity that cannot be reached holds up no other of its batch", async () => {
    const [first] = installation.fill(7, 40);
    if (first === undefined) throw new Error("no identity");
    installation.unreachable.add(first);
    await pool.remove("the request");
    await installation.wake();
    expect([...(installation.shards.get(`${identityPoolId}/7`) ?? [])]).toEqual([first]);
    expect(installation.leftOvers).toContain("its identities");
    expect(installation.stored).toMatchObject({ state: "deleted", sweptShards: 7 });
    expect(installation.wakeAt).not.toBeNull();
  });

  it("goes past a whole page of identities that stand still, to those behind them and to the shards after theirs", async () => {
    for (const id of installation.fill(0, 130).slice(0, 120)) installation.stuck.add(id);
    installation.fill(5, 70);
    await pool.remove("the request");
    await installation.wake();
    expect(installation.left(0).toSorted()).toEqual([...installation.stuck].toSorted());
    expect(installation.left(5)).toEqual([]);
    installation.stuck.clear();
    await installation.wake();
    expect(installation.stored).toMatchObject({ sweptShards: 16 });
  });

  it("comes past any number that stand still, in bounded pieces, waits once it has asked all, and comes back to them", async () => {
    for (const id of installation.fill(0, 4500)) installation.stuck.add(id);
    installation.fill(1, 3);
    await pool.remove("the request");
    for (const [removals, left] of [
      [2000, 3],
      [4000, 3],
      [4503, 0],
    ]) {
      expect(installation.waitSeconds).toBe(0);
      await installation.wake();
      expect([installation.removals, installation.left(1).length]).toEqual([removals, left]);
    }
    // The three went, so that a whole round goes on at once; then each waits.
    const waits: number[] = [];
    for (let wake = 0; wake < 30; wake++) {
      if (installation.waitSeconds > 0) waits.push(installation.waitSeconds);
      await installation.wake();
    }
    expect(waits.length).toBeGreaterThanOrEqual(9);
    expect(waits).toEqual(waits.toSorted((one, other) => one - other));
    expect(waits.at(-1)).toBeGreaterThan(60);
    installation.stuck.clear();
    while (installation.wakeAt !== null) await installation.wake();
    expect(installation.stored).toMatchObject({ sweptShards: 16 });
    expect(installation.left(0)).toEqual([]);
  });

  it("a shard that does not answer holds up no other", async () => {
    installation.fill(0, 3);
    installation.fill(9, 3);
    installation.awayShards.add(`${identityPoolId}/0`);
    await pool.remove("the request");
    await installation.wake();
    expect([installation.left(0).length, installation.left(9).length]).toEqual([3, 0]);
    expect(installation.leftOvers).toContain("its identities");
    installation.awayShards.clear();
    await installation.wake();
    expect(installation.stored).toMatchObject({ sweptShards: 16 });
    expect(installation.wakeAt).toBeNull();
  });

  it("two runs of its alarm at once come no step back", async () => {
    installation.fill(2, 10);
    await pool.remove("the request");
    const saved: number[] = [];
    const save = installation.save.bind(installation);
    installation.save = (record, wakeAt) => {
      saved.push(record.sweptShards);
      save(record, wakeAt);
    };
    await Promise.all([pool.alarm(), pool.alarm()]);
    expect(saved).toEqual(saved.toSorted((one, other) => one - other));
    expect(installation.stored).toMatchObject({ sweptShards: 16, isListed: true });
    expect(installation.wakeAt).toBeNull();
  });
});

describe("a call that changes a pool", () => {
  const changes = [
    async (name: string, key: string | null) => await pool.change({ kind: "tag", tags: { name } }, key),
    async (name: string, key: string | null) => await pool.update({ ...settings, tags: { name } }, key),
  ] as const;
  const nameNow = async () => (await pool.read())?.tags?.["name"];

  it.each(changes)(
    "changes nothing once more when it comes late, in this life and in the next (invariant no-second-effect)",
    async (change) => {
      expect(await change("first", "a")).toMatchObject({ ok: true });
      await change("second", "b");
      expect(await change("first", "a")).toMatchObject({ ok: true });
      expect(await nameNow()).toBe("second");
      pool = new PoolActor(installation, installation.stored);
      installation.nowSeconds += 900;
      expect(await change("first", "a")).toMatchObject({ ok: true });
      expect(await nameNow()).toBe("second");
      // Nor when it was one of the other kind in between, or one that nobody can tell from another.
      await pool.update({ ...settings, tags: { name: "third" } });
      await change("first", "a");
      expect(await nameNow()).toBe("third");
    },
  );

  it.each(changes)(
    "is done each time where it has no id, and again when nobody can send it any more",
    async (change) => {
      await change("first", null);
      await change("second", null);
      await change("first", null);
      expect(await nameNow()).toBe("first");
      await change("third", "c");
      await change("second", "b");
      installation.nowSeconds += 901;
      await change("third", "c");
      expect(await nameNow()).toBe("third");
    },
  );

  it.each(changes)("that was refused may be done when it comes again", async (change) => {
    const many = Object.fromEntries(Array.from({ length: 50 }, (_, index) => [`key${index}`, "v".repeat(256)]));
    await pool.update({ ...settings, tags: many });
    const large = {
      ...settings,
      openIdConnectProviderArns: Array.from({ length: 60 }, (_, index) => `${index}`.repeat(500)),
    };
    expect(await pool.update(large, "large")).toMatchObject({ ok: false });
    await pool.update({ ...settings, tags: {} });
    expect(await pool.update(large, "large")).toMatchObject({ ok: true });
    await change("last", "z");
    expect(await nameNow()).toBe("last");
  });

  it("is among the last 20 that are remembered", async () => {
    for (let count = 0; count < 30; count++) await changes[0](`${count}`, `call ${count}`);
    expect(installation.stored?.changedBy?.map(({ key }) => key)).toEqual(
      Array.from({ length: 20 }, (_, index) => `call ${index + 10}`),
    );
  });
});
