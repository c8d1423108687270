/**
 * One bounded fetch of a JSON document from an upstream: permitted address, no redirect to others, one deadline, a counted body
 * (T23 to T25). The only place of this folder that opens a connection; leaves no timer and no half-read body behind.
 */
import { concatenate } from "../domain/bytes.ts";
import { err, ok, type Result } from "../domain/errors.ts";
import type { UpstreamPolicy } from "./upstream-policy.ts";

export type FetchFailure =
  | "forbidden-address"
  | "redirect"
  | `status ${number}`
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
  /** Sent by POST. Absent: GET. */
  readonly body?: string;
  /** Statuses whose body is an answer. Default: 200 alone. */
  readonly statuses?: readonly number[];
  /** How many redirects within the address's own origin are followed. Default: none. */
  readonly redirects?: number;
};

export type JsonAnswer = { readonly status: number; readonly document: unknown };

/** Whether a content type, or the empty text of none, is that of what was asked for. */
type TypeRule = (contentType: string) => boolean;

const DEFAULT_DEADLINE_MS = 5000;
/** Those that say where else to ask, and mean it (RFC 9110, section 15.4). */
const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Some firewalls turn away who does not say it. The version is that of package.json. */
const USER_AGENT = "edgepool/0.1.0";
/** What an answer of an API calls itself: JSON of any kind, AWS's included, or the script type of older ones. */
const JSON_TYPES = /^(application|text)\/(json|javascript|x-amz-json-1\.\d|[\w.-]+\+json)\s*(;|$)/i;
/**
 * What is asked for in a document. RFC 7517, section 8.5.2, has a type for key sets, and some hosts answer 406 unless the
 * very type that they serve is asked for, whatever it is.
 */
const DOCUMENT_TYPES = "application/json, application/jwk-set+json, */*;q=0.5";
/** Largest body, in bytes after decompression: a gzip bomb is counted as what it becomes (T25). */
const MAX_BODY_BYTES = 512 * 1024;

/**
 * The parsed document, of any shape: the caller judges it. A document is a file, and its host need not know what is in it: if it
 * is JSON, it may call itself what it likes. `redirects` as in a JsonQuestion. Never rejects.
 */
export async function fetchJson(url: URL, tools: FetchTools, redirects = 0): Promise<Result<unknown, FetchFailure>> {
  const answer = await exchange({ url, redirects, headers: { accept: DOCUMENT_TYPES } }, tools, () => true);
  return answer.ok ? ok(answer.value.document) : answer;
}

/**
 * For an API: it may say no in JSON, and calls each of its answers JSON. A page at the same address is no answer of the API,
 * whatever its bytes would parse to. Never rejects.
 */
export async function askForJson(question: JsonQuestion, tools: FetchTools): Promise<Result<JsonAnswer, FetchFailure>> {
  return await exchange(question, tools, (contentType) => JSON_TYPES.test(contentType));
}

async function exchange(
  question: JsonQuestion,
  tools: FetchTools,
  accepts: TypeRule,
): Promise<Result<JsonAnswer, FetchFailure>> {
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
    const body = await Promise.race([fetchBody(question, tools, accepts, abort.signal), deadline.promise]);
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
  question: JsonQuestion,
  tools: FetchTools,
  accepts: TypeRule,
  signal: AbortSignal,
): Promise<Result<{ readonly status: number; readonly bytes: Uint8Array }, FetchFailure>> {
  let { url } = question;
  let response = await fetchHead(question, url, tools, signal);
  for (let followed = 0; followed < (question.redirects ?? 0); followed++) {
    const target = redirectWithin(url, response, tools.upstreams);
    if (target === undefined) break;
    await response.body?.cancel();
    url = target;
    response = await fetchHead(question, url, tools, signal);
  }
  const failure = judgeHead(response, question.statuses ?? [200], accepts);
  if (failure !== undefined) {
    await response.body?.cancel();
    return err(failure);
  }
  const bytes = await readBody(response, signal);
  return bytes.ok ? ok({ status: response.status, bytes: bytes.value }) : bytes;
}

async function fetchHead(
  { query = {}, headers = {}, body }: JsonQuestion,
  url: URL,
  { fetch, upstreams }: FetchTools,
  signal: AbortSignal,
): Promise<Response> {
  const located = new URL(upstreams.locate(url));
  for (const [name, value] of Object.entries(query)) located.searchParams.append(name, value);
  return await fetch(located.href, {
    ...(body !== undefined && { method: "POST", body }),
    headers: { accept: "application/json", "user-agent": USER_AGENT, ...headers },
    // T24: a redirect would let the upstream's neighbour choose the keys.
    redirect: "manual",
    // T29: a cache between would stretch the stated life of a key set.
    cache: "no-store",
    signal,
  });
}

/** Where the answer sends its reader, if that is the same scheme, host and port, and may be fetched as any address (T23). */
function redirectWithin(url: URL, { status, headers }: Response, upstreams: UpstreamPolicy): URL | undefined {
  const location = REDIRECT_STATUSES.has(status) ? headers.get("location") : null;
  const target = location === null ? null : URL.parse(location, url.href);
  return target?.origin === url.origin && upstreams.permits(target) ? target : undefined;
}

function judgeHead(
  { status, headers }: Response,
  statuses: readonly number[],
  accepts: TypeRule,
): FetchFailure | undefined {
  if (!statuses.includes(status)) return status >= 300 && status < 400 ? "redirect" : `status ${status}`;
  return accepts(headers.get("content-type") ?? "") ? undefined : "content-type";
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

function parse(bytes: Uint8Array): Result<unknown, FetchFailure> {
  try {
    return ok(JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes)));
  } catch {
    // Not UTF-8, not JSON, or nested too deep to parse (T25).
    return err("not-json");
  }
}
