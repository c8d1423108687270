/**
 * One login (pool, provider, subject): which identity owns it, or which link transaction reserved it. A thin shell: the
 * rules are linking/participant.ts. It calls nobody inside a request; a reservation that hangs is looked into by its alarm.
 * A free login stores nothing.
 */
import { DurableObject } from "cloudflare:workers";
import { PATIENCE_SECONDS } from "../linking/identity-record.ts";
import type { Release, Reserve, ReserveReply, Settle } from "../linking/messages.ts";
import {
  FREE,
  holderOf,
  isFree,
  type LoginState,
  type LoginView,
  release,
  reserve,
  settle,
} from "../linking/participant.ts";
import { ofKnownVersion } from "./stored-record.ts";

const STATE_KEY = "login";

type Stored = LoginState & {
  readonly version: 1;
  /** Its own name, because an alarm may wake the object without it. */
  readonly loginId: string;
};

export class LoginObject extends DurableObject<Env> {
  #stored: Stored | null;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#stored = ofKnownVersion(ctx.storage.kv.get<Stored>(STATE_KEY), STATE_KEY);
  }

  get #state(): LoginState {
    return this.#stored ?? FREE;
  }

  view(loginId: string): LoginView {
    return { owner: this.#state.owner, holder: holderOf(this.#state, loginId) };
  }

  async reserve(message: Reserve): Promise<ReserveReply> {
    const { state, reply } = reserve(this.#state, message, crypto.randomUUID());
    await this.#save(state, message.loginId);
    return reply;
  }

  async settle(message: Settle): Promise<void> {
    if (this.#stored !== null) await this.#save(settle(this.#state, message), this.#stored.loginId);
  }

  async release(message: Release): Promise<void> {
    if (this.#stored !== null) await this.#save(release(this.#state, message), this.#stored.loginId);
  }

  /** The settlement of a reservation did not come: asks the coordinator, which is the judge. */
  override async alarm(): Promise<void> {
    const stored = this.#stored;
    const holder = stored && holderOf(stored, stored.loginId);
    if (stored === null || holder === null) return;
    try {
      const outcome = await this.env.IDENTITY.getByName(holder.coordinator).outcome({ kind: "ask-outcome", ...holder });
      if (outcome !== "preparing") await this.#save(settle(this.#state, { ...holder, outcome }), stored.loginId);
    } catch (error) {
      // The alarm must not throw: after six tries the platform would forget it, and the reservation would stay for ever.
      console.error({ message: "a reservation could not be resolved yet", cause: String(error) });
    }
    if (this.#state.reservation !== null) await this.#arm();
  }

  async #save(state: LoginState, loginId: string): Promise<void> {
    const before = this.#state;
    if (state === before) return;
    if (isFree(state)) {
      this.#stored = null;
      await this.ctx.storage.deleteAll();
      return;
    }
    // Memory follows the disk: what could not be stored has not happened.
    const stored = { version: 1, loginId, ...state } as const;
    this.ctx.storage.kv.put(STATE_KEY, stored);
    this.#stored = stored;
    if (state.reservation !== null && before.reservation === null) await this.#arm();
    if (state.reservation === null && before.reservation !== null) await this.ctx.storage.deleteAlarm();
  }

  async #arm(): Promise<void> {
    await this.ctx.storage.setAlarm(Date.now() + PATIENCE_SECONDS * 1000);
  }
}
