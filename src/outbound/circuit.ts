/**
 * Whether an API that is in trouble is asked on: a circuit breaker as pure functions of (state, now). Failures in a row open it
 * for a short time, and the API's own word (`Retry-After`) for as long as it says; then one question at a time is a probe. No
 * I/O, no clock: breaker.ts keeps the states. Instants are epoch seconds.
 */

export type Circuit = {
  /** Failures since the last answer. */
  readonly failures: number;
  /** Nobody asks before; 0 while the circuit was not opened since the last answer. */
  readonly openUntil: number;
  /** Nobody else asks before, since one question is a probe. */
  readonly probeUntil: number;
};

export const CLOSED: Circuit = { failures: 0, openUntil: 0, probeUntil: 0 };

/** Failures in a row that open it: fewer may be chance, or one slow answer of many. */
export const FAILURES_TO_OPEN = 5;
/** How long it opens first; each failed probe doubles that, up to the longest, as for the keys of an issuer (T30). */
export const FIRST_OPEN_SECONDS = 2;
export const MAX_OPEN_SECONDS = 30;
/** Longest wait that is taken from a `Retry-After`, in seconds: a mistake in one must not shut a provider's users out for a day. */
export const MAX_RETRY_AFTER_SECONDS = 300;
/** After this time a probe of which nothing was heard is given up; no question takes longer than its deadline of 5 seconds. */
const PROBE_SECONDS = 6;

/** The circuit once a question is under way; null when none may be asked now. */
export function asking(circuit: Circuit, now: number): Circuit | null {
  if (circuit.openUntil === 0) return circuit;
  if (now < circuit.openUntil || now < circuit.probeUntil) return null;
  return { ...circuit, probeUntil: now + PROBE_SECONDS };
}

/** After an answer, whatever it said. One to a question from before does not end the wait that the API asked for. */
export function answered(circuit: Circuit, now: number): Circuit {
  return now < circuit.openUntil ? circuit : CLOSED;
}

/** After a failure. Those that were under way when it opened say nothing new. */
export function failed(circuit: Circuit, now: number): Circuit {
  if (now < circuit.openUntil) return circuit;
  const failures = circuit.failures + 1;
  if (circuit.openUntil === 0 && failures < FAILURES_TO_OPEN) return { ...circuit, failures };
  const doublings = Math.max(0, failures - FAILURES_TO_OPEN);
  const openSeconds = Math.min(MAX_OPEN_SECONDS, FIRST_OPEN_SECONDS * 2 ** doublings);
  return { failures, openUntil: now + openSeconds, probeUntil: 0 };
}

/** After the API said when to come again, `seconds` from now. */
export function toldToWait(circuit: Circuit, seconds: number, now: number): Circuit {
  const openUntil = Math.max(circuit.openUntil, now + Math.min(seconds, MAX_RETRY_AFTER_SECONDS));
  return { failures: circuit.failures + 1, openUntil, probeUntil: 0 };
}

/** After a question of which nothing can be learned. */
export function unlearned(circuit: Circuit): Circuit {
  return { ...circuit, probeUntil: 0 };
}

/** Seconds of a `Retry-After`, or until the date that it names (RFC 9110, section 10.2.3); null when it says nothing usable. */
export function retryAfterSeconds(value: string | null, now: number): number | null {
  const text = value?.trim() ?? "";
  if (/^\d{1,10}$/.test(text)) return Number(text) > 0 ? Number(text) : null;
  // Each of the three forms of a date begins with the name of a day; what else `Date.parse` takes is none.
  const instant = /^[A-Z][a-z]{2}[a-z]*[ ,]/.test(text) ? Date.parse(text) / 1000 : Number.NaN;
  return instant > now ? Math.ceil(instant - now) : null;
}
