/**
 * Which faults strike, and when. Every place where a fault could strike asks here, and the answer depends on nothing but
 * the seed and how often it was asked: so a failing schedule can be run again with fewer faults until only those are left
 * that matter.
 */
import { type Random, streamOf } from "./random.ts";

/** The fault points (F1 to F18, docs/reliability.md) that this simulation injects. */
export const FAULTS = [
  /** F5: a request that never arrives, a reply that never comes back, both late, and a request that arrives twice. */
  "lose-request",
  "lose-reply",
  "late-request",
  "late-reply",
  "duplicate",
  /** F1 to F4, F6, F8: the memory of an object is gone, at any event and on either side of any storage step. */
  "crash",
  "crash-before-save",
  "crash-after-save",
  /** F7. */
  "alarm-late",
  "alarm-twice",
  /** F10: the clock of one object jumps by up to five minutes. */
  "clock-jump",
  /** F18: the client, or the isolate that serves it, goes away in mid-request. */
  "client-gone",
] as const;

export type Fault = (typeof FAULTS)[number];

export type FaultPlan = {
  readonly seed: number;
  readonly probabilities: ReadonlyMap<Fault, number>;
  /** Only these strikes happen, by their number; null is all that the seed draws. */
  readonly only: ReadonlySet<number> | null;
};

export class Faults {
  /** Numbers of the strikes that happened. */
  readonly struck: number[] = [];
  readonly #plan: FaultPlan;
  readonly #random: Random;
  #asked = 0;
  #isCalm = false;

  constructor(plan: FaultPlan) {
    this.#plan = plan;
    this.#random = streamOf(plan.seed, "faults");
  }

  strikes(fault: Fault): boolean {
    const probability = this.#plan.probabilities.get(fault) ?? 0;
    if (this.#isCalm || probability === 0) return false;
    const strike = this.#asked++;
    const isDrawn = this.#random.chance(probability);
    if (!isDrawn || this.#plan.only?.has(strike) === false) return false;
    this.struck.push(strike);
    return true;
  }

  /** From now on nothing fails any more; what is under way still arrives as late as it does. */
  calm(): void {
    this.#isCalm = true;
  }
}
