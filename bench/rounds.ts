/** Interleaved rounds (A B C, A B C, …): what else the machine does then falls on all of them alike. */
import { type Load, measure, type Sample } from "./load.ts";
import type { Runtime } from "./runtime.ts";

export type Subject = {
  readonly name: string;
  readonly runtime: Runtime;
  /** What to send; called before each step. */
  load(): Promise<Load>;
};

export type Measured = { readonly name: string; readonly connections: number; readonly samples: readonly Sample[] };

export type Plan = {
  readonly connections: readonly number[];
  readonly rounds: number;
  /** Seconds that count in each step, after its warm-up. */
  readonly seconds: number;
  /** When to stop early, on the clock of performance.now(); two rounds are always made. */
  readonly deadlineMs?: number;
};

const WARM_UP_SECONDS = 1;

export async function measureInterleaved(
  subjects: readonly Subject[],
  { connections: connectionCounts, rounds, seconds, deadlineMs = Number.POSITIVE_INFINITY }: Plan,
): Promise<readonly Measured[]> {
  const measured: Measured[] = [];
  // One round that nobody sees: keys are made, and V8 has compiled what is hot before a first figure counts.
  for (const subject of subjects) await measure(subject.runtime, await subject.load(), 16, WARM_UP_SECONDS);
  for (const connections of connectionCounts) {
    const samples = new Map<Subject, Sample[]>(subjects.map((subject) => [subject, []]));
    for (let round = 0; round < rounds; round++) {
      if (round >= 2 && performance.now() > deadlineMs) break;
      for (const [subject, taken] of samples) {
        taken.push(await measure(subject.runtime, await subject.load(), connections, seconds));
      }
      progress(`${connections} connections, round ${round + 1} of ${rounds}`);
    }
    for (const [{ name }, taken] of samples) measured.push({ name, connections, samples: taken });
  }
  return measured;
}

/** On stderr, so that stdout holds the results alone. */
export function progress(text: string): void {
  console.error(`  ${text}`);
}
