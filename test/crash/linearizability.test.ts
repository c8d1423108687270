/** The checker itself: histories that one register explains, beside those that none does. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Effect, type Entry, judgeHistory } from "./linearizability.ts";

const NEVER = Number.POSITIVE_INFINITY;

function entry(calledAt: number, returnedAt: number, effect: Effect): Entry {
  return { calledAt, returnedAt, effect };
}

function own(calledAt: number, returnedAt: number, identityId: string | null, merges = false): Entry {
  return entry(calledAt, returnedAt, { kind: "own", identityId, merges });
}

/** A call with this login alone, made when the identities of `closed` were known to be linked. */
function ownAlone(calledAt: number, returnedAt: number, identityId: string | null, closed: readonly string[]): Entry {
  return entry(calledAt, returnedAt, { kind: "own", identityId, merges: false, closed });
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
    ["the login leads to the identity that holds it", [own(1, 2, "x"), ownAlone(3, 4, "x", ["x"])]],
    [
      "the login alone made an identity that nobody knew",
      [own(1, 2, "x"), release(3, 4, "x"), ownAlone(5, 6, "y", ["x"]), ownAlone(7, 8, "y", ["x", "y"])],
    ],
    [
      "the login came back to its identity with another one's proof",
      [own(1, 2, "x"), release(3, 4, "x"), own(5, 6, "x"), ownAlone(7, 8, "x", ["x"])],
    ],
    [
      "a call that began before the unlink came after it, and brought the login back",
      [own(1, 2, "x"), own(3, 10, "x"), release(4, 5, "x"), ownAlone(6, 7, "x", ["x"])],
    ],
    [
      "an unlink of unknown outcome took effect after the login was seen once more",
      [own(1, 2, "x"), release(3, NEVER, "x"), ownAlone(5, 6, "x", ["x"]), ownAlone(7, 8, "y", ["x"])],
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
    ["an acknowledged unlink was lost", [own(1, 2, "x"), release(3, 4, "x"), ownAlone(5, 6, "x", ["x"])]],
    [
      "an acknowledged unlink was lost, beside a call of unknown outcome that could not have undone it",
      [own(1, 2, "x"), release(3, 4, "x"), ownAlone(4.5, NEVER, null, ["x"]), ownAlone(5, 6, "x", ["x"])],
    ],
    [
      "a deleted identity is back",
      [
        own(1, 2, "x"),
        release(3, 4, "x"),
        ownAlone(5, 6, "y", ["x"]),
        release(7, 8, "y"),
        ownAlone(9, 10, "x", ["x", "y"]),
      ],
    ],
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

/** The same verdict without any search: every subset of the unknown calls, in every order, with every choice. */
function isExplained(pending: readonly Entry[], owner: string | null): boolean {
  const known = pending.filter(({ returnedAt }) => returnedAt !== NEVER);
  if (known.length === 0) return true;
  const firstReturn = Math.min(...known.map(({ returnedAt }) => returnedAt));
  return pending.some((chosen) => {
    if (chosen.calledAt > firstReturn) return false;
    const others = pending.filter((one) => one !== chosen);
    return outcomesOf(chosen.effect, owner).some((following) => isExplained(others, following));
  });
}

const IDS = ["x", "y"];

function outcomesOf(effect: Effect, owner: string | null): readonly (string | null)[] {
  if (effect.kind === "release") return [owner === effect.identityId ? null : owner];
  if (effect.kind === "disown") return owner === effect.identityId ? [] : [owner];
  const ids = effect.identityId === null ? IDS : [effect.identityId];
  if (effect.kind === "move") return owner === null ? [null] : [owner, ...ids];
  const closed = effect.closed ?? [];
  return ids.filter((id) => id === owner || effect.merges || (owner === null && !closed.includes(id)));
}

const someId = fc.constantFrom(...IDS);
const someEffect = fc.oneof(
  fc.record({ kind: fc.constant("own" as const), identityId: someId, merges: fc.boolean() }),
  fc.record({
    kind: fc.constant("own" as const),
    identityId: someId,
    merges: fc.constant(false),
    closed: fc.subarray(IDS),
  }),
  fc.record({ kind: fc.constant("move" as const), identityId: someId }),
  fc.record({ kind: fc.constantFrom("release" as const, "release" as const, "disown" as const), identityId: someId }),
);

const someEntry = fc
  .record({ calledAt: fc.nat(12), lasts: fc.integer({ min: 1, max: 8 }), effect: someEffect, isUnknown: fc.nat(3) })
  .map(({ calledAt, lasts, effect, isUnknown }): Entry => {
    if (isUnknown > 0) return entry(calledAt, calledAt + lasts, effect);
    // Nobody learns the identity of an unknown call, nor that an identity did not hold the login.
    if (effect.kind === "own" || effect.kind === "move") return entry(calledAt, NEVER, { ...effect, identityId: null });
    return entry(calledAt, NEVER, { kind: "release", identityId: effect.identityId });
  });

describe("the search", () => {
  it("finds an order exactly where trying all of them does", () => {
    const verdicts = new Set<boolean>();
    fc.assert(
      fc.property(fc.array(someEntry, { minLength: 3, maxLength: 6 }), (entries) => {
        // Every identity is named somewhere, so that both know the same ones: a release of nobody's is no effect.
        const all = [...entries, ...IDS.map((id) => release(-2, -1, id))];
        const expected = isExplained(all, null);
        verdicts.add(expected);
        expect(judgeHistory(all)).toBe(expected ? "linearizable" : "not linearizable");
      }),
      { numRuns: 600 },
    );
    expect(verdicts.size).toBe(2);
  });

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
