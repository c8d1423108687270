/**
 * Reads on in a pool's list of identities, over the borders of its shards and in their order. Shards are asked side by side, in
 * groups that grow: a full shard is one call, and 256 that are almost empty are four rounds.
 */

/** The first group is one shard; each next one has so many times as many, as those before it had few entries. */
const LEAST_GROWTH = 2;
const MOST_GROWTH = 8;

/** Behind what a walk has come: of the shard with this number, behind this position in it, or at its beginning. */
export type Place<Position> = { readonly shard: number; readonly position: Position };

export type Shards<Entry, Position> = {
  readonly count: number;
  /** Of each shard. */
  readonly beginning: Position;
  /** At most `limit` entries behind the position; fewer are the last ones. */
  read(place: Place<Position>, limit: number): Promise<readonly Entry[]>;
  positionOf(entry: Entry): Position;
};

type Found<Entry, Position> = { readonly entry: Entry; readonly place: Place<Position> };

export type Walked<Entry, Position> = {
  readonly found: readonly Found<Entry, Position>[];
  /** Where to go on; null at the end. */
  readonly next: Place<Position> | null;
  /** How many shards were asked. */
  readonly asked: number;
};

/** At most `limit` entries behind the place. */
export async function readOn<Entry, Position>(
  shards: Shards<Entry, Position>,
  from: Place<Position>,
  limit: number,
): Promise<Walked<Entry, Position>> {
  const found: Found<Entry, Position>[] = [];
  let next = from;
  let asked = 0;
  for (let size = 1; next.shard < shards.count; size = nextSize(size, asked, found.length, limit)) {
    const group = Array.from({ length: Math.min(size, shards.count - next.shard) }, (_, index) =>
      index === 0 ? next : { shard: next.shard + index, position: shards.beginning },
    );
    asked += group.length;
    const wanted = limit - found.length;
    const pages = await Promise.all(group.map(async (place) => await shards.read(place, wanted)));
    for (const [index, entries] of pages.entries()) {
      const { shard } = group[index] ?? next;
      for (const entry of entries) found.push({ entry, place: { shard, position: shards.positionOf(entry) } });
    }
    if (found.length >= limit) {
      const taken = found.slice(0, limit);
      return { found: taken, next: taken.at(-1)?.place ?? from, asked };
    }
    next = { shard: next.shard + group.length, position: shards.beginning };
  }
  return { found, next: null, asked };
}

/** As many shards as should fill the page, if they are as full as those that were asked. */
function nextSize(size: number, asked: number, found: number, limit: number): number {
  const shouldDo = found === 0 ? Number.POSITIVE_INFINITY : Math.ceil(((limit - found) * asked) / found);
  return Math.max(size * LEAST_GROWTH, Math.min(size * MOST_GROWTH, shouldDo));
}
