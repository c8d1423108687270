/**
 * Why a call about an identity is refused: a tag, with what its words need, and the words of each tag, which stand here alone.
 * Tags cross rooms and travel between objects; whoever decides by a refusal decides by its tag.
 */
import { err, type Result, type ServiceError, serviceError } from "./errors.ts";
import type { IdentityId } from "./identifiers.ts";
import { MAX_LINKED_LOGINS } from "./login.ts";
import { quotedName } from "./printable.ts";

export type TaggedRefusal =
  | { readonly kind: "identity-not-found"; readonly identityId: IdentityId }
  /** An authenticated identity used without its logins, or one that is disabled. */
  | { readonly kind: "access-forbidden"; readonly identityId: IdentityId }
  /** None of the logins is the identity's. */
  | { readonly kind: "logins-do-not-match" }
  | { readonly kind: "guests-not-supported" }
  /** The pool permits the enhanced flow alone. */
  | { readonly kind: "basic-flow-disabled" }
  /** The pool chooses roles by the claims of a login, which the enhanced flow alone does. */
  | { readonly kind: "basic-flow-with-role-mappings" }
  /** The basic flow never takes a SAML login, whether or not the pool has the provider. */
  | { readonly kind: "basic-flow-with-saml" }
  /**
   * The login is another identity's, or the identity has another user of that provider (T41); null: too many logins
   * (invariant one-user-of-a-provider).
   */
  | { readonly kind: "login-conflict"; readonly providerName: string | null }
  /** One call proves two users of one provider, under two spellings of its name (T41). */
  | { readonly kind: "two-users"; readonly providerName: string }
  /** No proof of a login of the identity is young enough to change it: link-proof.ts. */
  | { readonly kind: "proof-too-old" }
  | { readonly kind: "developer-user-registered" }
  | { readonly kind: "developer-user-not-found" }
  /** UnlinkIdentity would take a developer's users, of whom no login token says anything (T32). */
  | { readonly kind: "developer-users-stay" }
  /** Another object did not answer, so that nothing was linked: the client may try again. */
  | { readonly kind: "participant-unreachable" }
  /** The pool has no role for whoever asks for credentials. */
  | { readonly kind: "no-role" }
  /** The role that was asked for is none of those that the logins open. */
  | { readonly kind: "role-forbidden"; readonly roleArn: string }
  /** Mappings, by their keys as they are stored, that deny a role; or that give different ones. */
  | { readonly kind: "role-denied"; readonly mappings: readonly string[] }
  /** A claim that the pool maps to a session tag is none that a tag can have, or two logins do not agree on the tag. */
  | { readonly kind: "tag-refused"; readonly tag: string; readonly fault: "is not valid" | "conflicts" }
  /** An operator's word on an identity that is another one by now. */
  | { readonly kind: "identity-merged"; readonly identityId: IdentityId; readonly into: IdentityId }
  /** The credential of a signed call does not name the identity's pool. */
  | { readonly kind: "pool-not-allowed" }
  /** So many changes of one identity at once that a request found no place among them; the SDKs try again. */
  | { readonly kind: "contended" };

/** `worded` is said by somebody else, whose words it has already: a login that does not prove anything, or a rate. */
export type Refusal = TaggedRefusal | { readonly kind: "worded"; readonly error: ServiceError };

/**
 * A refusal as the reply of an object. `error` has the words of `refusal` already, for a Worker of the release before, which
 * reads nothing else; where there is no tag, they are all there is.
 */
export type Refused = { readonly kind: "refused"; readonly error: ServiceError; readonly refusal?: TaggedRefusal };

export function refused(refusal: TaggedRefusal): Refused {
  return { kind: "refused", error: errorOf(refusal), refusal };
}

export function inWords(error: ServiceError): Refused {
  return { kind: "refused", error };
}

/** Also of an object that still runs the release before, which knows of no tags. */
export function refusalIn({ error, refusal }: Refused): Refusal {
  return refusal ?? { kind: "worded", error };
}

/** The result as an operation answers with it. */
export function withWords<T>(result: Result<T, Refusal>): Result<T> {
  return result.ok ? result : err(errorOf(result.error));
}

/** The one place that gives refusals their words. Where the live wording is public, it is that. */
export function errorOf(refusal: Refusal): ServiceError {
  switch (refusal.kind) {
    case "identity-not-found":
      return serviceError("ResourceNotFoundException", `Identity '${refusal.identityId}' not found.`);
    case "access-forbidden":
      return serviceError("NotAuthorizedException", `Access to Identity '${refusal.identityId}' is forbidden.`);
    case "logins-do-not-match":
      return serviceError(
        "NotAuthorizedException",
        "Logins don't match. Please include at least one valid login for this identity or identity pool.",
      );
    case "guests-not-supported":
      return serviceError("NotAuthorizedException", "Unauthenticated access is not supported for this identity pool.");
    case "basic-flow-disabled":
      return serviceError(
        "InvalidParameterException",
        "Basic (classic) flow is not enabled, please use enhanced flow.",
      );
    case "basic-flow-with-role-mappings":
      return serviceError(
        "InvalidParameterException",
        "Basic (classic) flow is not supported with RoleMappings, please use enhanced flow.",
      );
    case "basic-flow-with-saml":
      return serviceError(
        "InvalidParameterException",
        "Basic (classic) flow is not supported with SAML, please use enhanced flow.",
      );
    case "login-conflict":
      // The live wording is not public.
      return serviceError("ResourceConflictException", `Logins conflict: ${detailOf(refusal.providerName)}`);
    case "two-users":
      // Ours: the live service knows no such call.
      return serviceError("ResourceConflictException", `Logins conflict: two users of ${refusal.providerName}.`);
    case "proof-too-old":
      // Ours: the live service takes a proof of any age.
      return serviceError(
        "NotAuthorizedException",
        "A fresh sign-in is needed to link or unlink: the login tokens of this identity were issued too long ago, or do not say when.",
        "proof-too-old",
      );
    case "developer-user-registered":
      // The live wording is not public: this is the service model's.
      return serviceError(
        "DeveloperUserAlreadyRegisteredException",
        "The provided developer user identifier is already registered with Cognito under a different identity ID.",
      );
    case "developer-user-not-found":
      // Its identifier is not repeated: it may be a name or an address (T46, T51).
      return serviceError(
        "ResourceNotFoundException",
        "The developer user identifier is not linked to an identity of this identity pool.",
      );
    case "developer-users-stay":
      // Ours: what the live service says is not known.
      return serviceError(
        "NotAuthorizedException",
        "Users of a developer provider are unlinked by UnlinkDeveloperIdentity alone.",
      );
    case "participant-unreachable":
      return serviceError("InternalErrorException", "Internal error", "participant-unreachable");
    case "no-role":
      return configurationError("no-role");
    case "role-forbidden":
      // For CustomRoleArn the live wording is not public: these are the words of SetIdentityPoolRoles.
      return serviceError("NotAuthorizedException", `Access to Role '${quotedName(refusal.roleArn)}' is forbidden.`);
    case "role-denied":
      return serviceError(
        "NotAuthorizedException",
        `The ambiguous role mapping rules for: ${refusal.mappings.join(", ")} denied this request.`,
      );
    case "tag-refused":
      // Ours: the live wording is not public.
      return serviceError(
        "NotAuthorizedException",
        refusal.fault === "conflicts"
          ? `Invalid login token. The value of principal tag '${refusal.tag}' conflicts.`
          : `Invalid login token. The value of principal tag '${refusal.tag}' is not valid.`,
      );
    case "identity-merged":
      // Ours: it is told to an operator alone.
      return serviceError(
        "ResourceConflictException",
        `Identity '${refusal.identityId}' was merged into '${refusal.into}'.`,
      );
    case "pool-not-allowed":
      return serviceError("AccessDeniedException", "The credential is not for the identity's pool.");
    case "contended":
      return { ...serviceError("TooManyRequestsException", "Rate exceeded", "contended"), retryAfterSeconds: 1 };
    case "worded":
      return refusal.error;
  }
}

function detailOf(providerName: string | null): string {
  return providerName === null
    ? `An identity can have at most ${MAX_LINKED_LOGINS} logins.`
    : `${providerName} is already linked to another identity.`;
}

export function identityNotFound(identityId: IdentityId): ServiceError {
  return errorOf({ kind: "identity-not-found", identityId });
}

export function identityPoolNotFound(identityPoolId: string): ServiceError {
  return serviceError("ResourceNotFoundException", `IdentityPool '${identityPoolId}' not found.`);
}

/**
 * What the pool's administrator has to mend; `reason` is for the log. Never NotAuthorizedException: mobile clients take that for the
 * end of a session, and throw the identity away.
 */
export function configurationError(reason: string): ServiceError {
  return serviceError(
    "InvalidIdentityPoolConfigurationException",
    "Invalid identity pool configuration. Check assigned IAM roles for this pool.",
    reason,
  );
}
