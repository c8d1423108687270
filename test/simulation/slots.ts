/** What the simulated platform runs: lives (stretches of memory) and slots (named objects with their storage). */

import type { Random } from "../support/random.ts";

/** What a caller sees of a call that failed: not whether it took effect. */
export class NetworkFailure extends Error {}

/** A storage step that failed: nothing of it is stored, and the object goes on with the memory that it has. */
export class StorageFailure extends Error {}

/** One stretch of memory, of an object or of a request's isolate. What belongs to a dead life never resumes. */
export type Life = {
  readonly name: string;
  isAlive: boolean;
  /** Runs the code of the release before (F12). */
  isOlder: boolean;
  readonly inbound: Set<Call>;
  /** Where its delays are drawn from, once it has drawn any. */
  random: Random | null;
  onEnd: (() => void) | null;
};

export type Call = {
  readonly caller: Life;
  readonly label: string;
  /** In the order of sending. */
  readonly number: number;
  isOpen: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (failure: NetworkFailure) => void;
};

export type SlotKind = "identity" | "login" | "pool" | "directory" | "pool directory" | "key ring" | "issuer";

/** One named object: what its storage holds, and its life if it is in memory. */
export type Slot<N extends Alarmed, S> = {
  readonly name: string;
  readonly kind: SlotKind;
  stored: S | null;
  alarmAtMs: number | null;
  alarmToken: number;
  isAlarmRunning: boolean;
  clockOffsetMs: number;
  /** Its clock stands still at this instant; null is a clock that runs. */
  clockStandsAtMs: number | null;
  /** Number of the last call that was delivered. */
  lastCall: number;
  life: Life | null;
  node: N | null;
  /** Begins a life: builds the object from what is stored. */
  begin(life: Life): void;
};

export type Alarmed = { alarm(): Promise<void> };
/** Slots of every kind live side by side; what they store is their own kind's affair. */
export type AnySlot = Omit<Slot<Alarmed, unknown>, "stored">;

export function lifeOf(name: string): Life {
  return { name, isAlive: true, isOlder: false, inbound: new Set(), random: null, onEnd: null };
}

export function slotOf<N extends Alarmed, S>(
  name: string,
  kind: SlotKind,
  boot: (slot: Slot<N, S>, life: Life) => N,
): Slot<N, S> {
  const slot: Slot<N, S> = {
    name,
    kind,
    stored: null,
    alarmAtMs: null,
    alarmToken: 0,
    isAlarmRunning: false,
    clockOffsetMs: 0,
    clockStandsAtMs: null,
    lastCall: 0,
    life: null,
    node: null,
    begin: (life) => {
      const node = boot(slot, life);
      if (life.isAlive) slot.node = node;
    },
  };
  return slot;
}
