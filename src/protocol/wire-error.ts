/**
 * A failure as the wire says it: the only place that knows status codes and `__type`.
 * What the log may know (`reason`) never passes through here, and an internal error says nothing but that it is one, and what
 * local development adds.
 */
import { printableAscii } from "../domain/printable.ts";
import { isExtensionName } from "./extensions.ts";
import { isOperationName } from "./shapes.ts";
import { RATE_EXCEEDED, type ServiceError, type ServiceErrorName, serviceError } from "../domain/errors.ts";

/** A failure as the wire needs it: with what lies outside of any operation. */
export type WireError = ServiceError & {
  /** The request was sent to the wrong place altogether. */
  readonly misdirected?: "scheme" | "path" | "method";
  /** The service cannot run as it is deployed. Its message names settings, and so it alone of all internal errors is shown. */
  readonly isUnconfigured?: true;
};

/** The names of settings are no secret, and whoever deploys must see at once which of them is wrong. */
export function notConfigured(problems: readonly string[]): WireError {
  const message = `Edgepool is not configured: ${problems.join("; ")}.`;
  return { ...serviceError("InternalErrorException", message, "not-configured"), isUnconfigured: true };
}

const OVERLOADED: WireError = { ...RATE_EXCEEDED, reason: "overloaded", retryAfterSeconds: 1 };

/** What was thrown. The platform sheds load from an object that has too much of it; a retry at once would only add to that. */
export function errorOfDefect(cause: unknown): WireError {
  const isOverloaded = cause instanceof Error && "overloaded" in cause && cause.overloaded === true;
  return isOverloaded ? OVERLOADED : serviceError("InternalErrorException", "Internal error", "defect");
}

export type RenderedError = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: { readonly __type: ServiceErrorName; readonly message: string };
};

/**
 * Modelled errors have the status of the service model (docs/cognito-divergences.md): SDKs go by the name, and boto3's legacy mode
 * retries throttling only on 429. The model is silent on the rest. Signature errors are 400, as of AWS JSON services in
 * general: SDKs correct their clock and retry by name. AccessDenied is 403, as captured from a sister service.
 */
const statusOf: Readonly<Record<ServiceErrorName, number>> = {
  ConcurrentModificationException: 400,
  DeveloperUserAlreadyRegisteredException: 400,
  ExternalServiceException: 400,
  InternalErrorException: 500,
  InvalidIdentityPoolConfigurationException: 400,
  InvalidParameterException: 400,
  LimitExceededException: 400,
  NotAuthorizedException: 403,
  ResourceConflictException: 409,
  ResourceNotFoundException: 404,
  TooManyRequestsException: 429,

  AccessDeniedException: 403,
  IncompleteSignatureException: 400,
  InvalidSignatureException: 400,
  MissingAuthenticationTokenException: 400,
  RequestEntityTooLargeException: 413,
  RequestTimeoutException: 408,
  SerializationException: 400,
  UnknownOperationException: 400,
  UnrecognizedClientException: 400,
  ValidationException: 400,
};

const INTERNAL_ERROR_MESSAGE = "An internal error occurred.";

/** Longest message header, in characters: Node refuses an answer whose headers pass 16 KiB in all. The body has it whole. */
const MAX_HEADER_MESSAGE_LENGTH = 1024;

/** Retry-After when nobody knows better, in seconds. */
const DEFAULT_RETRY_AFTER_SECONDS = 1;

export function renderError(error: WireError): RenderedError {
  const isHidden = error.type === "InternalErrorException" && error.isUnconfigured !== true;
  const words = isHidden ? INTERNAL_ERROR_MESSAGE : error.message;
  const message = error.explanation === undefined ? words : `${words} (${error.explanation})`;
  return {
    status: renderStatus(error),
    headers: {
      // The live service writes the colon; every SDK cuts it off here, but botocore does not in the body.
      "x-amzn-errortype": `${error.type}:`,
      "x-amzn-errormessage": headerText(message),
      ...(error.type === "TooManyRequestsException" && { "retry-after": retryAfter(error) }),
      // RFC 9110 section 15.5.6: a 405 names the methods there are.
      ...(error.misdirected === "method" && { allow: "POST, OPTIONS" }),
    },
    body: { __type: error.type, message },
  };
}

/**
 * An operation that the service does not have. It is named where what the target ends in could be a name, letters alone (T51),
 * and is none that it has: then it is the prefix that is wrong.
 */
export function unknownOperation(target = ""): ServiceError {
  const name = target.slice(target.lastIndexOf(".") + 1);
  const isUnknown = /^[A-Za-z]{1,64}$/.test(name) && !isOperationName(name) && !isExtensionName(name);
  const message = "X-Amz-Target names no operation that this service has";
  const named = isUnknown ? `${message}, '${name}'` : message;
  return serviceError("UnknownOperationException", `${named}: AWSCognitoIdentityService.<operation> is expected.`);
}

function renderStatus(error: WireError): number {
  if (error.misdirected === "scheme") return 403;
  if (error.misdirected === "path") return 404;
  if (error.misdirected === "method") return 405;
  return statusOf[error.type];
}

/** Whole seconds, rounded up: a client that waits as told must not come too early (RFC 9110 section 10.2.3). */
function retryAfter({ retryAfterSeconds = DEFAULT_RETRY_AFTER_SECONDS }: ServiceError): string {
  return String(Math.max(1, Math.ceil(retryAfterSeconds)));
}

/** Visible ASCII and spaces: anything else would split the header, or make the whole answer fail. */
function headerText(message: string): string {
  return printableAscii(message.slice(0, MAX_HEADER_MESSAGE_LENGTH));
}
