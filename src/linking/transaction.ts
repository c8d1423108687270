/**
 * The identity's side of the link transaction, as pure transitions of its record. The commit is its one storage step before
 * the answer, and the linearization point; what comes before is in memory alone, and a crash aborts it (presumed abort).
 */
import { holds, isVisible, type LinkedLogin } from "../domain/identity.ts";
import { MAX_LINKED_LOGINS, type Login } from "../domain/login.ts";
import { refusalOfDisabled } from "../domain/mint-rules.ts";
import { freezeOf } from "./absorption.ts";
import { joinedBars, speakerFor, unheldBars, vouchedFor } from "./adoption.ts";
import {
  beginningOf,
  type IdentityRecord,
  type LinkTransaction,
  newRecord,
  PATIENCE_SECONDS,
} from "./identity-record.ts";
import { type Fact, factsOf, withFacts } from "./life.ts";
import type { LinkOrder, LinkRefusal, Restored } from "./link-order.ts";
import { keptOf } from "./restored-record.ts";
import type { AskOutcome, Outcome, Participant } from "./messages.ts";

type Admitted =
  | { readonly kind: "nothing-to-do"; readonly record: IdentityRecord }
  | { readonly kind: "prepare"; readonly wanted: readonly Login[] };

/**
 * Judges an order on the record as it is now. A linked identity is touched only by a proof of one of its own logins
 * (invariant no-gift, T32) or of one that the source says to be its own, and gains logins only by one that is among `fresh`. A
 * guest that it absorbs brings none.
 */
export function admit(
  record: IdentityRecord | null,
  order: LinkOrder,
  fresh: readonly string[] = order.logins.map(({ loginId }) => loginId),
): Admitted | LinkRefusal {
  const isAdopted = vouchedFor(order, order.identityId) !== undefined;
  if (record === null) {
    if (!order.isBirth && !isAdopted) return { kind: "not-found" };
    return conflictAmong(order.logins) ?? { kind: "prepare", wanted: order.logins };
  }
  // Another call is about to adopt it, or to find that it is another.
  if (isAdopted && record.standing.kind === "unborn") return freezeOf(record) ?? { kind: "busy" };
  if (order.isBirth || !isVisible(record) || record.identityPoolId !== order.identityPoolId)
    return { kind: "not-found" };
  const frozen = freezeOf(record);
  if (frozen !== null) return frozen;
  const speaks = speakerFor(record, order);
  switch (record.standing.kind) {
    case "linked":
      if (!order.logins.some((login) => speaks(login.loginId))) return { kind: "stale" };
      break;
    case "guest":
      // A guest is the one that is absorbed; it absorbs nobody, unless the source knows it for more than a guest.
      if (order.absorb.length > 0 && !isAdopted) return { kind: "stale" };
      break;
    default:
      return { kind: "forbidden" };
  }
  // Only now: to whom it owes nothing, it says nothing of itself.
  const refusal = refusalOfDisabled(record);
  if (refusal !== null) return { kind: "forbidden", refusal };
  const wanted = order.logins.filter((login) => !holds(record, login.loginId));
  const conflict = conflictAmong([...record.logins, ...wanted]);
  if (conflict !== null) return conflict;
  if (wanted.length === 0 && order.absorb.length === 0) return { kind: "nothing-to-do", record };
  const gains = wanted.length > 0 || order.absorb.some((identityId) => identityId !== order.guest);
  const isFresh = record.standing.kind === "guest" || fresh.some(speaks);
  if (gains && !isFresh) return { kind: "proof-too-old" };
  if (record.transaction !== null) return { kind: "busy" };
  return { kind: "prepare", wanted };
}

/**
 * Invariant one-user-of-a-provider: one user of each public provider, and a bounded number of logins. Developer users may
 * be several: a merge brings them together.
 */
function conflictAmong(logins: readonly Login[]): LinkRefusal | null {
  const byProvider = new Map<string, string>();
  for (const { providerName, loginId, isDeveloper } of logins) {
    if (isDeveloper === true) continue;
    const other = byProvider.get(providerName);
    if (other !== undefined && other !== loginId) return { kind: "conflict", providerName };
    byProvider.set(providerName, loginId);
  }
  const count = new Set(logins.map(({ loginId }) => loginId)).size;
  return count > MAX_LINKED_LOGINS ? { kind: "conflict", providerName: null } : null;
}

/** Step 1: what the calls of this life must know before anybody is called. */
export function prepare(
  record: IdentityRecord | null,
  order: LinkOrder,
  transactionId: string,
  wanted: readonly Login[],
  now: number,
): IdentityRecord {
  const transaction: LinkTransaction = {
    id: transactionId,
    phase: "preparing",
    startedAt: now,
    wanted: wanted.map(kept),
    absorbed: order.absorb,
    unsettled: [],
  };
  return { ...(record ?? unborn(order, now)), transaction };
}

function unborn({ identityId, identityPoolId, isBirth, restores }: LinkOrder, now: number): IdentityRecord {
  const origin = restores?.origin ?? (isBirth ? "here" : "source");
  return { ...newRecord(identityId, identityPoolId, { kind: "unborn" }, now, origin), ...keptOf(restores) };
}

/** What is stored of a login: nothing of its token, and the subject only where an operation must name it (T46). */
function kept({ providerName, subject, loginId, isDeveloper }: Login): Login {
  return isDeveloper === true && subject !== undefined
    ? { providerName, subject, loginId, isDeveloper }
    : { providerName, loginId };
}

/** The transaction, while it still prepares: an alarm may have aborted it during any await. */
export function preparing(record: IdentityRecord | null, transactionId: string): LinkTransaction | null {
  const transaction = record?.transaction ?? null;
  return transaction?.id === transactionId && transaction.phase === "preparing" ? transaction : null;
}

/**
 * Adds the logins that frozen identities hand over. One that hands over the pinned login has gained it since the caller
 * looked, and is not absorbed. What the identity bars does not come to it while the source alone speaks for the call.
 */
export function enlist(
  record: IdentityRecord,
  transaction: LinkTransaction,
  handedOver: readonly Login[],
  { pinned, logins }: Pick<LinkOrder, "pinned" | "logins">,
): { readonly record: IdentityRecord; readonly conflict: LinkRefusal | null } {
  if (handedOver.some(({ loginId }) => loginId === pinned)) return { record, conflict: { kind: "stale" } };
  const isProved = logins.some(({ loginId }) => holds(record, loginId));
  const barred = isProved ? undefined : handedOver.find(({ providerName }) => record.barred.includes(providerName));
  if (barred !== undefined) return { record, conflict: { kind: "conflict", providerName: barred.providerName } };
  const known = new Set(transaction.wanted.map((login) => login.loginId));
  const wanted = [...transaction.wanted, ...handedOver.filter((login) => !known.has(login.loginId)).map(kept)];
  const conflict = conflictAmong([...record.logins, ...wanted]);
  return { record: { ...record, transaction: { ...transaction, wanted } }, conflict };
}

function participantsOf(transaction: LinkTransaction, tickets: ReadonlyMap<string, string>): readonly Participant[] {
  return [
    ...transaction.wanted.map(({ loginId }): Participant => {
      return { kind: "login", loginId, ticket: tickets.get(loginId) ?? null };
    }),
    ...transaction.absorbed.map((identityId): Participant => ({ kind: "identity", identityId })),
  ];
}

/** The tickets of the wanted logins by login id, or null unless all of them are reserved. */
export function ticketsOf(
  transaction: LinkTransaction,
  replies: readonly { readonly kind: string; readonly ticket?: string }[],
): ReadonlyMap<string, string> | null {
  const tickets = new Map<string, string>();
  for (const [index, { loginId }] of transaction.wanted.entries()) {
    const reply = replies[index];
    if (reply?.kind !== "reserved" || reply.ticket === undefined) return null;
    tickets.set(loginId, reply.ticket);
  }
  return tickets;
}

/**
 * Step 3, the linearization point: the logins are this identity's from this storage step on. `tickets` are those of the
 * reservations that it rests on, by login id; `bars` are those of the absorbed, and of an import.
 */
export function commit(
  record: IdentityRecord,
  transaction: LinkTransaction,
  tickets: ReadonlyMap<string, string>,
  now: number,
  { createdAt = now, bars = [] }: Pick<Restored, "createdAt"> & { readonly bars?: readonly string[] } = {},
): IdentityRecord {
  const linked = transaction.wanted.map((login): LinkedLogin => {
    return { ...kept(login), linkId: transaction.id, linkedAt: now };
  });
  const isBorn = record.standing.kind === "unborn";
  const logins = [...record.logins, ...linked];
  const committed: IdentityRecord = {
    ...record,
    createdAt: isBorn ? createdAt : record.createdAt,
    modifiedAt: now,
    standing: { kind: "linked" },
    logins,
    barred: unheldBars(logins, joinedBars(record.barred, bars)),
    listing: isBorn ? "to-add" : record.listing,
    transaction: { ...transaction, phase: "committed", unsettled: participantsOf(transaction, tickets) },
  };
  const born: readonly Fact[] = isBorn ? [beginningOf(record)] : [];
  const absorbed = transaction.absorbed.map((other): Fact => ({ kind: "absorbed", other }));
  return withFacts(committed, [...born, ...absorbed, ...factsOf("linked", linked)], now);
}

const NO_TICKETS: ReadonlyMap<string, string> = new Map();

/** Step 5. `refused` took no part; everybody else may have reserved, even where no reply came back. */
export function abort(
  record: IdentityRecord,
  transaction: LinkTransaction,
  refused: readonly Participant[] = [],
): IdentityRecord {
  const refusedNames = new Set(refused.map(nameOf));
  const unsettled = participantsOf(transaction, NO_TICKETS).filter(
    (participant) => !refusedNames.has(nameOf(participant)),
  );
  return withUnsettled(record, { ...transaction, phase: "aborted", unsettled });
}

function nameOf(participant: Participant): string {
  return participant.kind === "login" ? participant.loginId : participant.identityId;
}

function withUnsettled(record: IdentityRecord, transaction: LinkTransaction): IdentityRecord {
  return { ...record, transaction: transaction.unsettled.length === 0 ? null : transaction };
}

/** Step 4: one participant knows the outcome. When all do, the transaction is forgotten. */
export function heard(record: IdentityRecord, transactionId: string, participant: Participant): IdentityRecord {
  const { transaction } = record;
  if (transaction?.id !== transactionId || transaction.phase === "preparing") return record;
  const unsettled = transaction.unsettled.filter((other) => nameOf(other) !== nameOf(participant));
  return withUnsettled(record, { ...transaction, unsettled });
}

/** Whether the participant is still to hear, as it is, how the open transaction ended. */
export function isOwed(record: IdentityRecord | null, { transactionId, participant }: AskOutcome): boolean {
  const transaction = record?.transaction ?? null;
  if (transaction?.id !== transactionId) return false;
  const ticket = participant.kind === "login" ? participant.ticket : null;
  return transaction.unsettled.some((other) => {
    if (nameOf(other) !== nameOf(participant)) return false;
    // An abort ends any reservation, a commit just the one that it rests on.
    return other.kind === "identity" || transaction.phase === "aborted" || other.ticket === ticket;
  });
}

/**
 * How a transaction of this identity ended for a participant. One that it does not know was never committed, or everybody
 * has heard: aborted. So is a reservation on which a commit does not rest, because its message came again or too late.
 */
export function outcomeOf(record: IdentityRecord | null, message: AskOutcome): Outcome | "preparing" {
  const transaction = record?.transaction ?? null;
  if (transaction?.id !== message.transactionId) return "aborted";
  if (transaction.phase === "preparing") return "preparing";
  return isOwed(record, message) ? transaction.phase : "aborted";
}

/** The record without a transaction whose call hangs; as it is while there is none. */
export function abortOverdue(record: IdentityRecord, now: number): IdentityRecord {
  const { transaction } = record;
  const isOverdue = transaction?.phase === "preparing" && now - transaction.startedAt >= PATIENCE_SECONDS;
  return isOverdue ? abort(record, transaction) : record;
}

/** On waking with a transaction that nobody drives any more, as the first release stored it: abort it. */
export function recover(record: IdentityRecord): IdentityRecord {
  return record.transaction?.phase === "preparing" ? abort(record, record.transaction) : record;
}
