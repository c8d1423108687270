/**
 * Plants each bug of test/simulation/mutants.ts in a copy of the source, and lets the simulation of that copy run until it
 * meets a violation. Mutants are independent, so that as many run at a time as there are cores.
 */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Mutant } from "../test/simulation/mutants-of-merges.ts";
import { runSchedule } from "../test/simulation/run.ts";
import { scheduleOf } from "../test/simulation/schedule.ts";

const ROOT = resolve(import.meta.dirname, "..");
/** For each mutant, by its name, the seed of a schedule that caught it. */
const SEEDS_FILE = join(ROOT, "test/simulation/mutant-seeds.json");
/**
 * Schedules in which a planted bug must show itself: six times as many as the rarest needs, since which seed meets it moves
 * with every change of the code.
 */
const SCHEDULES_FOR_A_MUTANT = 60_000;

export type Judgement = {
  /**
   * `OUT OF DATE` is one whose text is no longer in the source, `BROKEN` one that ends without a word of the judge, and
   * `NOT ITS OWN` one that only a schedule stopped in which the source as it is breaks a rule as well.
   */
  readonly kind: "caught" | "SURVIVED" | "OUT OF DATE" | "BROKEN" | "NOT ITS OWN";
  readonly evidence: string;
  /** The seed that caught it; null where none did. */
  readonly seed: number | null;
};
export type Verdict = Judgement & {
  readonly mutant: Mutant;
  /** The seed that is known to catch it, and does no longer; null where it does, or where none is known. */
  readonly lostSeed: number | null;
};

/** Where a mutant is sought: the schedule that is known to catch it first, or all of them from a seed on. */
export type Search = { readonly known: ReadonlyMap<string, number>; readonly from: number };

/** Judges all of them, in any order; `onVerdict` is told of each as it is known. */
export async function judgeMutants(
  mutants: readonly Mutant[],
  search: Search,
  onVerdict: (verdict: Verdict) => void,
): Promise<void> {
  // Those of which nothing is known may take minutes: they begin before the others, so that no core is idle at the end.
  const waiting = mutants.toSorted(
    (one, other) => Number(search.known.has(one.name)) - Number(search.known.has(other.name)),
  );
  async function work(): Promise<void> {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      // oxlint-disable-next-line no-await-in-loop -- one core runs one at a time
      onVerdict({ mutant, ...(await judge(mutant, search)) });
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

export function knownSeeds(): ReadonlyMap<string, number> {
  const seeds = JSON.parse(readFileSync(SEEDS_FILE, "utf8")) as Readonly<Record<string, number>>;
  return new Map(Object.entries(seeds));
}

/** Those of mutants that are no more are forgotten. */
export function keepSeeds(mutants: readonly Mutant[], verdicts: readonly Verdict[]): void {
  const found = new Map(knownSeeds());
  for (const { mutant, seed } of verdicts) if (seed !== null) found.set(mutant.name, seed);
  const kept = mutants.flatMap(({ name }) => {
    const seed = found.get(name);
    return seed === undefined ? [] : [[name, seed] as const];
  });
  writeFileSync(SEEDS_FILE, `${JSON.stringify(Object.fromEntries(kept), null, 2)}\n`);
}

async function judge(mutant: Mutant, { known, from }: Search): Promise<Omit<Verdict, "mutant">> {
  const folder = mkdtempSync(join(tmpdir(), "edgepool-mutant-"));
  try {
    for (const part of ["src", "test/simulation", "test/support", "scripts", "package.json"]) {
      cpSync(join(ROOT, part), join(folder, part), { recursive: true });
    }
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    for (const { file, find, replace } of mutant.edits) {
      const path = join(folder, file);
      const [before, after, ...more] = readFileSync(path, "utf8").split(find);
      if (after === undefined || more.length > 0)
        return { kind: "OUT OF DATE", evidence: file, seed: null, lostSeed: null };
      writeFileSync(path, `${before}${replace}${after}`);
    }
    const own = known.get(mutant.name) ?? null;
    const first = own === null ? null : await compared(await simulate(folder, own, 1));
    if (first !== null && first.kind !== "SURVIVED") return { ...first, lostSeed: null };
    return { ...(await compared(await simulate(folder, from, SCHEDULES_FOR_A_MUTANT))), lostSeed: own };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What the bug broke, and not the source without it. */
async function compared(judgement: Judgement): Promise<Judgement> {
  if (judgement.seed === null) return judgement;
  const { violation } = await runSchedule(scheduleOf(judgement.seed));
  return violation === null ? judgement : { ...judgement, kind: "NOT ITS OWN", seed: null };
}

async function simulate(folder: string, seed: number, schedules: number): Promise<Judgement> {
  const counts = ["--schedules", String(schedules), "--seed", String(seed)];
  const words = [join(folder, "scripts/simulate.ts"), "--as-found", ...counts];
  const { code, stdout, stderr } = await run(words);
  if (code === 0) return { kind: "SURVIVED", evidence: "", seed: null };
  const [evidence, caughtBy] = /^seed (\d+), .*$/m.exec(stdout) ?? [];
  return evidence === undefined
    ? { kind: "BROKEN", evidence: stderr.slice(-500), seed: null }
    : { kind: "caught", evidence, seed: Number(caughtBy) };
}

async function run(words: readonly string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return await new Promise((settle) => {
    execFile(process.execPath, words, (error, stdout, stderr) => settle({ code: error?.code ?? 0, stdout, stderr }));
  });
}
