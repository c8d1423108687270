/**
 * One bounded exchange with an upstream: permitted address, no redirect to others, one deadline, a counted body (T23 to T25).
 * The only place of this folder that opens a connection; leaves no timer and no half-read body behind. What the bytes of an
 * answer say is its caller's to read.
 */
import { concatenate } from "../domain/bytes.ts";
import { err, ok, type Result } from "../domain/errors.ts";
import type { UpstreamPolicy } from "./upstream-policy.ts";

export type ExchangeFailure =
  | "forbidden-address"
  | "redirect"
  | `status ${number}`
  | "content-type"
  | "too-large"
  | "deadline"
  | "connection";

export type FetchTools = {
  readonly fetch: (input: string, init: RequestInit) => Promise<Response>;
  readonly upstreams: UpstreamPolicy;
  /** For connect, headers and body together, in milliseconds. Default 5000. */
  readonly deadlineMs?: number;
};

export type Question = {
  /** Judged by the policy as it is; `query` comes on top, so that a long token never makes an address too long. */
  readonly url: URL;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers: Readonly<Record<string, string>>;
  /** Sent by POST. Absent: GET. */
  readonly body?: string;
  /** How many redirects within the address's own origin are followed. Default: none. */
  readonly redirects?: number;
};

/** What is taken for an answer. */
export type AnswerRules = {
  /** Of a status that is no redirect. */
  readonly isAnswer: (status: number) => boolean;
  /** Of a content type, or of the empty text of none. */
  readonly isOfType: (contentType: string) => boolean;
  /** Largest body, in bytes after decompression: a gzip bomb is counted as what it becomes (T25). */
  readonly maxBytes: number;
};

export type AnswerBytes = { readonly status: number; readonly bytes: Uint8Array };

const DEFAULT_DEADLINE_MS = 5000;
/** Those that say where else to ask, and mean it (RFC 9110, section 15.4). */
const REDIRECT_STATUSES: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Some firewalls turn away who does not say it. The version is that of package.json. */
const USER_AGENT = "edgepool/0.1.0";

/** The answer's status and bytes. Never rejects. */
export async function boundedFetch(
  question: Question,
  tools: FetchTools,
  rules: AnswerRules,
): Promise<Result<AnswerBytes, ExchangeFailure>> {
  if (!tools.upstreams.permits(question.url)) return err("forbidden-address");
  const abort = new AbortController();
  const deadline = Promise.withResolvers<Result<never, ExchangeFailure>>();
  // The race is lost at the deadline even if the other side ignores the abort. The timer is cleared: a stray one would
  // keep an idle object billed.
  const timer = setTimeout(() => {
    deadline.resolve(err("deadline"));
    abort.abort();
  }, tools.deadlineMs ?? DEFAULT_DEADLINE_MS);
  try {
    return await Promise.race([fetchBody(question, tools, rules, abort.signal), deadline.promise]);
  } catch {
    // Whatever the platform throws for a refused, reset or unresolved connection: it is the upstream's failure (T31).
    return err("connection");
  } finally {
    clearTimeout(timer);
  }
}

async function fetchBody(
  question: Question,
  tools: FetchTools,
  rules: AnswerRules,
  signal: AbortSignal,
): Promise<Result<AnswerBytes, ExchangeFailure>> {
  let { url } = question;
  let response = await fetchHead(question, url, tools, signal);
  for (let followed = 0; followed < (question.redirects ?? 0); followed++) {
    const target = redirectWithin(url, response, tools.upstreams);
    if (target === undefined) break;
    await response.body?.cancel();
    url = target;
    response = await fetchHead(question, url, tools, signal);
  }
  const failure = judgeHead(response, rules);
  if (failure !== undefined) {
    await response.body?.cancel();
    return err(failure);
  }
  const bytes = await readBody(response, rules.maxBytes, signal);
  return bytes.ok ? ok({ status: response.status, bytes: bytes.value }) : bytes;
}

async function fetchHead(
  { query = {}, headers, body }: Question,
  url: URL,
  { fetch, upstreams }: FetchTools,
  signal: AbortSignal,
): Promise<Response> {
  const located = new URL(upstreams.locate(url));
  for (const [name, value] of Object.entries(query)) located.searchParams.append(name, value);
  return await fetch(located.href, {
    ...(body !== undefined && { method: "POST", body }),
    headers: { "user-agent": USER_AGENT, ...headers },
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

function judgeHead({ status, headers }: Response, { isAnswer, isOfType }: AnswerRules): ExchangeFailure | undefined {
  if (status >= 300 && status < 400) return "redirect";
  if (!isAnswer(status)) return `status ${status}`;
  return isOfType(headers.get("content-type") ?? "") ? undefined : "content-type";
}

async function readBody(
  response: Response,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Result<Uint8Array, ExchangeFailure>> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  const reader: ReadableStreamDefaultReader<Uint8Array> | undefined = response.body?.getReader();
  // A body that stands still would otherwise be waited for after the deadline, by nobody.
  signal.addEventListener("abort", () => void reader?.cancel().catch(() => undefined));
  for (let chunk = await reader?.read(); chunk?.value !== undefined; chunk = await reader?.read()) {
    size += chunk.value.length;
    if (size > maxBytes) {
      await reader?.cancel();
      return err("too-large");
    }
    chunks.push(chunk.value);
  }
  return ok(concatenate(chunks, size));
}
