import { describe, expect, it } from "vitest";
import { keyTimeLine, type SigningKey } from "../../../console/key-time-line.ts";

const NOW = 1_800_000_000;
const DAY = 86_400;

const active: SigningKey = {
  KeyId: "active",
  Algorithm: "RS256",
  State: "active",
  PublishedAt: NOW - 31 * DAY,
  ActivatedAt: NOW - 30 * DAY,
  RetiresAt: NOW + 60 * DAY,
};
const next: SigningKey = {
  KeyId: "next",
  Algorithm: "RS256",
  State: "next",
  PublishedAt: NOW - 30 * DAY,
  ActivatesAt: NOW + 60 * DAY,
};
const retired: SigningKey = {
  KeyId: "retired",
  Algorithm: "RS256",
  State: "retired",
  RetiredAt: NOW - DAY / 2,
  LeavesAt: NOW + DAY / 2,
};

const kindsOf = (keys: readonly SigningKey[]) =>
  keyTimeLine(keys, NOW).rows.map(({ segments }) =>
    segments.map(({ kind, isToCome }) => `${kind}${isToCome ? " later" : ""}`),
  );

describe("the time line of the keys", () => {
  it("shows of each how long it is published and signs, until now and from now on", () => {
    expect(kindsOf([active, next, retired])).toEqual([
      ["published", "signing", "signing later"],
      ["published", "published later", "signing later"],
      ["signing", "published", "published later"],
    ]);
  });

  it("joins a key's end and its successor's beginning in one place, and all is to scale", () => {
    const { rows, from, to, now } = keyTimeLine([active, next], NOW);
    const [ofActive = [], ofNext = []] = rows.map(({ segments }) => segments);
    expect(ofActive.at(-1)?.to).toBeCloseTo(ofNext.at(-1)?.from ?? Number.NaN);
    const perDay = (100 * DAY) / (to - from);
    expect((ofActive[0]?.to ?? 0) - (ofActive[0]?.from ?? 0)).toBeCloseTo(perDay);
    expect(ofActive[1]?.to).toBeCloseTo(now);
  });

  it("goes on beyond the sheet where no end is known, and comes from before it where no beginning is", () => {
    const { rows } = keyTimeLine([next, retired], NOW);
    expect(rows[0]?.segments.at(-1)).toMatchObject({ to: 100, isOpen: true });
    expect(rows[1]?.segments[0]).toMatchObject({ from: 0, isOpen: false });
  });

  it("has no signing for a key of an algorithm that is not wanted any more", () => {
    expect(kindsOf([{ KeyId: "old", Algorithm: "ES256", State: "next", PublishedAt: NOW - DAY }])).toEqual([
      ["published", "published later"],
    ]);
  });

  it("keeps to the sheet, and shows an hour at least, also of keys that were made just now, or of none", () => {
    const fresh: SigningKey = { ...active, PublishedAt: NOW, ActivatedAt: NOW };
    for (const keys of [[], [fresh], [active, next, retired]]) {
      const { rows, from, to, now } = keyTimeLine(keys, NOW);
      expect(to - from).toBeGreaterThanOrEqual(3600);
      expect(now).toBeGreaterThan(0);
      expect(now).toBeLessThan(100);
      for (const { from: start, to: end } of rows.flatMap(({ segments }) => segments)) {
        expect([start >= 0, start < end, end <= 100]).toEqual([true, true, true]);
      }
    }
  });
});
