/** JSON from an upstream by one bounded exchange: a document, which is a file, or the answer of an API. */
import { err, ok, type Result } from "../domain/errors.ts";
import {
  type AnswerRules,
  boundedFetch,
  type ExchangeFailure,
  type FetchTools,
  type Question,
} from "./bounded-fetch.ts";

export type FetchFailure = ExchangeFailure | "not-json";

export type JsonQuestion = Omit<Question, "headers"> & {
  readonly headers?: Readonly<Record<string, string>>;
  /** Statuses whose body is an answer. Default: 200 alone. */
  readonly statuses?: readonly number[];
};

export type JsonAnswer = { readonly status: number; readonly document: unknown };

/** What an answer of an API calls itself: JSON of any kind, AWS's included, or the script type of older ones. */
const JSON_TYPES = /^(application|text)\/(json|javascript|x-amz-json-1\.\d|[\w.-]+\+json)\s*(;|$)/i;
/**
 * What is asked for in a document. RFC 7517, section 8.5.2, has a type for key sets, and some hosts answer 406 unless the
 * very type that they serve is asked for, whatever it is.
 */
const DOCUMENT_TYPES = "application/json, application/jwk-set+json, */*;q=0.5";
/** Largest document, in bytes. */
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
  { statuses = [200], headers, ...question }: JsonQuestion,
  tools: FetchTools,
  isOfType: AnswerRules["isOfType"],
): Promise<Result<JsonAnswer, FetchFailure>> {
  const answer = await boundedFetch({ ...question, headers: { accept: "application/json", ...headers } }, tools, {
    isAnswer: (status) => statuses.includes(status),
    isOfType,
    maxBytes: MAX_BODY_BYTES,
  });
  if (!answer.ok) return answer;
  const document = parse(answer.value.bytes);
  return document.ok ? ok({ status: answer.value.status, document: document.value }) : document;
}

function parse(bytes: Uint8Array): Result<unknown, FetchFailure> {
  try {
    return ok(JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes)));
  } catch {
    // Not UTF-8, not JSON, or nested too deep to parse (T25).
    return err("not-json");
  }
}
