/**
 * AWS JSON 1.1: a request becomes an operation's name and a JSON object, once; an output or a failure becomes a response, once.
 * Judges no member (validate.ts) and no signature (sigv4.ts). Whatever arrives, reading it returns a Result and throws nothing.
 */
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import { isObject, type JsonObject, parseJsonBytes } from "../domain/json.ts";
import { bodyLimitOf } from "./body-limit.ts";
import { crossOriginHeaders, preflightHeaders } from "./cors.ts";
import { renderError, unknownOperation, type WireError } from "./wire-error.ts";
import { type ExtensionName, operationNamedBy } from "./extensions.ts";
import { readBody } from "./request-body.ts";
import type { OperationName } from "./shapes.ts";

const CONTENT_TYPE = "application/x-amz-json-1.1";

export type DecodedRequest = {
  readonly operation: OperationName | ExtensionName;
  /** As received: Signature Version 4 hashes these bytes and no others. */
  readonly body: Uint8Array;
  /** Parsed, not checked: read it through `validate` alone, which is safe against prototype names (T39). */
  readonly json: JsonObject;
};

/** A request that cannot be read; with the operation that it named, for the log. */
export type UnreadableRequest = WireError & { readonly operation?: DecodedRequest["operation"] };

/**
 * Failures: UnknownOperationException (also with 404 or 405 for what is not `POST /`), those of request-body.ts,
 * SerializationException. The body is read last, no more of it than the operation can need, and not at all where `refusalOf`
 * has a reason to refuse the operation unread.
 */
export async function readRequest(
  request: Request,
  refusalOf: (operation: DecodedRequest["operation"]) => WireError | null = () => null,
): Promise<Result<DecodedRequest, UnreadableRequest>> {
  const named = operationOf(request);
  if (!named.ok) return named;
  const operation = named.value;
  const refusal = refusalOf(operation);
  if (refusal !== null) return err({ ...refusal, operation });
  const body = await readBody(request, bodyLimitOf(operation));
  if (!body.ok) return err({ ...body.error, operation });
  const json = parseBody(body.value);
  if (!json.ok) return err({ ...json.error, operation });
  return ok({ operation, body: body.value, json: json.value });
}

/** An `OutputOf` some operation: `undefined` is an empty body, `{}` an empty structure. Members that are `undefined` are left out. */
export function encodeSuccess(output: object | undefined, requestId: string): Response {
  const body = output === undefined ? null : JSON.stringify(output);
  return new Response(body, { status: 200, headers: answerHeaders(requestId) });
}

export function encodeError(error: WireError, requestId: string): Response {
  const { status, headers, body } = renderError(error);
  return new Response(JSON.stringify(body), { status, headers: { ...answerHeaders(requestId), ...headers } });
}

/** The answer to a browser's OPTIONS request, as the live service gives it: 200 and an empty body. */
export function encodePreflight(request: Request, requestId: string): Response {
  return new Response(null, { status: 200, headers: { ...answerHeaders(requestId), ...preflightHeaders(request) } });
}

/** `no-store` and `nosniff`, since answers carry tokens and quote input (T50). */
function answerHeaders(requestId: string): Record<string, string> {
  return {
    "content-type": CONTENT_TYPE,
    "x-amzn-requestid": requestId,
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...crossOriginHeaders,
  };
}

/** Only `POST /` with the one content type is a call; the type alone keeps out what a browser sends without preflight (T50). */
function operationOf(request: Request): Result<DecodedRequest["operation"], WireError> {
  if (!isAtRoot(request.url)) return misdirected("path", "The service answers at the path / alone.");
  if (request.method !== "POST") return misdirected("method", "The service answers to the method POST alone.");
  const [mediaType = ""] = (request.headers.get("content-type") ?? "").split(";", 1);
  if (mediaType.trim().toLowerCase() !== CONTENT_TYPE) {
    return err(serviceError("UnknownOperationException", `Content-Type must be ${CONTENT_TYPE}.`));
  }
  const target = request.headers.get("x-amz-target") ?? "";
  const operation = operationNamedBy(target);
  return operation === undefined ? err(unknownOperation(target)) : ok(operation);
}

/** A query is refused rather than passed over: a signature is checked for an empty one. */
function isAtRoot(url: string): boolean {
  // Nearly every request is plainly `scheme://host/`; only about any other is the URL parser asked.
  if (url.indexOf("/", url.indexOf("://") + 3) === url.length - 1) return true;
  const { pathname, search } = new URL(url);
  return pathname === "/" && search === "";
}

function misdirected(what: "path" | "method", message: string): Result<never, WireError> {
  return err({ ...serviceError("UnknownOperationException", message), misdirected: what });
}

/** An empty body is an empty object. */
function parseBody(body: Uint8Array): Result<JsonObject> {
  if (body.byteLength === 0) return ok({});
  const json = parseJsonBytes(body);
  if (!json.ok) return unreadable(`is not valid ${json.error === "not-utf8" ? "UTF-8" : "JSON"}`);
  return isObject(json.value) ? ok(json.value) : unreadable("must be a JSON object");
}

function unreadable(what: string): Result<never> {
  return err(serviceError("SerializationException", `The request body ${what}.`));
}
