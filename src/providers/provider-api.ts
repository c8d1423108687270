/**
 * Questions to a provider's API about one login token. Each costs the provider a call, so that each is admitted first, and
 * none is asked of an API in trouble; one deadline covers all of them, and each is counted and logged.
 */
import { err, ok, type Result } from "../domain/errors.ts";
import type { QuestionOutcome } from "../outbound/breaker.ts";
import { retryAfterSeconds } from "../outbound/circuit.ts";
import { writeEvent } from "../log/write.ts";
import { askForJson, type FetchFailure, type JsonAnswer, type JsonQuestion } from "../outbound/fetch-json.ts";
import { type Members, membersOf } from "../domain/json.ts";
import type { InspectionContext } from "./provider.ts";
import { upstreamTroubleOf, type Judgement } from "../domain/login-refusal.ts";

export type ApiAnswer = { readonly status: number; readonly members: Members };

type ApiQuestion = Omit<JsonQuestion, "url" | "statuses"> & {
  readonly url: string;
  /** As in a Route of breaker.ts. */
  readonly caller?: string;
  /** Whether an answer says, in the provider's own words, that `caller` has asked too much. */
  readonly isThrottled?: (answer: ApiAnswer) => boolean;
};

export type ProviderApi = Pick<InspectionContext, "clockSkewSeconds" | "now" | "providerApis"> & {
  /** A JSON object from the provider, which says no with a status of 400, 401 or 403. Everything else is its trouble. */
  ask(question: ApiQuestion): Promise<Judgement<ApiAnswer>>;
};

/** For all calls about one token together, in milliseconds. */
const DEADLINE_MS = 5000;
/** A question that had less time than this, in milliseconds, and was not answered in it says nothing of the API. */
const FAIR_MS = 1000;
/** OAuth errors come with these (RFC 6750, section 3.1): the token's fault, or ours, as the body says. */
const JUDGED_STATUSES = [200, 400, 401, 403];

/** The deadline begins now. */
export function providerApiOf(providerName: string, context: InspectionContext): ProviderApi {
  const { clockSkewSeconds, now, providerApis, fetch, upstreams, onFetch, admitQuestion } = context;
  const { breaker } = context.memory;
  const startedAt = performance.now();
  return {
    clockSkewSeconds,
    now,
    providerApis,
    async ask({ url: address, caller, isThrottled = () => false, ...question }) {
      const url = new URL(address);
      const route = { api: url.origin, ...(caller !== undefined && { caller }) };
      if (!breaker.permits(route, epochSeconds())) return upstreamTrouble(NOT_ASKED);
      const refusal = (await admitQuestion?.()) ?? null;
      if (refusal !== null) return err({ kind: "not-admitted", error: refusal });
      // Another may have become the probe during the wait.
      if (!breaker.begin(route, epochSeconds())) return upstreamTrouble(NOT_ASKED);
      const askedAt = performance.now();
      const deadlineMs = Math.max(1, DEADLINE_MS - (askedAt - startedAt));
      onFetch?.();
      let retryAfter: string | null = null;
      const answer = await askForJson(
        { ...question, url, statuses: JUDGED_STATUSES },
        {
          fetch: async (input, init) => {
            const response = await fetch(input, init);
            retryAfter = response.headers.get("retry-after");
            return response;
          },
          upstreams,
          deadlineMs,
        },
      );
      logQuestion(providerName, answer, performance.now() - askedAt);
      const answeredAt = epochSeconds();
      const judged = answer.ok
        ? ok({ status: answer.value.status, members: membersOf(answer.value.document) })
        : answer;
      const outcome = judged.ok
        ? ({ kind: isThrottled(judged.value) ? "throttled" : "answered" } as const)
        : outcomeOf(judged.error, retryAfterSeconds(retryAfter, answeredAt), deadlineMs);
      const pause = breaker.end(route, outcome, answeredAt);
      if (pause !== null) writeEvent({ event: "provider-not-asked", provider: providerName, seconds: pause });
      return judged.ok ? judged : upstreamTrouble(judged.error);
    },
  };
}

/** For the log: the API is in trouble, and was left alone. */
const NOT_ASKED = "not asked";

/** What a failure says of the API. An answer that nothing can be made of is still one: it is not overloaded, and not down. */
function outcomeOf(failure: FetchFailure, waitSeconds: number | null, deadlineMs: number): QuestionOutcome {
  const status = Number(/^status (\d+)$/.exec(failure)?.[1] ?? 0);
  if ((status === 429 || status === 503) && waitSeconds !== null) return { kind: "told-to-wait", seconds: waitSeconds };
  if (status === 429) return { kind: "throttled" };
  if (status >= 500 || failure === "connection") return { kind: "failed" };
  if (failure === "deadline") return { kind: deadlineMs < FAIR_MS ? "unknown" : "failed" };
  return { kind: failure === "forbidden-address" ? "unknown" : "answered" };
}

function epochSeconds(): number {
  return Date.now() / 1000;
}

/** Trouble of the upstream that a well-formed answer tells of, or an answer that nothing can be made of (T31). */
export function upstreamTrouble(failure: string): Judgement<never> {
  return err(upstreamTroubleOf(failure));
}

/** One line for each call out, so that they can be counted by provider and outcome. Never the address: the token is in it (T46). */
function logQuestion(provider: string, answer: Result<JsonAnswer, string>, durationMs: number): void {
  const outcome = answer.ok ? answer.value.status : answer.error;
  writeEvent({ message: "upstream asked", provider, outcome, durationMs: Math.round(durationMs) });
}
