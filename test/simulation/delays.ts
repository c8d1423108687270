/** How far everybody is from everybody: each draws its own delays, so that to leave one out, in shrinking, shifts no other. */
import { type Random, streamOf } from "../support/random.ts";
import type { Life } from "./slots.ts";

export class Delays {
  readonly #seed: number;
  readonly #streams = new Map<string, Random>();
  readonly #slownessMs = new Map<string, number>();

  constructor(seed: number) {
    this.#seed = seed;
  }

  /** One stream for each name, through all of its lives. */
  of(life: Life): Random {
    life.random ??= this.#streamOf(life.name);
    return life.random;
  }

  latencyMs(life: Life): number {
    return 1 + this.of(life).below(this.#slownessOf(life));
  }

  failureMs(life: Life): number {
    const random = this.of(life);
    return random.chance(0.1) ? 10_000 + random.below(30_000) : 1 + random.below(50);
  }

  #streamOf(name: string): Random {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = streamOf(this.#seed, name);
      this.#streams.set(name, stream);
    }
    return stream;
  }

  /** Some are far from the others, so that what is short for one is long for another. */
  #slownessOf(life: Life): number {
    let slownessMs = this.#slownessMs.get(life.name);
    if (slownessMs === undefined) {
      slownessMs = this.of(life).pick([3, 20, 20, 150]);
      this.#slownessMs.set(life.name, slownessMs);
    }
    return slownessMs;
  }
}
