/** What a failed call means to whoever runs the migration: one sentence for what is wrong, one for what to do. Pure. */
import { CallFailed, errcodeOf, type PartyName, Stop } from "./stop.ts";

type Facts = {
  readonly name: string;
  readonly message: string;
  readonly code: string;
  /** Of HTTP; 0 where there was no answer, or none that anybody noted. */
  readonly status: number;
};

type Explanation = {
  readonly fits: (failed: Facts) => boolean;
  readonly does: Readonly<Record<PartyName, string>>;
};

const AGAIN = "What was done is kept: run the same command again";

const EXPLANATIONS: readonly Explanation[] = [
  {
    fits: ({ name }) => name === "CredentialsProviderError" || name === "TokenProviderError",
    does: {
      Cognito:
        "No AWS credentials were found. Set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, of a user or role " +
        "with the policy that `npm run migrate -- check --help` prints.",
      Edgepool: "EDGEPOOL_ACCESS_KEY_ID and EDGEPOOL_SECRET_ACCESS_KEY must be an entry of ADMIN_CREDENTIALS.",
    },
  },
  {
    fits: ({ name, message }) => name === "InvalidSignatureException" && message.includes("valid region"),
    does: {
      Cognito: "AWS_ENDPOINT_URL leads to another Region. Unset it.",
      Edgepool:
        "This Edgepool serves another region: its setting REGION must be the Region that the pool's id begins with, and one " +
        "deployment moves the pools of one Region.",
    },
  },
  {
    fits: ({ name }) => UNKNOWN_KEY.has(name),
    does: {
      Cognito:
        "AWS does not accept the credentials: they are unknown or have expired. Sign in again, and run it again.",
      Edgepool:
        "Edgepool does not accept the key: EDGEPOOL_ACCESS_KEY_ID and EDGEPOOL_SECRET_ACCESS_KEY must be an entry of its " +
        "secret ADMIN_CREDENTIALS, and this machine's clock must be right.",
    },
  },
  {
    fits: ({ name }) =>
      name === "AccessDeniedException" || name === "AccessDenied" || name === "NotAuthorizedException",
    does: {
      Cognito:
        "The AWS credentials may not do this. `npm run migrate -- check --help` prints the policy that is needed.",
      Edgepool:
        "The key may not do this: its entry of ADMIN_CREDENTIALS must name the operation among its operations, the pool " +
        "among its pools, and for roles the roles, each where it has such a list.",
    },
  },
  {
    fits: ({ name }) => name === "ResourceNotFoundException",
    does: {
      Cognito:
        "Amazon Cognito has no such pool for these credentials: is it the right account, and the pool's own Region?",
      Edgepool: "The pool is not at this Edgepool. `npm run migrate -- pool --pool POOL` adopts it; run that first.",
    },
  },
  {
    fits: ({ name }) => THROTTLED.has(name),
    does: {
      Cognito: `Amazon Cognito goes on throttling. ${AGAIN} with a lower --rate, or raise the quota (npm run migrate -- check).`,
      Edgepool: `Edgepool goes on throttling. ${AGAIN} with a lower --rate.`,
    },
  },
  {
    fits: ({ name }) => name === "UnknownOperationException",
    does: {
      Cognito: "What answers there is not Amazon Cognito, or does not know this operation. Is AWS_ENDPOINT_URL set?",
      Edgepool:
        "What answers there does not know this operation: EDGEPOOL_ENDPOINT must be an Edgepool, of this release or a newer one.",
    },
  },
  {
    fits: ({ name, code }) => UNREACHABLE.test(code) || name === "TimeoutError",
    does: {
      Cognito: `Amazon Cognito could not be reached. ${AGAIN} once the network is there.`,
      Edgepool: `Edgepool could not be reached: is EDGEPOOL_ENDPOINT right? ${AGAIN} once it answers.`,
    },
  },
  {
    fits: ({ name }) => name === "ResourceConflictException",
    does: {
      Cognito: `${AGAIN}.`,
      Edgepool:
        "An id that ever named a pool here is not adopted a second time: leave the pool as it is, or use an empty deployment.",
    },
  },
  {
    fits: ({ name }) => REFUSED_INPUT.has(name) || name === "LimitExceededException",
    does: {
      Cognito: "It is refused for what it asks: change that, and run it again.",
      Edgepool: "It is refused for what it asks: change that, and run it again. `check` tells what does not fit.",
    },
  },
  {
    fits: ({ name, status }) => isStrange(name) && status >= 500,
    does: {
      Cognito: `Amazon Cognito is in trouble. ${AGAIN} in a while.`,
      Edgepool: `Edgepool, or what stands before it, is in trouble. ${AGAIN} in a while.`,
    },
  },
  {
    fits: ({ name }) => isStrange(name) || name === "NoAnswer",
    does: {
      Cognito: "What answers there is not Amazon Cognito. Is AWS_ENDPOINT_URL set?",
      Edgepool: "What answers at EDGEPOOL_ENDPOINT is not Edgepool: it must be the service's own address.",
    },
  },
];

/** An answer of which the SDK makes nothing: no JSON, or a failure without a name. */
function isStrange(name: string): boolean {
  return name === "SyntaxError" || name === "Unknown";
}

/** Cognito's names, and those of STS, which a profile that assumes a role is asked at. */
const UNKNOWN_KEY: ReadonlySet<string> = new Set([
  "ExpiredToken",
  "InvalidClientTokenId",
  "SignatureDoesNotMatch",
  "ExpiredTokenException",
  "IncompleteSignatureException",
  "InvalidSignatureException",
  "MissingAuthenticationTokenException",
  "UnrecognizedClientException",
]);
const REFUSED_INPUT: ReadonlySet<string> = new Set([
  "InvalidParameterException",
  // Of a line whose members are nested so deep that it cannot be written.
  "RangeError",
  "RequestEntityTooLargeException",
  "SerializationException",
  "ValidationException",
]);

const THROTTLED: ReadonlySet<string> = new Set(["ThrottlingException", "TooManyRequestsException"]);
const UNREACHABLE =
  /^(E(CONN|HOST|NET|PIPE|PROTO|AI_|NOTFOUND|TIMEDOUT)|CERT_|ERR_(TLS|SSL)|(DEPTH_ZERO_)?SELF_SIGNED|UNABLE_TO_)/;

/** Lines for the terminal; undefined for what is a bug of this tool. */
export function explain(error: unknown): readonly string[] | undefined {
  if (error instanceof Stop) return [error.message];
  if (!(error instanceof CallFailed)) return localTrouble(error);
  const { party, operation, cause } = error;
  const facts = factsOf(cause);
  const advice = EXPLANATIONS.find(({ fits }) => fits(facts))?.does[party];
  const words = facts.name === "Unknown" ? [`HTTP ${facts.status}`] : [facts.name, facts.message];
  const said = words.filter((text) => text !== "").join(": ");
  return [`${operation} at ${party === "Cognito" ? "Amazon Cognito" : "Edgepool"}: ${said}`, advice ?? `${AGAIN}.`];
}

/** What this machine did not do: a file or a folder, or the memory of the migration. */
function localTrouble(error: unknown): readonly string[] | undefined {
  if (!(error instanceof Error)) return undefined;
  if (errcodeOf(error) !== undefined) {
    return [`The memory of the migration cannot be used: ${error.message}.`, `See to its folder (--state). ${AGAIN}.`];
  }
  if (!("syscall" in error)) return undefined;
  return [`This machine does not let it: ${error.message}.`, `See to that file or folder, and its disk. ${AGAIN}.`];
}

/** Whether the call was refused for what it asks, so that it would be refused again. */
export function isRefusedInput({ cause }: CallFailed): boolean {
  return REFUSED_INPUT.has(factsOf(cause).name);
}

export function isNamed(error: unknown, name: string): error is CallFailed {
  return error instanceof CallFailed && factsOf(error.cause).name === name;
}

/** The SDK adds a hint for its own users to the message of what it cannot read. */
function factsOf(cause: unknown): Facts {
  if (!(cause instanceof Error)) return { name: "Error", message: String(cause), code: "", status: 0 };
  const code = "code" in cause && typeof cause.code === "string" ? cause.code : "";
  const { $metadata: metadata = {} } = cause as { readonly $metadata?: { readonly httpStatusCode?: number } };
  return { name: cause.name, message: cause.message.split("\n")[0] ?? "", code, status: metadata.httpStatusCode ?? 0 };
}
