/** Why a login is refused: a rich reason inside, the live service's few words outside, and one switch that joins them. */
import type { IdentityPoolId } from "./identifiers.ts";
import { type Result, type ServiceError, serviceError } from "./errors.ts";

/** The reasons, each with the evidence that its wording needs. None holds a piece of a token or a subject (T46). */
export type RefusalReason =
  | { readonly kind: "no-providers"; readonly identityPoolId: IdentityPoolId }
  | { readonly kind: "unsupported-provider" }
  | { readonly kind: "own-token" }
  /** What was brought as a token of this service is none that the identity can use. */
  | { readonly kind: "not-own-token" }
  | { readonly kind: "saml-not-verified" }
  | { readonly kind: "malformed"; readonly part: string }
  | { readonly kind: "issuer-mismatch" }
  | { readonly kind: "missing-claim"; readonly claim: string }
  | { readonly kind: "expired"; readonly now: number; readonly expiresAt: number }
  | { readonly kind: "not-yet-valid"; readonly claim: string; readonly now: number; readonly validFrom: number }
  | { readonly kind: "wrong-audience" }
  | { readonly kind: "wrong-token-kind"; readonly part: string }
  | { readonly kind: "algorithm-not-allowed" }
  /** The provider itself has judged an access token. */
  | { readonly kind: "access-token-refused" }
  | { readonly kind: "access-token-expired" }
  | { readonly kind: "foreign-app" }
  /** Since the token was made; or the user was deleted. */
  | { readonly kind: "signed-out" }
  /** The provider was not asked, for what `error` says. */
  | { readonly kind: "not-admitted"; readonly error: ServiceError }
  | KeyRefusalReason;

/** Of a login, or of a step on the way to it. */
export type Judgement<T> = Result<T, RefusalReason>;

/** What can go wrong on the way to the one key that a token must be signed with. */
export type KeyRefusalReason =
  | { readonly kind: "unknown-key" }
  /** The issuer has two keys of that name. */
  | { readonly kind: "ambiguous-key" }
  /** The token names no key, and more than one would do. */
  | { readonly kind: "missing-kid" }
  | { readonly kind: "bad-signature" }
  | UpstreamTrouble;

/** The upstream gave no answer to judge by, or one that is at fault itself. `failure` says for the log alone what was wrong. */
export type UpstreamTrouble = {
  readonly kind: "upstream-unreachable" | "upstream-unusable";
  readonly failure?: string;
};

/** No answer at all, or one that says no more than that there is none for now. */
const NO_ANSWER = /^(connection|deadline|internal error|not asked|throttled|status (408|429|5\d\d))$/;

/** `failure` in our own words; absent where the upstream was not asked. */
export function upstreamTroubleOf(failure: string | undefined): UpstreamTrouble {
  if (failure === undefined) return { kind: "upstream-unreachable" };
  return { kind: NO_ANSWER.test(failure) ? "upstream-unreachable" : "upstream-unusable", failure };
}

export function isUpstreamTrouble(reason: RefusalReason): reason is UpstreamTrouble {
  return reason.kind === "upstream-unreachable" || reason.kind === "upstream-unusable";
}

/** `place` says for the log alone which login it was. */
export function refusalOf(reason: RefusalReason, place: string): ServiceError {
  const cause = `${place}: ${describe(reason)}`;
  const notAuthorized = (message: string) => serviceError("NotAuthorizedException", message, cause);
  const invalidToken = (detail: string) => notAuthorized(`Invalid login token. ${detail}`);
  switch (reason.kind) {
    case "no-providers":
      return notAuthorized(`Identity pool - ${reason.identityPoolId} does not have identity providers configured.`);
    case "unsupported-provider":
    case "foreign-app":
      return notAuthorized("Token is not from a supported provider of this identity pool.");
    case "own-token":
      return invalidToken("Can't pass in a Cognito token.");
    case "not-own-token":
      return invalidToken("Not a Cognito token.");
    case "saml-not-verified":
      // Ours: the live service takes a SAML login here. docs/adr/0020.
      return invalidToken("SAML logins are not supported.");
    // The live service has no known words for most of these, so they share its general ones.
    case "malformed":
    case "wrong-token-kind":
      return invalidToken("Not a valid OpenId Connect identity token.");
    case "issuer-mismatch":
      // Captured without a full stop, and so kept.
      return invalidToken("Issuer doesn't match providerName");
    case "missing-claim":
      return invalidToken(`Missing a required claim: ${reason.claim}`);
    case "expired":
      return invalidToken(`Token expired: ${Math.floor(reason.now)} >= ${Math.floor(reason.expiresAt)}`);
    case "not-yet-valid":
      // Ours, after the one before: a clock that is wrong, here or at the issuer, is no fault of the token's form.
      return invalidToken(`Token is not yet valid: ${Math.floor(reason.now)} < ${Math.ceil(reason.validFrom)}`);
    case "wrong-audience":
      return invalidToken("Incorrect token audience.");
    case "algorithm-not-allowed":
    case "unknown-key":
    case "missing-kid":
    case "bad-signature":
    case "access-token-refused":
      return invalidToken("Couldn't verify signed token.");
    case "ambiguous-key":
      return { ...invalidToken("Couldn't verify signed token."), isIssuersFault: true };
    case "access-token-expired":
      // Captured for Facebook without the two instants: its access tokens do not show when they end.
      return invalidToken("Token is expired.");
    case "signed-out":
      // Ours, after what user pools say of access tokens: the live text is not known.
      return invalidToken("Token has been revoked.");
    case "not-admitted":
      return reason.error;
    case "upstream-unreachable":
      // T31: never the upstream's text, host or address.
      return serviceError("ExternalServiceException", "The identity provider is not responding.", cause);
    case "upstream-unusable":
      return serviceError("ExternalServiceException", "The identity provider's answer could not be used.", cause);
  }
}

/** The reason in a few words for the log: our own words, and nothing that the client chose. */
function describe(reason: RefusalReason): string {
  switch (reason.kind) {
    case "malformed":
    case "wrong-token-kind":
      return `${reason.kind} (${reason.part})`;
    case "missing-claim":
    case "not-yet-valid":
      return `${reason.kind} (${reason.claim})`;
    case "upstream-unreachable":
    case "upstream-unusable":
      return reason.failure === undefined ? reason.kind : `${reason.kind} (${reason.failure})`;
    default:
      return reason.kind;
  }
}
