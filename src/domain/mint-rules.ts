/** Whether an identity may mint, judged on its record as it is and on the logins verified in this very request. Pure. */
import { err, ok, type Result, type ServiceError, serviceError } from "./errors.ts";
import { type Grant, TOKEN_LIFETIME_SECONDS } from "./grant.ts";
import { holds, type Identity, isVisible } from "./identity.ts";
import type { IdentityId } from "./identifiers.ts";
import type { IdentityPool } from "./identity-pool.ts";
import { MAX_LINKED_LOGINS, type VerifiedLogin } from "./login.ts";

export function identityNotFound(identityId: string): ServiceError {
  return serviceError("ResourceNotFoundException", `Identity '${identityId}' not found.`);
}

export function identityPoolNotFound(identityPoolId: string): ServiceError {
  return serviceError("ResourceNotFoundException", `IdentityPool '${identityPoolId}' not found.`);
}

/** An authenticated identity used without its logins, or one that is disabled. */
export function accessForbidden(identityId: string): ServiceError {
  return serviceError("NotAuthorizedException", `Access to Identity '${identityId}' is forbidden.`);
}

export const LOGINS_DO_NOT_MATCH = serviceError(
  "NotAuthorizedException",
  "Logins don't match. Please include at least one valid login for this identity or identity pool.",
);

export const GUESTS_NOT_SUPPORTED = serviceError(
  "NotAuthorizedException",
  "Unauthenticated access is not supported for this identity pool.",
);

/** Another object did not answer, so that nothing was linked: the client may try again. */
export const PARTICIPANT_UNREACHABLE = serviceError(
  "InternalErrorException",
  "Internal error",
  "participant-unreachable",
);

/**
 * The login is another identity's, or the identity has another user of that provider (T41); null: it would have too many logins
 * (I6). The live wording is not public.
 */
export function loginConflict(providerName: string | null): ServiceError {
  const detail =
    providerName === null
      ? `An identity can have at most ${MAX_LINKED_LOGINS} logins.`
      : `${providerName} is already linked to another identity.`;
  return serviceError("ResourceConflictException", `Logins conflict: ${detail}`);
}

/** One call proves two users of one provider, under two spellings of its name (T41). Ours: the live service knows no such call. */
export function twoUsers(providerName: string): ServiceError {
  return serviceError("ResourceConflictException", `Logins conflict: two users of ${providerName}.`);
}

/** The live wording is not public: this is the service model's. */
export const DEVELOPER_USER_REGISTERED = serviceError(
  "DeveloperUserAlreadyRegisteredException",
  "The provided developer user identifier is already registered with Cognito under a different identity ID.",
);

/** Its identifier is not repeated: it may be a name or an address (T46, T51). */
export const DEVELOPER_USER_NOT_FOUND = serviceError(
  "ResourceNotFoundException",
  "The developer user identifier is not linked to an identity of this identity pool.",
);

/** Ours: what the live service says is not known. */
export const DEVELOPER_USERS_STAY = serviceError(
  "NotAuthorizedException",
  "Users of a developer provider are unlinked by UnlinkDeveloperIdentity alone.",
);

/** Ours: the live service takes a proof of any age. */
export const FRESH_SIGN_IN_NEEDED = serviceError(
  "NotAuthorizedException",
  "A fresh sign-in is needed to link or unlink: the login tokens of this identity were issued too long ago, or do not say when.",
  "proof-too-old",
);

/** GetOpenIdToken belongs to the basic (classic) flow, which only an explicit `false` turns off. */
export function permitsClassicFlow(pool: IdentityPool): Result<void> {
  if (pool.allowsClassicFlow !== false) return ok(undefined);
  return err(
    serviceError("InvalidParameterException", "Basic (classic) flow is not enabled, please use enhanced flow."),
  );
}

/** Whether the identity may be used at all, whatever is presented. */
export function judgeStanding(identity: Identity | null, identityId: IdentityId): Result<Identity> {
  if (identity === null || !isVisible(identity)) return err(identityNotFound(identityId));
  const { kind } = identity.standing;
  return kind === "guest" || kind === "linked" ? ok(identity) : err(accessForbidden(identityId));
}

/** A request without logins: only a guest that was never linked may mint (T33, I5). */
export function judgeGuest(identity: Identity, pool: IdentityPool): Result<Grant> {
  if (identity.standing.kind !== "guest") return err(accessForbidden(identity.identityId));
  return pool.allowsUnauthenticated ? ok(grantOf(identity, [])) : err(GUESTS_NOT_SUPPORTED);
}

export type LoginVerdict =
  | { readonly kind: "granted"; readonly grant: Grant }
  /** Some of the logins are not linked to this identity yet. */
  | { readonly kind: "to-link" }
  /** A linked identity, and none of the logins is its own: whoever asks has proved nothing (T32). */
  | { readonly kind: "unproved"; readonly error: ServiceError };

/** A request with verified logins. */
export function judgeLogins(identity: Identity, logins: readonly VerifiedLogin[]): LoginVerdict {
  const held = logins.filter((login) => holds(identity, login.loginId));
  if (identity.standing.kind === "linked" && held.length === 0) return { kind: "unproved", error: LOGINS_DO_NOT_MATCH };
  return held.length === logins.length ? { kind: "granted", grant: grantOf(identity, logins) } : { kind: "to-link" };
}

export function grantOf(identity: Identity, logins: readonly VerifiedLogin[]): Grant {
  const { identityId, identityPoolId } = identity;
  return { identityId, identityPoolId, logins, lifetimeSeconds: TOKEN_LIFETIME_SECONDS };
}
