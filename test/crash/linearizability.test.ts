/** The checker itself: histories that one register explains, beside those that none does. */
import { describe, expect, it } from "vitest";
import { type Effect, type Entry, judgeHistory } from "./linearizability.ts";

const NEVER = Number.POSITIVE_INFINITY;

function entry(calledAt: number, returnedAt: number, effect: Effect): Entry {
  return { calledAt, returnedAt, effect };
}

function own(calledAt: number, returnedAt: number, identityId: string | null, merges = false): Entry {
  return entry(calledAt, returnedAt, { kind: "own", identityId, merges });
}

function move(calledAt: number, returnedAt: number, identityId: string | null): Entry {
  return entry(calledAt, returnedAt, { kind: "move", identityId });
}

function release(calledAt: number, returnedAt: number, identityId: string): Entry {
  return entry(calledAt, returnedAt, { kind: "release", identityId });
}

function disown(calledAt: number, returnedAt: number, identityId: string): Entry {
  return entry(calledAt, returnedAt, { kind: "disown", identityId });
}

type Case = readonly [what: string, entries: readonly Entry[]];

describe("a history is explained by one register when", () => {
  it.each<Case>([
    ["nothing was asked", []],
    ["every answer is the same owner", [own(1, 2, "x"), own(3, 4, "x"), own(3, 5, "x")]],
    ["a release lies between two owners", [own(1, 2, "x"), release(3, 4, "x"), own(5, 6, "y")]],
    ["the release and the next owner's call overlap", [own(1, 2, "x"), release(3, 9, "x"), own(4, 8, "y")]],
    ["a release of unknown outcome took effect long after", [own(1, 2, "x"), release(3, NEVER, "x"), own(50, 60, "y")]],
    ["a release of unknown outcome never took effect", [own(1, 2, "x"), release(3, NEVER, "x"), own(50, 60, "x")]],
    ["a call of unknown outcome made the owner", [own(1, NEVER, null), own(5, 6, "x")]],
    [
      "a call that is still under way made the owner that a refusal then tells of",
      [own(1, NEVER, null), disown(2, 3, "x")],
    ],
    [
      "two releases of unknown outcome both took effect, with owners between",
      [own(1, 2, "x"), release(3, NEVER, "x"), own(4, 5, "y"), release(6, NEVER, "y"), own(7, 8, "z")],
    ],
    ["the identity is said not to hold the login before it does", [disown(1, 2, "x"), own(3, 4, "x")]],
    [
      "the identity is said not to hold the login after a release",
      [own(1, 2, "x"), release(3, 4, "x"), disown(5, 6, "x")],
    ],
    ["a merge moved the login", [own(1, 2, "x"), own(3, 4, "y", true), own(5, 6, "y")]],
    ["a merge took the login along", [own(1, 2, "x"), move(3, 4, "y"), own(5, 6, "y")]],
    ["a merge could have taken the login along, and did not", [own(1, 2, "x"), move(3, 4, "y"), own(5, 6, "x")]],
    [
      "a merge that could have come first came last, and took the login from another owner",
      [
        own(1, 2, "x", true),
        release(3, 9, "x"),
        own(3, 9, "y"),
        own(4, 10, "x", true),
        release(4, 10, "x"),
        own(20, 21, "x"),
        own(22, 23, "x"),
      ],
    ],
    ["a merge of unknown outcome took the login along", [own(1, 2, "x"), move(3, NEVER, null), own(5, 6, "y")]],
  ])("%s", (_, entries) => {
    expect(judgeHistory(entries)).toBe("linearizable");
  });
});

describe("a history is refused when", () => {
  it.each<Case>([
    ["the login has two owners, one after the other", [own(1, 2, "x"), own(3, 4, "y")]],
    ["the login has two owners at once", [own(1, 9, "x"), own(1, 9, "y")]],
    ["an acknowledged link was lost", [own(1, 2, "x"), disown(3, 4, "x")]],
    ["an acknowledged release was lost", [own(1, 2, "x"), release(3, 4, "x"), own(5, 6, "x"), own(7, 8, "y")]],
    [
      "the old owner comes back after another had the login",
      [own(1, 2, "x"), release(3, 4, "x"), own(5, 6, "y"), own(7, 8, "x")],
    ],
    ["the release comes only after the new owner", [own(1, 2, "x"), own(3, 4, "y"), release(5, 6, "x")]],
    ["the release is that of somebody else", [own(1, 2, "x"), release(3, 4, "y"), own(5, 6, "y")]],
    ["the call that is to explain it was made later", [own(1, 2, "x"), own(3, 4, "y"), release(5, NEVER, "x")]],
    [
      "one release of unknown outcome would have to take effect twice",
      [own(1, 2, "x"), release(3, NEVER, "x"), own(4, 5, "y"), release(6, 7, "y"), own(8, 9, "x"), own(10, 11, "y")],
    ],
    ["a call that cannot merge took the login from its owner", [own(1, 2, "x"), own(3, NEVER, null), own(5, 6, "y")]],
    ["the merge took the login elsewhere", [own(1, 2, "x"), move(3, 4, "z"), own(5, 6, "y")]],
    [
      "the merge is that of a login that nobody owned",
      [move(1, 2, "x"), disown(3, 4, "y"), own(5, 6, "y"), own(7, 8, "x")],
    ],
    ["a merge is undone", [own(1, 2, "x"), own(3, 4, "y", true), own(5, 6, "x")]],
  ])("%s", (_, entries) => {
    expect(judgeHistory(entries)).toBe("not linearizable");
  });
});

describe("the search", () => {
  it("is done in a moment on a long history with many unknown outcomes, good or bad", () => {
    const entries: Entry[] = [];
    for (let at = 0; at < 400; at += 10) {
      const owner = `id-${Math.floor(at / 40)}`;
      entries.push(own(at, at + 8, owner), own(at + 1, at + 9, owner), own(at + 2, NEVER, null));
      if (at % 40 === 30) entries.push(release(at + 9, at % 80 === 30 ? NEVER : at + 9.5, owner));
    }
    expect(judgeHistory(entries)).toBe("linearizable");
    expect(judgeHistory([...entries, own(1000, 1001, "id-0"), own(1002, 1003, "id-1")])).toBe("not linearizable");
  });
});
