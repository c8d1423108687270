/** Makes a failing schedule short: fewer clients, fewer operations, fewer faults, as long as something is still broken. */
import { type Outcome, runSchedule } from "./run.ts";
import type { Schedule } from "./schedule.ts";

/** Runs that shrinking may take; each takes about a millisecond. */
const MAX_RUNS = 3000;

/** The shortest failing run that was found, with its trace. */
export async function shrink(failing: Schedule): Promise<Outcome> {
  let runs = 0;
  let best = await runSchedule(failing);

  async function accepts(candidate: Schedule): Promise<boolean> {
    if (runs++ >= MAX_RUNS) return false;
    const outcome = await runSchedule(candidate);
    if (outcome.violation === null) return false;
    best = outcome;
    return true;
  }

  for (let before = -1; before !== sizeOf(best);) {
    before = sizeOf(best);
    await withoutOperations(() => best.schedule, accepts);
    await withoutFaults(() => best, accepts);
  }
  return await runSchedule(best.schedule, true);
}

function sizeOf({ schedule, struck }: Outcome): number {
  return schedule.clients.reduce((sum, operations) => sum + operations.length + 1, 0) + struck.length;
}

type Accepts = (candidate: Schedule) => Promise<boolean>;

async function withoutOperations(current: () => Schedule, accepts: Accepts): Promise<void> {
  for (let client = current().clients.length - 1; client >= 0; client--) {
    // A client without operations stays in its place, so that the others keep their names and their chance.
    await accepts(withClient(current(), client, []));
    for (let index = (current().clients[client]?.length ?? 0) - 1; index >= 0; index--) {
      const left = current().clients[client]?.filter((_, other) => other !== index) ?? [];
      await accepts(withClient(current(), client, left));
    }
  }
}

function withClient(schedule: Schedule, client: number, operations: Schedule["clients"][number]): Schedule {
  return { ...schedule, clients: schedule.clients.map((other, index) => (index === client ? operations : other)) };
}

/** Halves first, then quarters, and at last one fault at a time. */
async function withoutFaults(current: () => Outcome, accepts: Accepts): Promise<void> {
  await accepts(withOnly(current().schedule, []));
  for (let size = Math.ceil(current().struck.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let start = 0; start < current().struck.length;) {
      const { schedule, struck } = current();
      const left = [...struck.slice(0, start), ...struck.slice(start + size)];
      if (!(await accepts(withOnly(schedule, left)))) start += size;
    }
  }
}

function withOnly(schedule: Schedule, strikes: readonly number[]): Schedule {
  return { ...schedule, faults: { ...schedule.faults, only: new Set(strikes) } };
}
