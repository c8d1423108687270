/**
 * Questions to a provider's API about one login token. Each costs the provider a call; one deadline covers all of them,
 * and each is counted and logged.
 */
import { err, ok, type Result } from "../domain/errors.ts";
import { askForJson, type JsonAnswer, type JsonQuestion } from "./fetch-json.ts";
import type { Members } from "./login-token.ts";
import type { InspectionContext } from "./provider.ts";
import { type RefusalReason, upstreamTroubleOf } from "./refusal.ts";

export type ApiAnswer = { readonly status: number; readonly members: Members };

export type ProviderApi = Pick<InspectionContext, "clockSkewSeconds" | "now" | "providerApis"> & {
  /** A JSON object from the provider, which says no with a status of 400, 401 or 403. Everything else is its trouble. */
  ask(
    question: Omit<JsonQuestion, "url" | "statuses"> & { readonly url: string },
  ): Promise<Result<ApiAnswer, RefusalReason>>;
};

/** For all calls about one token together, in milliseconds. */
const DEADLINE_MS = 5000;
/** OAuth errors come with these (RFC 6750, section 3.1): the token's fault, or ours, as the body says. */
const JUDGED_STATUSES = [200, 400, 401, 403];

/** The deadline begins now. */
export function providerApiOf(providerName: string, context: InspectionContext): ProviderApi {
  const { clockSkewSeconds, now, providerApis, fetch, upstreams, onFetch } = context;
  const startedAt = performance.now();
  return {
    clockSkewSeconds,
    now,
    providerApis,
    async ask({ url, ...question }) {
      const askedAt = performance.now();
      const deadlineMs = Math.max(1, DEADLINE_MS - (askedAt - startedAt));
      onFetch?.();
      const answer = await askForJson(
        { ...question, url: new URL(url), statuses: JUDGED_STATUSES },
        { fetch, upstreams, deadlineMs },
      );
      logQuestion(providerName, answer, performance.now() - askedAt);
      if (!answer.ok) return upstreamTrouble(answer.error);
      return ok({ status: answer.value.status, members: membersOf(answer.value.document) });
    },
  };
}

/** Trouble of the upstream that a well-formed answer tells of, or an answer that nothing can be made of (T31). */
export function upstreamTrouble(failure: string): Result<never, RefusalReason> {
  return err(upstreamTroubleOf(failure));
}

export function membersOf(value: unknown): Members {
  const isPlainObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return new Map(isPlainObject ? Object.entries(value) : []);
}

/** One line for each call out, so that they can be counted by provider and outcome. Never the address: the token is in it (T46). */
function logQuestion(provider: string, answer: Result<JsonAnswer, string>, durationMs: number): void {
  const outcome = answer.ok ? answer.value.status : answer.error;
  console.log(JSON.stringify({ message: "upstream asked", provider, outcome, durationMs: Math.round(durationMs) }));
}
