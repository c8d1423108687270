/** What an identity's object stores, as one value: the identity, its open link transaction and what others must still hear. */
import { backoffSeconds } from "../domain/backoff.ts";
import { type DoneCall, isAmongDone, REPEAT_SECONDS } from "../domain/done-calls.ts";
import type { ClientCall, Identity, LinkedLogin } from "../domain/identity.ts";
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import type { Login } from "../domain/login.ts";
import { type Fact, type LifeEntry, withFacts } from "./life.ts";
import type { Message, Outcome, Participant, TransactionRef, UpdateListing } from "./messages.ts";

/** How long a transaction may prepare, and a frozen identity may wait, before it is looked after. */
export const PATIENCE_SECONDS = 10;
/** How long a tombstone stays: far longer than any message can be late. */
export const TOMBSTONE_SECONDS = 86_400;

export type LinkTransaction = {
  readonly id: string;
  readonly phase: "preparing" | Outcome;
  /** Epoch seconds. */
  readonly startedAt: number;
  /** Logins to take over: those of the request, and those that absorbed identities hand over. */
  readonly wanted: readonly Login[];
  readonly absorbed: readonly IdentityId[];
  /** Participants that have not confirmed to know the outcome; only meaningful once there is one. */
  readonly unsettled: readonly Participant[];
};

/** Where an identity was born: here, or in the identity pool that this one takes over. */
export type Origin = "here" | "source";

/** `remember`: in a pool that has or had a source. */
export type ReleasedLogin = LinkedLogin & { readonly remember?: true };

export type IdentityRecord = Identity & {
  /** Version of this shape in storage; the one before is read by first-record.ts. */
  readonly version: 2;
  /** What happened to it, oldest first: life.ts. */
  readonly life: readonly LifeEntry[];
  /**
   * The last sequence of `life` that whoever hears of events has taken; what is above it is owed to them. There is nobody
   * yet, so that it is 0 and nothing waits for it.
   */
  readonly told: number;
  readonly origin: Origin;
  /** Names of providers, 20 at most, of which no login may come to it by the word of the source. */
  readonly barred: readonly string[];
  /** Stored from its commit on; before, and once it is aborted, it is in memory alone. */
  readonly transaction: LinkTransaction | null;
  /** The transaction of another identity that is absorbing this one. */
  readonly freeze: (TransactionRef & { readonly since: number; readonly callId?: string }) | null;
  /** Links that ended here, of which the login's object has not heard. */
  readonly releases: readonly ReleasedLogin[];
  /** Logins unlinked of late, so that a retried UnlinkIdentity is answered as the first one was. */
  readonly unlinked: readonly { readonly loginId: string; readonly at: number }[];
  /** Calls that were done of late, whatever they unlinked, so that a late copy of one undoes nothing; a first release has none. */
  readonly unlinkCalls?: readonly DoneCall[];
  /** Where this identity stands with its pool's directory. */
  readonly listing: "unlisted" | "to-add" | "listed" | "to-remove";
  /** Deleted by a call, which the source has not heard of. */
  readonly isOwedToSource?: true;
};

/** An identity without a login: a guest, or one that a link transaction is to give birth to. */
export function newRecord(
  identityId: IdentityId,
  identityPoolId: IdentityPoolId,
  standing: { readonly kind: "unborn" | "guest" },
  now: number,
  origin: Origin = "here",
): IdentityRecord {
  const isGuest = standing.kind === "guest";
  const record: IdentityRecord = {
    version: 2,
    identityId,
    identityPoolId,
    createdAt: now,
    modifiedAt: now,
    standing,
    logins: [],
    transaction: null,
    freeze: null,
    releases: [],
    unlinked: [],
    listing: isGuest ? "to-add" : "unlisted",
    life: [],
    told: 0,
    origin,
    barred: [],
  };
  return isGuest ? withFacts(record, [beginningOf(record)], now) : record;
}

/** How its life begins. */
export function beginningOf({ origin }: Pick<IdentityRecord, "origin">): Fact {
  return { kind: origin === "source" ? "adopted" : "born" };
}

/**
 * What is stored of the record: of a transaction that is not committed nothing, because a life that does not know it answers
 * "aborted", as presumed abort has it; and so nothing of an identity that such a transaction is to give birth to. One that is
 * absorbed before it was known here is stored: what stands still must stand still in the next life, too.
 */
export function durablePart(record: IdentityRecord): IdentityRecord | null {
  if (record.standing.kind === "unborn" && record.freeze === null) return null;
  return record.transaction === null || record.transaction.phase === "committed"
    ? record
    : { ...record, transaction: null };
}

/** Nothing is open and nobody is owed a message: invariant both-sides-agree holds to the letter. */
export function isAtRest(record: IdentityRecord): boolean {
  return record.transaction === null && record.freeze === null && outbox(record).length === 0;
}

/** Messages that are owed, in any order and any number of times, until each has been answered. */
export function outbox(record: IdentityRecord): readonly Message[] {
  const messages: Message[] = [];
  const { transaction, identityId, identityPoolId } = record;
  if (transaction !== null && transaction.phase !== "preparing") {
    const { id: transactionId, phase: outcome } = transaction;
    for (const participant of transaction.unsettled) {
      // Nothing else changes the record before all have heard, so that its last change is the commit.
      const decidedAt = outcome === "committed" ? { decidedAt: record.modifiedAt } : {};
      messages.push({ kind: "settle", transactionId, coordinator: identityId, participant, outcome, ...decidedAt });
    }
  }
  for (const { loginId, linkId, remember, providerName } of record.releases) {
    const memory = remember === true && { remember, freed: { identityPoolId, providerName } };
    messages.push({ kind: "release", loginId, identityId, linkId, ...memory });
  }
  if (record.listing === "to-add" || record.listing === "to-remove") {
    const change = record.listing === "to-add" ? "add" : "remove";
    messages.push({ kind: "update-listing", identityId, identityPoolId, change, ...listedOriginOf(record) });
  }
  if (record.isOwedToSource === true) messages.push({ kind: "delete-at-source", identityId, identityPoolId });
  return messages;
}

function listedOriginOf({ origin, standing }: IdentityRecord): Pick<UpdateListing, "origin"> {
  if (origin === "here") return {};
  return { origin: standing.kind === "guest" ? "adopted-guest" : "adopted" };
}

/** When the identity's alarm must look after it, in epoch seconds, or null when nothing is pending. */
export function wakeAt(record: IdentityRecord, now: number): number | null {
  // What is owed dates from the last change.
  const waitingSince = record.freeze?.since ?? record.modifiedAt;
  if (!isAtRest(record)) return now + backoffSeconds(now - waitingSince, record.identityId);
  return isKeptForADay(record) ? record.modifiedAt + TOMBSTONE_SECONDS : null;
}

/** A tombstone, unless it is of an identity that the source could name again: that one stays for ever. */
function isKeptForADay({ standing, origin }: IdentityRecord): boolean {
  return standing.kind === "deleted" && origin === "here";
}

/** A tombstone that has served its time, or a birth that failed: nothing of it need be kept. */
export function isErasable(record: IdentityRecord, now: number): boolean {
  if (!isAtRest(record)) return false;
  if (record.standing.kind === "unborn") return true;
  return isKeptForADay(record) && now >= record.modifiedAt + TOMBSTONE_SECONDS;
}

/**
 * The identity that absorbed this one, for a call that the merge does not shut out: it came in before the merge, or is a
 * repeat of the very call that asked for it. Whether the caller may use the other identity is for that one to judge.
 */
export function mergedDuring(record: IdentityRecord, call: ClientCall): IdentityId | null {
  const { standing, modifiedAt } = record;
  if (standing.kind !== "merged") return null;
  const isRepeat = call.callId !== null && call.callId === standing.by;
  return isRepeat || call.askedAt < modifiedAt ? standing.into : null;
}

/** Whether a call that unlinks was done already, so that this is a late copy of it; one without a key is always new. */
export function wasDone(record: IdentityRecord, callKey: string | null, now: number): boolean {
  return isAmongDone(record.unlinkCalls, callKey, now);
}

/** Whether a proof of `loginId` still speaks for a repeat of the call that unlinked it. */
export function wasUnlinked(record: IdentityRecord, loginId: string, now: number): boolean {
  return record.unlinked.some((entry) => entry.loginId === loginId && now - entry.at <= REPEAT_SECONDS);
}
