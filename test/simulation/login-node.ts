/** A login's object of the simulation: a shell as thin as that of src/durable, around the same pure code. */
import { PATIENCE_SECONDS } from "../../src/linking/identity-record.ts";
import type * as messages from "../../src/linking/messages.ts";
import { FREE, holderOf, isFree, type LoginState, release, reserve, settle } from "../../src/linking/participant.ts";
import { type Life, type Slot, StorageFailure } from "./slots.ts";
import type { Surroundings } from "./surroundings.ts";

export type LoginSlot = Slot<LoginNode, LoginState>;

export class LoginNode {
  readonly #world: Surroundings;
  readonly #slot: LoginSlot;
  readonly #life: Life;

  constructor(world: Surroundings, slot: LoginSlot, life: Life) {
    this.#world = world;
    this.#slot = slot;
    this.#life = life;
  }

  get #state(): LoginState {
    return this.#slot.stored ?? FREE;
  }

  view(): { owner: LoginState["owner"]; holder: messages.Holder | null } {
    return { owner: this.#state.owner, holder: holderOf(this.#state, this.#slot.name) };
  }

  reserve(message: messages.Reserve): messages.ReserveReply {
    const { state, reply } = reserve(this.#state, message, this.#world.newName("k"));
    this.#save(state);
    return reply;
  }

  settle(message: messages.Settle): void {
    this.#save(settle(this.#state, message));
  }

  release(message: messages.Release): void {
    this.#save(release(this.#state, message));
  }

  async alarm(): Promise<void> {
    const holder = holderOf(this.#state, this.#slot.name);
    if (holder === null) return;
    const reply = await this.#world.deliver(this.#life, { kind: "ask-outcome", ...holder });
    try {
      if (reply.kind === "outcome" && reply.outcome !== "preparing") {
        this.#save(settle(this.#state, { ...holder, outcome: reply.outcome }));
      }
    } catch (error) {
      // The alarm must not throw: after six tries the platform would forget it.
      if (!(error instanceof StorageFailure)) throw error;
    }
    if (this.#life.isAlive && this.#state.reservation !== null) this.#arm();
  }

  #save(state: LoginState): void {
    const before = this.#state;
    if (state === before) return;
    this.#world.store(this.#life, this.#slot, isFree(state) ? null : state, () => {
      if (isFree(state)) this.#world.network.setAlarm(this.#slot, null);
      else if (state.reservation !== null && before.reservation === null) this.#arm();
      else if (state.reservation === null && before.reservation !== null)
        this.#world.network.setAlarm(this.#slot, null);
    });
  }

  #arm(): void {
    const { network } = this.#world;
    network.setAlarm(this.#slot, network.clockOf(this.#slot) + PATIENCE_SECONDS * 1000);
  }
}
