/** `npm run simulate`: runs schedules of the simulation (test/simulation), shows one of them, or plants known bugs in it. */
import { MUTANTS } from "../test/simulation/mutants.ts";
import { type Hits, totalOf } from "../test/simulation/coverage.ts";
import { type Outcome, runSchedule, runSchedules } from "../test/simulation/run.ts";
import { type Schedule, scheduleOf, SEEDS } from "../test/simulation/schedule.ts";
import { shrink } from "../test/simulation/shrink.ts";
import { clashAmong, numberFrom, runTool, SEED, SWITCH, TEXT } from "./command-line.ts";
import { judgeMutants, keepSeeds, knownSeeds, type Verdict } from "./mutants.ts";

const DEFAULT_SCHEDULES = 100_000;

const USAGE = `npm run simulate -- [--schedules N] [--seed S]
npm run simulate -- --trace [--seed S]
npm run simulate -- --mutants [--only TEXT] [--seed S] [--keep-seeds]

Runs schedules of the link transaction until one breaks an invariant, and says how often each fault point was hit. A
schedule is what a few clients do and which faults strike; all of it is drawn from its seed.

  --schedules N   how many, from the seed on; default ${DEFAULT_SCHEDULES}
  --seed S        the first seed, 0 to ${SEEDS - 1}; without it each run takes others, and says which
                  (--mutants: first the seed that is known to catch it, then all from 1 on)
  --as-found      shows the schedule that fails as it was found; without it, it is made as short as it can be
  --trace         shows one schedule, step by step
  --mutants       plants each known mistake of test/simulation/mutants.ts in a copy of the source, and shows that the
                  simulation catches it
  --only TEXT     only mutants whose name holds the text
  --keep-seeds    writes which seed caught each mutant to test/simulation/mutant-seeds.json

The exit code is 1 when an invariant was broken, or a mutant was not caught or no longer fits the source.`;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function* schedulesFrom(seed: number, count: number): Generator<Schedule> {
  for (let index = 0; index < count; index++) yield scheduleOf((seed + index) % SEEDS);
}

function printFailure(outcome: Outcome): void {
  const { seed, mergePolicy, clients } = outcome.schedule;
  print(`\nseed ${seed}, merge policy ${mergePolicy}: ${outcome.violation}`);
  for (const [index, operations] of clients.entries()) {
    if (operations.length > 0) print(`  client${index + 1}: ${operations.map((one) => JSON.stringify(one)).join(" ")}`);
  }
  print(`  faults: ${outcome.struck.length} (${outcome.kinds.join(", ")})\n`);
  for (const line of outcome.trace) print(line);
}

async function simulate(seed: number, count: number, isShown: "short" | "as found"): Promise<boolean> {
  const startedAt = performance.now();
  let done = 0;
  let steps = 0;
  let failed: Outcome | null = null;
  let hits: Hits = totalOf([]);
  await runSchedules(schedulesFrom(seed, count), (outcome) => {
    done++;
    steps += outcome.steps;
    hits = totalOf([hits, outcome.hits]);
    if (outcome.violation !== null) failed = outcome;
    return failed === null;
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  print(`${done} schedules, ${steps} steps, from seed ${seed}, in ${seconds} s`);
  if (failed === null) {
    for (const [point, times] of hits) print(`${String(times).padStart(9)}  ${point}`);
    return true;
  }
  const found: Outcome = failed;
  printFailure(isShown === "short" ? await shrink(found.schedule) : found);
  return false;
}

async function trace(seed: number): Promise<boolean> {
  const outcome = await runSchedule(scheduleOf(seed), true);
  printFailure(outcome);
  return outcome.violation === null;
}

async function plantMutants(only: string, seed: number | undefined, keepsSeeds: boolean): Promise<boolean> {
  const startedAt = performance.now();
  const mutants = MUTANTS.filter(({ name }) => name.includes(only));
  const verdicts: Verdict[] = [];
  const known: ReadonlyMap<string, number> = seed === undefined ? knownSeeds() : new Map();
  await judgeMutants(mutants, { known, from: seed ?? 1 }, (verdict) => {
    verdicts.push(verdict);
    print(`${verdict.kind.padEnd(11)} ${verdict.mutant.name}\n            ${verdict.evidence.slice(0, 160)}`);
    if (verdict.lostSeed !== null) print(`            seed ${verdict.lostSeed} does not catch it any more`);
  });
  if (keepsSeeds) keepSeeds(MUTANTS, verdicts);
  const caught = verdicts.filter(({ kind }) => kind === "caught").length;
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  print(`\n${caught} of ${mutants.length} planted bugs caught, in ${seconds} s`);
  const isSought = verdicts.some(({ mutant, seed: by }) => by !== null && by !== known.get(mutant.name));
  if (isSought && seed === undefined && !keepsSeeds)
    print("some were sought: --keep-seeds writes down what caught them");
  return caught === mutants.length && caught > 0;
}

await runTool({
  usage: USAGE,
  flags: {
    schedules: numberFrom(1, SEEDS),
    seed: SEED,
    "as-found": SWITCH,
    trace: SWITCH,
    mutants: SWITCH,
    only: TEXT,
    "keep-seeds": SWITCH,
  },
  check: (flags) =>
    clashAmong(flags, ["trace", "mutants", "schedules"]) ??
    (flags.only !== undefined && flags.mutants === undefined ? "--only chooses among --mutants" : null) ??
    (flags["keep-seeds"] !== undefined && flags.mutants === undefined ? "--keep-seeds is of --mutants" : null),
  run: async ({ schedules = DEFAULT_SCHEDULES, seed, mutants, only = "", ...switches }) => {
    if (mutants === true) return await plantMutants(only, seed, switches["keep-seeds"] === true);
    // Without a seed each run explores others; the seed is printed, so that a failure can be run again.
    const first = seed ?? Date.now() % SEEDS;
    if (switches.trace === true) return await trace(first);
    return await simulate(first, schedules, switches["as-found"] === true ? "as found" : "short");
  },
});
