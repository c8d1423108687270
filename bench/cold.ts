/** A cold identity, whose object is not in memory, against the same identity warm. One connection: this is about latency. */
import { measure } from "./load.ts";
import { describeMachine, loadAverage, median, printTable, writeJson } from "./report.ts";
import { progress } from "./rounds.ts";
import { hotPath } from "./scenarios.ts";
import type { Workshop } from "./workshop.ts";

/** Longer than the 10 s after which workerd evicts an idle object. */
const IDLE_MS = 13_000;
const ROUNDS = 3;
const WARM_SECONDS = 2;

export async function cold(workshop: Workshop): Promise<void> {
  const loadBefore = loadAverage();
  const service = await workshop.service("edgepool-cold", { algorithm: "RS256" });
  const { runtime } = service;
  const { requests, expectedStatus } = await hotPath.prepare(workshop.stage(service, 0));
  // These keep the isolate's own memories warm (keys, pool), which other users' calls would do; the rest go cold.
  const [others, measured] = [requests.slice(0, 16), requests.slice(16)];
  const rounds: { readonly coldP50Ms: number; readonly warmP50Ms: number }[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await measure(runtime, { requests, expectedStatus }, 1, 1);
    progress(`round ${round + 1}: idle until the objects are out of memory`);
    await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
    await measure(runtime, { requests: others, expectedStatus }, 1, 0.5);
    const once = await measure(runtime, { requests: measured, expectedStatus, isOneTime: true }, 1, 0);
    const warm = await measure(runtime, { requests: measured, expectedStatus }, 1, WARM_SECONDS);
    rounds.push({ coldP50Ms: once.p50Ms, warmP50Ms: warm.p50Ms });
  }
  const coldP50Ms = median(rounds.map((entry) => entry.coldP50Ms));
  const warmP50Ms = median(rounds.map((entry) => entry.warmP50Ms));
  printTable(
    ["RS256, 1 connection", "p50 ms"],
    [
      ["cold identity", coldP50Ms.toFixed(2)],
      ["warm identity", warmP50Ms.toFixed(2)],
      ["cold / warm", median(rounds.map((entry) => entry.coldP50Ms / entry.warmP50Ms)).toFixed(2)],
    ],
  );
  const file = await writeJson("cold", { machine: describeMachine(loadBefore), rounds });
  console.log(`load average before: ${loadBefore}; ${file}`);
}
