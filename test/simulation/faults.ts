/**
 * Which faults strike, and when. Every place where a fault could strike asks here, and the answer depends on nothing but
 * the seed and how often it was asked: so a failing schedule can be run again with fewer faults until only those are left
 * that matter.
 */
import { type Random, streamOf } from "../support/random.ts";

/** What can be made to happen; which fault points (coverage.ts) it reaches depends on what it meets. */
export const FAULTS = [
  /** F5: a request that never arrives, a reply that never comes back, both late, and a request that arrives twice. */
  "lose-request",
  "lose-reply",
  "late-request",
  "late-reply",
  "duplicate",
  /** F1 to F4, F6: the memory of an object is gone, at any event and on either side of any storage step. */
  "crash",
  "crash-before-save",
  "crash-after-save",
  /** F7. */
  "alarm-late",
  "alarm-twice",
  /** F8: the write throws, nothing is stored, and the object lives on with its memory. */
  "storage-throws",
  /** F9: the issuer of the second login, or of a later one, gives no key. */
  "issuer-fails",
  /** F10: the clock of one object jumps by up to five minutes, or stands still. */
  "clock-jump",
  "clock-stands",
  /** F11, F17: the active key hands over while a signature is being made. */
  "key-rotates",
  /** F12: an object wakes up in the code of the release before. */
  "older-code",
  /** F16: the limiter's object is evicted right after it has granted a token. */
  "limiter-lost",
  /** F18: the client, or the isolate that serves it, goes away in mid-request. */
  "client-gone",
  /** F19, F20: the source says to come again, fails, answers what is no answer, and does what it does not answer. */
  "source-throttles",
  "source-fails",
  "source-answers-junk",
  "source-loses-answer",
] as const;

export type Fault = (typeof FAULTS)[number];

export type FaultPlan = {
  readonly seed: number;
  readonly probabilities: ReadonlyMap<Fault, number>;
  /** Only these strikes happen, by their number; null is all that the seed draws. */
  readonly only: ReadonlySet<number> | null;
};

/** One kind of fault: its own stream and its own numbers, so that to leave one kind out shifts no other. */
type Source = { readonly probability: number; random: Random | null; asked: number; readonly firstNumber: number };

/** More than any run asks for one kind. */
const NUMBERS_OF_ONE_KIND = 1_000_000;

export class Faults {
  /** Numbers of the strikes that happened. */
  readonly struck: number[] = [];
  readonly #kinds = new Set<Fault>();
  readonly #only: ReadonlySet<number> | null;
  readonly #sources = new Map<Fault, Source>();
  readonly #seed: number;
  #isCalm = false;

  constructor({ seed, probabilities, only }: FaultPlan) {
    this.#seed = seed;
    this.#only = only;
    for (const [fault, probability] of probabilities) {
      const firstNumber = FAULTS.indexOf(fault) * NUMBERS_OF_ONE_KIND;
      this.#sources.set(fault, { probability, random: null, asked: 0, firstNumber });
    }
  }

  strikes(fault: Fault): boolean {
    const source = this.#isCalm ? undefined : this.#sources.get(fault);
    if (source === undefined) return false;
    const strike = source.firstNumber + source.asked++;
    source.random ??= streamOf(this.#seed, `faults ${fault}`);
    const isDrawn = source.random.chance(source.probability);
    if (!isDrawn || this.#only?.has(strike) === false) return false;
    this.struck.push(strike);
    this.#kinds.add(fault);
    return true;
  }

  /** Whether it has struck in this run: some promises are weaker then. */
  hasStruck(fault: Fault): boolean {
    return this.#kinds.has(fault);
  }

  /** The kinds that have struck. */
  get kinds(): readonly Fault[] {
    return [...this.#kinds];
  }

  /** From now on nothing fails any more; what is under way still arrives as late as it does. */
  calm(): void {
    this.#isCalm = true;
  }
}
