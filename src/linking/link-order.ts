/** What an identity is asked to bring together, and why it does not. */
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import type { Proof } from "../domain/link-proof.ts";
import type { Login } from "../domain/login.ts";
import type { TaggedRefusal } from "../domain/refusals.ts";
import type { Origin } from "./identity-record.ts";
import type { Busy } from "./messages.ts";

/** What the source has vouched for in this very call: that these logins are of these identities, which are one there. */
export type Adoption = { readonly identityIds: readonly IdentityId[]; readonly loginIds: readonly string[] };

/** Verified logins to bring together on one identity. */
export type LinkOrder = {
  readonly identityId: IdentityId;
  readonly identityPoolId: IdentityPoolId;
  /** Logins whose tokens were verified in this very request; at least one. */
  readonly logins: readonly (Login & Proof)[];
  /** Identities to absorb: a guest that the request named, or the owners of some of the logins. */
  readonly absorb: readonly IdentityId[];
  /**
   * The one among `absorb` that was a guest when it was chosen. Should it have been linked since, it is not absorbed: under
   * the policy `conflict` that would merge two authenticated identities.
   */
  readonly guest: IdentityId | null;
  /**
   * Login id of a developer user that the coordinator gains only while nobody holds it: a call that names an identity never
   * takes its user from another one (divergences: GetOpenIdTokenForDeveloperIdentity).
   */
  readonly pinned?: string;
  /** Id of the client's call that asks for it, where there is one. */
  readonly callId?: string;
  /** Whether the identity is to be born by this link; its id was never used before. */
  readonly isBirth: boolean;
  /** What the source has vouched for; an identity that it names is born by this link if it is not known here. */
  readonly adopts?: readonly Adoption[];
  /** The pool has or had a source: the logins are never forgotten. */
  readonly remembers?: true;
  /** What an identity that is born by it has from before. */
  readonly restores?: Restored;
};

/** What an export tells of an identity beside its standing and its logins. */
export type Restored = {
  readonly origin: Origin;
  /** Epoch seconds; absent: not known. */
  readonly createdAt?: number;
  readonly barred: readonly string[];
  readonly isDisabled?: true;
};

/** Why a transaction is not begun, or ends before its commit. */
export type LinkRefusal =
  /** Not there, not of this pool, or deleted. */
  | { readonly kind: "not-found" }
  /** Merged away or closed; or disabled, or about to absorb one that is, which `refusal` says: another look is no use then. */
  | { readonly kind: "forbidden"; readonly refusal?: TaggedRefusal }
  /** The caller's picture is out of date: none of the logins is this identity's (any more). */
  | { readonly kind: "stale" }
  /** The identity's own logins were proved too long ago: domain/link-proof.ts. */
  | { readonly kind: "proof-too-old" }
  /** A second user of a provider; null: more logins than an identity may have. */
  | { readonly kind: "conflict"; readonly providerName: string | null }
  /** A participant did not answer, so that nothing was linked. */
  | { readonly kind: "unreachable" }
  | Busy;
