/**
 * One run of a link transaction by the identity that will own the logins: prepare, freeze, reserve, commit. After every wait
 * it decides again on the record as it is then, since it may have been aborted meanwhile for taking too long.
 */
import { freshOnes } from "../domain/link-proof.ts";
import type { Login } from "../domain/login.ts";
import { vouchedOf } from "./adoption.ts";
import type { IdentityHost } from "./identity-host.ts";
import type { IdentityRecord } from "./identity-record.ts";
import type { KeptRecord } from "./kept-record.ts";
import type { Freeze, Message, Ownership, Participant, Reply } from "./messages.ts";
import { isRefusal, obstacleAmong } from "./replies.ts";
import type { LinkOrder, LinkRefusal } from "./link-order.ts";
import { abort, commit, enlist, prepare, preparing, ticketsOf } from "./transaction.ts";

export type LinkOutcome =
  | { readonly kind: "linked"; readonly record: IdentityRecord }
  /** Other identities own some of the logins, as the logins say; whether it is still so, the owners alone know. */
  | { readonly kind: "elsewhere"; readonly owners: readonly Ownership[] }
  | LinkRefusal;

type LinkHost = Pick<IdentityHost, "send" | "now" | "proofRule">;

export class LinkRun {
  readonly #host: LinkHost;
  readonly #kept: KeptRecord;
  readonly #order: LinkOrder;
  readonly #transactionId: string;
  /** Of those that it absorbs. */
  #bars: readonly string[] = [];

  constructor(host: LinkHost, kept: KeptRecord, order: LinkOrder, transactionId: string) {
    this.#host = host;
    this.#kept = kept;
    this.#order = order;
    this.#transactionId = transactionId;
  }

  /** `wanted` are the logins of the order that the identity does not hold. Throws what the storage throws. */
  async run(wanted: readonly Login[]): Promise<LinkOutcome> {
    this.#kept.write(prepare(this.#kept.value, this.#order, this.#transactionId, wanted, this.#host.now()));
    return (await this.#freezeAbsorbed()) ?? (await this.#reserveAndCommit());
  }

  async #freezeAbsorbed(): Promise<LinkOutcome | null> {
    const { absorb } = this.#order;
    if (absorb.length === 0) return null;
    const replies = await this.#sendAll(this.#freezes());
    const record = this.#kept.value;
    const transaction = preparing(record, this.#transactionId);
    if (record === null || transaction === null) return { kind: "busy" };
    const handedOver = replies.flatMap((reply) => (reply.kind === "frozen" ? reply.logins : []));
    this.#bars = replies.flatMap((reply) => (reply.kind === "frozen" ? (reply.barred ?? []) : []));
    const enlisted = enlist(record, transaction, handedOver, this.#order);
    const obstacle = obstacleAmong(replies) ?? enlisted.conflict;
    if (obstacle !== null) {
      const refused = absorb.flatMap((identityId, index): Participant[] => {
        return isRefusal(replies[index]) ? [{ kind: "identity", identityId }] : [];
      });
      // No login was asked yet, so only those that were frozen, or may have been, must hear of the end.
      this.#kept.write(abort(record, { ...transaction, wanted: [] }, refused));
      return obstacle;
    }
    this.#kept.write(enlisted.record);
    return null;
  }

  #freezes(): readonly Freeze[] {
    const { identityId: coordinator, identityPoolId, absorb, guest, logins, callId } = this.#order;
    const loginIds = logins.map((login) => login.loginId);
    const freshIds = freshOnes(logins, this.#host.proofRule ?? null, this.#host.now());
    return absorb.map((identityId): Freeze => {
      const ref = { transactionId: this.#transactionId, coordinator };
      const call = callId === undefined ? {} : { callId };
      const isGuest = identityId === guest;
      const vouched = vouchedOf(this.#order, identityId);
      const word = vouched === undefined ? {} : { vouched };
      return { kind: "freeze", ...ref, identityId, identityPoolId, isGuest, loginIds, freshIds, ...word, ...call };
    });
  }

  async #reserveAndCommit(): Promise<LinkOutcome> {
    const { identityId: coordinator, absorb: absorbed, remembers: remember } = this.#order;
    const memory = remember === true && { remember };
    const wanted = preparing(this.#kept.value, this.#transactionId)?.wanted ?? [];
    const replies = await this.#sendAll(
      wanted.map(({ loginId }): Message => {
        return { kind: "reserve", transactionId: this.#transactionId, coordinator, loginId, absorbed, ...memory };
      }),
    );
    const record = this.#kept.value;
    const transaction = preparing(record, this.#transactionId);
    if (record === null || transaction === null) return { kind: "busy" };
    const tickets = ticketsOf(transaction, replies);
    if (tickets !== null) {
      const committed = commit(record, transaction, tickets, this.#host.now(), {
        ...this.#order.restores,
        bars: [...this.#bars, ...(this.#order.restores?.barred ?? [])],
      });
      // The alarm would be one more wait before the answer. Until it is set, those of the participants lead back here.
      this.#kept.write(committed, "later");
      return { kind: "linked", record: committed };
    }
    const refused = wanted.flatMap(({ loginId }, index): Participant[] => {
      return isRefusal(replies[index]) ? [{ kind: "login", loginId, ticket: null }] : [];
    });
    this.#kept.write(abort(record, transaction, refused));
    const owners = wanted.flatMap(({ loginId }, index): Ownership[] => {
      const reply = replies[index];
      return reply?.kind === "owned" ? [{ identityId: reply.owner, loginId, linkId: reply.linkId }] : [];
    });
    return obstacleAmong(replies) ?? { kind: "elsewhere", owners };
  }

  async #sendAll(messages: readonly Message[]): Promise<readonly Reply[]> {
    return await Promise.all(messages.map((message) => this.#host.send(message)));
  }
}
