/** Interleaved rounds (A B C, A B C, …): what else the machine does then falls on all of them alike. */
import { type Load, measure, type Sample } from "./load.ts";
import type { Runtime } from "./runtime.ts";

export type Subject = {
  readonly name: string;
  readonly runtime: Runtime;
  /** What to send; called before each step. */
  load(): Promise<Load>;
};

export type Measured = {
  readonly name: string;
  readonly connections: number;
  readonly samples: readonly Sample[];
  /** Why steps were made again: they are told with the figures. */
  readonly failures: readonly string[];
};

export type Plan = {
  readonly connections: readonly number[];
  readonly rounds: number;
  /** Seconds that count in each step, after its warm-up. */
  readonly seconds: number;
  /** When to stop early, on the clock of performance.now(); two rounds are always made. */
  readonly deadlineMs?: number;
};

const WARM_UP_SECONDS = 1;
/** One request that times out must not cost a run of a quarter of an hour; a step that fails this often does. */
const MAX_ATTEMPTS = 3;

export async function measureInterleaved(
  subjects: readonly Subject[],
  { connections: connectionCounts, rounds, seconds, deadlineMs = Number.POSITIVE_INFINITY }: Plan,
): Promise<readonly Measured[]> {
  const measured: Measured[] = [];
  // One round that nobody sees: keys are made, and V8 has compiled what is hot before a first figure counts.
  for (const subject of subjects) await measure(subject.runtime, await subject.load(), 16, WARM_UP_SECONDS);
  for (const connections of connectionCounts) {
    const steps = subjects.map((subject) => ({ subject, samples: [] as Sample[], failures: [] as string[] }));
    for (let round = 0; round < rounds; round++) {
      if (round >= 2 && performance.now() > deadlineMs) break;
      for (const { subject, samples, failures } of steps) {
        samples.push(await measureStep(subject, connections, seconds, failures));
      }
      progress(`${connections} connections, round ${round + 1} of ${rounds}`);
    }
    for (const { subject, samples, failures } of steps) {
      measured.push({ name: subject.name, connections, samples, failures });
    }
  }
  return measured;
}

async function measureStep(
  subject: Subject,
  connections: number,
  seconds: number,
  failures: string[],
): Promise<Sample> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await measure(subject.runtime, await subject.load(), connections, seconds);
    } catch (error) {
      failures.push(String(error));
      progress(`${subject.name}, ${connections} connections: ${String(error)}`);
      if (attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

/** On stderr, so that stdout holds the results alone. */
export function progress(text: string): void {
  console.error(`  ${text}`);
}
