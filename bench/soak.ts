/** Memory over a minute of the hot path at 64 connections: it must come to rest. */
import { measure } from "./load.ts";
import { describeMachine, loadAverage, printTable, writeJson } from "./report.ts";
import { hotPath } from "./scenarios.ts";
import type { Workshop } from "./workshop.ts";

const CONNECTIONS = 64;
const SECONDS = 60;
/** What the heap needs to reach its working size does not count. */
const SETTLING_SECONDS = 15;

type Point = { readonly second: number; readonly megabytes: number };

/** Megabytes per second, by least squares. */
function slopeOf(points: readonly Point[]): number {
  const meanSecond = points.reduce((sum, { second }) => sum + second, 0) / points.length;
  const meanMegabytes = points.reduce((sum, { megabytes }) => sum + megabytes, 0) / points.length;
  const covariance = points.reduce((sum, p) => sum + (p.second - meanSecond) * (p.megabytes - meanMegabytes), 0);
  return covariance / points.reduce((sum, p) => sum + (p.second - meanSecond) ** 2, 0);
}

export async function soak(workshop: Workshop): Promise<void> {
  const loadBefore = loadAverage();
  const service = await workshop.service("edgepool-soak", { algorithm: "RS256" });
  const load = await hotPath.prepare(workshop.stage(service, 0));
  const points: Point[] = [];
  const startedAt = performance.now();
  const timer = setInterval(() => {
    const second = (performance.now() - startedAt) / 1000;
    points.push({ second, megabytes: service.runtime.residentBytes() / 1e6 });
  }, 1000);
  const sample = await measure(service.runtime, load, CONNECTIONS, SECONDS);
  clearInterval(timer);
  const settled = points.filter(({ second }) => second >= SETTLING_SECONDS);
  const megabytes = settled.map((point) => point.megabytes);
  printTable(
    ["60 s at 64 connections, RS256", ""],
    [
      ["requests per second", sample.requestsPerSecond.toFixed(0)],
      [`MB after ${SETTLING_SECONDS} s`, (megabytes[0] ?? Number.NaN).toFixed(0)],
      ["MB at the end", (megabytes.at(-1) ?? Number.NaN).toFixed(0)],
      ["MB at most", Math.max(...megabytes).toFixed(0)],
      ["MB gained per minute", (slopeOf(settled) * 60).toFixed(1)],
    ],
  );
  const file = await writeJson("soak", { machine: describeMachine(loadBefore), sample, points });
  console.log(`load average before: ${loadBefore}; ${file}`);
}
