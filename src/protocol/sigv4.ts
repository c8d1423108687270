/**
 * Signature Version 4 of the signed operations: who sent this request, proven over its raw bytes (T44).
 * It decides nothing about what the caller may do (domain/admin-credential.ts) and knows no operation's meaning.
 * Invariant: a credential is returned only for the method, host, operation, date and body that its holder signed.
 */
import { err, ok, serviceError, type Result, type ServiceError, type ServiceErrorName } from "../domain/errors.ts";
import { type AdminCredential, hasExpired } from "../domain/admin-credential.ts";
import { formatTimestamp, parseAuthorizationHeader, parseTimestamp } from "./authorization-header.ts";
import type { AuthorizationHeader } from "./authorization-header.ts";
import { ALGORITHM, canonicalRequest, computeSignature, SCOPE_TERMINATOR } from "./canonical-request.ts";
import { sha256Hex } from "../domain/digest.ts";
import { operationNamedBy } from "./extensions.ts";

/** A request as it arrived, and what this service expects of its signature. */
export type SignedRequest<Credential extends AdminCredential> = {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  /** The raw bytes of the body, before any decoding. */
  readonly body: Uint8Array;
  /** Name of the operation that will run if the request is accepted. */
  readonly operation: string;
  readonly credentials: readonly Credential[];
  readonly region: string;
  /** Epoch seconds. */
  readonly now: number;
};

export type VerifiedSignature<Credential extends AdminCredential> = {
  readonly credential: Credential;
  /** Lower-case hex: equal for a request and its replay. */
  readonly signature: string;
  /** Equal for all attempts of one call, and foreseen by nobody else; null where the client signs nothing that says so. */
  readonly callKey: string | null;
};

type Received = Pick<SignedRequest<AdminCredential>, "method" | "url" | "headers" | "body" | "operation">;

const SERVICE = "cognito-identity";
const INVOCATION_ID = "amz-sdk-invocation-id";

/** Accepted difference between a signature's date and our clock, in seconds, either way. AWS's is 900; T44 asks for less. */
const WINDOW_SECONDS = 300;

/** Most characters of the values of all signed headers: a client's are under 1000, a session token takes up to 2000. */
const MAX_SIGNED_VALUES_LENGTH = 16_384;

/** What says where a request goes and what it does. Unsigned, a captured request could be turned into another one. */
const ALWAYS_SIGNED = ["host", "x-amz-date", "x-amz-target"];
/**
 * What changes the meaning of a request when it is there, so nobody may add it either. `content-type` is none of them: a body
 * is read as the one media type or refused, and the SDKs for PHP and JavaScript 2, aws4fetch and Android never sign it.
 */
const SIGNED_WHEN_SENT = ["x-amz-content-sha256", "x-amz-security-token"];

/** Stands in for the secret of a credential that does not exist. A signature made with it is refused all the same. */
const NO_SECRET = "no credential has this access key id";

const MALFORMED = `Authorization header requires '${ALGORITHM} Credential=.../yyyymmdd/region/${SERVICE}/${SCOPE_TERMINATOR}, SignedHeaders=..., Signature=...'.`;
const MISMATCH =
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.";

/** Why nobody can have signed the request, whatever its body is: then it need not be read. Null where somebody may. */
export function unsignedRefusal(headers: Headers, credentials: readonly AdminCredential[]): ServiceError | null {
  if (credentials.length === 0) {
    const message = "Signed operations are disabled: ADMIN_CREDENTIALS holds no credential.";
    return serviceError("AccessDeniedException", message);
  }
  if ((headers.get("authorization") ?? "") !== "") return null;
  return serviceError("MissingAuthenticationTokenException", "Missing Authentication Token");
}

/** The configured access key id that the request names, which proves nothing; undefined for any other text. */
export function claimedKeyId(headers: Headers, credentials: readonly AdminCredential[]): string | undefined {
  const claimed = parseAuthorizationHeader(headers.get("authorization") ?? "")?.accessKeyId;
  return credentials.find(({ accessKeyId }) => accessKeyId === claimed)?.accessKeyId;
}

/**
 * Fails with MissingAuthenticationTokenException, IncompleteSignatureException (not understood),
 * InvalidSignatureException (understood and wrong), UnrecognizedClientException (unknown or expired access key id, or any session
 * token) or AccessDeniedException (no credential is configured). Signatures in the query are never accepted.
 */
export async function verifySignature<Credential extends AdminCredential>(
  request: SignedRequest<Credential>,
): Promise<Result<VerifiedSignature<Credential>>> {
  const unsigned = unsignedRefusal(request.headers, request.credentials);
  if (unsigned !== null) return err(unsigned);
  const header = request.headers.get("authorization") ?? "";
  const authorization = parseAuthorizationHeader(header);
  if (authorization === undefined) return refuse("IncompleteSignatureException", MALFORMED);

  const timestamp = request.headers.get("x-amz-date") ?? "";
  const bodySha256 = await sha256Hex(request.body);
  const signedHeaders = authorization.signedHeaderNames.map((name) => [name, receivedValue(request, name)] as const);
  const problem =
    checkRequestLine(request) ??
    checkDate(authorization, timestamp, request.now) ??
    checkScope(authorization, request.region) ??
    checkSignedHeaders(request.headers, signedHeaders) ??
    checkTarget(request) ??
    checkBody(request.headers, bodySha256);
  if (problem !== undefined) return err(problem);

  const canonical = canonicalRequest({
    method: request.method,
    signedHeaders: signedHeaders.map(([name, value]) => [name, value ?? ""] as const),
    bodySha256,
  });
  // An unknown key is computed and compared like a known one. Its answer then names it, as AWS's does: access key ids
  // are not secret, and the owner of a mistyped one must be told so. What must not show is anything about a secret.
  const credential = findCredential(request, authorization.accessKeyId);
  const secret = credential?.secretAccessKey ?? NO_SECRET;
  const computed = await computeSignature(secret, authorization, timestamp, canonical);
  // Two digests of 32 bytes each, compared in constant time (T45).
  const matches = crypto.subtle.timingSafeEqual(computed, authorization.signature);
  const unrecognized = "The security token included in the request is invalid.";
  if (credential === undefined) return refuse("UnrecognizedClientException", unrecognized);
  // As of one that is not there; the operator reads the reason.
  if (hasExpired(credential, request.now)) {
    return err(serviceError("UnrecognizedClientException", unrecognized, "credential-expired"));
  }
  return matches
    ? ok({
        credential,
        signature: authorization.signature.toHex(),
        callKey: callKeyOf(authorization, request.headers, bodySha256),
      })
    : refuse("InvalidSignatureException", MISMATCH);
}

/**
 * The SDK for JavaScript signs an id of each call, which its retries repeat, while their signatures differ. Others, as boto3,
 * sign no such id, and repeat the very signature within one second, in a retry as in another call.
 */
function callKeyOf(
  { accessKeyId, signedHeaderNames }: AuthorizationHeader,
  headers: Headers,
  body: string,
): string | null {
  const invocationId = signedHeaderNames.includes(INVOCATION_ID) ? headers.get(INVOCATION_ID) : null;
  return invocationId === null ? null : `call ${accessKeyId} ${invocationId} ${body}`;
}

function refuse(type: ServiceErrorName, message: string): { readonly ok: false; readonly error: ServiceError } {
  return err(serviceError(type, message));
}

/**
 * A session token belongs to temporary credentials, and none are issued here, so the pair of key and token is one that
 * does not exist. To ignore the token would accept a claim that nobody checked; AWS refuses it with the same words.
 */
function findCredential<Credential extends AdminCredential>(
  { credentials, headers }: SignedRequest<Credential>,
  accessKeyId: string,
): Credential | undefined {
  if (headers.has("x-amz-security-token")) return undefined;
  return credentials.find((candidate) => candidate.accessKeyId === accessKeyId);
}

/**
 * Two headers describe the transport and may be gone by the time that a Worker sees the request, while the facts
 * remain: `host` is the URL's, and `content-length` is the length of the body, whatever framing carried it.
 */
function receivedValue(request: Received, name: string): string | undefined {
  const value = request.headers.get(name);
  if (value !== null) return value;
  if (name === "host") return request.url.host;
  if (name === "content-length") return String(request.body.byteLength);
  return undefined;
}

/** A query could carry a second, other signature (presigning), and an SDK of this service never sends one. */
function checkRequestLine({ method, url }: Received): ServiceError | undefined {
  if (method === "POST" && url.pathname === "/" && url.search === "") return undefined;
  return serviceError("IncompleteSignatureException", "A signed request is a POST to '/' without a query string.");
}

/** The wording is AWS's: SDKs know "Signature expired" and "not yet current", and correct their clock by it. */
function checkDate(authorization: AuthorizationHeader, timestamp: string, now: number): ServiceError | undefined {
  const signedAt = parseTimestamp(timestamp);
  if (signedAt === undefined) {
    const message = "Authorization header requires existence of a 'X-Amz-Date' header, as yyyymmddThhmmssZ.";
    return serviceError("IncompleteSignatureException", message);
  }
  const day = timestamp.slice(0, 8);
  if (authorization.day !== day) {
    const message = `Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '${authorization.day}' != '${day}', from '${timestamp}'.`;
    return serviceError("InvalidSignatureException", message);
  }
  const minutes = WINDOW_SECONDS / 60;
  const clock = formatTimestamp(now);
  if (signedAt < Math.floor(now) - WINDOW_SECONDS) {
    const limit = `${formatTimestamp(now - WINDOW_SECONDS)} (${clock} - ${minutes} min.)`;
    return serviceError("InvalidSignatureException", `Signature expired: ${timestamp} is now earlier than ${limit}`);
  }
  if (signedAt > Math.floor(now) + WINDOW_SECONDS) {
    const limit = `${formatTimestamp(now + WINDOW_SECONDS)} (${clock} + ${minutes} min.)`;
    return serviceError(
      "InvalidSignatureException",
      `Signature not yet current: ${timestamp} is still later than ${limit}`,
    );
  }
  return undefined;
}

/** Exact, so that what was signed for another service, region or instance of this one is worth nothing here. */
function checkScope(authorization: AuthorizationHeader, region: string): ServiceError | undefined {
  const { region: scoped, service, terminator } = authorization;
  if (scoped !== region) return invalid(`Credential should be scoped to a valid region, not '${scoped}'.`);
  if (service !== SERVICE) return invalid(`Credential should be scoped to correct service: '${SERVICE}'.`);
  if (terminator !== SCOPE_TERMINATOR) {
    return invalid(`Credential should be scoped with a valid terminator: '${SCOPE_TERMINATOR}', not '${terminator}'.`);
  }
  return undefined;
}

function checkSignedHeaders(
  headers: Headers,
  signed: readonly (readonly [name: string, value: string | undefined])[],
): ServiceError | undefined {
  const names = new Set(signed.map(([name]) => name));
  const required = [...ALWAYS_SIGNED, ...SIGNED_WHEN_SENT.filter((name) => headers.has(name))];
  const unsigned = required.find((name) => !names.has(name));
  if (unsigned !== undefined) return invalid(`'${unsigned}' must be a 'SignedHeader' in the AWS Authorization.`);
  const missing = signed.find(([, value]) => value === undefined);
  if (missing !== undefined) return invalid(`The signed header '${missing[0]}' was not received.`);
  const length = signed.reduce((sum, [, value]) => sum + (value?.length ?? 0), 0);
  return length <= MAX_SIGNED_VALUES_LENGTH ? undefined : invalid("The signed headers are too long.");
}

/** The operation that runs is the one whose name was signed, however the dispatcher read the header. */
function checkTarget({ headers, operation }: Received): ServiceError | undefined {
  if (operationNamedBy(headers.get("x-amz-target") ?? "") === operation) return undefined;
  return invalid("The signed 'x-amz-target' is not the requested operation.");
}

/** UNSIGNED-PAYLOAD and the STREAMING forms are no hash of this body, so they are refused with every other text. */
function checkBody(headers: Headers, bodySha256: string): ServiceError | undefined {
  if ((headers.get("x-amz-content-sha256") ?? bodySha256) === bodySha256) return undefined;
  return invalid("The provided 'x-amz-content-sha256' header does not match what was computed.");
}

function invalid(message: string): ServiceError {
  return serviceError("InvalidSignatureException", message);
}
