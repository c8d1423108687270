/**
 * Analytics Engine's SQL API: one question, one bounded answer. The address is made of a setting alone, and the token goes nowhere
 * else.
 */
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import { isObject, type JsonObject, parseJson } from "../domain/json.ts";
import { type AnswerRules, boundedFetch, type FetchTools } from "../outbound/bounded-fetch.ts";

export type SqlApiSettings = {
  /** Of the Cloudflare account that has the points; null where none is given. */
  readonly accountId: string | null;
  /** An API token that may read analytics; null where none is given. */
  readonly token: string | null;
};

export type Row = JsonObject;

/** Every status comes with words of its own; the largest answer, of a week by outcome, has a hundred kilobytes. */
const ANSWER_RULES: AnswerRules = { isAnswer: () => true, isOfType: () => true, maxBytes: 1024 * 1024 };
/** In milliseconds: longer than a provider is given, since a person waits and knows of it. */
const DEADLINE_MS = 15_000;

/** The rows. Never rejects; fails with ResourceNotFoundException where the settings are not there, else with ExternalServiceException. */
export async function askSql(
  query: string,
  { accountId, token }: SqlApiSettings,
  tools: FetchTools,
): Promise<Result<readonly Row[]>> {
  if (accountId === null || token === null) {
    const missing = accountId === null ? "ANALYTICS_ACCOUNT" : "ANALYTICS_TOKEN";
    const message = `There are no metrics here: ${missing} is not set.`;
    return err(serviceError("ResourceNotFoundException", message, "metrics-not-set-up"));
  }
  const url = new URL(`https://api.cloudflare.com/client/v4/accounts/${accountId}/analytics_engine/sql`);
  const question = { url, headers: { authorization: `Bearer ${token}` }, body: `${query} FORMAT JSON` };
  const answer = await boundedFetch(question, { ...tools, deadlineMs: DEADLINE_MS }, ANSWER_RULES);
  if (!answer.ok) return failed(answer.error);
  if (answer.value.status !== 200) return failed(`status ${answer.value.status}`);
  const rows = rowsIn(new TextDecoder().decode(answer.value.bytes));
  return rows === undefined ? failed("not-json") : ok(rows);
}

/** `cause` is one of our own words: what the API says may repeat the query, and is not needed to know what is wrong. */
function failed(cause: string): Result<never> {
  return err(
    serviceError("ExternalServiceException", `Analytics Engine did not answer: ${cause}.`, `metrics: ${cause}`),
  );
}

function rowsIn(text: string): readonly Row[] | undefined {
  const parsed = parseJson(text);
  const data = parsed.ok && isObject(parsed.value) ? parsed.value["data"] : undefined;
  return Array.isArray(data) && data.every(isObject) ? data : undefined;
}
