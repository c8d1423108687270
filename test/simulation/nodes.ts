/**
 * An identity's object of the simulation: the socket of the very actor that production runs, over the simulated storage and
 * network, and what the judge must hear of its calls. Each save is one storage step, before and after which a crash may strike.
 */
import { err, ok } from "../../src/domain/errors.ts";
import { accessOf } from "../../src/domain/grant-access.ts";
import type { IdentityId, IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { ClientCall, LinkedLogin } from "../../src/domain/identity.ts";
import type { VerifiedLogin } from "../../src/domain/login.ts";
import type { Flow } from "../../src/domain/mint-rules.ts";
import { type StoredRecord, upgraded } from "../../src/linking/first-record.ts";
import type { DisableOrder } from "../../src/linking/disabling.ts";
import type { StandingHere } from "../../src/linking/adoption.ts";
import { CoordinatorUnreachable, IdentityActor } from "../../src/linking/identity-actor.ts";
import type { ChangeReply, GrantReply, LinkReply, OwnProof } from "../../src/linking/identity-calls.ts";
import type { IdentityHost, PresentedLogins } from "../../src/linking/identity-host.ts";
import type { ExportedIdentity } from "../../src/linking/identity-export.ts";
import type { RestoreOrder, RestoreReply } from "../../src/linking/restoration.ts";
import type * as messages from "../../src/linking/messages.ts";
import type { LinkOrder } from "../../src/linking/link-order.ts";
import { MintBucket, type MintLimit } from "../../src/limits/mint-bucket.ts";
import { ISSUER_UNREACHABLE, SLOWEST_ISSUER_MS, verified } from "./issuers.ts";
import { accessFor, evidenceOf, wishIn, withRoles } from "./roles.ts";
import { RATE } from "./settings.ts";
import { type Life, NetworkFailure, type Slot, StorageFailure } from "./slots.ts";
import type { Surroundings } from "./surroundings.ts";

type RemovalOrder = [allowedPools: readonly string[] | "*", isSwept?: boolean];

export type IdentitySlot = Slot<IdentityNode, StoredRecord>;

/** The release before knew no calls, and sent none on to the identity that a merged one is of. */
const OLDER_CALL: ClientCall = { askedAt: Number.POSITIVE_INFINITY, callId: null };

/** The platform confirms a storage step a moment after it. */
const DURABLE_AFTER_MS = 5;

export class IdentityNode {
  readonly #world: Surroundings;
  readonly #slot: IdentitySlot;
  readonly #life: Life;
  readonly #actor: IdentityActor;
  #draws = 0;
  /** Runs of the alarm that are under way. */
  #alarms = 0;

  constructor(world: Surroundings, slot: IdentitySlot, life: Life) {
    this.#world = world;
    this.#slot = slot;
    this.#life = life;
    world.woke(slot, life);
    this.#actor = new IdentityActor(this.#host(), slot.stored && upgraded(slot.stored));
  }

  async grant(
    identityId: IdentityId,
    tokens: ReadonlyMap<string, string>,
    call: ClientCall,
    flow: Flow,
    _client?: undefined,
    customRoleArn?: string,
  ): Promise<GrantReply> {
    const asked = this.#asked(call);
    let logins: readonly VerifiedLogin[] = [];
    let verifiedAt: string | null = null;
    const presented = this.#presented(tokens, (proved) => {
      this.#world.judge.asksForToken(identityId, proved, call);
      logins = proved;
      verifiedAt = this.#moment();
    });
    const reply = await this.#actor.grant(identityId, presented, asked.call, {
      flow,
      ...(customRoleArn !== undefined && { customRoleArn }),
    });
    if (reply.kind === "merged" && tokens.size === 0) {
      this.#world.network.violate(`T38: ${identityId} names ${reply.into} to somebody who has proved nothing`);
    }
    if (flow === "enhanced" && this.#life.isAlive) {
      const wanted = { tokens, custom: wishIn(this.#slot.stored?.identityPoolId, customRoleArn) };
      const { roles } = this.#world.judge;
      roles.replied(reply, wanted, { now: this.#moment(), verified: verifiedAt });
      if (reply.kind === "granted") roles.granted(reply.grant.identityPoolId, wanted, reply.grant);
    }
    return this.#judged(identityId, reply, logins, call, asked);
  }

  /** By what a token of the service names: each login of it must be the identity's at this very instant. */
  async grantToOwnProof(identityId: IdentityId, proof: OwnProof): Promise<GrantReply> {
    const reply = await this.#actor.grantToOwnProof(identityId, proof);
    if (reply.kind === "granted" && this.#life.isAlive) {
      const { judge } = this.#world;
      judge.granted(identityId, reply.grant, proof.candidates.flat());
      judge.roles.granted(proof.identityPoolId, { tokens: new Map([["d", ""]]), custom: null }, reply.grant);
    }
    return reply;
  }

  /** Equal only while nothing has happened to this identity: the event that is under way, its record, its last draw. */
  #moment(): string {
    const { network } = this.#world;
    return `${network.steps} ${this.#draws}`;
  }

  /** The signed call vouches for the developer's login, and the others were verified. */
  async grantVerified(
    identityId: IdentityId,
    identityPoolId: IdentityPoolId,
    logins: readonly VerifiedLogin[],
    call: ClientCall,
  ): Promise<GrantReply> {
    const asked = this.#asked(call);
    this.#world.judge.asksForToken(identityId, logins, call);
    const reply = await this.#actor.grantVerified(identityId, identityPoolId, logins, asked.call);
    return this.#judged(identityId, reply, logins, call, asked);
  }

  async link(order: LinkOrder, logins: readonly VerifiedLogin[], draws: boolean): Promise<LinkReply> {
    this.#world.judge.ordered(order);
    const reply = await this.#actor.link(order, logins, draws);
    if (reply.kind === "linked" && this.#life.isAlive) {
      this.#world.judge.granted(order.identityId, reply.grant, logins);
    }
    return reply;
  }

  createGuest(...given: Parameters<IdentityActor["createGuest"]>): boolean {
    return this.#actor.createGuest(...given);
  }

  standingHere(identityPoolId: IdentityPoolId): StandingHere {
    return this.#actor.standingHere(identityPoolId);
  }

  async unlink(
    identityId: IdentityId,
    tokens: ReadonlyMap<string, string>,
    providerNames: readonly string[],
    _client: undefined,
    callKey: string | null,
  ): Promise<ChangeReply> {
    const isToGo = (login: LinkedLogin) => providerNames.includes(login.providerName);
    this.#world.judge.unlinks.called(callKey, isToGo);
    const presented = this.#presented(tokens, () => {});
    const reply = await this.#actor.unlink(identityId, presented, providerNames, callKey);
    if (reply.kind === "done" && this.#life.isAlive) {
      this.#world.judge.unlinked(identityId, callKey, isToGo);
      this.#world.sources?.judge.unlinked(identityId, providerNames);
    }
    return reply;
  }

  async unlinkDeveloperUser(
    identityId: IdentityId,
    identityPoolId: IdentityPoolId,
    loginId: string,
    callKey: string | null,
  ): Promise<ChangeReply> {
    const isToGo = (login: LinkedLogin) => login.loginId === loginId;
    this.#world.judge.unlinks.called(callKey, isToGo);
    const reply = await this.#actor.unlinkDeveloperUser(identityId, identityPoolId, loginId, callKey);
    if (reply.kind === "done" && this.#life.isAlive) this.#world.judge.unlinked(identityId, callKey, isToGo);
    return reply;
  }

  async remove(identityId: IdentityId, ...order: RemovalOrder): Promise<ChangeReply> {
    const reply = await this.#actor.remove(identityId, ...order);
    // One that nobody knew may be made in this very moment: the call goes on to bury it, and is judged by that.
    const isDeleted = reply.kind === "done" && reply.isUnknown !== true;
    if (isDeleted && this.#life.isAlive) this.#world.judge.removed(identityId);
    return reply;
  }

  async bury(identityId: IdentityId, identityPoolId: IdentityPoolId): Promise<ChangeReply> {
    const reply = await this.#actor.bury(identityId, identityPoolId);
    if (reply.kind === "done" && this.#life.isAlive) this.#world.judge.removed(identityId);
    return reply;
  }

  async setDisabled(identityId: IdentityId, order: DisableOrder): Promise<ChangeReply> {
    const reply = await this.#actor.setDisabled(identityId, order);
    if (reply.kind === "done" && this.#life.isAlive) this.#world.judge.saidDisabled(identityId, order.isDisabled);
    return reply;
  }

  async restore(order: RestoreOrder): Promise<RestoreReply> {
    this.#world.judge.restores(order);
    return await this.#actor.restore(order);
  }

  async exported(): Promise<ExportedIdentity | null> {
    return await failing(this.#actor.exported());
  }

  async describe(): ReturnType<IdentityActor["describe"]> {
    const wasMerged = this.#world.judge.isMerged(this.#slot.name);
    const described = await failing(this.#actor.describe());
    if (described !== null && this.#life.isAlive) {
      const { identityId, isDisabled } = described.description;
      this.#world.judge.described(identityId, isDisabled, wasMerged);
    }
    return described;
  }

  async developerUsers(identityPoolId: IdentityPoolId): ReturnType<IdentityActor["developerUsers"]> {
    return await failing(this.#actor.developerUsers(identityPoolId));
  }

  freeze(message: messages.Freeze): messages.FreezeReply {
    return this.#actor.freeze(message);
  }

  settle(message: messages.Settle): void {
    this.#actor.settle(message);
  }

  async confirmOwner(message: messages.ConfirmOwner): Promise<messages.Reply> {
    return await this.#actor.confirmOwner(message);
  }

  async outcome(message: messages.AskOutcome): Promise<messages.Outcome | "preparing"> {
    return await this.#actor.outcome(message);
  }

  async alarm(): Promise<void> {
    this.#alarms++;
    try {
      await this.#actor.alarm();
    } finally {
      this.#alarms--;
    }
  }

  /** The call as the code of this life knows it, and whether the identity has asked it who it is: only a merged one does. */
  #asked(call: ClientCall): { readonly call: ClientCall; isMet: boolean } {
    if (this.#life.isOlder) return { call: OLDER_CALL, isMet: false };
    const asked = {
      isMet: false,
      call: {
        get callId() {
          asked.isMet = true;
          return call.callId;
        },
        askedAt: call.askedAt,
      },
    };
    return asked;
  }

  #judged(
    identityId: IdentityId,
    reply: GrantReply,
    logins: readonly VerifiedLogin[],
    call: ClientCall,
    { isMet }: { readonly isMet: boolean },
  ): GrantReply {
    if (!this.#life.isAlive) return reply;
    const { judge } = this.#world;
    // One that was not asked who it is was being judged already when the identity heard of its merge.
    if (reply.kind === "merged") judge.merges.sentOn(identityId, call, !isMet);
    if (reply.kind === "granted") judge.granted(identityId, reply.grant, logins);
    return reply;
  }

  /** Every login token of the simulation is good, but to find that out takes its time, and needs its issuer. */
  #presented(
    tokens: ReadonlyMap<string, string>,
    onProved: (logins: readonly VerifiedLogin[]) => void,
  ): PresentedLogins {
    const { network } = this.#world;
    const verify: PresentedLogins["verify"] = async ({ identityPoolId }) => {
      await network.sleep(this.#life, network.streamOf(this.#life).below(SLOWEST_ISSUER_MS));
      const logins = verified(this.#world, identityPoolId, tokens);
      if (logins === null) return err(ISSUER_UNREACHABLE);
      onProved(logins);
      return ok(logins);
    };
    return {
      tokens,
      begin: () => {},
      presentTo: () => {},
      verify,
      verifyForGrant: async (pool, wish, admitQuestion) => {
        const logins = await verify(pool, admitQuestion);
        if (!logins.ok) return logins;
        // The pools of the simulation map nothing for GetOpenIdToken, which would refuse it.
        const access = wish.flow === "enhanced" ? accessFor(pool) : undefined;
        const rules = { ...pool, access };
        return ok({ logins: logins.value, access: accessOf(rules, evidenceOf(pool.identityPoolId, tokens), wish) });
      },
    };
  }

  #host(): IdentityHost {
    const { network } = this.#world;
    const arm = (atSeconds: number | null) => {
      if (this.#life.isAlive) network.setAlarm(this.#slot, atSeconds === null ? null : atSeconds * 1000);
    };
    return {
      save: (record, alarm) => {
        this.#world.storeRecord(this.#life, this.#slot, record, () => {
          if (record === null || alarm === "none") arm(null);
          else if (alarm !== "as it is") arm(alarm);
        });
      },
      setAlarm: async (atSeconds) => {
        // An alarm that cannot even be set again fails, and the platform repeats its run.
        this.#world.storeAlarm(this.#life, this.#slot, this.#alarms === 0, () => arm(atSeconds));
      },
      send: async (message) => await this.#world.deliver(this.#life, message),
      // Nobody waits for it: a storage that fails meanwhile leaves what is owed to the alarm.
      afterAnswer: (work) => {
        void network
          .sleep(this.#life, DURABLE_AFTER_MS)
          .then(work)
          .catch((cause: unknown) => this.#expectStorageFailure(cause));
      },
      now: () => network.clockOf(this.#slot) / 1000,
      newTransactionId: () => this.#world.newName("t"),
      readPool: async (identityPoolId) => {
        const pool = await this.#world.readPool(this.#life, identityPoolId);
        return pool && withRoles(pool);
      },
      limit: this.#limit(),
      linked: (_, { id }) => {
        if (this.#life.isAlive) this.#world.judge.audited.add(id);
      },
      unsettled: (cause) => this.#expectStorageFailure(cause),
    };
  }

  #expectStorageFailure(cause: unknown): void {
    if (!(cause instanceof StorageFailure)) this.#world.network.violate(`defect: ${String(cause)}`);
  }

  /** The bucket of production, at which the judge counts the tokens that are taken. */
  #limit(): MintLimit {
    const { network } = this.#world;
    const { name, stored } = this.#slot;
    const host = {
      nowMs: () => network.clockOf(this.#slot),
      kept: () => this.#world.bucketOf(name),
      keep: this.#world.storeBucket.bind(this.#world, this.#life, name),
      // As in a new isolate, whose process before was ended by a crash right after the last draw.
      quietForMs: () => network.nowMs - this.#world.lastDrawMs(name),
    };
    const bucket = new MintBucket(host, RATE, stored !== null);
    return {
      look: () => bucket.look(),
      level: () => bucket.level(),
      draw: () => {
        const refusal = bucket.draw();
        this.#draws++;
        if (refusal === null && this.#life.isAlive) this.#world.drew(this.#life, name);
        return refusal;
      },
    };
  }
}

async function failing<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof CoordinatorUnreachable) throw new NetworkFailure(error.message);
    throw error;
  }
}
