/**
 * The life of an issuer's key set, as pure functions of what is held and the time: fresh, stale, refreshed, unreachable.
 * No I/O, no clock; the issuer's object runs it. Instants are epoch seconds.
 */
import type { KeySet, KeySetFailure } from "./load-key-set.ts";
import type { PublicKey } from "./public-keys.ts";

/** A refresh is forced at this age: it bounds the life of a key that the issuer has withdrawn (T30). */
const FRESH_SECONDS = 600;
/**
 * From this age on a set is fetched anew behind an answer, so that nobody waits for it: isolates ask again in the last fifth of
 * the life of what they hold.
 */
const RENEW_SECONDS = 480;
/** A set that the issuer cannot be asked about any more serves up to this age (T30). */
const STALE_SECONDS = 24 * 60 * 60;
/** After one refresh for a token that no key of the set fits, none is made for another for this long (T28). */
const REFRESH_SECONDS = 30;
/** How long the first failure is remembered; each one after it doubles that, up to the longest that T30 allows. */
const FIRST_RETRY_SECONDS = 2;
const MAX_RETRY_SECONDS = 30;

export type HeldKeySet = KeySet & { readonly fetchedAt: number };

/** The last fetch, which failed, and those right before it that did. */
export type LoadFailure = { readonly at: number; readonly count: number; readonly reason: KeySetFailure };

export type KeySetState = {
  readonly held?: HeldKeySet;
  /** Absent if the last fetch succeeded. */
  readonly failure?: LoadFailure;
  /** When the last fetch was made that only such a token called for. */
  readonly refreshedAt?: number;
};

export type KeySetRequest = {
  /** The object's own name, repeated: a caller that reached the wrong object must not get its keys (T29). */
  readonly issuer: string;
  /** `fetchedAt` of a set of which no key fits the token in question. Names no kid: nothing of a token travels (T4, T5). */
  readonly newerThan?: number;
};

/** Plain data that crosses the call. Durations and not instants: the two clocks may differ. */
export type KeySetAnswer = KeySetFacts & {
  /** The answer had to be fetched for this question, or for another one at the same time. */
  readonly isFetched?: true;
};

type KeySetFacts = {
  /** Why the issuer failed when it was last asked: a key that is not here may well be there. */
  readonly failure?: KeySetFailure;
} & (
  | {
      readonly state: "known";
      readonly keys: readonly PublicKey[];
      readonly fetchedAt: number;
      readonly freshForSeconds: number;
      /** After this time a request with `newerThan` may bring a newer set. */
      readonly refreshableAfterSeconds: number;
    }
  | { readonly state: "unreachable"; readonly retryAfterSeconds: number }
);

export type FetchReason = "no-fresh-set" | "no-fitting-key";

/** Why only a fetch can answer the request as it should be answered; null if none is needed, or none is allowed yet. */
export function fetchReason(state: KeySetState, request: KeySetRequest, now: number): FetchReason | null {
  const { held, failure, refreshedAt } = state;
  // A failure is not repeated at once, whatever is asked: a struggling issuer is left alone (T30).
  if (failure !== undefined && isWithin(failure.at, retrySeconds(failure), now)) return null;
  if (held === undefined || !isWithin(held.fetchedAt, FRESH_SECONDS, now)) return "no-fresh-set";
  // T28: however many tokens name it. The first is worth a fetch at once, or each rotation would turn users away.
  const isNewest = request.newerThan !== undefined && held.fetchedAt <= request.newerThan;
  const isRefreshed = refreshedAt !== undefined && isWithin(refreshedAt, REFRESH_SECONDS, now);
  return isNewest && !isRefreshed ? "no-fitting-key" : null;
}

/** Whether a fresh set is old enough to be fetched anew, though no answer needs it yet; not while a failing issuer is left alone. */
export function isRenewable({ held, failure }: KeySetState, now: number): boolean {
  if (held === undefined || !isWithin(held.fetchedAt, FRESH_SECONDS, now)) return false;
  const isLeftAlone = failure !== undefined && isWithin(failure.at, retrySeconds(failure), now);
  return now - held.fetchedAt >= RENEW_SECONDS && !isLeftAlone;
}

/**
 * When a set can be of no more use, in epoch seconds: no answer has it any more (T30). One that is used is fetched anew long
 * before, so that this comes a day after an issuer was last asked for.
 */
export function uselessFrom({ fetchedAt }: Pick<HeldKeySet, "fetchedAt">): number {
  return fetchedAt + STALE_SECONDS;
}

/** What follows a failure: the issuer is tried again soon, and ever less often as long as it keeps failing. */
export function failedAgain(before: LoadFailure | undefined, reason: KeySetFailure, now: number): LoadFailure {
  return { at: now, count: (before?.count ?? 0) + 1, reason };
}

/** The answer once the issuer has been asked, where `fetchReason` says so. */
export function answerOf({ held, failure, refreshedAt }: KeySetState, now: number): KeySetAnswer {
  const retryAfterSeconds = failure === undefined ? 0 : remaining(failure.at, retrySeconds(failure), now);
  const isDown = failure !== undefined && retryAfterSeconds > 0;
  const cause = isDown ? { failure: failure.reason } : {};
  if (held !== undefined && isWithin(held.fetchedAt, FRESH_SECONDS, now)) {
    const sinceRefresh = refreshedAt === undefined ? 0 : remaining(refreshedAt, REFRESH_SECONDS, now);
    return {
      ...known(held),
      freshForSeconds: remaining(held.fetchedAt, FRESH_SECONDS, now),
      refreshableAfterSeconds: Math.max(retryAfterSeconds, sinceRefresh),
      ...cause,
    };
  }
  // T30: stale-if-error, and only then; the issuer is asked again as soon as the failure is forgotten.
  if (isDown && held !== undefined && isWithin(held.fetchedAt, STALE_SECONDS, now)) {
    const freshForSeconds = Math.min(retryAfterSeconds, remaining(held.fetchedAt, STALE_SECONDS, now));
    return { ...known(held), freshForSeconds, refreshableAfterSeconds: retryAfterSeconds, ...cause };
  }
  return { state: "unreachable", retryAfterSeconds, ...cause };
}

function known({ keys, fetchedAt }: HeldKeySet) {
  return { state: "known", keys, fetchedAt } as const;
}

function retrySeconds({ count }: LoadFailure): number {
  return Math.min(MAX_RETRY_SECONDS, FIRST_RETRY_SECONDS * 2 ** (count - 1));
}

/** Distance in either direction: after a jump of the clock, an instant in the future must not make a set fresh for ever. */
function isWithin(instant: number, seconds: number, now: number): boolean {
  return Math.abs(now - instant) < seconds;
}

function remaining(instant: number, seconds: number, now: number): number {
  return Math.min(seconds, Math.max(0, instant + seconds - now));
}
