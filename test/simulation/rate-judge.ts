/**
 * Invariant bounded-rate: over any window the draws on one identity, and so its mints, stay within rate × window + burst,
 * through evictions as well.
 */
import type { Network } from "./network.ts";

type Rate = { readonly perSecond: number; readonly burst: number };

export class RateJudge {
  readonly #network: Pick<Network, "nowMs" | "violate" | "faults">;
  readonly #rate: Rate;
  readonly #draws = new Map<string, number[]>();

  constructor(network: Pick<Network, "nowMs" | "violate" | "faults">, rate: Rate) {
    this.#network = network;
    this.#rate = rate;
  }

  /** Told of each token that is taken from a bucket, whether or not its call comes to an answer: no fewer than are minted. */
  drew(name: string, drawnAtMs: number): void {
    const { faults } = this.#network;
    // A bucket measures time by its object's own clock: where that one jumps, so does the bucket.
    if (faults.hasStruck("clock-jump") || faults.hasStruck("clock-stands")) return;
    const draws = listIn(this.#draws, name);
    draws.push(drawnAtMs);
    for (const [index, sinceMs] of draws.entries()) {
      const most = this.#rate.burst + (this.#rate.perSecond * (drawnAtMs - sinceMs)) / 1000;
      const count = draws.length - index;
      if (count <= most + 1e-6) continue;
      this.#network.violate(`bounded-rate: ${count} draws on ${name} in ${drawnAtMs - sinceMs} ms`);
      return;
    }
  }
}

function listIn(map: Map<string, number[]>, name: string): number[] {
  let list = map.get(name);
  if (list === undefined) {
    list = [];
    map.set(name, list);
  }
  return list;
}
