/** Numbers over time as the lines and bars of a drawing. All coordinates are within SIZE, and what is not there is nothing. Pure. */

export const SIZE = { width: 640, height: 140 } as const;

export type Span = {
  /** Beginning of the first and of the last step, in epoch seconds. */
  readonly from: number;
  readonly to: number;
  readonly stepSeconds: number;
};

export type Point = { readonly At: number; readonly Value: number };

/** The value of each step, oldest first; 0 where there is no point. What lies outside is left out. */
export function valuesOf({ from, to, stepSeconds }: Span, points: readonly Point[]): readonly number[] {
  const values = Array.from({ length: Math.round((to - from) / stepSeconds) + 1 }, () => 0);
  for (const { At, Value } of points) {
    const step = Math.round((At - from) / stepSeconds);
    if (step in values) values[step] = (values[step] ?? 0) + Value;
  }
  return values;
}

/** The top of a scale that has room for `most`: 1, 2 or 5 with zeros behind it, and never 0. */
export function topOf(most: number): number {
  if (!(most > 0)) return 1;
  const unit = 10 ** Math.floor(Math.log10(most));
  return ([1, 2, 5].find((factor) => factor * unit >= most) ?? 10) * unit;
}

/** A bar for each step that has something: `d` of a path. */
export function barsOf(values: readonly number[], top: number): string {
  const width = SIZE.width / values.length;
  return values
    .map((value, step) => {
      const height = heightOf(value, top);
      // A hair of air between two bars.
      return value > 0 ? `M${round(step * width)} ${SIZE.height}v${-height}h${round(width * 0.8)}v${height}z` : "";
    })
    .join("");
}

/** A line through the middles of the steps: `d` of a path. With `isBroken`, a step without a value is a gap, and not 0. */
export function lineOf(values: readonly number[], top: number, isBroken = false): string {
  const width = SIZE.width / values.length;
  const isGap = (step: number) => isBroken && (values[step] ?? 0) === 0;
  return values
    .map((value, step) => {
      if (isGap(step)) return "";
      const [x, y] = [round((step + 0.5) * width), round(SIZE.height - heightOf(value, top))];
      if (step > 0 && !isGap(step - 1)) return `L${x} ${y}`;
      // One step alone would be a line without a length.
      return `M${x} ${y}h0`;
    })
    .join("");
}

function heightOf(value: number, top: number): number {
  return round((Math.min(value, top) / top) * SIZE.height);
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

/** A number as people say it: 1,234; 12.3 k; 4.5 M. */
export function inWords(value: number): string {
  if (value >= 1e6) return `${trimmed(value / 1e6)} M`;
  if (value >= 1e4) return `${trimmed(value / 1e3)} k`;
  return Math.round(value).toLocaleString("en");
}

function trimmed(value: number): string {
  return value.toFixed(1).replace(/\.0$/, "");
}
