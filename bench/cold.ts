/**
 * A cold identity, whose object is not in memory, against the same identity warm; and the same of the floor, whose object
 * reads nothing when it wakes: what is left is the platform's. One connection: this is about latency.
 */
import type { Request } from "autocannon";
import { type Load, measure } from "./load.ts";
import { describeMachine, loadAverage, median, printTable, writeJson } from "./report.ts";
import { progress } from "./rounds.ts";
import type { Runtime } from "./runtime.ts";
import { hotPath, ROTATION } from "./scenarios.ts";
import type { Workshop } from "./workshop.ts";

/**
 * Longer than the 10 s after which workerd evicts an idle object, and the 5 s after which ext4 gives out again what its
 * files were: before, each object that wakes would have to search for a free inode.
 */
const IDLE_MS = 20_000;
const ALGORITHM = "RS256";
const ROUNDS = 3;
const WARM_SECONDS = 2;

type Rounds = {
  readonly coldP50Ms: number;
  readonly warmP50Ms: number;
  readonly coldCpu: number;
  readonly warmCpu: number;
}[];

type Subject = {
  readonly name: string;
  readonly runtime: Runtime;
  readonly requests: readonly Request[];
  /** Other users' calls, which keep the isolate's own memories warm (keys, pool) while the measured objects go cold. */
  readonly others: readonly Request[];
  readonly rounds: Rounds;
};

async function measureOnce({ runtime, requests, others, rounds }: Subject): Promise<void> {
  const load = (of: readonly Request[]): Load => ({ requests: of, expectedStatus: 200, warmUpRequests: ROTATION });
  await measure(runtime, load(others), 1, 0.5);
  const once = await measure(runtime, { ...load(requests), isOneTime: true }, 1, 0);
  const warm = await measure(runtime, load(requests), 1, WARM_SECONDS);
  rounds.push({
    coldP50Ms: once.p50Ms,
    warmP50Ms: warm.p50Ms,
    coldCpu: once.cpuSecondsPer1000,
    warmCpu: warm.cpuSecondsPer1000,
  });
}

export async function cold(workshop: Workshop): Promise<void> {
  const loadBefore = loadAverage();
  const service = await workshop.service("edgepool-cold", { algorithm: ALGORITHM });
  const { requests } = await hotPath.prepare(workshop.stage(service, 0));
  const floor = await workshop.floor();
  const floorRequest: Request = { method: "GET", path: `/full/${ALGORITHM}` };
  const subjects: readonly Subject[] = [
    {
      name: "edgepool",
      runtime: service.runtime,
      requests: requests.slice(16),
      others: requests.slice(0, 16),
      rounds: [],
    },
    {
      name: "floor",
      runtime: floor,
      requests: Array.from({ length: ROTATION - 16 }, () => floorRequest),
      others: [{ method: "GET", path: "/login-token" }],
      rounds: [],
    },
  ];
  // Every object is made before anything counts.
  for (const { runtime, requests: all } of subjects)
    await measure(runtime, { requests: all, expectedStatus: 200, warmUpRequests: ROTATION }, 1, 1);
  for (let round = 0; round < ROUNDS; round++) {
    for (const subject of subjects) {
      progress(`round ${round + 1}: idle until the objects of ${subject.name} are out of memory`);
      await new Promise((resolve) => setTimeout(resolve, IDLE_MS));
      await measureOnce(subject);
    }
  }
  const figures = subjects.map(({ name, rounds }) => {
    const of = (pick: (round: Rounds[number]) => number) => median(rounds.map(pick));
    return [
      name,
      of((round) => round.coldP50Ms).toFixed(2),
      of((round) => round.warmP50Ms).toFixed(2),
      of((round) => round.coldP50Ms / round.warmP50Ms).toFixed(2),
      of((round) => round.coldCpu).toFixed(2),
      of((round) => round.warmCpu).toFixed(2),
    ];
  });
  printTable(
    [`${ALGORITHM}, 1 connection`, "cold p50 ms", "warm p50 ms", "cold / warm", "cold CPU ms", "warm CPU ms"],
    figures,
  );
  const rounds = Object.fromEntries(subjects.map((subject) => [subject.name, subject.rounds]));
  const file = await writeJson("cold", { machine: describeMachine(loadBefore), rounds });
  console.log(`load average before: ${loadBefore}; ${file}`);
}
