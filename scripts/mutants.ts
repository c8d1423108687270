/**
 * Plants each bug of test/simulation/mutants.ts in a copy of the source, and lets the simulation of that copy run until it
 * meets a violation. Mutants are independent, so that as many run at a time as there are cores.
 */
import { execFile } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Mutant } from "../test/simulation/mutants-of-merges.ts";

const ROOT = resolve(import.meta.dirname, "..");
/**
 * Schedules in which a planted bug must show itself: six times as many as the rarest needs, since which seed meets it moves
 * with every change of the code.
 */
const SCHEDULES_FOR_A_MUTANT = 60_000;

export type Verdict = {
  readonly mutant: Mutant;
  /** `OUT OF DATE` is one whose text is no longer in the source, `BROKEN` one that ends without a word of the judge. */
  readonly kind: "caught" | "SURVIVED" | "OUT OF DATE" | "BROKEN";
  readonly evidence: string;
};

/** Judges all of them, in any order; `onVerdict` is told of each as it is known. */
export async function judgeMutants(
  mutants: readonly Mutant[],
  seed: number,
  onVerdict: (verdict: Verdict) => void,
): Promise<void> {
  const waiting = [...mutants];
  async function work(): Promise<void> {
    for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
      // oxlint-disable-next-line no-await-in-loop -- one core runs one at a time
      onVerdict({ mutant, ...(await judge(mutant, seed)) });
    }
  }
  await Promise.all(Array.from({ length: availableParallelism() }, work));
}

async function judge(mutant: Mutant, seed: number): Promise<Omit<Verdict, "mutant">> {
  const folder = mkdtempSync(join(tmpdir(), "edgepool-mutant-"));
  try {
    for (const part of ["src", "test/simulation", "scripts", "package.json"]) {
      cpSync(join(ROOT, part), join(folder, part), { recursive: true });
    }
    symlinkSync(join(ROOT, "node_modules"), join(folder, "node_modules"));
    for (const { file, find, replace } of mutant.edits) {
      const path = join(folder, file);
      const [before, after, ...more] = readFileSync(path, "utf8").split(find);
      if (after === undefined || more.length > 0) return { kind: "OUT OF DATE", evidence: file };
      writeFileSync(path, `${before}${replace}${after}`);
    }
    return await simulate(folder, seed);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function simulate(folder: string, seed: number): Promise<Omit<Verdict, "mutant">> {
  const counts = ["--schedules", String(SCHEDULES_FOR_A_MUTANT), "--seed", String(seed)];
  const words = [join(folder, "scripts/simulate.ts"), "--as-found", ...counts];
  const { code, stdout, stderr } = await run(words);
  if (code === 0) return { kind: "SURVIVED", evidence: "" };
  const evidence = /^seed .*$/m.exec(stdout)?.[0];
  return evidence === undefined ? { kind: "BROKEN", evidence: stderr.slice(-500) } : { kind: "caught", evidence };
}

async function run(words: readonly string[]): Promise<{ code: unknown; stdout: string; stderr: string }> {
  return await new Promise((settle) => {
    execFile(process.execPath, words, (error, stdout, stderr) => settle({ code: error?.code ?? 0, stdout, stderr }));
  });
}
