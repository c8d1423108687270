/** The failures of the service, as data. Pure; knows neither HTTP nor the wire (protocol/wire-error.ts renders them). */

/** Exceptions that the service model declares. */
export type ModelledErrorName =
  | "ConcurrentModificationException"
  | "DeveloperUserAlreadyRegisteredException"
  | "ExternalServiceException"
  | "InternalErrorException"
  | "InvalidIdentityPoolConfigurationException"
  | "InvalidParameterException"
  | "LimitExceededException"
  | "NotAuthorizedException"
  | "ResourceConflictException"
  | "ResourceNotFoundException"
  | "TooManyRequestsException";

/** Exceptions of the AWS front end, before any operation runs. */
export type FrameworkErrorName =
  | "AccessDeniedException"
  | "IncompleteSignatureException"
  | "InvalidSignatureException"
  | "MissingAuthenticationTokenException"
  | "RequestEntityTooLargeException"
  | "RequestTimeoutException"
  | "SerializationException"
  | "UnknownOperationException"
  | "UnrecognizedClientException"
  | "ValidationException";

export type ServiceErrorName = ModelledErrorName | FrameworkErrorName;

/**
 * One failure of the service.
 * `message` goes on the wire and holds no secret; `reason` is the richer cause and goes to the log alone.
 */
export type ServiceError = {
  readonly type: ServiceErrorName;
  readonly message: string;
  readonly reason?: string;
  /** What of the cause follows the words on the wire, also where they are hidden: in local development alone. */
  readonly explanation?: string;
  /** The login was refused for what its issuer publishes: nothing that its user, or another at the same address, has done. */
  readonly isIssuersFault?: true;
  /** Seconds after which a retry can succeed; only with TooManyRequestsException. */
  readonly retryAfterSeconds?: number;
};

export type Ok<T> = { readonly ok: true; readonly value: T };
export type Err<E> = { readonly ok: false; readonly error: E };
export type Result<T, E = ServiceError> = Ok<T> | Err<E>;

export function ok<T>(value: T): Ok<T> {
  return { ok: true, value };
}

export function err<E>(error: E): Err<E> {
  return { ok: false, error };
}

/** Throttling, in the words of the live service. */
export const RATE_EXCEEDED: ServiceError = { type: "TooManyRequestsException", message: "Rate exceeded" };

/** A ServiceError with its evidence for the log. */
export function serviceError(type: ServiceErrorName, message: string, reason?: string): ServiceError {
  return reason === undefined ? { type, message } : { type, message, reason };
}
