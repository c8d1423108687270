import { beforeEach, describe, expect, it } from "vitest";
import { identityPoolIdOf } from "../../../src/domain/identifiers.ts";
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
  /** Names of shards that were told of its end; those that still have identities, do not answer, or run the release before. */
  closed: string[] = [];
  readonly filledShards = new Set<string>();
  readonly awayShards = new Set<string>();
  readonly olderShards = new Set<string>();
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
  async closeShard(name: string): Promise<boolean | undefined> {
    this.closed.push(name);
    if (this.awayShards.has(name)) throw new Error("away");
    return await Promise.resolve(this.olderShards.has(name) ? undefined : !this.filledShards.has(name));
  }
  leftOver(what: string) {
    this.leftOvers.push(what);
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

  it("has its shards closed all the same when it was deleted", async () => {
    installation.isDirectoryAway = true;
    await pool.remove("the request");
    await installation.wake();
    expect(installation.closed).toHaveLength(16);
    expect(installation.stored).toMatchObject({ sweptShards: 16, isListed: false });
  });
});

const shard = (index: number) => `${identityPoolId}/${index}`;

describe("the end of a pool", () => {
  it("begins at once, with all of its shards, and is over when none has an identity", async () => {
    await pool.remove("the request");
    expect(installation.waitSeconds).toBe(0);
    await installation.wake();
    expect(installation.closed).toEqual(Array.from({ length: 16 }, (_, index) => shard(index)));
    expect(installation.stored).toMatchObject({ sweptShards: 16 });
    expect(installation.wakeAt).toBeNull();
  });

  it("of 256 shards closes these, and those of the release before", async () => {
    installation.directoryShards = () => 256;
    await pool.remove("the request");
    await installation.wake();
    expect(new Set(installation.closed).size).toBe(272);
    expect(installation.stored).toMatchObject({ sweptShards: 272 });
    expect(installation.wakeAt).toBeNull();
  });

  it.each(["filledShards", "olderShards", "awayShards"] as const)(
    "asks %s ever more seldom, and no shard before them again",
    async (which) => {
      installation[which].add(shard(7));
      await pool.remove("the request");
      await installation.wake();
      expect(installation.stored).toMatchObject({ state: "deleted", sweptShards: 7 });
      installation.closed = [];
      const waits: number[] = [];
      while (waits.length < 12) {
        waits.push(installation.waitSeconds);
        await installation.wake();
      }
      expect(waits[0]).toBeGreaterThanOrEqual(7.5);
      expect(waits[0]).toBeLessThanOrEqual(12.5);
      expect(waits).toEqual(waits.toSorted((one, other) => one - other));
      expect(waits.at(-1)).toBeGreaterThan(60);
      expect(new Set(installation.closed)).toEqual(new Set(Array.from({ length: 9 }, (_, index) => shard(7 + index))));
      expect(installation.leftOvers.includes("its identities")).toBe(which === "awayShards");
      installation[which].clear();
      await installation.wake();
      expect(installation.stored).toMatchObject({ sweptShards: 16 });
      expect(installation.wakeAt).toBeNull();
    },
  );

  it("two runs of its alarm at once come no step back", async () => {
    installation.filledShards.add(shard(9));
    await pool.remove("the request");
    const saved: number[] = [];
    const save = installation.save.bind(installation);
    installation.save = (record, wakeAt) => {
      saved.push(record.sweptShards);
      save(record, wakeAt);
    };
    const first = pool.alarm();
    installation.filledShards.clear();
    await Promise.all([pool.alarm(), first]);
    expect(saved).toEqual(saved.toSorted((one, other) => one - other));
    expect(installation.stored).toMatchObject({ sweptShards: 16, isListed: true });
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
