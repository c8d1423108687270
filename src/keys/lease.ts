/**
 * A value that an isolate holds for a stated time. Holds data, never a promise: a request that waits on a call begun in
 * another request can hang with it, so concurrent first requests ask twice.
 */
import { err, type Result, serviceError } from "../domain/errors.ts";
import type { CacheTerms } from "./key-ring.ts";

export type Leased<T> = { readonly value: T; readonly terms: CacheTerms };

/** Gives the value for `now`, epoch seconds; asks for it again only when the terms say so. */
export type Lease<T> = (now: number) => Promise<Result<T>>;

/**
 * `obtain` is given the value held so far, to reuse what did not change. When it throws (the object cannot be reached) the held value
 * serves until the end of its terms; when it returns a failure, that is the answer.
 */
export function createLease<T>(obtain: (held: T | undefined) => Promise<Result<Leased<T>>>): Lease<T> {
  let held: (Leased<T> & { readonly since: number }) | undefined;
  // The age is counted from before the question was sent, so it is never less than the object accounts for. A clock that
  // was set back gives a negative age: then the terms cannot be judged, and the value is asked for again (F10).
  const isWithin = (age: number, seconds: number) => age >= 0 && age < seconds;
  return async (now) => {
    const before = held;
    if (before !== undefined && isWithin(now - before.since, before.terms.refreshAfterSeconds)) {
      return { ok: true, value: before.value };
    }
    let answer: Result<Leased<T>>;
    try {
      answer = await obtain(before?.value);
    } catch (cause) {
      if (before !== undefined && isWithin(now - before.since, before.terms.useForSeconds)) {
        return { ok: true, value: before.value };
      }
      return err(
        serviceError(
          "InternalErrorException",
          "An internal error occurred.",
          `no answer of the key ring: ${String(cause)}`,
        ),
      );
    }
    if (!answer.ok) return answer;
    // A late answer is as old as its question: it does not take the place of one that was asked for after it.
    if (held === before || held === undefined || held.since <= now) held = { ...answer.value, since: now };
    return { ok: true, value: answer.value.value };
  };
}
