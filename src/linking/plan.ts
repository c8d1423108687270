/** Which identity a set of verified logins belongs on, and which ones it absorbs: docs/cognito-divergences.md, as one pure decision. */
import type { IdentityId } from "../domain/identifiers.ts";

export type LinkPlan =
  /** Nobody owns any of the logins, and no identity was named: a new one is born with them. */
  | { readonly kind: "birth" }
  | { readonly kind: "link"; readonly target: IdentityId; readonly absorb: readonly IdentityId[] }
  /** Two authenticated identities meet, and the policy is not to merge them. */
  | { readonly kind: "conflict" };

/**
 * `named` is the identity that the request names (GetOpenIdToken), `owners` are those that own some of the logins, each
 * once; under `merge` the older come first, because without a named identity the oldest survives.
 */
export function planLink(
  named: { readonly identityId: IdentityId; readonly isGuest: boolean } | null,
  owners: readonly IdentityId[],
  policy: "conflict" | "merge",
): LinkPlan {
  const [first, ...others] = owners;
  if (first === undefined) {
    return named === null ? { kind: "birth" } : { kind: "link", target: named.identityId, absorb: [] };
  }
  // A linked login beats a guest: the owner absorbs it, and the guest's id is never used again.
  const survivor = named === null || named.isGuest ? first : named.identityId;
  const absorbedOwners = survivor === first ? others : owners.filter((owner) => owner !== survivor);
  if (absorbedOwners.length > 0 && policy === "conflict") return { kind: "conflict" };
  const guest = named !== null && named.isGuest && named.identityId !== survivor ? [named.identityId] : [];
  return { kind: "link", target: survivor, absorb: [...absorbedOwners, ...guest] };
}
