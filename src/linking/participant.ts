/**
 * The login's side of the link transaction: free, owned, reserved. Pure: a state and a message in, a state and a reply out.
 * It keeps invariant one-owner: a login has one owner, and only the transaction that reserved it may change that.
 */
import type { IdentityId } from "../domain/identifiers.ts";
import type { Holder, Release, Reserve, ReserveReply, Settle, TransactionRef } from "./messages.ts";

export type LoginState = {
  readonly owner: { readonly identityId: IdentityId; readonly linkId: string } | null;
  readonly reservation: Reservation | null;
  /** It was an identity's once, in a pool that has or had a source: whoever has it there is never asked again. */
  readonly settled?: true;
};

/**
 * `ticket` is this reservation's alone. A message that is delivered again, long after its transaction has ended, makes a
 * reservation with a ticket that no coordinator has ever seen: so it can be undone, and never be committed.
 */
type Reservation = TransactionRef & {
  readonly ticket: string;
  /** Epoch seconds; absent where the first release stored it. */
  readonly since?: number;
  /** Once it is an identity's, it stays settled. */
  readonly remember?: true;
};

/** Who owns a login, and which open transaction may be about to change that; `isSettled` where somebody ever did, and that is kept. */
export type LoginView = Pick<LoginState, "owner"> & { readonly holder: Holder | null; readonly isSettled?: true };

/** A free login is not stored at all, unless it is settled. */
export const FREE: LoginState = { owner: null, reservation: null };

/** There is nothing to store of it. */
export function isBlank(state: LoginState): boolean {
  return state.owner === null && state.reservation === null && state.settled === undefined;
}

export function viewOf(state: LoginState, loginId: string): LoginView {
  const { owner, settled } = state;
  return { owner, holder: holderOf(state, loginId), ...(settled === true && { isSettled: true }) };
}

/** The transaction that holds the login, with what its coordinator must be told to judge this very reservation. */
export function holderOf(state: LoginState, loginId: string): Holder | null {
  if (state.reservation === null) return null;
  const { transactionId, coordinator, ticket } = state.reservation;
  return { transactionId, coordinator, participant: { kind: "login", loginId, ticket } };
}

type Reserved = { readonly state: LoginState; readonly reply: ReserveReply };

/** `newTicket` was never used before. */
export function reserve(state: LoginState, message: Reserve, newTicket: string, now: number): Reserved {
  const { transactionId, coordinator, loginId } = message;
  if (state.reservation?.transactionId === transactionId) {
    return { state, reply: { kind: "reserved", ticket: state.reservation.ticket } };
  }
  const holder = holderOf(state, loginId);
  if (holder !== null) return { state, reply: { kind: "busy", holder } };
  const { owner } = state;
  if (owner !== null && owner.identityId !== coordinator && !message.absorbed.includes(owner.identityId)) {
    return { state, reply: { kind: "owned", owner: owner.identityId, linkId: owner.linkId } };
  }
  const kept = message.remember === true && { remember: true as const };
  const reservation = { transactionId, coordinator, ticket: newTicket, since: now, ...kept };
  return { state: { ...state, reservation }, reply: { kind: "reserved", ticket: newTicket } };
}

/** A settlement of another reservation than the one that stands is a repeat of something long done: it changes nothing. */
export function settle(state: LoginState, { transactionId, participant, outcome }: Omit<Settle, "kind">): LoginState {
  const { reservation } = state;
  if (reservation?.transactionId !== transactionId || participant.kind !== "login") return state;
  // An abort without a ticket comes from a coordinator that never heard of the reservation, and ends it whichever it is.
  const isMeant = participant.ticket === reservation.ticket || (participant.ticket === null && outcome === "aborted");
  if (!isMeant) return state;
  if (outcome === "aborted") return { ...state, reservation: null };
  const settled = (state.settled === true || reservation.remember === true) && { settled: true as const };
  return { owner: { identityId: reservation.coordinator, linkId: transactionId }, reservation: null, ...settled };
}

/**
 * Ends just the link that it names: a release that comes late never undoes a later link. That the login was somebody's is true
 * whenever it comes.
 */
export function release(state: LoginState, { identityId, linkId, remember }: Release): LoginState {
  const kept = remember === true ? remembered(state) : state;
  const { owner } = state;
  if (owner?.identityId !== identityId || owner.linkId !== linkId) return kept;
  return { ...kept, owner: null };
}

/** The login was somebody's once, and that is never forgotten. */
export function remembered(state: LoginState): LoginState {
  return state.settled === true ? state : { ...state, settled: true };
}
