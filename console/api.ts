/** Calls of the service's own API, signed in the browser with the key of whoever is signed in. */
import { AwsV4Signer } from "aws4fetch";
import { type Key, session } from "./session.ts";
import { service } from "./service.ts";
import type { InputOf, OperationName, OutputOf } from "./wire.ts";

export type Failure = {
  readonly operation: OperationName;
  /** `Unreachable`: there was no answer at all; `Unreadable`: it was not the service's. */
  readonly exception: string;
  readonly message: string;
  readonly requestId: string | null;
  readonly retryAfterSeconds: number | null;
};

export type Answer<Name extends OperationName> =
  | {
      readonly ok: true;
      readonly output: OutputOf<Name>;
      readonly requestId: string | null;
      readonly durationMs: number;
    }
  | { readonly ok: false; readonly failure: Failure };

/** How far the service's clock is ahead of this machine's, in milliseconds: what signatures are dated by. */
let clockAheadMs = 0;

export function targetOf(operation: OperationName): string {
  return operation.includes(".") ? operation : `AWSCognitoIdentityService.${operation}`;
}

async function signed(operation: OperationName, body: string, key: Key | null): Promise<RequestInit> {
  const headers = { "content-type": "application/x-amz-json-1.1", "x-amz-target": targetOf(operation) };
  if (key === null) return { method: "POST", headers, body };
  const signer = new AwsV4Signer({
    ...key,
    method: "POST",
    url: `${location.origin}/`,
    headers,
    body,
    service: "cognito-identity",
    region: service.get()?.region ?? "us-east-1",
    datetime: new Date(Date.now() + clockAheadMs).toISOString().replaceAll(/[:-]|\.\d{3}/g, ""),
    // It would leave out the content type, which has to be signed.
    allHeaders: true,
  });
  const { method, headers: signedHeaders } = await signer.sign();
  return { method, headers: signedHeaders, body };
}

function failureOf(operation: OperationName, response: Response, body: unknown): Failure {
  const [exception = ""] = (response.headers.get("x-amzn-errortype") ?? "Unreadable").split(":");
  const { message } = Object(body) as { message?: unknown };
  const retryAfter = response.headers.get("retry-after");
  return {
    operation,
    exception,
    message: typeof message === "string" ? message : `The answer has the status ${response.status} and no message.`,
    requestId: response.headers.get("x-amzn-requestid"),
    retryAfterSeconds: retryAfter === null ? null : Number(retryAfter),
  };
}

/** A signature that is too old or too young: what the answer's own date cures. */
function isOfClock({ exception, message }: Failure): boolean {
  return exception === "InvalidSignatureException" && /^Signature (expired|not yet current)/.test(message);
}

async function attempt<Name extends OperationName>(
  operation: Name,
  body: string,
  key: Key | null,
  signal: AbortSignal | null,
): Promise<{ readonly answer: Answer<Name>; readonly date: string | null }> {
  const startedAt = performance.now();
  const response = await fetch("/", { ...(await signed(operation, body, key)), signal, cache: "no-store" });
  const text = await response.text();
  const durationMs = performance.now() - startedAt;
  const json: unknown = text === "" ? {} : JSON.parse(text);
  const requestId = response.headers.get("x-amzn-requestid");
  const answer: Answer<Name> = response.ok
    ? { ok: true, output: json as OutputOf<Name>, requestId, durationMs }
    : { ok: false, failure: failureOf(operation, response, json) };
  return { answer, date: response.headers.get("date") };
}

/**
 * Public operations are signed as well: they take no notice of it. `key` is that of whoever is signed in. Rejects only when
 * `signal` has aborted it.
 */
export async function call<Name extends OperationName>(
  operation: Name,
  input: InputOf<Name>,
  { signal = null, key = session.get() }: { readonly signal?: AbortSignal | null; readonly key?: Key | null } = {},
): Promise<Answer<Name>> {
  const body = JSON.stringify(input);
  try {
    const { answer, date } = await attempt(operation, body, key, signal);
    if (answer.ok || !isOfClock(answer.failure) || date === null) return answer;
    clockAheadMs = Date.parse(date) - Date.now();
    return (await attempt(operation, body, key, signal)).answer;
  } catch (error) {
    if (signal?.aborted === true) throw error;
    const isUnreadable = error instanceof SyntaxError;
    const message = isUnreadable ? "The answer is not JSON." : "The service could not be reached.";
    const exception = isUnreadable ? "Unreadable" : "Unreachable";
    return { ok: false, failure: { operation, exception, message, requestId: null, retryAfterSeconds: null } };
  }
}
