/** One drawing over time, with its scale and its names. What it shows is in its label as words, and in the JSON of the page. */
import { barsOf, inWords, lineOf, SIZE, type Span, topOf } from "../chart.ts";

export type Line = { readonly name: string; readonly values: readonly number[] };

type ChartProps = {
  readonly title: string;
  readonly span: Span;
  readonly lines: readonly Line[];
  /** What a value is, as "requests" or "ms". */
  readonly unit: string;
  /** Of amounts that add up: the names are given with their sums. Of durations they are not. */
  readonly isCount: boolean;
};

const DAY_SECONDS = 86_400;

function sumOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

/** What a reader is to know of a line: all of it, or its end. */
function factOf({ values }: Line, isCount: boolean, unit: string): string {
  if (isCount) return inWords(sumOf(values));
  const last = values.findLast((value) => value > 0);
  return last === undefined ? "none" : `${inWords(last)} ${unit}`;
}

function timeOf(at: number, isOfDays: boolean): string {
  const date = new Date(at * 1000);
  return isOfDays
    ? date.toLocaleDateString("en", { weekday: "short", day: "numeric", month: "short" })
    : date.toLocaleTimeString("en", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
}

export function Chart({ title, span, lines, unit, isCount }: ChartProps) {
  const most = Math.max(0, ...lines.flatMap(({ values }) => values));
  const top = topOf(most);
  const isOfDays = span.to - span.from > DAY_SECONDS;
  const facts = lines.map((line) => `${line.name} ${factOf(line, isCount, unit)}`).join(", ");
  return (
    <figure class="chart">
      <figcaption>{title}</figcaption>
      {lines.length === 0 ? (
        <p class="muted">None in this time.</p>
      ) : (
        <>
          <p class="scale muted">
            {inWords(top)} {unit}
          </p>
          <svg
            viewBox={`0 0 ${SIZE.width} ${SIZE.height}`}
            preserveAspectRatio="none"
            role="img"
            aria-label={`${title}: ${facts}`}
          >
            <path class="rule" d={`M0 ${SIZE.height / 2}h${SIZE.width}`} />
            {lines.map(({ name, values }, at) =>
              lines.length === 1 ? (
                <path key={name} class="bars" d={barsOf(values, top)} />
              ) : (
                <path key={name} class={`line l${at}`} d={lineOf(values, top, !isCount)} />
              ),
            )}
          </svg>
          <p class="scale muted">
            <span>{timeOf(span.from, isOfDays)}</span>
            <span>{timeOf(span.to, isOfDays)}</span>
          </p>
          <ul class="plain chart-legend">
            {lines.map((line, at) => (
              <li key={line.name}>
                <svg viewBox="0 0 24 8" width="24" height="8" aria-hidden="true">
                  <path class={lines.length === 1 ? "line l0" : `line l${at}`} d="M0 4h24" />
                </svg>
                {line.name} <span class="muted">{factOf(line, isCount, unit)}</span>
              </li>
            ))}
          </ul>
        </>
      )}
    </figure>
  );
}
