/** The only source of chance in the simulation: a small seeded generator (mulberry32). Equal seeds, equal streams. */

export type Random = {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform whole number in [0, bound). */
  below(bound: number): number;
  chance(probability: number): boolean;
  /** One of the items; they are not empty. */
  pick<T>(items: readonly [T, ...T[]]): T;
};

export function randomOf(seed: number): Random {
  let state = seed >>> 0;
  function next(): number {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  }
  function below(bound: number): number {
    return Math.floor(next() * bound);
  }
  return {
    next,
    below,
    chance: (probability) => next() < probability,
    pick: (items) => items[below(items.length)] ?? items[0],
  };
}

/** A stream of its own for each use, so that what one of them draws never shifts another. */
export function streamOf(seed: number, name: string): Random {
  let hash = seed >>> 0;
  for (const character of name) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193) >>> 0;
  return randomOf(hash);
}
