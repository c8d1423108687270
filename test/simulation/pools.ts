/** All pools of a simulated installation, and their directories. */
import type { IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../src/domain/identity-pool.ts";
import type { PoolRecord } from "../../src/pools/pool-host.ts";
import { directoryShardOf } from "../support/first-shards.ts";
import type { PoolListing } from "../../src/pools/pool-directory.ts";
import {
  listing,
  PoolDirectoryNode,
  type PoolDirectorySlot,
  PoolNode,
  type PoolSlot,
  type PoolWorld,
  ShardNode,
  type ShardSlot,
} from "./pool-nodes.ts";
import { POOLS } from "./settings.ts";
import type { KeptId, Sources } from "./sources.ts";

export class Pools {
  readonly slots = new Map<IdentityPoolId, PoolSlot>();
  readonly shards = new Map<string, ShardSlot>();
  readonly directory: PoolDirectorySlot;
  readonly #world: PoolWorld;

  constructor(world: PoolWorld & { readonly sources: Sources | null }) {
    this.#world = world;
    this.directory = world.network.addSlot("pool directory", "pool directory", (slot: PoolDirectorySlot, life) => {
      return new PoolDirectoryNode(world, slot, life);
    });
    const begun = POOLS.map((pool) => withSource(pool, world.sources));
    const listed = begun.map(({ identityPoolId, name, source }) => {
      return { identityPoolId, name, revision: 0, hasSource: source !== undefined };
    });
    this.directory.stored = { listed, ended: [] };
    // They are there, and listed, when a schedule begins.
    for (const pool of begun) {
      const record: PoolRecord = { version: 1, pool, state: "live", isListed: true, sweptShards: 0 };
      this.pool(pool.identityPoolId).stored = record;
      world.sources?.judge.poolStored(null, record);
    }
  }

  /** Ids that an operator has taken from the source's own list, before the schedule begins. */
  import(kept: readonly KeptId[]): void {
    for (const { identityId, identityPoolId, logins } of kept) {
      const shard = this.shard(directoryShardOf(identityPoolId, identityId));
      const providerNames = logins.map(([name]) => name);
      const row = { providerNames, createdAt: 900_000_000, modifiedAt: 900_000_000, isDisabled: false };
      shard.stored = listing(new Map([...(shard.stored?.tables.imported ?? []), [identityId, row]]));
      const { stored } = this.directory;
      const importing = [...new Set([...(stored?.importing ?? []), identityPoolId])];
      if (stored !== null) this.directory.stored = { ...stored, importing };
    }
  }

  pool(identityPoolId: IdentityPoolId): PoolSlot {
    let slot = this.slots.get(identityPoolId);
    if (slot === undefined) {
      slot = this.#world.network.addSlot<PoolNode, PoolRecord>(`pool ${identityPoolId}`, "pool", (own, life) => {
        return new PoolNode(this.#world, own, life);
      });
      this.slots.set(identityPoolId, slot);
    }
    return slot;
  }

  shard(name: string): ShardSlot {
    let slot = this.shards.get(name);
    if (slot === undefined) {
      slot = this.#world.network.addSlot(name, "directory", (own: ShardSlot, life) => {
        return new ShardNode(this.#world, own, life);
      });
      this.shards.set(name, slot);
    }
    return slot;
  }

  get listed(): readonly PoolListing[] {
    return this.directory.stored?.listed ?? [];
  }

  isLive(identityPoolId: IdentityPoolId): boolean {
    return this.slots.get(identityPoolId)?.stored?.state === "live";
  }
}

function withSource(pool: IdentityPool, sources: Pick<Sources, "startingSourceOf"> | null): IdentityPool {
  const source = sources?.startingSourceOf(pool.identityPoolId);
  return source === undefined ? pool : { ...pool, source, hadSource: true };
}
