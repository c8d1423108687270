/**
 * The pools and their directories in the simulated world: sockets of the very classes that production runs, over the
 * simulated storage and network.
 */
import type { Result } from "../../src/domain/errors.ts";
import type { IdentityId, IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { IdentityPool, IdentityPoolSettings } from "../../src/domain/identity-pool.ts";
import { sealSecrets, withSecrets } from "../../src/durable/pool-secrets.ts";
import { FIRST_SHARDS } from "../../src/pools/directory-shards.ts";
import { IdentityDirectory, type Rows, type ShardStorage } from "../../src/pools/identity-directory.ts";
import { PoolActor } from "../../src/pools/pool-actor.ts";
import type { PoolHost, PoolRecord } from "../../src/pools/pool-host.ts";
import type { PoolChange } from "../../src/pools/pool-changes.ts";
import { PoolDirectory, type PoolListing } from "../../src/pools/pool-directory.ts";
import { ShardSweep, type SweepHost, type SweepRecord } from "../../src/pools/shard-sweep.ts";
import { KEYS } from "./settings.ts";
import { type Life, NetworkFailure, type Slot, StorageFailure } from "./slots.ts";
import type { Surroundings } from "./surroundings.ts";

export type PoolSlot = Slot<PoolNode, PoolRecord>;
export type ShardSlot = Slot<ShardNode, ShardState>;
export type PoolDirectorySlot = Slot<PoolDirectoryNode, PoolDirectoryState>;

type RemovableNode = {
  remove(
    identityId: IdentityId,
    allowedPools: "*",
    isSwept: true,
  ): Promise<{ readonly kind: "done" | "refused" | "busy" }>;
  alarm(): Promise<void>;
};
export type PoolWorld = Pick<Surroundings, "network" | "store"> & {
  readonly pools: { readonly directory: PoolDirectorySlot; shard(name: string): ShardSlot };
  identity(identityId: IdentityId): Slot<RemovableNode, unknown>;
};
type PoolDirectoryState = {
  readonly listed: readonly (PoolListing & { readonly revision: number; readonly hasSource: boolean })[];
  readonly ended: readonly IdentityPoolId[];
  readonly importing?: readonly IdentityPoolId[];
};
type ShardTable = Exclude<keyof ShardStorage, "isClosed" | "close">;
type RowOf<Table extends ShardTable> = ShardStorage[Table] extends Rows<infer Row> ? Row : never;
type ShardTables = { readonly [Table in ShardTable]: ReadonlyMap<string, RowOf<Table>> };
type ShardState = { readonly tables: ShardTables; readonly isClosed: boolean; readonly sweep: SweepRecord | null };
/** A shard with import lists in it, and nobody else. */
export function listing(imported: ShardTables["imported"]): ShardState {
  return { tables: { ...NO_ROWS, imported }, isClosed: false, sweep: null };
}

const NO_ROWS: ShardTables = { listed: new Map(), imported: new Map(), freed: new Map(), gone: new Map() };

/** How long it takes to seal what is secret in settings, and to open it. */
const SLOWEST_SEAL_MS = 5;

export class PoolNode {
  readonly #world: PoolWorld;
  readonly #slot: PoolSlot;
  readonly #life: Life;
  readonly #actor: PoolActor;

  constructor(world: PoolWorld, slot: PoolSlot, life: Life) {
    this.#world = world;
    this.#slot = slot;
    this.#life = life;
    this.#actor = new PoolActor(this.#host(), slot.stored);
  }

  async read(): Promise<IdentityPool | null> {
    return await this.#actor.read();
  }

  async create(identityPoolId: IdentityPoolId, settings: IdentityPoolSettings): Promise<IdentityPool | null> {
    return await this.#actor.create(identityPoolId, settings);
  }

  async adopt(...call: Parameters<PoolActor["adopt"]>): Promise<IdentityPool | null> {
    return await this.#actor.adopt(...call);
  }

  async update(settings: IdentityPoolSettings, callKey?: string | null): Promise<Result<IdentityPool> | null> {
    return await this.#actor.update(settings, callKey);
  }

  async change(change: PoolChange, callKey?: string | null): Promise<Result<void> | null> {
    return await this.#actor.change(change, callKey);
  }

  async remove(callKey: string | null): Promise<boolean> {
    return await this.#actor.remove(callKey);
  }

  async alarm(): Promise<void> {
    await this.#actor.alarm();
  }

  #host(): PoolHost {
    const { network, pools } = this.#world;
    const arm = (wakeAt: number | null) => {
      if (this.#life.isAlive) network.setAlarm(this.#slot, wakeAt === null ? null : wakeAt * 1000);
    };
    const pause = async () => {
      await network.sleep(this.#life, network.streamOf(this.#life).below(SLOWEST_SEAL_MS));
    };
    return {
      now: () => network.clockOf(this.#slot) / 1000,
      save: (record, wakeAt) => this.#world.store(this.#life, this.#slot, record, () => arm(wakeAt)),
      directoryShards: () => FIRST_SHARDS,
      setAlarm: arm,
      // To find that nothing is secret is a wait like any other.
      seal: async (identityPoolId, settings) => {
        await pause();
        return await sealSecrets(identityPoolId, settings, KEYS);
      },
      open: async (pool, sealed) => {
        await pause();
        return await withSecrets(pool, sealed, KEYS);
      },
      list: async (identityPoolId, name, revision, hasSource) => {
        const label = `list ${identityPoolId} as ${name}`;
        await network.call(this.#life, pools.directory, label, (node) =>
          node.update(identityPoolId, name, revision, hasSource),
        );
      },
      closeShard: async (name) =>
        await network.call(this.#life, pools.shard(name), "close", (node) => node.endWithPool()),
      leftOver: (_, cause) => leftOver(network, cause),
    };
  }
}

function leftOver(network: PoolWorld["network"], cause: unknown): void {
  if (cause instanceof NetworkFailure || cause instanceof StorageFailure) return;
  network.violate(`defect: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`);
}

/** Whatever one call changes is one storage step, as changes of one database with no wait between them are. */
export class ShardNode extends IdentityDirectory {
  readonly #inOneStep: <T>(call: () => T) => T;
  readonly #sweep: ShardSweep;

  constructor(world: PoolWorld, slot: ShardSlot, life: Life) {
    const { network } = world;
    let changing: ShardState | null = null;
    let wakeAt: number | null = null;
    const arm = (at: number) => {
      if (life.isAlive) network.setAlarm(slot, at * 1000);
    };
    const state = (): ShardState => changing ?? slot.stored ?? { tables: NO_ROWS, isClosed: false, sweep: null };
    const store = (changed: Partial<ShardState>) => {
      changing = { ...state(), ...changed };
    };
    const rowsOf = <Table extends ShardTable>(table: Table): Rows<RowOf<Table>> => {
      const rows = (): ReadonlyMap<string, RowOf<Table>> => state().tables[table];
      const replace = (changed: ReadonlyMap<string, RowOf<Table>>) =>
        store({ tables: { ...state().tables, [table]: changed } });
      return {
        get: (key) => rows().get(key) ?? null,
        put: (key, row) => replace(new Map([...rows(), [key, row]])),
        delete: (key) => {
          if (rows().has(key)) replace(new Map([...rows()].filter(([other]) => other !== key)));
        },
        after: (after, limit) =>
          [...rows()]
            .filter(([key]) => key > after)
            .toSorted(([one], [other]) => (one < other ? -1 : 1))
            .slice(0, limit),
      };
    };
    super({
      isClosed: () => state().isClosed,
      close: () => store({ tables: { ...NO_ROWS, listed: state().tables.listed }, isClosed: true }),
      listed: rowsOf("listed"),
      imported: rowsOf("imported"),
      freed: rowsOf("freed"),
      gone: rowsOf("gone"),
    });
    this.#inOneStep = (call) => {
      try {
        const reply = call();
        if (changing !== null) world.store(life, slot, changing, () => wakeAt !== null && arm(wakeAt));
        return reply;
      } finally {
        changing = null;
        wakeAt = null;
      }
    };
    const host: SweepHost = {
      name: slot.name,
      now: () => network.clockOf(slot) / 1000,
      read: () => state().sweep,
      save: (sweep, at) => {
        const save = () => {
          store({ sweep });
          wakeAt = at;
        };
        if (changing === null) this.#inOneStep(save);
        else save();
      },
      setAlarm: arm,
      removeIdentity: async (identityId) =>
        await network.call(
          life,
          world.identity(identityId),
          "remove",
          async (node) => await node.remove(identityId, "*", true),
        ),
      leftOver: (cause) => leftOver(network, cause),
    };
    this.#sweep = new ShardSweep(host, this);
  }

  override update(...given: Parameters<IdentityDirectory["update"]>): ReturnType<IdentityDirectory["update"]> {
    return this.#inOneStep(() => super.update(...given));
  }

  /** `close` of the object: the mark and the alarm are one step. */
  endWithPool(): boolean {
    return this.#inOneStep(() => this.#sweep.close());
  }

  override takeOut(...given: Parameters<IdentityDirectory["takeOut"]>): void {
    this.#inOneStep(() => super.takeOut(...given));
  }

  override keepFreed(...given: Parameters<IdentityDirectory["keepFreed"]>): void {
    this.#inOneStep(() => super.keepFreed(...given));
  }

  override importIdentities(
    ...given: Parameters<IdentityDirectory["importIdentities"]>
  ): ReturnType<IdentityDirectory["importIdentities"]> {
    return this.#inOneStep(() => super.importIdentities(...given));
  }

  async alarm(): Promise<void> {
    await this.#sweep.alarm();
  }
}

export class PoolDirectoryNode extends PoolDirectory {
  constructor(world: Pick<Surroundings, "store">, slot: PoolDirectorySlot, life: Life) {
    const state = () => slot.stored ?? { listed: [], ended: [] };
    const store = (changed: Partial<PoolDirectoryState>) =>
      world.store(life, slot, { ...state(), ...changed }, () => {});
    const others = (identityPoolId: IdentityPoolId) =>
      state().listed.filter((row) => row.identityPoolId !== identityPoolId);
    super({
      set: (identityPoolId, name, revision, hasSource) => {
        const before = state().listed.find((row) => row.identityPoolId === identityPoolId);
        const row = { identityPoolId, name, revision, hasSource: hasSource ?? before?.hasSource ?? false };
        store({ listed: [...others(identityPoolId), row] });
      },
      end: (identityPoolId) => store({ listed: others(identityPoolId), ended: [...state().ended, identityPoolId] }),
      hasEnded: (identityPoolId) => state().ended.includes(identityPoolId),
      importing: {
        has: (identityPoolId) => state().importing?.includes(identityPoolId) === true,
        add: (identityPoolId) => store({ importing: [...(state().importing ?? []), identityPoolId] }),
        first: (limit) => (state().importing ?? []).toSorted().slice(0, limit),
      },
      revisionOf: (identityPoolId) =>
        state().listed.find((row) => row.identityPoolId === identityPoolId)?.revision ?? null,
      after: (after, limit, among) =>
        state()
          .listed.filter(({ identityPoolId }) => identityPoolId > after && among?.includes(identityPoolId) !== false)
          .toSorted((one, other) => (one.identityPoolId < other.identityPoolId ? -1 : 1))
          .slice(0, limit),
      sourced: (limit) =>
        state()
          .listed.filter((row) => row.hasSource)
          .map(({ identityPoolId }) => identityPoolId)
          .toSorted()
          .slice(0, limit),
    });
  }

  async alarm(): Promise<void> {}
}
