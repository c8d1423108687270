/**
 * The objects of the simulation: shells as thin as those of src/durable, around the same pure code. Each save is one
 * storage step, before and after which a crash may strike, and each is judged by the invariants at that very instant.
 */
import { ok, RATE_EXCEEDED, type ServiceError } from "../../src/domain/errors.ts";
import type { IdentityId, IdentityPoolId } from "../../src/domain/identifiers.ts";
import { type ClientCall, describe, type IdentityDescription, isVisible } from "../../src/domain/identity.ts";
import type { IdentityPool } from "../../src/domain/identity-pool.ts";
import type { VerifiedLogin } from "../../src/domain/login.ts";
import { identityNotFound, judgeStanding } from "../../src/domain/mint-rules.ts";
import { Coordinator, type Host } from "../../src/linking/coordinator.ts";
import {
  type ChangeReply,
  type GrantReply,
  grantToGuest,
  grantToLogins,
  type Limiter,
  linkHere,
  type LinkReply,
  removeIdentity,
  unlinkLogins,
} from "../../src/linking/identity-calls.ts";
import { type IdentityRecord, PATIENCE_SECONDS, mergedDuring } from "../../src/linking/identity-record.ts";
import type * as messages from "../../src/linking/messages.ts";
import { FREE, holderOf, isFree, type LoginState, release, reserve, settle } from "../../src/linking/participant.ts";
import { type Bucket, draw } from "../../src/linking/rate-limit.ts";
import { freezeOf, type LinkOrder } from "../../src/linking/transaction.ts";
import type { Life, Slot } from "./network.ts";
import type { Surroundings } from "./surroundings.ts";

export type IdentitySlot = Slot<IdentityNode, IdentityRecord>;
export type LoginSlot = Slot<LoginNode, LoginState>;

const RATE = { perSecond: 5, burst: 20 };

export class IdentityNode {
  readonly #world: Surroundings;
  readonly #slot: IdentitySlot;
  readonly #life: Life;
  readonly #coordinator: Coordinator;
  #minted: Bucket | null = null;
  #alarm: "set" | "clear" | "unknown" = "unknown";

  constructor(world: Surroundings, slot: IdentitySlot, life: Life) {
    this.#world = world;
    this.#slot = slot;
    this.#life = life;
    if (slot.stored === null) this.#alarm = "clear";
    this.#coordinator = new Coordinator(this.#host(), slot.stored);
    this.#deliverLater();
  }

  async grant(identityId: IdentityId, tokens: ReadonlyMap<string, string>, call: ClientCall): Promise<GrantReply> {
    const { record } = this.#coordinator;
    const into = record === null || tokens.size === 0 ? null : mergedDuring(record, call);
    if (into !== null) return { kind: "merged", into };
    const admitted = await this.#admit(identityId);
    if ("error" in admitted) return { kind: "refused", error: admitted.error };
    if (tokens.size === 0) {
      const reply = grantToGuest(this.#coordinator, this.#limiter(), identityId, admitted.pool);
      if (reply.kind === "granted") this.#world.judge.granted(identityId, reply.grant, []);
      return reply;
    }
    const logins = await this.#verify(tokens);
    const reply = await this.#settling(grantToLogins(this.#coordinator, this.#limiter(), identityId, logins));
    if (reply.kind === "granted" && this.#life.isAlive) this.#world.judge.granted(identityId, reply.grant, logins);
    return reply;
  }

  async link(order: LinkOrder, logins: readonly VerifiedLogin[], draws: boolean): Promise<LinkReply> {
    this.#world.judge.ordered(order);
    const limiter = draws ? this.#limiter() : null;
    const reply = await this.#settling(linkHere(this.#coordinator, limiter, order, logins));
    if (reply.kind === "linked" && this.#life.isAlive) this.#world.judge.granted(order.identityId, reply.grant, logins);
    return reply;
  }

  createGuest(identityId: IdentityId, identityPoolId: IdentityPoolId): boolean {
    const created = this.#coordinator.createGuest(identityId, identityPoolId);
    this.#deliverLater();
    return created;
  }

  async unlink(
    identityId: IdentityId,
    tokens: ReadonlyMap<string, string>,
    providerNames: readonly string[],
  ): Promise<ChangeReply> {
    const { record } = this.#coordinator;
    if (record === null || !isVisible(record)) return { kind: "refused", error: identityNotFound(identityId) };
    const pool = await this.#world.readPool(this.#life);
    if (pool === null) return { kind: "refused", error: identityNotFound(identityId) };
    const logins = await this.#verify(tokens);
    const changing = unlinkLogins(this.#coordinator, this.#limiter(), identityId, logins, providerNames);
    const reply = await this.#settling(changing);
    if (reply.kind === "done" && this.#life.isAlive) this.#world.judge.unlinked(identityId, providerNames);
    return reply;
  }

  async remove(identityId: IdentityId): Promise<ChangeReply> {
    const reply = await this.#settling(removeIdentity(this.#coordinator, identityId, "*"));
    if (reply.kind === "done" && this.#life.isAlive) this.#world.judge.removed(identityId);
    return reply;
  }

  async describe(): Promise<{ identityPoolId: IdentityPoolId; description: IdentityDescription } | null> {
    const { record: before } = this.#coordinator;
    const holder = before === null ? undefined : freezeOf(before)?.holder;
    if (holder !== undefined) await this.#send({ kind: "ask-outcome", ...holder });
    const { record } = this.#coordinator;
    if (record === null || !isVisible(record)) return null;
    return { identityPoolId: record.identityPoolId, description: describe(record) };
  }

  freeze(message: messages.Freeze): messages.FreezeReply {
    return this.#coordinator.freeze(message);
  }

  settle(message: messages.Settle): void {
    this.#coordinator.settle(message);
  }

  async confirmOwner(message: messages.ConfirmOwner): Promise<messages.Reply> {
    return await this.#coordinator.confirmOwner(message);
  }

  async outcome(message: messages.AskOutcome): Promise<messages.Outcome | "preparing"> {
    return await this.#coordinator.outcome(message);
  }

  async alarm(): Promise<void> {
    this.#alarm = "clear";
    await this.#coordinator.wake();
  }

  async #admit(identityId: IdentityId): Promise<{ pool: IdentityPool } | { error: ServiceError }> {
    const { record } = this.#coordinator;
    if (record === null || !isVisible(record)) return { error: identityNotFound(identityId) };
    const pool = await this.#world.readPool(this.#life);
    if (pool === null) return { error: identityNotFound(identityId) };
    const standing = judgeStanding(this.#coordinator.record, identityId);
    return standing.ok ? { pool } : { error: standing.error };
  }

  /** Every login token of the simulation is good, but to find that out takes its time. */
  async #verify(tokens: ReadonlyMap<string, string>): Promise<readonly VerifiedLogin[]> {
    await this.#world.network.sleep(this.#life, this.#world.network.streamOf(this.#life).below(40));
    return [...tokens].map(([providerName, subject]) => this.#world.login(providerName, subject));
  }

  async #settling<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } finally {
      this.#deliverLater();
    }
  }

  #limiter(): Limiter {
    return {
      drawForMint: () => {
        const drawn = draw(this.#minted, RATE, this.#nowMs());
        this.#minted = drawn.bucket;
        return drawn.ok ? null : { ...RATE_EXCEEDED, retryAfterSeconds: drawn.retryAfterSeconds };
      },
      drawForFailedProof: () => ok(undefined),
    };
  }

  #deliverLater(): void {
    if (this.#life.isAlive && this.#coordinator.isPending) void this.#coordinator.deliver();
  }

  #nowMs(): number {
    return this.#world.network.nowMs + this.#slot.clockOffsetMs;
  }

  #host(): Host {
    return {
      save: (record, wakeAtSeconds) => this.#save(record, wakeAtSeconds),
      send: async (message) => await this.#send(message),
      now: () => this.#nowMs() / 1000,
      newTransactionId: () => this.#world.newName("t"),
    };
  }

  #save(record: IdentityRecord | null, wakeAtSeconds: number | null): void {
    const { network } = this.#world;
    this.#world.store(this.#life, this.#slot, record, () => {
      if (record === null) {
        this.#alarm = "clear";
        network.setAlarm(this.#slot, null);
      } else if (wakeAtSeconds !== null && this.#alarm !== "set") {
        this.#alarm = "set";
        network.setAlarm(this.#slot, wakeAtSeconds * 1000);
      } else if (wakeAtSeconds === null && this.#alarm !== "clear") {
        this.#alarm = "clear";
        network.setAlarm(this.#slot, null);
      }
    });
  }

  async #send(message: messages.Message): Promise<messages.Reply> {
    return await this.#world.deliver(this.#life, message);
  }
}

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
    if (reply.kind === "outcome" && reply.outcome !== "preparing") {
      this.#save(settle(this.#state, { ...holder, outcome: reply.outcome }));
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
    const nowMs = this.#world.network.nowMs + this.#slot.clockOffsetMs;
    this.#world.network.setAlarm(this.#slot, nowMs + PATIENCE_SECONDS * 1000);
  }
}
