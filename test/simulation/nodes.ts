/**
 * The objects of the simulation: shells as thin as those of src/durable, around the same pure code. Each save is one
 * storage step, before and after which a crash may strike, and each is judged by the invariants at that very instant.
 */
import type { IdentityId, IdentityPoolId } from "../../src/domain/identifiers.ts";
import {
  type ClientCall,
  describe,
  developerUsersOf,
  type Identity,
  type IdentityDescription,
  isVisible,
} from "../../src/domain/identity.ts";
import type { IdentityPool } from "../../src/domain/identity-pool.ts";
import type { VerifiedLogin } from "../../src/domain/login.ts";
import { judgeStanding } from "../../src/domain/mint-rules.ts";
import { inWords, type Refused, refused } from "../../src/domain/refusals.ts";
import { Coordinator, type Host } from "../../src/linking/coordinator.ts";
import {
  type ChangeReply,
  type GrantReply,
  grantToGuest,
  grantToLogins,
  linkHere,
  type LinkReply,
  removeIdentity,
  unlinkDeveloperUser,
  unlinkLogins,
} from "../../src/linking/identity-calls.ts";
import { type IdentityRecord, mergedDuring } from "../../src/linking/identity-record.ts";
import type * as messages from "../../src/linking/messages.ts";
import { type Busy, freezeOf } from "../../src/linking/absorption.ts";
import type { LinkOrder } from "../../src/linking/transaction.ts";
import { ISSUER_UNREACHABLE, SLOWEST_ISSUER_MS, verified } from "./issuers.ts";
import { MintBucket, type NotingLimiter } from "./mint-bucket.ts";
import { type Life, NetworkFailure, type Slot, StorageFailure } from "./slots.ts";
import type { Surroundings } from "./surroundings.ts";

export type IdentitySlot = Slot<IdentityNode, IdentityRecord>;

/** When an alarm that met an error comes again. */
const ALARM_RETRY_MS = 60_000;

export class IdentityNode {
  readonly #world: Surroundings;
  readonly #slot: IdentitySlot;
  readonly #life: Life;
  readonly #coordinator: Coordinator;
  readonly #bucket: MintBucket;
  #alarm: "set" | "clear" | "unknown" = "unknown";

  constructor(world: Surroundings, slot: IdentitySlot, life: Life) {
    this.#world = world;
    this.#slot = slot;
    this.#life = life;
    if (slot.stored === null) this.#alarm = "clear";
    world.woke(slot, life);
    this.#bucket = new MintBucket(world, slot, life, () => this.#nowMs());
    this.#coordinator = new Coordinator(this.#host(), slot.stored);
    this.#deliverLater();
  }

  async grant(identityId: IdentityId, tokens: ReadonlyMap<string, string>, call: ClientCall): Promise<GrantReply> {
    const merged = tokens.size === 0 ? null : this.#mergedDuring(call);
    if (merged !== null) return merged;
    const admitted = await this.#admit(identityId);
    if ("kind" in admitted) return this.#sentOnOr(tokens.size === 0 ? null : call, admitted);
    const busy = this.#frozen();
    if (busy !== null) return busy;
    if (tokens.size === 0) {
      const limiter = this.#limiter();
      const reply = grantToGuest(this.#coordinator, limiter.drawForMint, identityId, admitted.pool);
      return this.#judged(identityId, reply, [], call, limiter);
    }
    const logins = await this.#verify(tokens);
    if (logins === null) return inWords(ISSUER_UNREACHABLE);
    this.#world.judge.asksForToken(identityId, logins, call);
    const limiter = this.#limiter();
    const reply = await this.#settling(grantToLogins(this.#coordinator, limiter.drawForMint, identityId, logins));
    return this.#judged(identityId, reply, logins, call, limiter);
  }

  /** The signed call vouches for the developer's login, and the others were verified. */
  async grantVerified(
    identityId: IdentityId,
    _identityPoolId: IdentityPoolId,
    logins: readonly VerifiedLogin[],
    call: ClientCall,
  ): Promise<GrantReply> {
    const merged = this.#mergedDuring(call);
    if (merged !== null) return merged;
    const admitted = await this.#admit(identityId);
    if ("kind" in admitted) return this.#sentOnOr(call, admitted);
    this.#world.judge.asksForToken(identityId, logins, call);
    const limiter = this.#limiter();
    const reply = await this.#settling(grantToLogins(this.#coordinator, limiter.drawForMint, identityId, logins));
    return this.#judged(identityId, reply, logins, call, limiter);
  }

  #frozen(): Busy | null {
    const { record } = this.#coordinator;
    return record === null ? null : freezeOf(record);
  }

  /** Merged while the call waited for the pool: then it is sent on as one that finds the identity merged. */
  #sentOnOr(call: ClientCall | null, refusal: Refused): GrantReply {
    return (call === null ? null : this.#mergedDuring(call)) ?? refusal;
  }

  #mergedDuring(call: ClientCall): GrantReply | null {
    const { record } = this.#coordinator;
    // The release before knew no calls, and refused a merged identity to all of them.
    const into = record === null || this.#life.isOlder ? null : mergedDuring(record, call);
    if (into === null) return null;
    this.#world.judge.merges.sentOn(this.#slot.name, call, false);
    return { kind: "merged", into };
  }

  #judged(
    identityId: IdentityId,
    reply: GrantReply,
    logins: readonly VerifiedLogin[],
    call: ClientCall,
    limiter: NotingLimiter,
  ): GrantReply {
    if (!this.#life.isAlive) return reply;
    if (reply.kind === "merged") this.#world.judge.merges.sentOn(identityId, call, true);
    if (reply.kind !== "granted") return reply;
    this.#world.judge.granted(identityId, reply.grant, logins);
    this.#accepted(limiter);
    return reply;
  }

  /** A mint that its caller will hear of. */
  #accepted({ drawnAtMs }: NotingLimiter): void {
    const { network, judge } = this.#world;
    if (drawnAtMs === null) return;
    judge.rates.minted(this.#slot.name, drawnAtMs);
    if (!network.faults.strikes("limiter-lost")) return;
    network.coverage.hit("F16 a limiter is lost after a draw");
    network.after(0, () => network.kill(this.#life));
  }

  async link(order: LinkOrder, logins: readonly VerifiedLogin[], draws: boolean): Promise<LinkReply> {
    this.#world.judge.ordered(order);
    const limiter = draws ? this.#limiter() : null;
    const reply = await this.#settling(linkHere(this.#coordinator, limiter?.drawForMint ?? null, order, logins));
    if (reply.kind !== "linked" || !this.#life.isAlive) return reply;
    this.#world.judge.granted(order.identityId, reply.grant, logins);
    if (limiter !== null) this.#accepted(limiter);
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
    if (record === null || !isVisible(record)) return refused({ kind: "identity-not-found", identityId });
    const busy = this.#frozen();
    if (busy !== null) return busy;
    const pool = await this.#world.readPool(this.#life);
    if (pool === null) return refused({ kind: "identity-not-found", identityId });
    const logins = await this.#verify(tokens);
    if (logins === null) return inWords(ISSUER_UNREACHABLE);
    const { drawForMint } = this.#limiter();
    const reply = await this.#settling(unlinkLogins(this.#coordinator, drawForMint, identityId, logins, providerNames));
    if (reply.kind === "done" && this.#life.isAlive) this.#world.judge.unlinked(identityId, providerNames);
    return reply;
  }

  async unlinkDeveloperUser(
    identityId: IdentityId,
    _identityPoolId: IdentityPoolId,
    loginId: string,
  ): Promise<ChangeReply> {
    if (this.#coordinator.record === null) return refused({ kind: "identity-not-found", identityId });
    const reply = await this.#settling(unlinkDeveloperUser(this.#coordinator, identityId, loginId));
    if (reply.kind === "done" && this.#life.isAlive) this.#world.judge.unlinkedUser(identityId, loginId);
    return reply;
  }

  async remove(identityId: IdentityId): Promise<ChangeReply> {
    const reply = await this.#settling(removeIdentity(this.#coordinator, identityId, "*"));
    if (reply.kind === "done" && this.#life.isAlive) this.#world.judge.removed(identityId);
    return reply;
  }

  async describe(): Promise<{ identityPoolId: IdentityPoolId; description: IdentityDescription } | null> {
    const identity = await this.#settledIdentity();
    return identity && { identityPoolId: identity.identityPoolId, description: describe(identity) };
  }

  async developerUsers(identityPoolId: IdentityPoolId): Promise<{ userIdentifiers: readonly string[] } | null> {
    const identity = await this.#settledIdentity();
    return identity?.identityPoolId === identityPoolId ? { userIdentifiers: developerUsersOf(identity) } : null;
  }

  async #settledIdentity(): Promise<Identity | null> {
    const { record: before } = this.#coordinator;
    const holder = before === null ? undefined : freezeOf(before)?.holder;
    if (holder !== undefined) {
      const reply = await this.#send({ kind: "ask-outcome", ...holder });
      if (reply.kind === "failed") throw new NetworkFailure("the coordinator cannot be asked");
    }
    const { record } = this.#coordinator;
    return record !== null && isVisible(record) ? record : null;
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
    try {
      await this.#coordinator.wake();
    } catch (error) {
      // The alarm must not throw: after six tries the platform would forget it, and what is owed would stay owed.
      if (!(error instanceof StorageFailure)) throw error;
      if (!this.#life.isAlive) return;
      this.#world.network.setAlarm(this.#slot, this.#nowMs() + ALARM_RETRY_MS);
    }
  }

  async #admit(identityId: IdentityId): Promise<{ pool: IdentityPool } | Refused> {
    const { record } = this.#coordinator;
    if (record === null || !isVisible(record)) return refused({ kind: "identity-not-found", identityId });
    const pool = await this.#world.readPool(this.#life);
    if (pool === null) return refused({ kind: "identity-not-found", identityId });
    const standing = judgeStanding(this.#coordinator.record, identityId);
    return standing.ok ? { pool } : refused(standing.error);
  }

  /** Every login token of the simulation is good, but to find that out takes its time, and needs its issuer. */
  async #verify(tokens: ReadonlyMap<string, string>): Promise<readonly VerifiedLogin[] | null> {
    const { network } = this.#world;
    await network.sleep(this.#life, network.streamOf(this.#life).below(SLOWEST_ISSUER_MS));
    return verified(this.#world, tokens);
  }

  async #settling<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } finally {
      this.#deliverLater();
    }
  }

  #limiter(): NotingLimiter {
    return this.#bucket.limiter();
  }

  #deliverLater(): void {
    if (!this.#life.isAlive || !this.#coordinator.isPending) return;
    // Nobody waits for it: a storage that fails meanwhile leaves what is owed to the alarm.
    void this.#coordinator.deliver().catch((error: unknown) => {
      if (!(error instanceof StorageFailure)) this.#world.network.violate(`defect: ${String(error)}`);
    });
  }

  #nowMs(): number {
    return this.#world.network.clockOf(this.#slot);
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
    this.#world.storeRecord(this.#life, this.#slot, record, () => {
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
