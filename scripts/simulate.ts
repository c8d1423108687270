/**
 * npm run simulate -- --schedules N --seed S   runs N schedules from seed S on, and says how often
 *                                              each fault point was hit; shrinks the first schedule that fails.
 * npm run simulate -- --trace --seed S         shows one schedule, whole.
 * npm run simulate -- --mutants                plants each bug of test/simulation/mutants.ts in a copy of the source, and
 *                                              shows that the simulation catches it.
 */
import { spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { type Hits, totalOf } from "../test/simulation/coverage.ts";
import { MUTANTS } from "../test/simulation/mutants.ts";
import type { Mutant } from "../test/simulation/mutants-of-merges.ts";
import { type Outcome, runSchedule, runSchedules } from "../test/simulation/run.ts";
import { type Schedule, scheduleOf } from "../test/simulation/schedule.ts";
import { shrink } from "../test/simulation/shrink.ts";

const ROOT = resolve(import.meta.dirname, "..");
/** Schedules in which a planted bug must show itself. */
const SCHEDULES_FOR_A_MUTANT = 20_000;

const { values: options } = parseArgs({
  options: {
    schedules: { type: "string", default: "100000" },
    seed: { type: "string" },
    mutants: { type: "boolean", default: false },
    /** With --mutants: only those whose name holds this text. */
    only: { type: "string", default: "" },
    trace: { type: "boolean", default: false },
  },
});

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function* schedulesFrom(seed: number, count: number): Generator<Schedule> {
  for (let index = 0; index < count; index++) yield scheduleOf((seed + index) % 4_294_967_296);
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

async function simulate(seed: number, count: number): Promise<boolean> {
  const startedAt = performance.now();
  let done = 0;
  let steps = 0;
  let failed: Schedule | null = null;
  let hits: Hits = totalOf([]);
  await runSchedules(schedulesFrom(seed, count), (outcome) => {
    done++;
    steps += outcome.steps;
    hits = totalOf([hits, outcome.hits]);
    if (outcome.violation !== null) failed = outcome.schedule;
    return failed === null;
  });
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  print(`${done} schedules, ${steps} steps, from seed ${seed}, in ${seconds} s`);
  if (failed === null) {
    for (const [point, times] of hits) print(`${String(times).padStart(9)}  ${point}`);
    return true;
  }
  printFailure(await shrink(failed));
  return false;
}

type Verdict = "caught" | "SURVIVED" | "OUT OF DATE" | "BROKEN";

/** Runs the simulation over a copy of the source that holds one bug. */
function judgeMutant(mutant: Mutant, seed: number): { readonly verdict: Verdict; readonly evidence: string } {
  const folder = mkdtempSync(join(tmpdir(), "edgepool-mutant-"));
  try {
    for (const part of ["src", "test/simulation", "scripts/simulate.ts", "package.json"]) {
      cpSync(join(ROOT, part), join(folder, part), { recursive: true });
    }
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    for (const { file, find, replace } of mutant.edits) {
      const path = join(folder, file);
      const [before, after, ...more] = readFileSync(path, "utf8").split(find);
      if (after === undefined || more.length > 0) return { verdict: "OUT OF DATE", evidence: file };
      writeFileSync(path, `${before}${replace}${after}`);
    }
    const script = join(folder, "scripts/simulate.ts");
    const counts = ["--schedules", String(SCHEDULES_FOR_A_MUTANT), "--seed", String(seed)];
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...counts], { encoding: "utf8" });
    if (status === 0) return { verdict: "SURVIVED", evidence: "" };
    const evidence = /^seed .*$/m.exec(stdout)?.[0];
    if (evidence === undefined) return { verdict: "BROKEN", evidence: stderr.slice(-500) };
    return { verdict: "caught", evidence };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function runMutants(seed: number): boolean {
  const mutants = MUTANTS.filter(({ name }) => name.includes(options.only));
  const verdicts = mutants.map((mutant) => {
    const { verdict, evidence } = judgeMutant(mutant, seed);
    print(`${verdict.padEnd(11)} ${mutant.name}\n            ${evidence.slice(0, 160)}`);
    return verdict;
  });
  const caught = verdicts.filter((verdict) => verdict === "caught").length;
  print(`\n${caught} of ${mutants.length} planted bugs caught`);
  return caught === mutants.length;
}

async function main(): Promise<boolean> {
  // Without a seed each run explores others; the seed is printed, so that a failure can be run again.
  const seed = options.seed === undefined ? Date.now() % 4_294_967_296 : Number(options.seed);
  if (options.mutants) return runMutants(options.seed === undefined ? 1 : seed);
  if (!options.trace) return await simulate(seed, Number(options.schedules));
  const outcome = await runSchedule(scheduleOf(seed), true);
  printFailure(outcome);
  return outcome.violation === null;
}

process.exitCode = (await main()) ? 0 : 1;
