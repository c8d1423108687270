/** All pools of a simulated installation, and their directories. */
import type { IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { PoolRecord } from "../../src/pools/pool-host.ts";
import type { PoolListing } from "../../src/pools/pool-directory.ts";
import {
  PoolDirectoryNode,
  type PoolDirectorySlot,
  PoolNode,
  type PoolSlot,
  type PoolWorld,
  ShardNode,
  type ShardSlot,
} from "./pool-nodes.ts";
import { POOLS } from "./settings.ts";

export class Pools {
  readonly slots = new Map<IdentityPoolId, PoolSlot>();
  readonly shards = new Map<string, ShardSlot>();
  readonly directory: PoolDirectorySlot;
  readonly #world: PoolWorld;

  constructor(world: PoolWorld) {
    this.#world = world;
    this.directory = world.network.addSlot("pool directory", "pool directory", (slot: PoolDirectorySlot, life) => {
      return new PoolDirectoryNode(world, slot, life);
    });
    const listed = POOLS.map(({ identityPoolId, name }) => ({ identityPoolId, name, revision: 0, hasSource: false }));
    this.directory.stored = { listed, ended: [] };
    // They are there, and listed, when a schedule begins.
    for (const pool of POOLS) {
      this.pool(pool.identityPoolId).stored = { version: 1, pool, state: "live", isListed: true, sweptShards: 0 };
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
