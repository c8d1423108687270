/**
 * Whether a secret is one that others can know: typed instead of drawn, or printed somewhere. It cannot prove randomness. The bounds
 * are such that a drawn secret of the required length is refused less than once in a million times.
 */

/**
 * What this project and AWS print for use: the local credential, in any spelling, and the keys of AWS's documentation. A pattern,
 * since no bundle may hold the local secret itself.
 */
const PUBLISHED = /edgepool[\s_-]?local|EXAMPLE(KEY)?$/i;

/** Words and rows of keys of which people make a secret that they do not draw. */
const COMMON =
  /pass(word|phrase|wd)?|secrets?|access|private|master|signing|encryption|keys?|change|admin(istrator)?|super|root|user|your|please|letmein|welcome|default|example|sample|test(ing)?|demo|dev(elopment)?|local(host)?|prod(uction)?|stag(e|ing)|token|login|edgepool|cognito|amazon|aws|identity|pool|dummy|fake|foo|bar|todo|insert|replace|here|qwert[yz](uiop)?|asdfgh(jkl)?|[zy]xcvbnm?|iloveyou|monkey|dragon/giu;
/** So few letters left beside common words, digits and marks, and anybody finds the secret by trying. */
const LETTERS_BESIDE_WORDS = 4;

/** Fewer pairs at one distance may well differ equally by chance. */
const MIN_DIFFERENCES = 6;

export function isPublished(secret: string): boolean {
  return PUBLISHED.test(secret);
}

/** Whether it is made of common words, and little else but digits and marks. */
export function isOfCommonWords(secret: string): boolean {
  const lettersIn = (text: string): number => text.replace(/[^\p{L}]/gu, "").length;
  const rest = lettersIn(secret.replace(COMMON, ""));
  return rest < LETTERS_BESIDE_WORDS && lettersIn(secret) > rest;
}

/** Whether bytes are a text that somebody typed: of 32 drawn ones that happens once in 10^13 times. */
export function isTyped(bytes: readonly number[]): boolean {
  return bytes.every((byte) => byte >= 0x20 && byte <= 0x7e);
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
