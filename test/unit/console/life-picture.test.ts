import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { labelWidth, letterOf, lifePicture, type LivedIdentity, spanInWords } from "../../../console/life-picture.ts";

const T0 = 1_800_000_000;
const HOUR = 3600;
const DAY = 86_400;
const GOOGLE = "accounts.google.com";
const APPLE = "appleid.apple.com";
const BACKEND = "login.example.app";
const OTHER = "us-east-1:00000000-0000-4000-8000-000000000001";

type Fact = Omit<LivedIdentity["Life"][number], "Sequence">;

function identityOf(
  Standing: LivedIdentity["Standing"],
  facts: readonly Fact[],
  logins: readonly [string, number][] = [],
): LivedIdentity {
  return {
    Standing,
    CreationDate: T0,
    Logins: logins.map(([ProviderName, LinkedAt]) => ({ ProviderName, LinkedAt, LoginHash: "0123456789ab" })),
    Life: facts.map((fact, index) => ({ Sequence: index + 1, ...fact })),
  };
}

const born: Fact = { At: T0, Kind: "born" };
const linked = (At: number, ...ProviderNames: string[]): Fact => ({ At, Kind: "linked", ProviderNames });
const unlinked = (At: number, ...ProviderNames: string[]): Fact => ({ At, Kind: "unlinked", ProviderNames });

describe("the picture of a life", () => {
  it("of a guest is a trunk from its birth to now", () => {
    const { trunk, rest, lanes, joins, marks, ticks, distances } = lifePicture(identityOf("guest", [born]), T0 + HOUR);
    const [[from, to] = [0, 0], ...others] = trunk;
    expect(others).toEqual([]);
    expect(ticks).toEqual([
      { x: from, at: T0 },
      { x: to, at: null },
    ]);
    expect(marks).toEqual([{ at: from, kind: "begin", words: "born" }]);
    expect(distances).toEqual([{ x: (from + to) / 2, words: "1 hour" }]);
    expect([rest, lanes, joins]).toEqual([[], [], []]);
  });

  it("has a lane for each login, from its link to now or to its end", () => {
    const facts = [born, linked(T0 + DAY, GOOGLE), linked(T0 + 2 * DAY, APPLE), unlinked(T0 + 3 * DAY, GOOGLE)];
    const picture = lifePicture(identityOf("authenticated", facts, [[APPLE, T0 + 2 * DAY]]), T0 + 4 * DAY);
    const xOf = (at: number | null) => picture.ticks.find((tick) => tick.at === at)?.x;
    expect(picture.lanes).toMatchObject([
      { provider: GOOGLE, letter: "G", from: xOf(T0 + DAY), to: xOf(T0 + 3 * DAY), isOver: true },
      { provider: APPLE, letter: "A", from: xOf(T0 + 2 * DAY), to: xOf(null), isOver: false },
    ]);
    const [google, apple] = picture.lanes;
    // The earlier one is farther from the trunk, or the later one would cross it on its way down.
    expect(google?.y).toBeGreaterThan(apple?.y ?? 0);
    expect(apple?.y).toBeGreaterThan(picture.trunkY);
  });

  it("has a provider that comes again in its row, named once where there is room for the name", () => {
    const facts = [
      born,
      linked(T0 + DAY, "a.example"),
      unlinked(T0 + 2 * DAY, "a.example"),
      linked(T0 + 90 * DAY, "a.example"),
    ];
    const { lanes } = lifePicture(identityOf("authenticated", facts, [["a.example", T0 + 90 * DAY]]), T0 + 91 * DAY);
    expect(lanes.map(({ isNamed, isOver }) => [isNamed, isOver])).toEqual([
      [true, true],
      [false, false],
    ]);
    expect(lanes[0]?.y).toBe(lanes[1]?.y);
  });

  it("tells users of a developer apart by when they were linked, and keeps those who are still there", () => {
    const facts = [born, linked(T0 + DAY, BACKEND), linked(T0 + 2 * DAY, BACKEND), unlinked(T0 + 3 * DAY, BACKEND)];
    const { lanes } = lifePicture(identityOf("authenticated", facts, [[BACKEND, T0 + DAY]]), T0 + 4 * DAY);
    expect(lanes.map(({ isOver }) => isOver)).toEqual([false, true]);
  });

  it("draws logins whose link the story has dropped, and two users of one link", () => {
    const logins: [string, number][] = [
      [GOOGLE, T0 - DAY],
      [BACKEND, T0],
      [BACKEND, T0],
    ];
    const { lanes } = lifePicture(identityOf("authenticated", [linked(T0, BACKEND)], logins), T0 + DAY);
    expect(lanes.map(({ provider }) => provider)).toEqual([GOOGLE, BACKEND, BACKEND]);
    expect(new Set(lanes.map(({ y }) => y)).size).toBe(3);
  });

  it("has whoever was absorbed join from above", () => {
    const facts = [born, linked(T0, GOOGLE), { At: T0 + DAY, Kind: "absorbed", Other: OTHER } as const];
    const { joins, ticks, trunkY, marks } = lifePicture(
      identityOf("authenticated", facts, [[GOOGLE, T0]]),
      T0 + 2 * DAY,
    );
    expect(joins).toEqual([{ identityId: OTHER, kind: "absorbed", y: expect.any(Number), at: ticks[1]?.x }]);
    expect(joins[0]?.y).toBeLessThan(trunkY);
    expect(marks.map(({ words }) => words)).toEqual(["born", "absorbed"]);
  });

  it.each([
    ["merged", { At: T0 + DAY, Kind: "merged", Other: OTHER }],
    ["closed", { At: T0 + DAY, Kind: "closed" }],
    ["deleted", { At: T0 + DAY, Kind: "deleted" }],
  ] as const)("of one that is %s ends there, and not now", (standing, end) => {
    const picture = lifePicture(identityOf(standing, [born, linked(T0, GOOGLE), end]), T0 + 9 * DAY);
    const [birth, last, ...more] = picture.ticks;
    expect(more).toEqual([]);
    expect(picture.trunk).toEqual([[birth?.x, last?.x]]);
    expect(picture.marks.at(-1)).toEqual({ at: last?.x, kind: "end", words: standing });
    if (standing !== "closed") expect(picture.lanes.map(({ isOver, to }) => [isOver, to])).toEqual([[true, last?.x]]);
  });

  it("only rests between a merge and what comes after it", () => {
    const facts = [
      born,
      { At: T0 + DAY, Kind: "merged", Other: OTHER },
      { At: T0 + 2 * DAY, Kind: "deleted" },
    ] as const;
    const { trunk, rest, ticks } = lifePicture(identityOf("deleted", facts), T0 + 9 * DAY);
    const [birth, merge, deletion] = ticks.map(({ x }) => x);
    expect([trunk, rest]).toEqual([[[birth, merge]], [[merge, deletion]]]);
  });

  it("rests while it is disabled", () => {
    const facts = [born, { At: T0 + DAY, Kind: "disabled" }, { At: T0 + 2 * DAY, Kind: "enabled" }] as const;
    const { trunk, rest, ticks } = lifePicture(identityOf("guest", facts), T0 + 3 * DAY);
    const [birth, off, on, now] = ticks.map(({ x }) => x);
    expect([trunk, rest]).toEqual([
      [
        [birth, off],
        [on, now],
      ],
      [[off, on]],
    ]);
  });
});

/** Any story that the service could tell, and some that it could not. */
const anyLife = fc
  .array(
    fc.record({
      gap: fc.constantFrom(0, 1, 60, HOUR, 400 * DAY),
      kind: fc.constantFrom("linked", "unlinked", "absorbed"),
      provider: fc.constantFrom(GOOGLE, APPLE, BACKEND, "a", "cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC123"),
    }),
    { maxLength: 49 },
  )
  .map((steps) => {
    let at = T0;
    const facts = steps.map(({ gap, kind, provider }): Fact => {
      at += gap;
      if (kind === "absorbed") return { At: at, Kind: kind, Other: OTHER };
      return kind === "linked" ? linked(at, provider) : unlinked(at, provider);
    });
    return { identity: identityOf("authenticated", [born, ...facts]), now: at + HOUR };
  });

describe("whatever happened", () => {
  it("no lane crosses another on its way from the trunk", () => {
    fc.assert(
      fc.property(anyLife, ({ identity, now }) => {
        const { lanes } = lifePicture(identity, now);
        const crossed = lanes.flatMap(({ from: x, y }) =>
          lanes.filter((other) => other.y < y && other.from < x && x < other.to),
        );
        expect(crossed).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  it("no two labels overlap, and all is on the sheet", () => {
    fc.assert(
      fc.property(anyLife, ({ identity, now }) => {
        const picture = lifePicture(identity, now);
        const labels = picture.lanes.map(({ y, from, isNamed, provider }) => {
          return { y, from, to: from + 16 + (isNamed ? labelWidth(provider) : 0) };
        });
        for (const [index, one] of labels.entries()) {
          for (const other of labels.slice(index + 1)) {
            expect(one.y !== other.y || one.to < other.from || other.to < one.from).toBe(true);
          }
        }
        const xs = picture.ticks.map(({ x }) => x);
        expect(xs.slice(1).every((x, index) => x - (xs[index] ?? 0) >= 100)).toBe(true);
        const edges = [...labels.map(({ to }) => to), ...picture.lanes.map(({ to }) => to), ...xs.map((x) => x + 40)];
        expect(Math.max(...edges)).toBeLessThanOrEqual(picture.width);
        expect(picture.lanes.every(({ from, to, y }) => from < to && y > picture.trunkY && y < picture.axisY)).toBe(
          true,
        );
        expect(picture.joins.every(({ y, at }) => y > 0 && y < picture.trunkY && at >= 84)).toBe(true);
        expect(picture.height).toBeGreaterThan(picture.axisY);
      }),
      { numRuns: 60 },
    );
  });
});

it.each([
  [GOOGLE, "G"],
  [APPLE, "A"],
  ["graph.facebook.com", "F"],
  ["api.twitter.com", "T"],
  ["cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC123", "A"],
  ["127.0.0.1:8787/development/issuer", "D"],
  ["localhost:8080", "L"],
  ["backend", "B"],
])("the letter of %s is %s", (provider, letter) => {
  expect(letterOf(provider)).toBe(letter);
});

it.each([
  [0.4, "moments"],
  [1, "1 second"],
  [59, "59 seconds"],
  [90, "1 minute"],
  [DAY * 2, "2 days"],
  [DAY * 400, "1 year"],
])("%s seconds are %s", (seconds, words) => {
  expect(spanInWords(seconds)).toBe(words);
});
