/** What may happen to the clock of one object (F10): each has its own, and they need not agree. */
import type { Coverage } from "./coverage.ts";
import type { Random } from "../support/random.ts";
import type { AnySlot } from "./slots.ts";

type Network = {
  readonly nowMs: number;
  readonly random: Random;
  readonly slots: readonly AnySlot[];
  readonly coverage: Coverage;
  note(line: () => string): void;
  after(ms: number, run: () => void): void;
};

/** How far a clock may be off the true time. */
export const LARGEST_ERROR_MS = 300_000;
const LONGEST_STANDSTILL_MS = 60_000;

export function moveSomeClock(network: Network): void {
  const slot = someSlot(network);
  if (slot === undefined) return;
  network.coverage.hit("F10 a clock jumps");
  slot.clockStandsAtMs = null;
  slot.clockOffsetMs = network.random.below(2 * LARGEST_ERROR_MS) - LARGEST_ERROR_MS;
  network.note(() => `the clock of ${slot.name} is off by ${slot.clockOffsetMs} ms`);
}

export function stopSomeClock(network: Network): void {
  const slot = someSlot(network);
  if (slot === undefined || slot.clockStandsAtMs !== null) return;
  network.coverage.hit("F10 a clock stands still");
  slot.clockStandsAtMs = network.nowMs;
  network.after(1 + network.random.below(LONGEST_STANDSTILL_MS), () => {
    slot.clockStandsAtMs = null;
  });
  network.note(() => `the clock of ${slot.name} stands still`);
}

function someSlot({ slots, random }: Network): AnySlot | undefined {
  return slots[random.below(slots.length)];
}
