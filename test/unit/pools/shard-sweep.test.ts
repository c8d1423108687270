import { beforeEach, describe, expect, it } from "vitest";
import { type IdentityId, identityIdOf } from "../../../src/domain/identifiers.ts";
import { IdentityDirectory, type ListedRow, type Rows } from "../../../src/pools/identity-directory.ts";
import { ShardSweep, type SweepHost, type SweepRecord } from "../../../src/pools/shard-sweep.ts";

function rowsIn<Row>(map: Map<string, Row>): Rows<Row> {
  return {
    get: (key) => map.get(key) ?? null,
    put: (key, row) => void map.set(key, row),
    delete: (key) => void map.delete(key),
    after: (after, limit) =>
      [...map]
        .filter(([key]) => key > after)
        .toSorted(([one], [other]) => (one < other ? -1 : 1))
        .slice(0, limit),
  };
}

/** A shard in memory: a clock that is moved by hand, one alarm, and identities that go, stand still, or cannot be reached. */
class Shard implements SweepHost {
  readonly name = "shard";
  nowSeconds = 1_000_000;
  record: SweepRecord | null = null;
  wakeAt: number | null = null;
  isClosed = false;
  isFull = false;
  readonly listed = new Map<string, ListedRow>();
  readonly stuck = new Set<IdentityId>();
  readonly unreachable = new Set<IdentityId>();
  removals = 0;
  leftOvers = 0;
  readonly directory = new IdentityDirectory({
    isClosed: () => this.isClosed,
    close: () => void (this.isClosed = true),
    listed: rowsIn(this.listed),
    imported: rowsIn(new Map()),
    freed: rowsIn(new Map()),
    gone: rowsIn(new Map()),
  });

  now = () => this.nowSeconds;
  read = () => this.record;
  save(record: SweepRecord | null, wakeAt: number | null) {
    if (this.isFull) throw new Error("the storage is full");
    this.record = record;
    if (wakeAt !== null) this.wakeAt = wakeAt;
  }
  setAlarm(wakeAt: number) {
    this.wakeAt = wakeAt;
  }
  async removeIdentity(identityId: IdentityId): Promise<{ kind: "done" | "busy" }> {
    this.removals++;
    await Promise.resolve();
    if (this.unreachable.has(identityId)) throw new Error("unreachable");
    return { kind: this.stuck.has(identityId) ? "busy" : "done" };
  }
  leftOver() {
    this.leftOvers++;
  }

  fill(count: number): readonly IdentityId[] {
    const ids = Array.from({ length: count }, (_, index) => identityIdOf("us-east-1", `${100_000 + index}`));
    for (const id of ids) this.directory.update("add", id);
    return ids;
  }

  get waitSeconds(): number {
    return (this.wakeAt ?? Number.NaN) - this.nowSeconds;
  }

  /** In a new life, as every other call. */
  life = () => new ShardSweep(this, this.directory);

  async wake(): Promise<void> {
    this.nowSeconds = this.wakeAt ?? Number.NaN;
    this.wakeAt = null;
    await this.life().alarm();
  }
}

let shard: Shard;

beforeEach(() => {
  shard = new Shard();
});

describe("a shard of a deleted pool", () => {
  it("that has nobody is done at once, and takes nobody any more", () => {
    expect(shard.life().close()).toBe(true);
    expect(shard).toMatchObject({ wakeAt: null, record: null, isClosed: true });
    expect(shard.directory.update("add", identityIdOf("us-east-1", "1"))).toEqual({ poolDeleted: true });
  });

  it("does nothing by an alarm while its pool lives", async () => {
    shard.fill(3);
    await shard.life().alarm();
    expect([shard.removals, shard.wakeAt]).toEqual([0, null]);
  });

  it("begins at once, is done in bounded pieces, and goes on at once while it comes further", async () => {
    shard.fill(5000);
    expect(shard.life().close()).toBe(false);
    for (const removals of [2000, 4000, 5000]) {
      expect(shard.waitSeconds).toBe(0);
      await shard.wake();
      expect(shard.removals).toBe(removals);
    }
    expect(shard).toMatchObject({ wakeAt: null, record: null });
    expect(shard.life().close()).toBe(true);
  });

  it("waits ever longer for an identity that stands still, from the last step on that it came", async () => {
    const [first] = shard.fill(3);
    if (first === undefined) throw new Error("no identity");
    shard.stuck.add(first);
    shard.life().close();
    await shard.wake();
    expect([...shard.listed.keys()]).toEqual([first]);
    // The other two went, so that it looks again at once; then it waits.
    const waits: number[] = [];
    for (let count = 0; count < 12; count++) {
      waits.push(shard.waitSeconds);
      await shard.wake();
    }
    expect(waits[0]).toBe(0);
    expect(waits[1]).toBeGreaterThanOrEqual(7.5);
    expect(waits[1]).toBeLessThanOrEqual(12.5);
    expect(waits.at(-1)).toBeGreaterThan(60);
    shard.stuck.clear();
    await shard.wake();
    expect(shard.life().close()).toBe(true);
  });

  it("comes past any number that stand still, in bounded pieces, waits once it has asked all, and comes back to them", async () => {
    for (const id of shard.fill(4503).slice(0, 4500)) shard.stuck.add(id);
    shard.life().close();
    for (const [removals, left] of [
      [2000, 4503],
      [4000, 4503],
      [4503, 4500],
    ]) {
      expect(shard.waitSeconds).toBe(0);
      await shard.wake();
      expect([shard.removals, shard.listed.size]).toEqual([removals, left]);
    }
    const waits: number[] = [];
    for (let wake = 0; wake < 30; wake++) {
      if (shard.waitSeconds > 0) waits.push(shard.waitSeconds);
      await shard.wake();
    }
    expect(waits.length).toBeGreaterThanOrEqual(9);
    expect(waits).toEqual(waits.toSorted((one, other) => one - other));
    shard.stuck.clear();
    while (shard.wakeAt !== null) await shard.wake();
    expect(shard.listed.size).toBe(0);
  });

  it("an identity that cannot be reached holds up no other of its page", async () => {
    const [first] = shard.fill(40);
    if (first === undefined) throw new Error("no identity");
    shard.unreachable.add(first);
    shard.life().close();
    await shard.wake();
    expect([...shard.listed.keys()]).toEqual([first]);
    expect(shard.leftOvers).toBe(1);
    expect(shard.wakeAt).not.toBeNull();
  });

  it("tries again where it could not store how far it came, and never throws", async () => {
    shard.fill(3);
    shard.life().close();
    shard.isFull = true;
    await shard.wake();
    expect(shard.waitSeconds).toBeGreaterThanOrEqual(7.5);
    expect(shard.leftOvers).toBe(1);
    shard.isFull = false;
    await shard.wake();
    expect(shard).toMatchObject({ wakeAt: null, record: null });
  });

  it("is woken by whoever closes it again, should its alarm be lost", async () => {
    const [first] = shard.fill(2);
    if (first === undefined) throw new Error("no identity");
    shard.stuck.add(first);
    shard.life().close();
    await shard.wake();
    shard.wakeAt = null;
    expect(shard.life().close()).toBe(false);
    expect(shard.waitSeconds).toBe(0);
    shard.stuck.clear();
    await shard.wake();
    expect(shard.life().close()).toBe(true);
  });
});
