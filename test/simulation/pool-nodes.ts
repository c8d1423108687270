/** The pool and its one directory shard, as src/durable has them: the pool's end sweeps its identities along. */
import type { IdentityId } from "../../src/domain/identifiers.ts";
import type { Life, Slot } from "./slots.ts";
import type { Surroundings } from "./surroundings.ts";

type PoolSurroundings = Pick<Surroundings, "network" | "store"> & {
  readonly directory: Slot<DirectoryNode, DirectoryState>;
  identity(identityId: IdentityId): Slot<RemovableNode, unknown>;
};
type RemovableNode = {
  remove(identityId: IdentityId, allowedPools: "*"): Promise<{ readonly kind: string }>;
  alarm(): Promise<void>;
};

export type DirectoryState = { readonly listed: readonly IdentityId[]; readonly isClosed: boolean };
export type PoolState = { readonly state: "deleted"; readonly isSwept: boolean };

const RETRY_MS = 10_000;
const SWEEP_BATCH = 50;

export class DirectoryNode {
  readonly #world: PoolSurroundings;
  readonly #slot: Slot<DirectoryNode, DirectoryState>;
  readonly #life: Life;

  constructor(world: PoolSurroundings, slot: Slot<DirectoryNode, DirectoryState>, life: Life) {
    this.#world = world;
    this.#slot = slot;
    this.#life = life;
  }

  get #state(): DirectoryState {
    return this.#slot.stored ?? { listed: [], isClosed: false };
  }

  update(change: "add" | "remove", identityId: IdentityId): { readonly poolDeleted: boolean } {
    const { listed, isClosed } = this.#state;
    const others = listed.filter((other) => other !== identityId);
    if (change === "add" && isClosed) return { poolDeleted: true };
    const changed = { listed: change === "add" ? [...others, identityId] : others, isClosed };
    this.#world.store(this.#life, this.#slot, changed, () => {});
    return { poolDeleted: false };
  }

  page(): readonly IdentityId[] {
    return this.#state.listed.slice(0, SWEEP_BATCH);
  }

  close(): void {
    this.#world.store(this.#life, this.#slot, { ...this.#state, isClosed: true }, () => {});
  }

  async alarm(): Promise<void> {}
}

export class PoolNode {
  readonly #world: PoolSurroundings;
  readonly #slot: Slot<PoolNode, PoolState>;
  readonly #life: Life;

  constructor(world: PoolSurroundings, slot: Slot<PoolNode, PoolState>, life: Life) {
    this.#world = world;
    this.#slot = slot;
    this.#life = life;
  }

  read(): boolean {
    return this.#slot.stored === null;
  }

  remove(): void {
    if (this.#slot.stored === null) this.#save({ state: "deleted", isSwept: false });
  }

  async alarm(): Promise<void> {
    try {
      for (;;) {
        const remaining = await this.#sweep();
        if (remaining === "busy") break;
        if (remaining === "more") continue;
        this.#save({ state: "deleted", isSwept: true });
        break;
      }
    } catch {
      // A call failed: the alarm comes again.
    }
    if (this.#life.isAlive && this.#slot.stored?.isSwept === false) this.#arm(RETRY_MS);
  }

  async #sweep(): Promise<"empty" | "more" | "busy"> {
    const { network, directory } = this.#world;
    await network.call(this.#life, directory, "close", (node) => node.close());
    const identityIds = await network.call(this.#life, directory, "page", (node) => node.page());
    const removals = identityIds.map(async (identityId) => {
      const identity = this.#world.identity(identityId);
      const { kind } = await network.call(this.#life, identity, "remove", (node) => node.remove(identityId, "*"));
      if (kind !== "busy") {
        await network.call(this.#life, directory, `remove ${identityId}`, (node) => node.update("remove", identityId));
      }
      return kind;
    });
    const kinds = await Promise.all(removals);
    if (kinds.includes("busy")) return "busy";
    return kinds.length === 0 ? "empty" : "more";
  }

  #save(state: PoolState): void {
    this.#world.store(this.#life, this.#slot, state, () => {
      if (!state.isSwept) this.#arm(0);
    });
  }

  #arm(ms: number): void {
    this.#world.network.setAlarm(this.#slot, this.#world.network.clockOf(this.#slot) + ms);
  }
}
