/** R1: over any window the accepted mints of one identity stay within rate × window + burst, through evictions as well. */
import type { Network } from "./network.ts";

type Rate = { readonly perSecond: number; readonly burst: number };

export class RateJudge {
  readonly #network: Pick<Network, "nowMs" | "violate" | "faults">;
  readonly #rate: Rate;
  readonly #mints = new Map<string, number[]>();

  constructor(network: Pick<Network, "nowMs" | "violate" | "faults">, rate: Rate) {
    this.#network = network;
    this.#rate = rate;
  }

  /** Told when the token is granted; what counts is when it was drawn, which may be long before. */
  minted(name: string, drawnAtMs: number): void {
    const { faults } = this.#network;
    // A bucket measures time by its object's own clock: where that one jumps, so does the bucket.
    if (faults.hasStruck("clock-jump") || faults.hasStruck("clock-stands")) return;
    const mints = listIn(this.#mints, name);
    mints.push(drawnAtMs);
    mints.sort((one, other) => one - other);
    const nowMs = mints.at(-1) ?? drawnAtMs;
    for (const [index, sinceMs] of mints.entries()) {
      const most = this.#rate.burst + (this.#rate.perSecond * (nowMs - sinceMs)) / 1000;
      const count = mints.length - index;
      if (count <= most + 1e-6) continue;
      this.#network.violate(`R1: ${count} mints of ${name} in ${nowMs - sinceMs} ms`);
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
