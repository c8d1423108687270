/**
 * The login's side of the link transaction: free, owned, reserved. Pure: a state and a message in, a state and a reply out.
 * It keeps invariant 1: a login has one owner, and only the transaction that reserved it may change that.
 */
import type { IdentityId } from "../domain/identifiers.ts";
import type { Outcome, Release, Reserve, ReserveReply, TransactionRef } from "./messages.ts";

export type LoginState = {
  readonly owner: { readonly identityId: IdentityId; readonly linkId: string } | null;
  readonly reservation: TransactionRef | null;
};

/** A free login is not stored at all. */
export const FREE: LoginState = { owner: null, reservation: null };

export function isFree(state: LoginState): boolean {
  return state.owner === null && state.reservation === null;
}

type Reserved = { readonly state: LoginState; readonly reply: ReserveReply };

export function reserve(state: LoginState, message: Reserve): Reserved {
  const { transactionId, coordinator } = message;
  if (state.reservation !== null) {
    if (state.reservation.transactionId === transactionId) return { state, reply: { kind: "reserved" } };
    const participant = { kind: "login", loginId: message.loginId } as const;
    return { state, reply: { kind: "contended", holder: { ...state.reservation, participant } } };
  }
  const { owner } = state;
  if (owner !== null && owner.identityId !== coordinator && !message.absorbed.includes(owner.identityId)) {
    return { state, reply: { kind: "owned", owner: owner.identityId, linkId: owner.linkId } };
  }
  return { state: { ...state, reservation: { transactionId, coordinator } }, reply: { kind: "reserved" } };
}

/** A settlement of another transaction than the one that reserved is a repeat of something long done: it changes nothing. */
export function settle(state: LoginState, transactionId: string, outcome: Outcome): LoginState {
  const { reservation } = state;
  if (reservation?.transactionId !== transactionId) return state;
  if (outcome === "aborted") return { ...state, reservation: null };
  return { owner: { identityId: reservation.coordinator, linkId: transactionId }, reservation: null };
}

/** Ends just the link that it names: a release that comes late never undoes a later link. */
export function release(state: LoginState, message: Release): LoginState {
  const { owner } = state;
  if (owner?.identityId !== message.identityId || owner.linkId !== message.linkId) return state;
  return { ...state, owner: null };
}
