/**
 * One identity: its logins and state, and the limit of its rate. A thin shell: it loads, runs the pure rules of linking/
 * and domain/, persists each step and sends what they return. It never holds a gate across a call to another object.
 */
import type { Result } from "../domain/errors.ts";
import {
  type ClientCall,
  describe,
  developerUsersOf,
  type Identity,
  type IdentityDescription,
  isVisible,
} from "../domain/identity.ts";
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import type { VerifiedLogin } from "../domain/login.ts";
import type { Traced } from "../domain/trace.ts";
import { judgeStanding, permitsClassicFlow } from "../domain/mint-rules.ts";
import { inWords, refused } from "../domain/refusals.ts";
import { freezeOf } from "../linking/absorption.ts";
import { Coordinator, type Host } from "../linking/coordinator.ts";
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
} from "../linking/identity-calls.ts";
import { type IdentityRecord, mergedDuring } from "../linking/identity-record.ts";
import type {
  AskOutcome,
  ConfirmOwner,
  Freeze,
  FreezeReply,
  Message,
  Outcome,
  Reply,
  Settle,
} from "../linking/messages.ts";
import type { LinkOrder } from "../linking/transaction.ts";
import type { UpstreamPolicy } from "../outbound/upstream-policy.ts";
import { checkClassicFlow, verifyLogins } from "../providers/verify-logins.ts";
import { CallFacts } from "./call-facts.ts";
import { charge, type Client } from "./client-limit.ts";
import { ConfiguredObject } from "./configured-object.ts";
import { deliverMessage } from "./deliver-message.ts";
import { AS_TEXT, writeGrantReply } from "./grant-reply.ts";
import { issuerKeysOf } from "./issuer-memory.ts";
import { auditLink } from "./link-audit.ts";
import { type MintBucket, mintBucketOf } from "./mint-bucket.ts";
import { readPool } from "./pool-cache.ts";
import { ofKnownVersion } from "./stored-record.ts";

const RECORD_KEY = "identity";

export class IdentityObject extends ConfiguredObject {
  readonly #coordinator: Coordinator;
  readonly #bucket: MintBucket;
  #auditedLink: string | null = null;
  /** Whether the alarm is set, as far as this life knows: setting it again would be one more row written. */
  #alarm: "set" | "clear" | "unknown" = "unknown";

  constructor(ctx: DurableObjectState, env: Env, upstreams?: UpstreamPolicy) {
    super(ctx, env, upstreams);
    const stored = ofKnownVersion(ctx.storage.kv.get<IdentityRecord>(RECORD_KEY), RECORD_KEY);
    if (stored === null) this.#alarm = "clear";
    this.#bucket = mintBucketOf(ctx.storage.kv, this.config.rateLimit, stored !== null);
    this.#coordinator = new Coordinator(this.#host(), stored);
    this.#deliverLater();
  }

  /**
   * GetOpenIdToken: one call, and for a returning user nothing is written and nobody else is called. `form` as in
   * grant-reply.ts. `client` is charged for each question to a provider's API, where one is given.
   */
  async grant(
    identityId: IdentityId,
    logins: ReadonlyMap<string, string>,
    call: ClientCall,
    form?: typeof AS_TEXT,
    client?: Client,
  ): Promise<string | Traced<GrantReply>> {
    const facts = new CallFacts();
    const reply = await this.#grant(identityId, logins, call, facts, client);
    // A grant says itself what the call was about, unless the call had to wait for an upstream.
    const isTold = reply.kind === "granted" && facts.upstreamFetches === 0;
    const traced = isTold ? reply : { ...reply, trace: facts.traceOf(logins, this.config) };
    return form === AS_TEXT ? writeGrantReply(traced) : traced;
  }

  async #grant(
    identityId: IdentityId,
    logins: ReadonlyMap<string, string>,
    call: ClientCall,
    facts: CallFacts,
    client: Client | undefined,
  ): Promise<GrantReply> {
    // Who presents no login is nobody that a merge could send on.
    const admitted = await this.#admit(identityId, logins.size > 0 ? call : null);
    if (admitted.kind !== "admitted") return admitted;
    const { pool } = admitted;
    facts.pool = pool;
    const classic = permitsClassicFlow(pool);
    const permitted = classic.ok ? checkClassicFlow(logins) : classic;
    if (!permitted.ok) return refused(permitted.error);
    if (logins.size === 0) return grantToGuest(this.#coordinator, this.#bucket.draw, identityId, pool);
    const verified = await this.#verify(pool, logins, facts, client);
    if (!verified.ok) return inWords(verified.error);
    return await this.#settling(grantToLogins(this.#coordinator, this.#bucket.draw, identityId, verified.value));
  }

  /** Logins that nobody need verify again: those of a signed call, or of an attempt before that found something in its way. */
  async grantVerified(
    identityId: IdentityId,
    identityPoolId: IdentityPoolId,
    logins: readonly VerifiedLogin[],
    call: ClientCall,
  ): Promise<GrantReply> {
    const admitted = await this.#admit(identityId, call);
    if (admitted.kind !== "admitted") return admitted;
    // T37: an identity of another pool is none.
    if (admitted.pool.identityPoolId !== identityPoolId) {
      return refused({ kind: "identity-not-found", identityId });
    }
    return await this.#settling(grantToLogins(this.#coordinator, this.#bucket.draw, identityId, logins));
  }

  /** Brings logins together here that were verified before; `draws` when a token is to be minted for this identity. */
  async link(order: LinkOrder, logins: readonly VerifiedLogin[], draws: boolean): Promise<LinkReply> {
    return await this.#settling(linkHere(this.#coordinator, draws ? this.#bucket.draw : null, order, logins));
  }

  /** GetId for a guest. False when the id was ever used, which a random id is not. */
  createGuest(identityId: IdentityId, identityPoolId: IdentityPoolId): boolean {
    const created = this.#coordinator.createGuest(identityId, identityPoolId);
    this.#deliverLater();
    return created;
  }

  async unlink(
    identityId: IdentityId,
    logins: ReadonlyMap<string, string>,
    providerNames: readonly string[],
    client?: Client,
  ): Promise<Traced<ChangeReply>> {
    const facts = new CallFacts();
    const reply = await this.#unlink(identityId, logins, providerNames, facts, client);
    return { ...reply, trace: facts.traceOf(logins, this.config) };
  }

  async #unlink(
    identityId: IdentityId,
    logins: ReadonlyMap<string, string>,
    providerNames: readonly string[],
    facts: CallFacts,
    client: Client | undefined,
  ): Promise<ChangeReply> {
    const record = this.#coordinator.record;
    if (record === null || !isVisible(record)) return refused({ kind: "identity-not-found", identityId });
    const busy = freezeOf(record);
    if (busy !== null) return busy;
    const pool = await readPool(this.env.IDENTITY_POOL, record.identityPoolId);
    if (pool === null) return refused({ kind: "identity-not-found", identityId });
    facts.pool = pool;
    const verified = await this.#verify(pool, logins, facts, client);
    if (!verified.ok) return inWords(verified.error);
    return await this.#settling(
      unlinkLogins(this.#coordinator, this.#bucket.draw, identityId, verified.value, providerNames),
    );
  }

  /** Deletes the identity for good; `allowedPools` are those of the caller's credential. */
  async remove(identityId: IdentityId, allowedPools: readonly string[] | "*"): Promise<Traced<ChangeReply>> {
    const identityPoolId = this.#coordinator.record?.identityPoolId;
    const reply = await this.#settling(removeIdentity(this.#coordinator, identityId, allowedPools));
    return identityPoolId === undefined ? reply : { ...reply, trace: { identityPoolId } };
  }

  async unlinkDeveloperUser(
    identityId: IdentityId,
    identityPoolId: IdentityPoolId,
    loginId: string,
  ): Promise<ChangeReply> {
    if (this.#coordinator.record?.identityPoolId !== identityPoolId) {
      return refused({ kind: "identity-not-found", identityId });
    }
    return await this.#settling(unlinkDeveloperUser(this.#coordinator, identityId, loginId));
  }

  /** Null when the identity is not there for callers to see. */
  async describe(): Promise<{ identityPoolId: IdentityPoolId; description: IdentityDescription } | null> {
    const identity = await this.#settledIdentity();
    return identity && { identityPoolId: identity.identityPoolId, description: describe(identity) };
  }

  /** Null when the identity is not there for callers to see, or of another pool. */
  async developerUsers(identityPoolId: IdentityPoolId): Promise<{ userIdentifiers: readonly string[] } | null> {
    const identity = await this.#settledIdentity();
    return identity?.identityPoolId === identityPoolId ? { userIdentifiers: developerUsersOf(identity) } : null;
  }

  async #settledIdentity(): Promise<Identity | null> {
    const { record: before } = this.#coordinator;
    const holder = before === null ? undefined : freezeOf(before)?.holder;
    // What a frozen identity is, its coordinator knows. Where that one cannot be asked, nobody can be told: the call fails.
    if (holder !== undefined) await deliverMessage(this.env, { kind: "ask-outcome", ...holder });
    const record = this.#coordinator.record;
    return record !== null && isVisible(record) ? record : null;
  }

  // What other objects say to this one: linking/messages.ts.

  freeze(message: Freeze): FreezeReply {
    return this.#coordinator.freeze(message);
  }

  settle(message: Settle): void {
    this.#coordinator.settle(message);
  }

  async confirmOwner(message: ConfirmOwner): Promise<Reply> {
    return await this.#coordinator.confirmOwner(message);
  }

  async outcome(message: AskOutcome): Promise<Outcome | "preparing"> {
    return await this.#coordinator.outcome(message);
  }

  override async alarm(): Promise<void> {
    this.#alarm = "clear";
    try {
      await this.#coordinator.wake();
    } catch (error) {
      // The alarm must not throw: after six tries the platform would forget it, and what is owed would stay owed.
      console.error({ message: "an identity could not be settled yet", cause: String(error) });
      await this.ctx.storage.setAlarm(Date.now() + 60_000);
    }
  }

  /** Whether the identity may be used at all, judged after the wait for its pool: a merge may have come meanwhile. */
  async #admit(
    identityId: IdentityId,
    call: ClientCall | null,
  ): Promise<GrantReply | { readonly kind: "admitted"; readonly pool: IdentityPool }> {
    const notFound = refused({ kind: "identity-not-found", identityId });
    const named = this.#coordinator.record;
    if (named === null || !isVisible(named)) return notFound;
    const pool = await readPool(this.env.IDENTITY_POOL, named.identityPoolId);
    if (pool === null) return notFound;
    const { record } = this.#coordinator;
    const standing = judgeStanding(record, identityId);
    // A frozen identity says nothing before it is free: no login is verified for that, least of all by its provider.
    if (standing.ok) return (record !== null && freezeOf(record)) || { kind: "admitted", pool };
    const into = record === null || call === null ? null : mergedDuring(record, call);
    return into === null ? refused(standing.error) : { kind: "merged", into };
  }

  #verify(
    pool: IdentityPool,
    logins: ReadonlyMap<string, string>,
    facts: CallFacts,
    client: Client | undefined,
  ): Promise<Result<readonly VerifiedLogin[]>> {
    return verifyLogins(pool, logins, {
      config: this.config,
      now: Math.floor(Date.now() / 1000),
      issuerKeys: issuerKeysOf(this.env.ISSUER_KEYS),
      onFetch: () => {
        facts.upstreamFetches += 1;
      },
      // What the identity's rate would refuse afterwards costs no provider a call. Nothing is drawn before the proof (T48).
      admitQuestion: async () =>
        this.#bucket.look() ?? (client === undefined ? null : await charge(this.env, "ask", client)),
    });
  }

  /** Whatever came of a call, those who must hear of it are told after the answer. */
  async #settling<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } finally {
      this.#deliverLater();
    }
  }

  /** What is owed to others is sent after the answer, never in its way. */
  #deliverLater(): void {
    if (this.#coordinator.isPending) this.ctx.waitUntil(this.#coordinator.deliver());
  }

  #host(): Host {
    return {
      save: (record, wakeAtSeconds) => this.#save(record, wakeAtSeconds),
      send: async (message) => await this.#send(message),
      now: () => Date.now() / 1000,
      newTransactionId: () => crypto.randomUUID(),
      proofRule: this.config.linkProofRule,
    };
  }

  #save(record: IdentityRecord | null, wakeAtSeconds: number | null): void {
    const { storage } = this.ctx;
    if (record === null) {
      this.#alarm = "clear";
      this.ctx.waitUntil(storage.deleteAll());
      return;
    }
    storage.kv.put(RECORD_KEY, record);
    this.#audit(record);
    if (wakeAtSeconds !== null && this.#alarm !== "set") {
      this.#alarm = "set";
      this.ctx.waitUntil(storage.setAlarm(wakeAtSeconds * 1000));
    } else if (wakeAtSeconds === null && this.#alarm !== "clear") {
      this.#alarm = "clear";
      this.ctx.waitUntil(storage.deleteAlarm());
    }
  }

  /** A link at its commit. One that a crash cut off may be told of again: an audit rather has it twice than not at all. */
  #audit(record: IdentityRecord): void {
    const { transaction } = record;
    if (transaction?.phase !== "committed" || transaction.id === this.#auditedLink) return;
    this.#auditedLink = transaction.id;
    this.ctx.waitUntil(auditLink(record, transaction));
  }

  async #send(message: Message): Promise<Reply> {
    try {
      return await deliverMessage(this.env, message);
    } catch (error) {
      // Whether it took effect is not known; the protocol repeats it, so that it does not matter.
      console.warn({ message: "a call between objects failed", kind: message.kind, cause: String(error) });
      return { kind: "failed" };
    }
  }
}
