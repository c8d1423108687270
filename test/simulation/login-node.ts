/** A login's object of the simulation: the socket of the very actor that production runs. */
import { LoginActor, type LoginHost, type LoginRecord } from "../../src/linking/login-actor.ts";
import type * as messages from "../../src/linking/messages.ts";
import type { LoginView } from "../../src/linking/participant.ts";
import { type Life, type Slot, StorageFailure } from "./slots.ts";
import type { Surroundings } from "./surroundings.ts";

export type LoginSlot = Slot<LoginNode, LoginRecord>;

export class LoginNode {
  readonly #world: Surroundings;
  readonly #slot: LoginSlot;
  readonly #life: Life;
  readonly #actor: LoginActor;

  constructor(world: Surroundings, slot: LoginSlot, life: Life) {
    this.#world = world;
    this.#slot = slot;
    this.#life = life;
    this.#actor = new LoginActor(this.#host(), slot.stored);
  }

  view(): LoginView {
    return this.#actor.view(this.#slot.name);
  }

  async reserve(message: messages.Reserve): Promise<messages.ReserveReply> {
    return await this.#actor.reserve(message);
  }

  async settle(message: messages.Settle): Promise<void> {
    await this.#actor.settle(message);
  }

  async release(message: messages.Release): Promise<void> {
    await this.#actor.release(message);
  }

  async remember(): Promise<void> {
    await this.#actor.remember(this.#slot.name);
  }

  async alarm(): Promise<void> {
    await this.#actor.alarm();
  }

  #host(): LoginHost {
    const { network } = this.#world;
    const arm = (atSeconds: number | null) => {
      if (this.#life.isAlive) network.setAlarm(this.#slot, atSeconds === null ? null : atSeconds * 1000);
    };
    return {
      save: (record, alarm) => {
        this.#world.store(this.#life, this.#slot, record, () => {
          if (record === null || alarm === "none") arm(null);
          else if (alarm !== "as it is") arm(alarm);
        });
        return Promise.resolve();
      },
      setAlarm: async (atSeconds) => arm(atSeconds),
      send: async (message) => await this.#world.deliver(this.#life, message),
      now: () => network.clockOf(this.#slot) / 1000,
      newTicket: () => this.#world.newName("k"),
      unsettled: (cause) => {
        if (!(cause instanceof StorageFailure)) network.violate(`defect: ${String(cause)}`);
      },
    };
  }
}
