/** The words that objects say to each other about logins. Every message may be repeated, late or lost without harm. */
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import type { LinkedLogin } from "../domain/identity.ts";
import type { TaggedRefusal } from "../domain/refusals.ts";

export type Outcome = "committed" | "aborted";

/** Names one link transaction to whoever has to ask how it ended. */
export type TransactionRef = { readonly transactionId: string; readonly coordinator: IdentityId };

/**
 * One who takes part in a link transaction and must hear how it ended. A login is named with the ticket of its reservation
 * (participant.ts), or null where the coordinator never saw one.
 */
export type Participant =
  | { readonly kind: "login"; readonly loginId: string; readonly ticket: string | null }
  | { readonly kind: "identity"; readonly identityId: IdentityId };

/** Asks a login whether it is free for the coordinator, or owned by one that the coordinator absorbs. */
export type Reserve = TransactionRef & {
  readonly kind: "reserve";
  readonly loginId: string;
  readonly absorbed: readonly IdentityId[];
  /** The pool has or had a source: once the login is somebody's, that is never forgotten. */
  readonly remember?: true;
};

/** What the source, or a signed import, has said: logins that are the addressee's. And the providers of all logins of the call. */
export type Vouched = { readonly loginIds: readonly string[]; readonly providerNames: readonly string[] };

/**
 * Asks an identity to stand still while it is absorbed: a guest, or one that holds one of `loginIds`, the logins that the
 * request has proved; or one that is vouched for, and then also one that is not known here yet.
 */
export type Freeze = TransactionRef & {
  readonly kind: "freeze";
  readonly identityId: IdentityId;
  readonly identityPoolId: IdentityPoolId;
  readonly isGuest: boolean;
  readonly loginIds: readonly string[];
  /** Those of `loginIds` whose proof is young enough for a change (domain/link-proof.ts); absent: all. */
  readonly freshIds?: readonly string[];
  readonly vouched?: Vouched;
  /** Id of the client's call, so that a repeat of it can be told from a new one. */
  readonly callId?: string;
};

export type Settle = TransactionRef & {
  readonly kind: "settle";
  readonly participant: Participant;
  readonly outcome: Outcome;
  /** Epoch seconds at which the coordinator committed; absent for an abort. */
  readonly decidedAt?: number;
};

/** Tells a login that an identity let it go; it names the link that it ends, so that it never undoes a later one. */
export type Release = {
  readonly kind: "release";
  readonly loginId: string;
  readonly identityId: IdentityId;
  readonly linkId: string;
  /** As of a reservation. */
  readonly remember?: true;
  /** The pool's list is to know of a login that is remembered, since nobody else can be asked for all of them. */
  readonly freed?: { readonly identityPoolId: IdentityPoolId; readonly providerName: string };
};

/** A login that its object says to be an identity's, by this link. */
export type Ownership = { readonly identityId: IdentityId; readonly loginId: string; readonly linkId: string };

/** Asks an identity whether a login is still its own: its record, and not the login's, is the judge. */
export type ConfirmOwner = Ownership & { readonly kind: "confirm-owner" };

/** An open transaction that is in the way, and the participant that waits for its outcome. */
export type Holder = TransactionRef & { readonly participant: Participant };

/** Something is in the way. `holder` is whom to ask how it ended, where it is not the replier's own transaction. */
export type Busy = { readonly kind: "busy"; readonly holder?: Holder };

/** Asks a coordinator how a transaction ended, on behalf of a participant that still waits for the answer. */
export type AskOutcome = Holder & { readonly kind: "ask-outcome" };

/** Adds an identity to its pool's directory, or takes it out. */
export type UpdateListing = {
  readonly kind: "update-listing";
  readonly identityId: IdentityId;
  readonly identityPoolId: IdentityPoolId;
  readonly change: "add" | "remove";
  /** Absent for one that was born here. */
  readonly origin?: "adopted" | "adopted-guest";
};

/** An identity that was deleted here is to be deleted at the pool's source, too. */
export type DeleteAtSource = {
  readonly kind: "delete-at-source";
  readonly identityId: IdentityId;
  readonly identityPoolId: IdentityPoolId;
};

export type Message = Reserve | Freeze | Settle | Release | ConfirmOwner | AskOutcome | UpdateListing | DeleteAtSource;

export type ReserveReply =
  | { readonly kind: "reserved"; readonly ticket: string }
  | { readonly kind: "owned"; readonly owner: IdentityId; readonly linkId: string }
  | Busy;

export type FreezeReply =
  /** `barred`: providers by which the source cannot claim it, nor who absorbs it; absent: none. */
  | { readonly kind: "frozen"; readonly logins: readonly LinkedLogin[]; readonly barred?: readonly string[] }
  | Busy
  /**
   * It is not there, or no longer what the coordinator took it for. `refusal` where another look is no use: it is disabled. A
   * release before does not tell it.
   */
  | { readonly kind: "unsuitable"; readonly refusal?: TaggedRefusal }
  /** None of the proofs of its own logins is young enough. */
  | { readonly kind: "proof-too-old" };

export type Reply =
  | ReserveReply
  | FreezeReply
  | { readonly kind: "settled" }
  | { readonly kind: "released" }
  | { readonly kind: "ownership"; readonly owns: boolean }
  | { readonly kind: "outcome"; readonly outcome: Outcome | "preparing" }
  /** `createdAt`: since when an import says that it is there, in epoch seconds. */
  | { readonly kind: "listing"; readonly poolDeleted: boolean; readonly createdAt?: number }
  /** Or there is no source that could be told, or no credential to tell it with. */
  | { readonly kind: "deleted-at-source" }
  /** The call failed; whether it took effect is not known. */
  | { readonly kind: "failed" };
