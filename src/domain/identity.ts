/**
 * One identity: its pool, its dates, its logins and where it stands. Standings only ever move forward (invariant
 * no-way-back).
 */
import { sha256Hex } from "./digest.ts";
import type { IdentityId, IdentityPoolId } from "./identifiers.ts";
import type { Login } from "./login.ts";

/** A login that an identity holds, and the link transaction that brought it: a release names that transaction. */
export type LinkedLogin = Login & {
  readonly linkId: string;
  /** Epoch seconds; the audit of T34. */
  readonly linkedAt: number;
};

/** One call of a client, as its attempts have it in common: what tells the repeat of a call from a new one. */
export type ClientCall = {
  /** Epoch seconds at which this attempt came in. */
  readonly askedAt: number;
  /** The id that the SDKs give to a call and repeat in each of its attempts; null when there is none. */
  readonly callId: string | null;
};

/**
 * Equal for all attempts of one call that asks for `what`, in 64 hex digits; null where the client gives its calls no id. Over
 * both, so that a client which gives one id to different calls has each of them done.
 */
export async function callKeyOf({ callId }: ClientCall, what: readonly string[]): Promise<string | null> {
  return callId === null ? null : await sha256Hex(JSON.stringify([callId, ...what]));
}

export type Standing =
  /** Made by a link transaction that is still open: nobody was told its id. */
  | { readonly kind: "unborn" }
  /** Never linked. */
  | { readonly kind: "guest" }
  /** Holds at least one login; never mints without one again (T33). */
  | { readonly kind: "linked" }
  /** Its last login was unlinked: inaccessible, and never a guest again. */
  | { readonly kind: "closed" }
  /** Absorbed by another identity, and never used again. */
  | { readonly kind: "merged"; readonly into: IdentityId; readonly by?: string }
  /** A tombstone, so that a message that comes late revives nothing. */
  | { readonly kind: "deleted" };

export type Identity = {
  readonly identityId: IdentityId;
  readonly identityPoolId: IdentityPoolId;
  /** Epoch seconds. */
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly standing: Standing;
  readonly logins: readonly LinkedLogin[];
  /** By an operator's word, whatever its standing: it keeps its logins, and nothing can be had or changed by them. */
  readonly isDisabled?: true;
};

/** What callers are shown of an identity: provider names, never subjects. */
export type IdentityDescription = {
  readonly identityId: IdentityId;
  readonly providerNames: readonly string[];
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly isDisabled: boolean;
};

export function holds(identity: Identity, loginId: string): boolean {
  return identity.logins.some((login) => login.loginId === loginId);
}

/** An identity that callers can see: it was acknowledged, and it was not deleted. */
export function isVisible(identity: Identity): boolean {
  return identity.standing.kind !== "unborn" && identity.standing.kind !== "deleted";
}

export function describe(identity: Identity): IdentityDescription {
  return {
    identityId: identity.identityId,
    providerNames: [...new Set(identity.logins.map((login) => login.providerName))].toSorted(),
    createdAt: identity.createdAt,
    modifiedAt: identity.modifiedAt,
    isDisabled: identity.standing.kind === "merged" || identity.isDisabled === true,
  };
}

/** The identifiers of the identity's developer users, in a fixed order. */
export function developerUsersOf(identity: Identity): readonly string[] {
  return identity.logins.flatMap((login) => (login.isDeveloper === true ? (login.subject ?? []) : [])).toSorted();
}
