/**
 * One login, as everybody calls it: which identity owns it, or which link transaction reserved it. The rules are
 * participant.ts. It calls nobody inside a request; a reservation that hangs is looked into by its alarm. A free login stores
 * nothing, unless it is settled.
 */
import { backoffSeconds } from "../domain/backoff.ts";
import type { AlarmStep } from "./identity-host.ts";
import type { AskOutcome, Release, Reply, Reserve, ReserveReply, Settle } from "./messages.ts";
import {
  FREE,
  holderOf,
  isBlank,
  type LoginState,
  type LoginView,
  release,
  remembered,
  reserve,
  settle,
  viewOf,
} from "./participant.ts";

/** What a login's object stores. */
export type LoginRecord = LoginState & {
  /** Version of this shape in storage: 2 where it is settled, or may come to be, and 1 of all others. */
  readonly version: 1 | 2;
  /** Its own name, because an alarm may wake the object without it. */
  readonly loginId: string;
};

export type LoginHost = {
  /**
   * One storage step: the record (null erases all that the object stores) and its alarm. Throws at once what the storage
   * throws, and then nothing is stored. An answer must not leave before the step is durable.
   */
  save(record: LoginRecord | null, alarm: AlarmStep): Promise<void>;
  /** Sets the alarm alone, in epoch seconds: a run of it has not ended the reservation. */
  setAlarm(atSeconds: number): Promise<void>;
  /** A call that failed is the reply `failed`, never a throw. */
  send(message: AskOutcome): Promise<Reply>;
  /** Epoch seconds. */
  now(): number;
  /** Never the same twice. */
  newTicket(): string;
  /** A run of the alarm that failed: the reservation stands. */
  unsettled(cause: unknown): void;
};

export class LoginActor {
  readonly #host: LoginHost;
  #record: LoginRecord | null;

  /** `stored` is the record as a former life left it. */
  constructor(host: LoginHost, stored: LoginRecord | null) {
    this.#host = host;
    this.#record = stored;
  }

  get #state(): LoginState {
    return this.#record ?? FREE;
  }

  view(loginId: string): LoginView {
    return viewOf(this.#state, loginId);
  }

  async reserve(message: Reserve): Promise<ReserveReply> {
    const { state, reply } = reserve(this.#state, message, this.#host.newTicket(), this.#host.now());
    await this.#save(state, message.loginId);
    return reply;
  }

  async settle(message: Settle): Promise<void> {
    if (this.#record !== null) await this.#save(settle(this.#state, message), this.#record.loginId);
  }

  async release(message: Release): Promise<void> {
    await this.#save(release(this.#state, message), message.loginId);
  }

  /** By an import's word: it was somebody's once, and nobody is asked about it again. */
  async remember(loginId: string): Promise<void> {
    await this.#save(remembered(this.#state), loginId);
  }

  /**
   * The settlement of a reservation did not come: asks the coordinator, which is the judge. It must not throw: after six tries
   * the platform would forget the alarm, and the reservation would stay for ever.
   */
  async alarm(): Promise<void> {
    const record = this.#record;
    const holder = record && holderOf(record, record.loginId);
    if (record === null || holder === null) return;
    try {
      const reply = await this.#host.send({ kind: "ask-outcome", ...holder });
      if (reply.kind === "outcome" && reply.outcome !== "preparing") {
        await this.#save(settle(this.#state, { ...holder, outcome: reply.outcome }), record.loginId);
      }
    } catch (cause) {
      this.#host.unsettled(cause);
    }
    const { reservation } = this.#state;
    if (reservation !== null) await this.#host.setAlarm(this.#alarmAt(record.loginId, reservation.since));
  }

  async #save(state: LoginState, loginId: string): Promise<void> {
    const before = this.#state;
    if (state === before) return;
    const version = state.settled === true || state.reservation?.remember === true ? 2 : 1;
    const record = isBlank(state) ? null : ({ ...state, version, loginId } as const);
    const stored = this.#host.save(record, this.#alarmFor(loginId, before, state));
    // Memory follows the disk: what could not be stored has not happened.
    this.#record = record;
    await stored;
  }

  #alarmFor(loginId: string, before: LoginState, after: LoginState): AlarmStep {
    if ((before.reservation === null) === (after.reservation === null)) return "as it is";
    return after.reservation === null ? "none" : this.#alarmAt(loginId, after.reservation.since);
  }

  /** Epoch seconds: the longer a reservation has stood, the less often its coordinator is asked. */
  #alarmAt(loginId: string, since?: number): number {
    const now = this.#host.now();
    return now + backoffSeconds(since === undefined ? 0 : now - since, loginId);
  }
}
