/**
 * AWS JSON 1.1: a request becomes an operation's name and a JSON object, once; an output or a failure becomes a response, once.
 * Judges no member (validate.ts) and no signature (sigv4.ts). Whatever arrives, reading it returns a Result and throws nothing.
 */
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import { crossOriginHeaders, preflightHeaders } from "./cors.ts";
import { renderError, unknownOperation, type WireError } from "./errors.ts";
import { type ExtensionName, operationNamedBy } from "./extensions.ts";
import type { OperationName } from "./shapes.ts";

/** Longest request body, in bytes: ten logins of 50 000 characters fit twice. */
export const MAX_BODY_BYTES = 1_048_576;

const CONTENT_TYPE = "application/x-amz-json-1.1";

/** A byte order mark is kept, so that the parser refuses it: two readings of one body are one too many. */
const strictUtf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export type DecodedRequest = {
  readonly operation: OperationName | ExtensionName;
  /** As received: Signature Version 4 hashes these bytes and no others. */
  readonly body: Uint8Array;
  /** Parsed, not checked: read it through `validate` alone, which is safe against prototype names (T39). */
  readonly json: Readonly<Record<string, unknown>>;
};

/** A request that cannot be read; with the operation that it named, for the log. */
export type UnreadableRequest = WireError & { readonly operation?: DecodedRequest["operation"] };

/**
 * Failures: UnknownOperationException (also with 404 or 405 for what is not `POST /`), RequestEntityTooLargeException,
 * SerializationException. The body is read last, and only for an operation that exists and `isBuilt`.
 */
export async function readRequest(
  request: Request,
  isBuilt: (operation: DecodedRequest["operation"]) => boolean = () => true,
): Promise<Result<DecodedRequest, UnreadableRequest>> {
  const named = operationOf(request);
  if (!named.ok) return named;
  const operation = named.value;
  if (!isBuilt(operation)) return err({ ...unknownOperation(), operation });
  const body = await readBody(request);
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
  const operation = operationNamedBy(request.headers.get("x-amz-target") ?? "");
  return operation === undefined ? err(unknownOperation()) : ok(operation);
}

/** A query is refused rather than passed over: a signature is checked for an empty one. */
function isAtRoot(url: string): boolean {
  // Nearly every request is plainly `scheme://host/`; only about any other is the URL parser asked.
  if (url.indexOf("/", url.indexOf("://") + 3) === url.length - 1) return true;
  const { pathname, search } = new URL(url);
  return pathname === "/" && search === "";
}

const BODY_TOO_LARGE = err(
  serviceError("RequestEntityTooLargeException", `The request body is larger than ${MAX_BODY_BYTES} bytes.`),
);

function misdirected(what: "path" | "method", message: string): Result<never, WireError> {
  return err({ ...serviceError("UnknownOperationException", message), misdirected: what });
}

/**
 * At most MAX_BODY_BYTES (T11). HTTP ends a body at its Content-Length, so one that states an allowed length is read in one
 * step; one that states none is counted as it arrives, and the rest of a longer one is never read.
 */
async function readBody(request: Request): Promise<Result<Uint8Array>> {
  const statedLength = request.headers.get("content-length");
  if (Number(statedLength) > MAX_BODY_BYTES) return BODY_TOO_LARGE;
  // Beside a Transfer-Encoding a Content-Length says nothing (RFC 9112, section 6.3).
  const isLengthKnown = statedLength !== null && !request.headers.has("transfer-encoding");
  try {
    const body = isLengthKnown ? new Uint8Array(await request.arrayBuffer()) : await readCounted(request);
    return body === undefined || body.byteLength > MAX_BODY_BYTES ? BODY_TOO_LARGE : ok(body);
  } catch (cause) {
    // A client that hangs up is an expected failure and not a defect of ours.
    return err(serviceError("SerializationException", "The request body could not be read.", String(cause)));
  }
}

/** Undefined when there is too much. */
async function readCounted(request: Request): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength;
    // Leaving the loop cancels the stream.
    if (length > MAX_BODY_BYTES) return undefined;
    chunks.push(chunk);
  }
  const [first] = chunks;
  return first !== undefined && chunks.length === 1 ? first : concatenate(chunks, length);
}

function concatenate(chunks: readonly Uint8Array[], length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return bytes;
}

/** An empty body is an empty object. Of a member that is sent twice, the last counts. */
function parseBody(body: Uint8Array): Result<Readonly<Record<string, unknown>>> {
  if (body.byteLength === 0) return ok({});
  const json = parseJson(body);
  if (!json.ok) return json;
  return isObject(json.value)
    ? ok(json.value)
    : err(serviceError("SerializationException", "The request body must be a JSON object."));
}

function parseJson(body: Uint8Array): Result<unknown> {
  let text: string;
  try {
    text = strictUtf8.decode(body);
  } catch {
    return err(serviceError("SerializationException", "The request body is not valid UTF-8."));
  }
  try {
    return ok(JSON.parse(text));
  } catch {
    // A SyntaxError quotes the input, and a RangeError comes of nesting that only an attacker sends (T11): neither is passed on.
    return err(serviceError("SerializationException", "The request body is not valid JSON."));
  }
}

function isObject(json: unknown): json is Readonly<Record<string, unknown>> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
