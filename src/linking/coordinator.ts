/**
 * Runs the link transaction for one identity over a host that stores, sends and tells the time. The same class runs in
 * IdentityObject and in the simulation: it has no I/O, clock or randomness of its own, and after every await it decides
 * again on the record as it is then.
 */
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import { holds, isVisible } from "../domain/identity.ts";
import { freshOnes, type Proof, type ProofRule } from "../domain/link-proof.ts";
import type { Login } from "../domain/login.ts";
import { freeze, freezeOf, thaw } from "./absorption.ts";
import { type IdentityRecord, isAtRest, isErasable, outbox, PATIENCE_SECONDS, wakeAt } from "./identity-record.ts";
import type {
  AskOutcome,
  ConfirmOwner,
  Freeze,
  FreezeReply,
  Message,
  Outcome,
  Participant,
  Reply,
  Settle,
} from "./messages.ts";
import { remove, unlink, unlinkDeveloperUser, type UnlinkRefusal } from "./removal.ts";
import { acknowledge, isRefusal, type Obstacle, obstacleAmong } from "./replies.ts";
import {
  abort,
  admit,
  commit,
  enlist,
  isOwed,
  type LinkOrder,
  type LinkRefusal,
  newRecord,
  outcomeOf,
  prepare,
  preparing,
  recover,
  ticketsOf,
} from "./transaction.ts";

export type Host = {
  /**
   * One storage step: the record (null erases all) and the alarm that must look after it, in epoch seconds (null: none).
   * A message sent afterwards must not leave before the step is durable.
   */
  save(record: IdentityRecord | null, wakeAtSeconds: number | null): void;
  /** Delivers a message to its addressee; a call that failed is the reply `failed`, never a throw. */
  send(message: Message): Promise<Reply>;
  /** Epoch seconds. */
  now(): number;
  newTransactionId(): string;
  /** How young a proof must be; absent: any will do. */
  readonly proofRule?: ProofRule;
};

export type LinkOutcome =
  | { readonly kind: "linked"; readonly record: IdentityRecord }
  /** Other identities own some of the logins, and said so themselves. */
  | { readonly kind: "elsewhere"; readonly owners: readonly IdentityId[] }
  | Obstacle;

export class Coordinator {
  readonly #host: Host;
  #record: IdentityRecord | null;
  /** Transactions that a call of this very life drives: an older one on disk has nobody, and is aborted. */
  #driven = new Set<string>();
  #lastLink: Promise<void> = Promise.resolve();
  /** The delivery under way, so that two triggers do not send everything twice. */
  #delivery: Promise<void> | null = null;

  /** `stored` is the record as a former life left it. */
  constructor(host: Host, stored: IdentityRecord | null) {
    this.#host = host;
    this.#record = stored;
    if (stored !== null) {
      const recovered = recover(stored);
      if (recovered !== stored) this.#write(recovered);
    }
  }

  get record(): IdentityRecord | null {
    return this.#record;
  }

  /** Whether somebody is owed a message or an answer. */
  get isPending(): boolean {
    return this.#record !== null && !isAtRest(this.#record);
  }

  createGuest(identityId: IdentityId, identityPoolId: IdentityPoolId): boolean {
    // An id that was ever used is never made again: a repeated or late message changes nothing (I10).
    if (this.#record !== null) return false;
    this.#write(newRecord(identityId, identityPoolId, { kind: "guest" }, this.#host.now()));
    return true;
  }

  /** Links verified logins to this identity: all of them or none. */
  async link(order: LinkOrder): Promise<LinkOutcome> {
    const admitted = admit(this.#record, order, this.#fresh(order.logins));
    if (admitted.kind === "nothing-to-do") return { kind: "linked", record: admitted.record };
    if (admitted.kind !== "prepare") return admitted;
    const transaction = this.#transact(order, admitted.wanted);
    this.#lastLink = transaction.then(ignore, ignore);
    return await transaction;
  }

  async #transact(order: LinkOrder, wanted: readonly Login[]): Promise<LinkOutcome> {
    const transactionId = this.#host.newTransactionId();
    this.#driven.add(transactionId);
    try {
      this.#write(prepare(this.#record, order, transactionId, wanted, this.#host.now()));
      const obstacle = await this.#freezeAbsorbed(order, transactionId);
      return obstacle ?? (await this.#reserveAndCommit(order, transactionId));
    } finally {
      this.#driven.delete(transactionId);
    }
  }

  async #freezeAbsorbed(order: LinkOrder, transactionId: string): Promise<LinkOutcome | null> {
    if (order.absorb.length === 0) return null;
    const loginIds = order.logins.map((login) => login.loginId);
    const freshIds = this.#fresh(order.logins);
    const { identityId: coordinator, identityPoolId } = order;
    const { absorb } = order;
    const replies = await this.#sendAll(
      absorb.map((identityId): Freeze => {
        const isGuest = identityId === order.guest;
        const call = order.callId === undefined ? {} : { callId: order.callId };
        const proofs = { loginIds, freshIds };
        return { kind: "freeze", transactionId, coordinator, identityId, identityPoolId, isGuest, ...proofs, ...call };
      }),
    );
    const record = this.#record;
    const transaction = preparing(record, transactionId);
    if (record === null || transaction === null) return { kind: "busy" };
    const handedOver = replies.flatMap((reply) => (reply.kind === "frozen" ? reply.logins : []));
    const enlisted = enlist(record, transaction, handedOver, order.pinned);
    const obstacle = obstacleAmong(replies) ?? enlisted.conflict;
    if (obstacle !== null) {
      const refused = absorb.flatMap((identityId, index): Participant[] => {
        return isRefusal(replies[index]) ? [{ kind: "identity", identityId }] : [];
      });
      // No login was asked yet, so only those that were frozen, or may have been, must hear of the end.
      this.#write(abort(record, { ...transaction, wanted: [] }, refused));
      return obstacle;
    }
    this.#write(enlisted.record);
    return null;
  }

  async #reserveAndCommit(order: LinkOrder, transactionId: string): Promise<LinkOutcome> {
    const wanted = preparing(this.#record, transactionId)?.wanted ?? [];
    const replies = await this.#sendAll(
      wanted.map(({ loginId }): Message => {
        return { kind: "reserve", transactionId, coordinator: order.identityId, loginId, absorbed: order.absorb };
      }),
    );
    const record = this.#record;
    const transaction = preparing(record, transactionId);
    if (record === null || transaction === null) return { kind: "busy" };
    const tickets = ticketsOf(transaction, replies);
    if (tickets !== null) {
      const committed = commit(record, transaction, tickets, this.#host.now());
      this.#write(committed);
      return { kind: "linked", record: committed };
    }
    const refused = wanted.flatMap(({ loginId }, index): Participant[] => {
      return isRefusal(replies[index]) ? [{ kind: "login", loginId, ticket: null }] : [];
    });
    this.#write(abort(record, transaction, refused));
    const owners = wanted.flatMap(({ loginId }, index): ConfirmOwner[] => {
      const reply = replies[index];
      if (reply?.kind !== "owned") return [];
      return [{ kind: "confirm-owner", identityId: reply.owner, loginId, linkId: reply.linkId }];
    });
    return obstacleAmong(replies) ?? (await this.#confirmOwners(owners));
  }

  /** A login's object may not have heard yet that its owner let it go: the owner itself is the judge. */
  async #confirmOwners(owned: readonly ConfirmOwner[]): Promise<LinkOutcome> {
    const replies = await this.#sendAll(owned);
    const obstacle = obstacleAmong(replies);
    if (obstacle !== null) return obstacle;
    const confirmed = replies.every((reply) => reply.kind === "ownership" && reply.owns);
    return confirmed
      ? { kind: "elsewhere", owners: [...new Set(owned.map((one) => one.identityId))] }
      : { kind: "busy" };
  }

  /**
   * Whether a link is still this identity's, which alone can judge it. If it is not, the login's object missed its end,
   * and is told before the answer, so that the asker can go on.
   */
  async confirmOwner({ identityId, loginId, linkId }: ConfirmOwner): Promise<Reply> {
    const busy = this.#record === null ? null : freezeOf(this.#record);
    if (busy?.holder !== undefined) return { kind: "contended", holder: busy.holder };
    // By whichever link: to release a login that is held would let another identity take it.
    const owns = this.#record !== null && holds(this.#record, loginId);
    if (owns) return { kind: "ownership", owns };
    const reply = await this.#host.send({ kind: "release", loginId, identityId, linkId });
    return reply.kind === "failed" ? reply : { kind: "ownership", owns };
  }

  /** Resolves when no link transaction of this identity is open any more, or its settlement was tried. */
  async whenFree(): Promise<void> {
    await this.#lastLink;
    await this.deliver();
  }

  freeze(message: Freeze): FreezeReply {
    const frozen = freeze(this.#record, message, this.#host.now());
    if (frozen.record !== null && frozen.record !== this.#record) this.#write(frozen.record);
    return frozen.reply;
  }

  /** The coordinator that froze this identity has decided. */
  settle(message: Settle): void {
    if (this.#record === null) return;
    const decidedAt = message.decidedAt ?? this.#host.now();
    const record = thaw(this.#record, message.transactionId, message.outcome, decidedAt);
    if (record !== this.#record) this.#write(record);
  }

  /** How a transaction of this identity ended. Sees to it that the asker's participant has heard, too. */
  async outcome(message: AskOutcome): Promise<Outcome | "preparing"> {
    const outcome = outcomeOf(this.#record, message);
    if (outcome === "preparing") return outcome;
    if (isOwed(this.#record, message)) {
      await this.deliver();
    } else {
      const { transactionId, coordinator, participant } = message;
      await this.#host.send({ kind: "settle", transactionId, coordinator, participant, outcome });
    }
    return outcome;
  }

  /** Why `unlink` would be refused as things are now; null when it would not be. */
  unlinkRefusal(proofs: readonly Proof[], providerNames: readonly string[]): UnlinkRefusal | null {
    if (this.#record === null || !isVisible(this.#record)) return { kind: "not-found" };
    const result = this.#without(this.#record, proofs, providerNames);
    return "kind" in result ? result : null;
  }

  unlink(proofs: readonly Proof[], providerNames: readonly string[]): UnlinkRefusal | { readonly kind: "unlinked" } {
    return this.#unlinkBy((record) => this.#without(record, proofs, providerNames));
  }

  #without(
    record: IdentityRecord,
    proofs: readonly Proof[],
    providerNames: readonly string[],
  ): IdentityRecord | UnlinkRefusal {
    const loginIds = proofs.map(({ loginId }) => loginId);
    return unlink(record, loginIds, providerNames, this.#host.now(), this.#fresh(proofs));
  }

  #fresh(proofs: readonly Proof[]): readonly string[] {
    return freshOnes(proofs, this.#host.proofRule ?? null, this.#host.now());
  }

  unlinkDeveloperUser(loginId: string): LinkRefusal | { readonly kind: "unlinked" } {
    return this.#unlinkBy((record) => unlinkDeveloperUser(record, loginId, this.#host.now()));
  }

  #unlinkBy<Refusal extends { readonly kind: string }>(
    change: (record: IdentityRecord) => IdentityRecord | Refusal,
  ): Refusal | { readonly kind: "not-found" } | { readonly kind: "unlinked" } {
    if (this.#record === null || !isVisible(this.#record)) return { kind: "not-found" };
    const result = change(this.#record);
    if ("kind" in result) return result;
    if (result !== this.#record) this.#write(result);
    return { kind: "unlinked" };
  }

  /** Idempotent: an identity that is not there has been deleted. */
  remove(): LinkRefusal | { readonly kind: "removed" } {
    if (this.#record === null || this.#record.standing.kind === "unborn") return { kind: "removed" };
    const result = remove(this.#record, this.#host.now());
    if ("kind" in result) return result;
    if (result !== this.#record) this.#write(result);
    return { kind: "removed" };
  }

  /** The alarm: ends what hangs, then delivers what is owed. Safe to run twice, late, and beside a request. */
  async wake(): Promise<void> {
    const record = this.#record;
    if (record === null) return;
    const now = this.#host.now();
    const { transaction } = record;
    if (transaction?.phase === "preparing") {
      // A call that still drives it finds it aborted after its next await, and gives up.
      const isOverdue = now - transaction.startedAt >= PATIENCE_SECONDS;
      if (isOverdue || !this.#driven.has(transaction.id)) this.#write(abort(record, transaction));
    }
    await this.#askAboutFreeze(now);
    await this.deliver();
    // Re-arms the alarm while anything is pending, and erases what has served its time.
    if (this.#record !== null) this.#write(this.#record);
  }

  async #askAboutFreeze(now: number): Promise<void> {
    const record = this.#record;
    if (record === null || record.freeze === null || now - record.freeze.since < PATIENCE_SECONDS) return;
    const { transactionId, coordinator, since } = record.freeze;
    const participant: Participant = { kind: "identity", identityId: record.identityId };
    const reply = await this.#host.send({ kind: "ask-outcome", transactionId, coordinator, participant });
    if (reply.kind !== "outcome" || reply.outcome === "preparing" || this.#record === null) return;
    // When it was decided, nobody can tell any more: not before the freeze.
    this.#write(thaw(this.#record, transactionId, reply.outcome, since));
  }

  /** Sends what is owed, once each; what is not answered stays owed, and the alarm tries again. */
  async deliver(): Promise<void> {
    this.#delivery ??= this.#deliverAll().finally(() => {
      this.#delivery = null;
    });
    await this.#delivery;
  }

  async #deliverAll(): Promise<void> {
    const attempted = new Set<string>();
    for (;;) {
      const messages = (this.#record === null ? [] : outbox(this.#record)).filter(
        (message) => !attempted.has(JSON.stringify(message)),
      );
      if (messages.length === 0) return;
      for (const message of messages) attempted.add(JSON.stringify(message));
      const replies = await this.#sendAll(messages);
      let record = this.#record;
      for (const [index, message] of messages.entries()) {
        const reply = replies[index];
        if (record !== null && reply !== undefined) record = acknowledge(record, message, reply, this.#host.now());
      }
      if (record !== null && record !== this.#record) this.#write(record);
    }
  }

  async #sendAll(messages: readonly Message[]): Promise<readonly Reply[]> {
    return await Promise.all(messages.map((message) => this.#host.send(message)));
  }

  #write(record: IdentityRecord): void {
    const now = this.#host.now();
    const kept = isErasable(record, now) ? null : record;
    // Memory follows the disk: a step that could not be stored has not happened, and nobody may be told of it.
    this.#host.save(kept, kept === null ? null : wakeAt(record, now));
    this.#record = kept;
  }
}

function ignore(): void {}
