/** Whether an identity may mint, judged on its record as it is and on the logins verified in this very request. Pure. */
import { err, ok, type Result } from "./errors.ts";
import { type Grant, TOKEN_LIFETIME_SECONDS } from "./grant.ts";
import { holds, type Identity, isVisible } from "./identity.ts";
import type { IdentityId } from "./identifiers.ts";
import type { IdentityPool } from "./identity-pool.ts";
import type { VerifiedLogin } from "./login.ts";
import { isSamlProviderArn } from "./provider-name.ts";
import type { TaggedRefusal } from "./refusals.ts";

/** What a client wants of its logins: a token to bring to STS itself (basic, also called classic), or credentials at once. */
export type Flow = "basic" | "enhanced";

/**
 * The enhanced flow is always permitted. Only an explicit `false` turns the basic one off, and so does any role mapping; and it
 * never takes a SAML login, whether or not the pool has the provider.
 */
export function permitsFlow(
  flow: Flow,
  pool: IdentityPool,
  providerNames: Iterable<string>,
): Result<void, TaggedRefusal> {
  if (flow === "enhanced") return ok(undefined);
  if (pool.allowsClassicFlow === false) return err({ kind: "basic-flow-disabled" });
  // The role of a login is chosen where the credentials are given: who could bring a token to STS himself would go round it.
  if (Object.keys(pool.access?.roleMappings ?? {}).length > 0) return err({ kind: "basic-flow-with-role-mappings" });
  for (const name of providerNames) if (isSamlProviderArn(name)) return err({ kind: "basic-flow-with-saml" });
  return ok(undefined);
}

/** The refusal of an identity that an operator has disabled, whatever is asked of it; null when it is not. */
export function refusalOfDisabled({ identityId, isDisabled }: Identity): TaggedRefusal | null {
  return isDisabled === true ? { kind: "access-forbidden", identityId } : null;
}

/** Whether the identity may be used at all, whatever is presented. */
export function judgeStanding<I extends Identity>(
  identity: I | null,
  identityId: IdentityId,
): Result<I, TaggedRefusal> {
  if (identity === null || !isVisible(identity)) return err({ kind: "identity-not-found", identityId });
  const disabled = refusalOfDisabled(identity);
  if (disabled !== null) return err(disabled);
  const { kind } = identity.standing;
  return kind === "guest" || kind === "linked" ? ok(identity) : err({ kind: "access-forbidden", identityId });
}

/** A request without logins: only a guest that was never linked may mint (T33, invariant no-way-back). */
export function judgeGuest(identity: Identity, pool: IdentityPool): Result<Grant, TaggedRefusal> {
  const { identityId, standing } = identity;
  if (standing.kind !== "guest") return err({ kind: "access-forbidden", identityId });
  return pool.allowsUnauthenticated ? ok(grantOf(identity, [])) : err({ kind: "guests-not-supported" });
}

export type LoginVerdict =
  | { readonly kind: "granted"; readonly grant: Grant }
  /** Some of the logins are not linked to this identity yet. */
  | { readonly kind: "to-link" }
  /** A linked identity, and none of the logins is its own: whoever asks has proved nothing (T32). */
  | { readonly kind: "unproved"; readonly refusal: TaggedRefusal };

/** A request with verified logins. */
export function judgeLogins(identity: Identity, logins: readonly VerifiedLogin[]): LoginVerdict {
  const held = logins.filter((login) => holds(identity, login.loginId));
  if (identity.standing.kind === "linked" && held.length === 0) {
    return { kind: "unproved", refusal: { kind: "logins-do-not-match" } };
  }
  return held.length === logins.length ? { kind: "granted", grant: grantOf(identity, logins) } : { kind: "to-link" };
}

export function grantOf(identity: Identity, logins: readonly VerifiedLogin[]): Grant {
  const { identityId, identityPoolId } = identity;
  return { identityId, identityPoolId, logins, lifetimeSeconds: TOKEN_LIFETIME_SECONDS };
}
