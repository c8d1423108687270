/**
 * What an answer of the source is worth, and what its client is told: each no of Cognito's becomes a tag, and each tag a refusal.
 * Pure.
 */
import { RATE_EXCEEDED, serviceError } from "../domain/errors.ts";
import type { IdentityId } from "../domain/identifiers.ts";
import type { Refusal, TaggedRefusal } from "../domain/refusals.ts";
import type { CognitoException, NoAnswer } from "./cognito.ts";

/** What an operator has to mend: by its name in the report, the log, and docs/troubleshooting.md. */
export type SourceProblem =
  | "classic-flow-refused"
  | "guests-refused"
  | "unknown-pool"
  | "unsupported-provider"
  | "no-roles"
  | "no-credentials"
  | "credentials-refused";

export type SourceFailure =
  | { readonly kind: "throttled"; readonly by: "source" | "budget" }
  /** Down, slow, or no answer of Cognito's. `cause` is one of our own words. */
  | { readonly kind: "unavailable"; readonly cause: string }
  /** The client's own: told as Cognito tells it. */
  | { readonly kind: "refused"; readonly refusal: TaggedRefusal }
  | { readonly kind: "conflict" }
  | { readonly kind: "misconfigured"; readonly problem: SourceProblem }
  /** A login that is good here is none there. */
  | { readonly kind: "disagrees" }
  /** Nobody there has what was looked up. */
  | { readonly kind: "absent" };

/** Of texts that a person, and a client, knows: the one thing that tells these exceptions apart. */
const TEXTS: readonly (readonly [type: string, text: RegExp, problem: SourceProblem | "disagrees"])[] = [
  ["InvalidParameterException", /^Basic \(classic\) flow is not /, "classic-flow-refused"],
  ["NotAuthorizedException", /^Unauthenticated access is not supported/, "guests-refused"],
  ["ResourceNotFoundException", /^IdentityPool '/, "unknown-pool"],
  ["NotAuthorizedException", /^Token is not from a supported provider/, "unsupported-provider"],
  ["NotAuthorizedException", /^Identity pool - \S+ does not have identity providers/, "unsupported-provider"],
  ["NotAuthorizedException", /^Invalid login token/, "disagrees"],
  ["InvalidIdentityPoolConfigurationException", /^/, "no-roles"],
];

/** Whoever signs in AWS's front is refused by one of these, before the service is asked. */
const SIGNATURE_REFUSED: ReadonlySet<string> = new Set([
  "AccessDeniedException",
  "ExpiredTokenException",
  "IncompleteSignatureException",
  "InvalidSignatureException",
  "MissingAuthenticationTokenException",
  "NotAuthorizedException",
  "UnrecognizedClientException",
]);

/** `identityId` is the one that was asked about, where there is one; `isSigned`: the question was signed. */
export function failureOf(
  answer: CognitoException | NoAnswer,
  identityId: IdentityId | undefined,
  isSigned: boolean,
): SourceFailure {
  if (answer.kind === "no-answer") return { kind: "unavailable", cause: answer.cause };
  const { type, message } = answer;
  if (type === "TooManyRequestsException" || type === "LimitExceededException" || type === "ThrottlingException") {
    return { kind: "throttled", by: "source" };
  }
  if (type === "ResourceConflictException") return { kind: "conflict" };
  const known = TEXTS.find(([name, text]) => name === type && text.test(message))?.[2];
  if (known === "disagrees") return { kind: "disagrees" };
  if (known !== undefined) return { kind: "misconfigured", problem: known };
  if (isSigned && SIGNATURE_REFUSED.has(type)) return { kind: "misconfigured", problem: "credentials-refused" };
  if (isSigned && type === "ResourceNotFoundException") return { kind: "absent" };
  const refusal = identityId === undefined ? undefined : refusalIn(type, message, identityId);
  return refusal === undefined ? { kind: "unavailable", cause: type } : { kind: "refused", refusal };
}

function refusalIn(type: string, message: string, identityId: IdentityId): TaggedRefusal | undefined {
  if (type === "ResourceNotFoundException") return { kind: "identity-not-found", identityId };
  if (type !== "NotAuthorizedException") return undefined;
  if (message.startsWith("Logins don't match")) return { kind: "logins-do-not-match" };
  return /^Access to Identity '.*' is forbidden/.test(message) ? { kind: "access-forbidden", identityId } : undefined;
}

/** In the words of the live service where it has some. Why, is for the log alone. */
export function refusalOf(failure: SourceFailure): Refusal {
  switch (failure.kind) {
    case "refused":
      return failure.refusal;
    case "throttled":
      return worded({ ...RATE_EXCEEDED, reason: causeOf(failure), retryAfterSeconds: 1 });
    case "conflict":
      // The live wording is not public, and what the source writes is not ours to repeat.
      return worded(
        serviceError(
          "ResourceConflictException",
          "Logins conflict at the source of the identity pool.",
          causeOf(failure),
        ),
      );
    default:
      return worded(
        serviceError("ExternalServiceException", "The source of the identity pool did not answer.", causeOf(failure)),
      );
  }
}

/** For the log: one of our own words, or the name of an exception. */
export function causeOf(failure: SourceFailure): string {
  switch (failure.kind) {
    case "throttled":
      return `source-throttled: ${failure.by}`;
    case "unavailable":
      return `source-unavailable: ${failure.cause}`;
    case "misconfigured":
      return `source-misconfigured: ${failure.problem}`;
    default:
      return `source-${failure.kind}`;
  }
}

function worded(error: ReturnType<typeof serviceError>): Refusal {
  return { kind: "worded", error };
}
