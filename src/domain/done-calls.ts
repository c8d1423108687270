/**
 * The calls that have changed an identity or a pool of late: a copy of one that comes after others, stuck on its way or captured, is
 * answered and changes nothing once more (docs/adr/0057). Pure.
 */

/** `key` is the same for all attempts of one call, and foreseen by nobody else. `at` in epoch seconds. */
export type DoneCall = { readonly key: string; readonly at: number };

/**
 * How long a call may be the repeat of one that was done, whose answer was lost: longer than any SDK retries, and than a signature is
 * good for.
 */
export const REPEAT_SECONDS = 900;
/** Most calls that are remembered. */
const MAX_CALLS = 20;

/** Of a call without a key nobody can tell. */
export function isAmongDone(calls: readonly DoneCall[] = [], callKey: string | null, now: number): boolean {
  return calls.some(({ key, at }) => key === callKey && now - at <= REPEAT_SECONDS);
}

export function withCall(calls: readonly DoneCall[] = [], callKey: string | null, now: number): readonly DoneCall[] {
  const lately = calls.filter(({ at }) => now - at <= REPEAT_SECONDS);
  return callKey === null ? lately : [...lately, { key: callKey, at: now }].slice(-MAX_CALLS);
}
