/**
 * The jurisdiction that all objects of a service are in, for good: the first pool fixes it, since the same names are other objects in
 * another one. Kept by the directory of pools that is in none, whatever is fixed: docs/adr/0088.
 */
import { IsolateCache } from "../domain/isolate-cache.ts";
import type { Jurisdiction } from "../domain/place.ts";

/** What it asks of the object that it lives in. */
export type JurisdictionHost = {
  kept(): Jurisdiction | null;
  keep(jurisdiction: Jurisdiction): void;
  /** Whether this directory has a pool, or had one. */
  hasPools(): boolean;
};

export class FixedJurisdiction {
  readonly #host: JurisdictionHost;

  constructor(host: JurisdictionHost) {
    this.#host = host;
  }

  /** Null before there is a pool. One that is listed here, by whatever release, is in none. */
  read(): Jurisdiction | null {
    return this.#host.kept() ?? (this.#host.hasPools() ? "none" : null);
  }

  /** Fixes `wanted` where nothing is fixed yet. What is fixed from now on. */
  fix(wanted: Jurisdiction): Jurisdiction {
    const fixed = this.read();
    if (fixed !== null) return fixed;
    this.#host.keep(wanted);
    return wanted;
  }
}

/** What an isolate knows of it, beside its own settings. */
export class JurisdictionMemory {
  /** Whether it is that of the settings. For good, as neither ever changes. */
  isRight = false;
  /** The one that is fixed in its place, for as long. */
  other: Jurisdiction | null = null;
  /** That none is fixed yet: 30 s. */
  readonly unfixed = new IsolateCache<true>(1, 30);
}
