/**
 * Whether a secret is one that others can know: typed instead of drawn, or printed somewhere. It cannot prove randomness. The bounds
 * are such that a drawn secret of the required length is refused less than once in a million times.
 */

/**
 * What this project and AWS print for use: the local credential, in any spelling, and the keys of AWS's documentation. A pattern,
 * since no bundle may hold the local secret itself.
 */
const PUBLISHED = /edgepool[\s_-]?local|EXAMPLE(KEY)?$/i;

/** Fewer pairs at one distance may well differ equally by chance. */
const MIN_DIFFERENCES = 6;

export function isPublished(secret: string): boolean {
  return PUBLISHED.test(secret);
}

/**
 * `units` are the bytes or characters of the secret. Predictable are: one value more often than all others together, only a
 * handful of values, or a distance at which each value follows from an earlier one. That last is repetition when the
 * difference is 0, and counting, up or down, of one or of several interleaved counters, when it is another.
 */
export function isPredictable(units: readonly number[]): boolean {
  const { length } = units;
  if (new Set(units).size <= Math.min(6, length / 5)) return true;
  if (units.some((unit) => 2 * units.filter((other) => other === unit).length > length)) return true;
  const distances = Array.from({ length: Math.max(0, length - MIN_DIFFERENCES) }, (_, index) => index + 1);
  return distances.some((distance) => {
    const differences = units.slice(distance).map((unit, index) => (unit - (units[index] ?? 0)) & 0xff);
    return new Set(differences).size <= Math.floor(differences.length / 5);
  });
}
