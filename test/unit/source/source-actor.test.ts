import { beforeEach, describe, expect, it } from "vitest";
import { SourceActor, type SourceRecord } from "../../../src/source/source-actor.ts";

const DAY = 86_400;
const NONE = { ok: 0, notFound: 0, throttled: 0, failed: 0 };

let now: number;
let saved: SourceRecord[];
const newLife = (perSecond = 20) =>
  new SourceActor({ now: () => now, save: (record) => void saved.push(record) }, saved.at(-1) ?? null, perSecond);

/** Draws until there is nothing left. */
function drawAll(source: SourceActor): number {
  let drawn = 0;
  while (source.draw()) drawn += 1;
  return drawn;
}

beforeEach(() => {
  now = 20_000 * DAY;
  saved = [];
});

describe("the budget of a source", () => {
  it.each([1, 20, 10_000])("of %i a second has what comes back in two, and no more", (perSecond) => {
    const source = newLife(perSecond);
    expect(drawAll(source)).toBe(2 * perSecond);
    now += 1;
    expect(drawAll(source)).toBe(perSecond);
    now += 3600;
    expect(drawAll(source)).toBe(2 * perSecond);
  });

  it("writes nothing, however often it is drawn on in vain", () => {
    const source = newLife();
    drawAll(source);
    for (let more = 0; more < 1000; more++) source.draw();
    expect(saved).toEqual([]);
    expect(source.counts().asksToday).toEqual({ ...NONE, throttled: 1001 });
    source.tell({ outcome: "ok" });
    expect(saved).toHaveLength(1);
    expect(newLife().counts().asksToday).toEqual({ ...NONE, ok: 1, throttled: 1001 });
  });
});

describe("the counts of a source", () => {
  it("are of the day by UTC, but for those of what became of answers here; and outlive this life", () => {
    newLife().tell({ outcome: "ok" });
    newLife().tell({ outcome: "notFound" });
    newLife().tell({ outcome: "failed", problem: "no-roles" });
    newLife().tell({ outcome: "failed", problem: "no-roles" });
    newLife().tell({ fact: "conflict" });
    newLife().tell({ fact: "barred" });
    const today = { asksToday: { ...NONE, ok: 1, notFound: 1, failed: 2 }, problems: ["no-roles"] };
    expect(newLife().counts()).toEqual({ ...today, conflicts: 1, barred: 1 });
    now += DAY - 1;
    expect(newLife().counts()).toEqual({ ...today, conflicts: 1, barred: 1 });
    now += 1;
    expect(newLife().counts()).toEqual({ asksToday: NONE, problems: [], conflicts: 1, barred: 1 });
    newLife().tell({ outcome: "throttled" });
    expect(newLife().counts()).toEqual({ asksToday: { ...NONE, throttled: 1 }, problems: [], conflicts: 1, barred: 1 });
  });

  it("hold nothing that could not be stored", () => {
    const source = new SourceActor(
      {
        now: () => now,
        save: () => {
          throw new Error("disk");
        },
      },
      null,
      20,
    );
    expect(() => source.tell({ outcome: "ok" })).toThrow("disk");
    expect(source.counts().asksToday).toEqual(NONE);
  });
});
