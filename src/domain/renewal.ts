/**
 * When an isolate asks again for what it holds: behind an answer, before anybody has to wait, and not in the second in which all
 * others do. Pure.
 */

/**
 * The part of its life by which a value may end earlier, at random: isolates that began together, as after a deploy, would
 * else ask in the same second for ever.
 */
const SPREAD = 1 / 5;
/** The part of its life from which on a value is renewed behind an answer. */
const RENEWED_FROM = 1 / 2;

/** Seconds in which one renewal that is under way spares the others. No longer: its request may have been cut off. */
export const RENEWAL_PATIENCE_SECONDS = 5;

/** Seconds to hold what may be held for `lifeSeconds`: four fifths of that to all of it. `chance` is uniform in [0, 1). */
export function spreadLife(lifeSeconds: number, chance: number): number {
  return lifeSeconds * (1 - SPREAD * chance);
}

/** Seconds to hold it before it is renewed behind an answer, of a life that is spread. */
export function untouchedSeconds(lifeSeconds: number): number {
  return lifeSeconds * RENEWED_FROM;
}
