/** The table of all scenarios, and the quick look at the one that matters most. */
import { TOKEN_ALGORITHMS, type TokenAlgorithm } from "../src/domain/token-algorithm.ts";
import type { Runtime } from "./runtime.ts";
import { loadAverage, describeMachine, median, printRows, ratioOf, type Row, writeJson } from "./report.ts";
import { type Measured, measureInterleaved, type Plan, progress, type Subject } from "./rounds.ts";
import { floorLoad, hotPath, mints, others, rateLimited, type Scenario, type Stage } from "./scenarios.ts";
import type { Service } from "./service.ts";
import type { Workshop } from "./workshop.ts";

const FULL: Plan = { connections: [1, 16, 64], rounds: 3, seconds: 1.5 };
const QUICK: Plan = { connections: [16], rounds: 3, seconds: 1.2 };
/** Requests that a step uses up when each can be sent once only. */
const ONE_TIME_REQUESTS = 1024;
/** From the start of the process, in milliseconds: when a quick run stops adding rounds. */
const QUICK_DEADLINE_MS = 45_000;

async function subjectOf(scenario: Scenario, stage: Stage, suffix = ""): Promise<Subject> {
  const first = await scenario.prepare(stage);
  let unused: typeof first | undefined = first;
  return {
    name: `${scenario.name}${suffix}`,
    runtime: stage.service.runtime,
    async load() {
      const load = unused ?? (first.isOneTime === true ? await scenario.prepare(stage) : first);
      unused = undefined;
      return load;
    },
  };
}

/** Both floors: the equal one is sent the very requests of the product's hot path. */
async function floorSubjects({ algorithm, floor, equalFloor }: Contest, stage: Stage): Promise<readonly Subject[]> {
  const bare = floorLoad(algorithm);
  const equal = await hotPath.prepare(stage);
  return [
    { name: `floor, ${algorithm}`, runtime: floor, load: async () => await Promise.resolve(bare) },
    { name: `equal floor, ${algorithm}`, runtime: equalFloor, load: async () => await Promise.resolve(equal) },
  ];
}

function find(measured: readonly Measured[], name: string, connections: number): Measured {
  const found = measured.find((entry) => entry.name === name && entry.connections === connections);
  if (found === undefined) throw new Error(`${name} was not measured`);
  return found;
}

/** Prints the lines that a reader looks for: the ratios of the hot path to both floors at 16 connections. */
function printHotPath(measured: readonly Measured[], algorithms: readonly TokenAlgorithm[]): void {
  for (const floor of ["floor", "equal floor"]) {
    const ratios = algorithms.map((algorithm) => {
      const real = find(measured, `${hotPath.name}, ${algorithm}`, 16);
      return `${algorithm} ${ratioOf(real, find(measured, `${floor}, ${algorithm}`, 16)).toFixed(2)}`;
    });
    console.log(`hot path / ${floor}: ${ratios.join(" ")}`);
  }
}

type Contest = {
  readonly algorithm: TokenAlgorithm;
  readonly service: Service;
  readonly floor: Runtime;
  readonly equalFloor: Runtime;
};

/** A product and floors of its own for each algorithm: whatever is measured has then been idle for as long as all else. */
async function startAll(workshop: Workshop, algorithms: readonly TokenAlgorithm[]): Promise<readonly Contest[]> {
  return await Promise.all(
    algorithms.map(async (algorithm) => ({
      algorithm,
      service: await workshop.service(`edgepool-${algorithm}`, { algorithm }),
      floor: await workshop.floor(`floor-${algorithm}`),
      equalFloor: await workshop.floor(`equal-floor-${algorithm}`, { settings: { ALGORITHM: algorithm } }),
    })),
  );
}

export async function quick(workshop: Workshop): Promise<void> {
  const loadBefore = loadAverage();
  const algorithms = ["RS256", "ES256"] as const;
  const subjects = (
    await Promise.all(
      (await startAll(workshop, algorithms)).map(async (contest) => {
        const stage = workshop.stage(contest.service, 0);
        const hot = await subjectOf(hotPath, stage, `, ${contest.algorithm}`);
        return [hot, ...(await floorSubjects(contest, stage))];
      }),
    )
  ).flat();
  progress(`prepared in ${(performance.now() / 1000).toFixed(1)} s`);
  const measured = await measureInterleaved(subjects, { ...QUICK, deadlineMs: QUICK_DEADLINE_MS });
  printRows(measured.map((entry) => rowOf(entry, measured)));
  const file = await writeJson("quick", { machine: describeMachine(loadBefore), measured });
  console.log(`load average before: ${loadBefore}; ${file}`);
  printHotPath(measured, algorithms);
}

function rowOf(measured: Measured, all: readonly Measured[]): Row {
  const algorithm = TOKEN_ALGORITHMS.find((name) => measured.name.endsWith(`, ${name}`));
  if (algorithm === undefined || measured.name === `floor, ${algorithm}`) return { measured };
  const floorOf = (name: string) => find(all, `${name}, ${algorithm}`, measured.connections);
  const floor = floorOf("floor");
  const equalFloor = floorOf("equal floor");
  return measured === equalFloor ? { measured, floor } : { measured, floor, equalFloor };
}

export async function table(workshop: Workshop): Promise<void> {
  const loadBefore = loadAverage();
  const services = await startAll(workshop, TOKEN_ALGORITHMS);
  const measured: Measured[] = [];
  for (const contest of services) {
    const { algorithm, service } = contest;
    const stage = workshop.stage(service, ONE_TIME_REQUESTS);
    const subjects = [...(await floorSubjects(contest, stage))];
    for (const scenario of mints) subjects.push(await subjectOf(scenario, stage, `, ${algorithm}`));
    progress(`${algorithm}: mints`);
    measured.push(...(await measureInterleaved(subjects, FULL)));
  }
  const first = services[0]?.service;
  if (first === undefined) throw new Error("no service was started");
  const limited = await workshop.service("edgepool-limited", { algorithm: "RS256", isRateLimited: true });
  const subjects = [await subjectOf(rateLimited, workshop.stage(limited, 0))];
  for (const scenario of others) subjects.push(await subjectOf(scenario, workshop.stage(first, ONE_TIME_REQUESTS)));
  progress("RS256: everything else");
  measured.push(...(await measureInterleaved(subjects, { ...FULL, rounds: 3 })));

  printRows(measured.map((entry) => rowOf(entry, measured)));
  const file = await writeJson("table", { machine: describeMachine(loadBefore), measured });
  console.log(`load average before: ${loadBefore}; ${file}`);
  printRejections(measured);
  printHotPath(measured, TOKEN_ALGORITHMS);
}

/** A rejection before any signature has to cost less than a third of a mint. */
function printRejections(measured: readonly Measured[]): void {
  const cpuOf = ({ samples }: Measured) => median(samples.map((sample) => sample.cpuSecondsPer1000));
  const mint = cpuOf(find(measured, `${hotPath.name}, RS256`, 16));
  const rejections = measured.filter(({ name, connections }) => name.startsWith("rejected") && connections === 16);
  const parts = rejections.map(
    (entry) => `${entry.name.slice("rejected: ".length)} ${(cpuOf(entry) / mint).toFixed(2)}`,
  );
  console.log(`CPU of a rejection / CPU of a mint (RS256): ${parts.join(", ")}`);
}
