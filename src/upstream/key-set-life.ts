/**
 * The life of an issuer's key set, as pure functions of what is held and the time: fresh, stale, refreshed, unreachable.
 * No I/O, no clock; the issuer's object runs it. Instants are epoch seconds.
 */
import type { KeySet } from "./load-key-set.ts";
import type { PublicKey } from "./public-keys.ts";

/** A refresh is forced at this age: it bounds the life of a key that the issuer has withdrawn (T30). */
const FRESH_SECONDS = 600;
/** A set that the issuer cannot be asked about any more serves up to this age (T30). */
const STALE_SECONDS = 24 * 60 * 60;
/** A failure is remembered, and a key that is not in the set is not looked for again, for this long (T28, T30). */
const RETRY_SECONDS = 30;

export type HeldKeySet = KeySet & { readonly fetchedAt: number };

export type KeySetState = {
  readonly held?: HeldKeySet;
  /** When the last fetch failed; absent if it succeeded. */
  readonly failedAt?: number;
};

export type KeySetRequest = {
  /** The object's own name, repeated: a caller that reached the wrong object must not get its keys (T29). */
  readonly issuer: string;
  /** `fetchedAt` of a set that lacks the key in question. Names no kid: nothing of a token travels (T4, T5). */
  readonly newerThan?: number;
};

/** Plain data that crosses the call. Durations and not instants: the two clocks may differ. */
export type KeySetAnswer = KeySetFacts & {
  /** The answer had to be fetched for this question, or for another one at the same time. */
  readonly isFetched?: true;
};

type KeySetFacts =
  | {
      readonly state: "known";
      readonly keys: readonly PublicKey[];
      readonly fetchedAt: number;
      readonly freshForSeconds: number;
      /** After this time a request with `newerThan` may bring a newer set. */
      readonly refreshableAfterSeconds: number;
      /** Whether the issuer failed when it was last asked: a key that is not here may well be there. */
      readonly isIssuerDown: boolean;
    }
  | { readonly state: "unreachable"; readonly retryAfterSeconds: number };

/** Whether only a fetch can answer the request as it should be answered. */
export function needsFetch(state: KeySetState, request: KeySetRequest, now: number): boolean {
  // A failure is not repeated at once, whatever is asked: a struggling issuer is left alone (T30).
  if (state.failedAt !== undefined && isWithin(state.failedAt, RETRY_SECONDS, now)) return false;
  if (state.held === undefined || !isWithin(state.held.fetchedAt, FRESH_SECONDS, now)) return true;
  // T28: for a key that is not there, one refresh in 30 seconds, however many tokens name it.
  const isNewest = request.newerThan !== undefined && state.held.fetchedAt <= request.newerThan;
  return isNewest && !isWithin(state.held.fetchedAt, RETRY_SECONDS, now);
}

/** The answer once the issuer has been asked, where `needsFetch` says so. */
export function answerOf(state: KeySetState, now: number): KeySetAnswer {
  const { held, failedAt } = state;
  const retryAfterSeconds = failedAt === undefined ? 0 : remaining(failedAt, RETRY_SECONDS, now);
  if (held !== undefined && isWithin(held.fetchedAt, FRESH_SECONDS, now)) {
    const freshForSeconds = remaining(held.fetchedAt, FRESH_SECONDS, now);
    const refreshableAfterSeconds = Math.max(retryAfterSeconds, remaining(held.fetchedAt, RETRY_SECONDS, now));
    return known(held, freshForSeconds, refreshableAfterSeconds, retryAfterSeconds > 0);
  }
  // T30: stale-if-error, and only then; the issuer is asked again as soon as the failure is forgotten.
  if (retryAfterSeconds > 0 && held !== undefined && isWithin(held.fetchedAt, STALE_SECONDS, now)) {
    const servesForSeconds = Math.min(retryAfterSeconds, remaining(held.fetchedAt, STALE_SECONDS, now));
    return known(held, servesForSeconds, retryAfterSeconds, true);
  }
  return { state: "unreachable", retryAfterSeconds };
}

function known(
  { keys, fetchedAt }: HeldKeySet,
  freshForSeconds: number,
  refreshableAfterSeconds: number,
  isIssuerDown: boolean,
): KeySetAnswer {
  return { state: "known", keys, fetchedAt, freshForSeconds, refreshableAfterSeconds, isIssuerDown };
}

/** Distance in either direction: after a jump of the clock, an instant in the future must not make a set fresh for ever. */
function isWithin(instant: number, seconds: number, now: number): boolean {
  return Math.abs(now - instant) < seconds;
}

function remaining(instant: number, seconds: number, now: number): number {
  return Math.min(seconds, Math.max(0, instant + seconds - now));
}
