/** Memory over a minute of the hot path at 64 connections, beside the floor's: what the runtime itself gains is not ours. */
import { type Load, measure, type Sample } from "./load.ts";
import { describeMachine, loadAverage, printTable, writeJson } from "./report.ts";
import type { Runtime } from "./runtime.ts";
import { floorLoad, hotPath } from "./scenarios.ts";
import type { Workshop } from "./workshop.ts";

const ALGORITHM = "RS256";
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

type Soaked = { readonly name: string; readonly sample: Sample; readonly points: readonly Point[] };

async function soakOne(runtime: Runtime, load: Load): Promise<Soaked> {
  const points: Point[] = [];
  const startedAt = performance.now();
  const timer = setInterval(() => {
    points.push({ second: (performance.now() - startedAt) / 1000, megabytes: runtime.residentBytes() / 1e6 });
  }, 1000);
  const sample = await measure(runtime, load, CONNECTIONS, SECONDS);
  clearInterval(timer);
  return { name: runtime.name, sample, points };
}

function rowOf({ name, sample, points }: Soaked): readonly string[] {
  const settled = points.filter(({ second }) => second >= SETTLING_SECONDS);
  const megabytes = settled.map((point) => point.megabytes);
  return [
    name,
    sample.requestsPerSecond.toFixed(0),
    (megabytes[0] ?? Number.NaN).toFixed(0),
    (megabytes.at(-1) ?? Number.NaN).toFixed(0),
    Math.max(...megabytes).toFixed(0),
    (slopeOf(settled) * 60).toFixed(1),
  ];
}

export async function soak(workshop: Workshop): Promise<void> {
  const loadBefore = loadAverage();
  const service = await workshop.service("edgepool-soak", { algorithm: ALGORITHM });
  const soaked = [await soakOne(service.runtime, await hotPath.prepare(workshop.stage(service, 0)))];
  await service.runtime.stop();
  const floor = await workshop.floor();
  soaked.push(await soakOne(floor, floorLoad(ALGORITHM)));
  printTable(
    [
      `${SECONDS} s at ${CONNECTIONS} connections, ${ALGORITHM}`,
      "req/s",
      `MB after ${SETTLING_SECONDS} s`,
      "MB at the end",
      "MB at most",
      "MB gained per minute",
    ],
    soaked.map(rowOf),
  );
  const file = await writeJson("soak", { machine: describeMachine(loadBefore), soaked });
  console.log(`load average before: ${loadBefore}; ${file}`);
}
