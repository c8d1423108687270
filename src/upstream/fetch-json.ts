/**
 * One bounded fetch of a JSON document from an upstream: permitted address, no redirect, one deadline, a counted body
 * (T23 to T25). The only place of this folder that opens a connection; leaves no timer and no half-read body behind.
 */
import { err, ok, type Result } from "../domain/errors.ts";
import type { UpstreamPolicy } from "./upstream-policy.ts";

export type FetchFailure =
  | "forbidden-address"
  | "redirect"
  | "status"
  | "content-type"
  | "too-large"
  | "not-json"
  | "deadline"
  | "connection";

export type FetchTools = {
  readonly fetch: (input: string, init: RequestInit) => Promise<Response>;
  readonly upstreams: UpstreamPolicy;
  /** For connect, headers and body together, in milliseconds. Default 5000. */
  readonly deadlineMs?: number;
};

export type JsonQuestion = {
  /** Judged by the policy as it is; `query` comes on top, so that a long token never makes an address too long. */
  readonly url: URL;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses whose body is an answer. Default: 200 alone. */
  readonly statuses?: readonly number[];
};

export type JsonAnswer = { readonly status: number; readonly document: unknown };

const DEFAULT_DEADLINE_MS = 5000;
/**
 * What a JSON document may call itself: JSON of any kind, the script type of older APIs, or the nondescript types of static
 * file hosts. A page or a picture at the same address is not the document, whatever its bytes would parse to.
 */
const JSON_TYPES =
  /^((application|text)\/(json|javascript|[\w.-]+\+json)|text\/plain|(application|binary)\/octet-stream)\s*(;|$)/i;
/** Largest body, in bytes after decompression: a gzip bomb is counted as what it becomes (T25). */
const MAX_BODY_BYTES = 512 * 1024;

/** The parsed document, of any shape: the caller judges it. Never rejects. */
export async function fetchJson(url: URL, tools: FetchTools): Promise<Result<unknown, FetchFailure>> {
  const answer = await askForJson({ url }, tools);
  return answer.ok ? ok(answer.value.document) : answer;
}

/** As `fetchJson`, for an upstream that also says no in JSON. Never rejects. */
export async function askForJson(question: JsonQuestion, tools: FetchTools): Promise<Result<JsonAnswer, FetchFailure>> {
  if (!tools.upstreams.permits(question.url)) return err("forbidden-address");
  const abort = new AbortController();
  const deadline = Promise.withResolvers<Result<never, FetchFailure>>();
  // The race is lost at the deadline even if the other side ignores the abort. The timer is cleared: a stray one would
  // keep an idle object billed.
  const timer = setTimeout(() => {
    deadline.resolve(err("deadline"));
    abort.abort();
  }, tools.deadlineMs ?? DEFAULT_DEADLINE_MS);
  try {
    const body = await Promise.race([fetchBody(question, tools, abort.signal), deadline.promise]);
    if (!body.ok) return body;
    const document = parse(body.value.bytes);
    return document.ok ? ok({ status: body.value.status, document: document.value }) : document;
  } catch {
    // Whatever the platform throws for a refused, reset or unresolved connection: it is the upstream's failure (T31).
    return err("connection");
  } finally {
    clearTimeout(timer);
  }
}

async function fetchBody(
  { url, query = {}, headers = {}, statuses = [200] }: JsonQuestion,
  { fetch, upstreams }: FetchTools,
  signal: AbortSignal,
): Promise<Result<{ readonly status: number; readonly bytes: Uint8Array }, FetchFailure>> {
  const located = new URL(upstreams.locate(url));
  for (const [name, value] of Object.entries(query)) located.searchParams.append(name, value);
  const response = await fetch(located.href, {
    headers: { accept: "application/json", ...headers },
    // T24: a redirect would let the upstream's neighbour choose the keys.
    redirect: "manual",
    // T29: a cache between would stretch the stated life of a key set.
    cache: "no-store",
    signal,
  });
  const failure = judgeHead(response, statuses);
  if (failure !== undefined) {
    await response.body?.cancel();
    return err(failure);
  }
  const bytes = await readBody(response, signal);
  return bytes.ok ? ok({ status: response.status, bytes: bytes.value }) : bytes;
}

function judgeHead({ status, headers }: Response, statuses: readonly number[]): FetchFailure | undefined {
  if (!statuses.includes(status)) return status >= 300 && status < 400 ? "redirect" : "status";
  const contentType = headers.get("content-type");
  return contentType === null || JSON_TYPES.test(contentType) ? undefined : "content-type";
}

async function readBody(response: Response, signal: AbortSignal): Promise<Result<Uint8Array, FetchFailure>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = response.body?.getReader();
  // A body that stands still would otherwise be waited for after the deadline, by nobody.
  signal.addEventListener("abort", () => void reader?.cancel().catch(() => undefined));
  for (let chunk = await reader?.read(); chunk?.value !== undefined; chunk = await reader?.read()) {
    size += chunk.value.length;
    if (size > MAX_BODY_BYTES) {
      await reader?.cancel();
      return err("too-large");
    }
    chunks.push(chunk.value);
  }
  return ok(concatenate(chunks, size));
}

function concatenate(chunks: readonly Uint8Array[], size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

function parse(bytes: Uint8Array): Result<unknown, FetchFailure> {
  try {
    return ok(JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes)));
  } catch {
    // Not UTF-8, not JSON, or nested too deep to parse (T25).
    return err("not-json");
  }
}
