/** Medians and spreads of what was measured, as a table and as JSON. */
import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { cpus } from "node:os";
import { join } from "node:path";
import type { Sample } from "./load.ts";
import type { Measured } from "./rounds.ts";

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? Number.NaN)) / 2;
}

/** Half of the range, as a part of the median. */
function spread(values: readonly number[]): number {
  return (Math.max(...values) - Math.min(...values)) / 2 / median(values);
}

function medianOf(measured: Measured, value: (sample: Sample) => number): number {
  return median(measured.samples.map(value));
}

/** Median over the rounds of one's requests per second over the other's in that same round. */
export function ratioOf(real: Measured, floor: Measured): number {
  return median(
    real.samples.map(
      ({ requestsPerSecond }, round) => requestsPerSecond / (floor.samples[round]?.requestsPerSecond ?? Number.NaN),
    ),
  );
}

/** What is held against which floors: of none, one or both of them. */
export type Row = { readonly measured: Measured; readonly floor?: Measured; readonly equalFloor?: Measured };

const FLOOR_HEADINGS = ["/ floor", "CPU / floor", "/ equal", "CPU / equal"];
const HEADINGS = ["", "conn", "req/s", "±%", "p50 ms", "p99 ms", "bytes", "CPU s/1000", "MB", ...FLOOR_HEADINGS];

function cells({ measured, floor, equalFloor }: Row): readonly string[] {
  const { name, connections, samples } = measured;
  const rates = samples.map((sample) => sample.requestsPerSecond);
  const cpu = medianOf(measured, (sample) => sample.cpuSecondsPer1000);
  return [
    name,
    String(connections),
    median(rates).toFixed(0),
    (spread(rates) * 100).toFixed(0),
    medianOf(measured, (sample) => sample.p50Ms).toFixed(2),
    medianOf(measured, (sample) => sample.p99Ms).toFixed(1),
    medianOf(measured, (sample) => sample.responseBytes).toFixed(0),
    cpu.toFixed(3),
    (medianOf(measured, (sample) => sample.residentBytes) / 1e6).toFixed(0),
    ...[floor, equalFloor].flatMap((one) =>
      one === undefined
        ? ["", ""]
        : [ratioOf(measured, one), cpu / medianOf(one, (sample) => sample.cpuSecondsPer1000)].map((ratio) =>
            ratio.toFixed(2),
          ),
    ),
  ];
}

export function printTable(headings: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = headings.map((heading, column) =>
    Math.max(heading.length, ...rows.map((row) => (row[column] ?? "").length)),
  );
  const line = (row: readonly string[]) =>
    `| ${widths.map((width, column) => (column === 0 ? (row[column] ?? "").padEnd(width) : (row[column] ?? "").padStart(width))).join(" | ")} |`;
  const rule = `|${widths.map((width, column) => (column === 0 ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  console.log([line(headings), rule, ...rows.map(line)].join("\n"));
}

export function printRows(rows: readonly Row[]): void {
  printTable(HEADINGS, rows.map(cells));
  for (const { measured } of rows) {
    const { name, connections, failures } = measured;
    for (const failure of failures) console.log(`made again: ${name}, ${connections} connections: ${failure}`);
  }
}

/** Below one, nobody else is using the machine: figures taken above it say little. */
export function loadAverage(): number {
  return Number(readFileSync("/proc/loadavg", "utf8").split(" ", 1)[0]);
}

/** What the figures were taken on; the load average is from before the benchmark added its own. */
export function describeMachine(loadBefore: number): Readonly<Record<string, string | number>> {
  const [first] = cpus();
  return {
    processor: first?.model ?? "unknown",
    cores: cpus().length,
    node: process.version,
    loadBefore,
    takenAt: new Date().toISOString(),
  };
}

export async function writeJson(name: string, content: object): Promise<string> {
  const folder = join(import.meta.dirname, "results");
  await mkdir(folder, { recursive: true });
  const file = join(folder, `${name}.json`);
  await writeFile(file, `${JSON.stringify(content, null, 2)}\n`);
  return file;
}
