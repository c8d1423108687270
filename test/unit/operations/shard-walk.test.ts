import { describe, expect, it } from "vitest";
import { type Place, readOn, type Walked } from "../../../src/operations/shard-walk.ts";

/** Shards of so many entries each; what is asked of them is noted by rounds. */
function shardsOf(counts: readonly number[]) {
  const rounds: number[][] = [];
  let isOpen = false;
  const entries = counts.map((count, shard) => Array.from({ length: count }, (_, index) => shard * 1000 + index + 1));
  return {
    rounds,
    all: entries.flat(),
    shards: {
      count: counts.length,
      beginning: 0,
      async read({ shard, position }: Place<number>, limit: number) {
        if (!isOpen) rounds.push([]);
        isOpen = true;
        rounds.at(-1)?.push(shard);
        await Promise.resolve();
        isOpen = false;
        return (entries[shard] ?? []).filter((entry) => entry > position).slice(0, limit);
      },
      positionOf: (entry: number) => entry,
    },
  };
}

const of = (count: number, each: number) => Array.from({ length: count }, () => each);

describe("a walk over shards", () => {
  it.each([
    ["a full first shard is one call", of(272, 100), 61, [1]],
    ["a pool of three identities is four rounds", [0, 1, 0, 1, ...of(268, 0), 1], 61, [1, 8, 64, 200]],
    ["an empty pool of 272 shards is four rounds", of(272, 0), 61, [1, 8, 64, 199]],
    ["an empty pool of sixteen is three", of(16, 0), 61, [1, 8, 7]],
    ["it asks as many as should fill the page", of(272, 10), 61, [1, 6]],
    ["and twice as many as before, should there be fewer in them", [60, ...of(15, 0)], 61, [1, 2, 4, 8, 1]],
  ])("%s", async (_, counts, limit, expected) => {
    const { shards, rounds, all } = shardsOf(counts);
    const { found, asked } = await readOn(shards, { shard: 0, position: 0 }, limit);
    expect(rounds.map(({ length }) => length)).toEqual(expected);
    expect(asked).toBe(rounds.flat().length);
    expect(found.map(({ entry }) => entry)).toEqual(all.slice(0, limit));
  });

  it.each([1, 2, 3, 7, 61, 500])("has everything once and in order, in pages of %i", async (limit) => {
    const { shards, all } = shardsOf([3, 0, 0, 61, 1, ...of(40, 0), 5, ...of(30, 2), 0, 0]);
    const entries: number[] = [];
    let at: Place<number> | null = { shard: 0, position: 0 };
    while (at !== null) {
      const page: Walked<number, number> = await readOn(shards, at, limit);
      expect(page.found.length).toBeLessThanOrEqual(limit);
      entries.push(...page.found.map(({ entry }) => entry));
      at = page.next;
    }
    expect(entries).toEqual(all);
  });

  it("goes on behind any entry that it gave, and past the end is nothing", async () => {
    const { shards, all } = shardsOf([2, 0, 3]);
    const { found } = await readOn(shards, { shard: 0, position: 0 }, 5);
    const rests = await Promise.all(found.map(async ({ place }) => await readOn(shards, place, 10)));
    expect(rests.map((rest) => rest.found.map(({ entry }) => entry))).toEqual(
      all.map((_, index) => all.slice(index + 1)),
    );
    expect(await readOn(shards, { shard: 7, position: 0 }, 5)).toEqual({ found: [], next: null, asked: 0 });
  });
});
