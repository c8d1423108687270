/**
 * A value that an isolate holds for a stated time, and renews behind its answers. Holds data, never a promise: a request that
 * waits on a call begun in another request can hang with it, so concurrent first requests ask twice.
 */
import { err, type Result, serviceError } from "../domain/errors.ts";
import { RENEWAL_PATIENCE_SECONDS, spreadLife, untouchedSeconds } from "../domain/renewal.ts";
import type { CacheTerms } from "./key-ring.ts";

export type Leased<T> = { readonly value: T; readonly terms: CacheTerms };

/** A value, and the span of the asker's clock in which it needs no new question: epoch seconds, the end excluded. */
export type Held<T> = { readonly value: T; readonly from: number; readonly until: number };

/** A request, to which every question that it asks is bound. */
export type Asker = {
  /** Work that goes on when the request is answered. */
  later(work: Promise<unknown>): void;
};

/** Gives the value for `now`, epoch seconds, and asks for it when the terms say so. Never rejects. */
export type Lease<T, A> = (now: number, asker: A) => Promise<Result<Held<T>>>;

type Entry<T> = Held<T> & {
  /** From here on it is renewed behind an answer. */
  readonly renewFrom: number;
  /** The end of all use, whether the source can be reached or not. */
  readonly useUntil: number;
};

/** Whether `now` is in the span. A clock that was set back to before it is not: then the age is unknown (F10). */
export function covers({ from, until }: Pick<Held<unknown>, "from" | "until">, now: number): boolean {
  return from <= now && now < until;
}

/**
 * `obtain` is given the value held so far, to reuse what did not change. When it throws (the object cannot be reached) the
 * held value serves until the end of its terms; when it returns a failure, that is the answer to whoever waits for it.
 * `random` is uniform in [0, 1).
 */
export function createLease<T, A extends Asker>(
  obtain: (asker: A, held: T | undefined) => Promise<Result<Leased<T>>>,
  random: () => number,
): Lease<T, A> {
  let held: Entry<T> | undefined;
  let renewalSince = Number.NEGATIVE_INFINITY;

  async function ask(now: number, asker: A): Promise<Result<Held<T>>> {
    const before = held;
    let answer: Result<Leased<T>>;
    try {
      answer = await obtain(asker, before?.value);
    } catch (cause) {
      if (before !== undefined && covers({ from: before.from, until: before.useUntil }, now)) {
        const { value, from, until, useUntil } = before;
        return { ok: true, value: { value, from: now, until: Math.min(now + until - from, useUntil) } };
      }
      const reason = `no answer of the key ring: ${String(cause)}`;
      return err(serviceError("InternalErrorException", "An internal error occurred.", reason));
    }
    if (!answer.ok) return answer;
    const entry = entryOf(answer.value, now, random());
    // A late answer is as old as its question: it does not take the place of one that was asked for after it.
    if (held === before || held === undefined || held.from <= now) held = entry;
    return { ok: true, value: entry };
  }

  return async (now, asker) => {
    const entry = held;
    const isDue = entry === undefined || !covers(entry, now);
    if (!isDue) {
      const isUnderWay = covers({ from: renewalSince, until: renewalSince + RENEWAL_PATIENCE_SECONDS }, now);
      if (now < entry.renewFrom || isUnderWay) return { ok: true, value: entry };
      renewalSince = now;
    }
    const asking = ask(now, asker);
    // The answer is for all that come after, too, so that it outlives a request that is refused meanwhile.
    asker.later(asking);
    return isDue ? await asking : { ok: true, value: entry };
  };
}

/** `now` is the moment before the question was sent, so that the age is never less than the object accounts for. */
function entryOf<T>({ value, terms }: Leased<T>, now: number, chance: number): Entry<T> {
  const lifeSeconds = spreadLife(terms.refreshAfterSeconds, chance);
  return {
    value,
    from: now,
    until: now + lifeSeconds,
    renewFrom: now + untouchedSeconds(lifeSeconds),
    useUntil: now + terms.useForSeconds,
  };
}
