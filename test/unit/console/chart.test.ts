import { describe, expect, it } from "vitest";
import { barsOf, inWords, lineOf, topOf, valuesOf } from "../../../console/chart.ts";

const span = { from: 600, to: 840, stepSeconds: 60 };

describe("the values of the steps", () => {
  it("are those of the points, and 0 where there is none", () => {
    const points = [
      { At: 600, Value: 3 },
      { At: 720, Value: 1.5 },
      { At: 840, Value: 2 },
    ];
    expect(valuesOf(span, points)).toEqual([3, 0, 1.5, 0, 2]);
  });

  it("leave out what comes before the first step and after the last", () => {
    const points = [
      { At: 540, Value: 1 },
      { At: 900, Value: 1 },
    ];
    expect(valuesOf(span, points)).toEqual([0, 0, 0, 0, 0]);
  });
});

it.each([
  [0, 1],
  [Number.NaN, 1],
  [0.3, 0.5],
  [1, 1],
  [1.1, 2],
  [3, 5],
  [51, 100],
  [8200, 10_000],
])("the scale of values up to %d goes up to %d", (most, top) => {
  expect(topOf(most)).toBeCloseTo(top);
});

describe("bars", () => {
  it("stand on the ground, as high as their values, each in its step", () => {
    expect(barsOf([0, 5, 10, 20], 10)).toBe("M160 140v-70h128v70zM320 140v-140h128v140zM480 140v-140h128v140z");
  });
});

describe("lines", () => {
  it("go through the middles of the steps", () => {
    expect(lineOf([0, 10], 10)).toBe("M160 140h0L480 0");
  });

  it("that are broken have a gap where there is no value, and a dot for a step alone", () => {
    expect(lineOf([5, 0, 10, 10], 10, true)).toBe("M80 70h0M400 0h0L560 0");
    expect(lineOf([0, 0], 10, true)).toBe("");
  });
});

it.each([
  [0, "0"],
  [7.4, "7"],
  [1234, "1,234"],
  [12_345, "12.3 k"],
  [20_000, "20 k"],
  [4_560_000, "4.6 M"],
])("%d is said as %s", (value, words) => {
  expect(inWords(value)).toBe(words);
});
