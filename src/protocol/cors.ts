/**
 * What a browser needs to call the service from any page: the answer to its preflight, and the headers on every answer.
 * Credentials are never allowed, so that `*` is right and the Origin is of no interest (T49).
 */

/** On every answer, failures too: without them a browser reports a network error, and the SDK retries it. */
export const crossOriginHeaders = {
  "access-control-allow-origin": "*",
  "access-control-expose-headers": "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date,Retry-After",
} as const;

/** Two days, in seconds: as the live service says. */
const PREFLIGHT_MAX_AGE_SECONDS = 172_800;

/** The headers that SDKs send, when a preflight asks for none by name. `*` would not cover `authorization`. */
const SDK_HEADERS = [
  "content-type",
  "x-amz-target",
  "x-amz-user-agent",
  "amz-sdk-invocation-id",
  "amz-sdk-request",
  "x-amz-date",
  "x-amz-security-token",
  "x-amz-content-sha256",
  "authorization",
  "x-amzn-trace-id",
  "cache-control",
];

// Only what a header name can hold comes back, and only so much of it.
const HEADER_NAME = /^[A-Za-z0-9_-]{1,64}$/;
const MAX_ECHOED_HEADERS = 64;

/** The headers that answer an OPTIONS request; any header may be sent, since none of them carries ambient authority. */
export function preflightHeaders(request: Request): Readonly<Record<string, string>> {
  const asked = (request.headers.get("access-control-request-headers") ?? "").split(",", MAX_ECHOED_HEADERS);
  const names = asked.map((name) => name.trim()).filter((name) => HEADER_NAME.test(name));
  return {
    "access-control-allow-methods": "POST",
    "access-control-allow-headers": (names.length > 0 ? names : SDK_HEADERS).join(","),
    "access-control-max-age": String(PREFLIGHT_MAX_AGE_SECONDS),
  };
}
