import { describe, expect, it } from "vitest";
import { backoffSeconds } from "../../../src/domain/backoff.ts";

const names = Array.from({ length: 10_000 }, () => `us-east-1:${crypto.randomUUID()}`);

describe("backoffSeconds", () => {
  it("is about half of the time that it has waited: 10 seconds at least, and an hour at most", () => {
    for (const [waited, about] of [
      [0, 10],
      [20, 10],
      [200, 100],
      [7200, 3600],
      [86_400, 3600],
    ] as const) {
      const all = names.map((name) => backoffSeconds(waited, name));
      expect(Math.min(...all)).toBeGreaterThanOrEqual(0.75 * about);
      expect(Math.max(...all)).toBeLessThanOrEqual(1.25 * about);
    }
  });

  it("a clock that was set back, or a wait that nobody has noted, makes it the least", () => {
    for (const waited of [-300, Number.NEGATIVE_INFINITY]) {
      expect(backoffSeconds(waited, "a")).toBe(backoffSeconds(0, "a"));
    }
  });

  it("is another for each name, and always the same for one", () => {
    const tenths = names.map((name) => Math.floor((backoffSeconds(0, name) - 7.5) / 0.5));
    for (let tenth = 0; tenth < 10; tenth++) {
      expect(tenths.filter((one) => one === tenth).length).toBeGreaterThan(800);
    }
    expect(names.map((name) => Math.floor((backoffSeconds(0, name) - 7.5) / 0.5))).toEqual(tenths);
  });

  it("so that whoever waits asks a dozen times in the first hour, and not hundreds", () => {
    for (const name of names.slice(0, 20)) {
      let at = 0;
      let tries = 0;
      for (; at < 3600; tries++) at += backoffSeconds(at, name);
      expect(tries).toBeLessThan(20);
      expect(tries).toBeGreaterThan(8);
    }
  });
});
