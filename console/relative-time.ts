/** Instants in words, as "3 hours ago". Pure. */

const STEPS: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, seconds: number])[] = [
  ["year", 31_557_600],
  ["month", 2_629_800],
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
];
const WORDS = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** Both in epoch seconds; less than a minute either way is "now". */
export function relative(at: number, now: number): string {
  const distance = at - now;
  const [unit, seconds] = STEPS.find(([, step]) => Math.abs(distance) >= step) ?? ["minute", 60];
  return Math.abs(distance) < 60 ? "now" : WORDS.format(Math.trunc(distance / seconds), unit);
}
