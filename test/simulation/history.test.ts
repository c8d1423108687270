/** The checker itself: histories that one register explains, beside those that none does. */
import { describe, expect, it } from "vitest";
import { type Entry, firstAnomaly, isLinearizable } from "./history.ts";

const NEVER = Number.POSITIVE_INFINITY;

function resolve(calledAt: number, returnedAt: number, identityId: string | null): Entry {
  return { kind: "resolve", loginId: "a/1", calledAt, returnedAt, identityId };
}

function release(calledAt: number, returnedAt: number, identityId: string): Entry {
  return { kind: "release", loginId: "a/1", calledAt, returnedAt, identityId };
}

describe("the register of one login", () => {
  it.each<[string, readonly Entry[], boolean]>([
    ["accepts one owner for all", [resolve(1, 2, "x"), resolve(3, 4, "x")], true],
    ["refuses two owners without a release between", [resolve(1, 2, "x"), resolve(3, 4, "y")], false],
    [
      "refuses a release that was called when the new owner was answered",
      [resolve(1, 2, "x"), resolve(3, 4, "y"), release(4, 5, "x")],
      false,
    ],
    ["refuses two owners of requests at once", [resolve(1, 9, "x"), resolve(1, 9, "y")], false],
    ["accepts a new owner after a release", [resolve(1, 2, "x"), release(3, 4, "x"), resolve(5, 6, "y")], true],
    [
      "refuses the old owner's return after another had it",
      [resolve(1, 2, "x"), release(3, 4, "x"), resolve(5, 6, "y"), resolve(7, 8, "x")],
      false,
    ],
    [
      "refuses a release that comes after the new owner",
      [resolve(1, 2, "x"), resolve(3, 4, "y"), release(5, 6, "x")],
      false,
    ],
    [
      "accepts a release of unknown outcome that took effect late",
      [resolve(1, 2, "x"), release(1, NEVER, "x"), resolve(50, 60, "y")],
      true,
    ],
    [
      "accepts a release of unknown outcome that never took effect",
      [resolve(1, 2, "x"), release(1, NEVER, "x"), resolve(50, 60, "x")],
      true,
    ],
    ["accepts a request of unknown outcome that made the owner", [resolve(1, NEVER, null), resolve(5, 6, "x")], true],
    [
      "refuses a release by somebody else as the excuse",
      [resolve(1, 2, "x"), release(3, 4, "y"), resolve(5, 6, "y")],
      false,
    ],
  ])("%s", (_, entries, verdict) => {
    expect(isLinearizable(entries)).toBe(verdict);
  });

  it("judges each login on its own, and names the one that is wrong", () => {
    const other: Entry = { ...resolve(3, 4, "y"), loginId: "b/1" };
    expect(firstAnomaly([resolve(1, 2, "x"), other])).toBe(null);
    expect(firstAnomaly([other, resolve(1, 2, "x"), resolve(3, 4, "y")])).toBe("a/1");
  });
});
