import { describe, expect, it } from "vitest";
import {
  answerOf,
  failedAgain,
  type FetchReason,
  fetchReason,
  type HeldKeySet,
  isRenewable,
  type KeySetState,
  type LoadFailure,
} from "../../../src/key-sets/key-set-life.ts";

const issuer = "https://issuer.example";
const t0 = 1_000_000;
const held: HeldKeySet = {
  issuer,
  keySetUrl: `${issuer}/keys`,
  keys: [{ kty: "OKP", crv: "Ed25519", x: "A" }],
  fetchedAt: t0,
};
const ask = { issuer };
const askNewer = { ...ask, newerThan: t0 };
const DAY = 86_400;

/** The last of `count` failures, at `at`. */
function failed(at: number, count = 5): LoadFailure {
  return { at, count, reason: "status 503" };
}

describe("fetchReason", () => {
  const old = { ...ask, newerThan: t0 - 60 };
  const table: [string, KeySetState, typeof ask & { newerThan?: number }, number, FetchReason | null][] = [
    ["nothing is held", {}, ask, t0, "no-fresh-set"],
    ["a fresh set is held", { held }, ask, t0 + 599, null],
    ["T30: the set is ten minutes old", { held }, ask, t0 + 600, "no-fresh-set"],
    ["no key fits, right after the last fetch", { held }, askNewer, t0 + 1, "no-fitting-key"],
    ["T28: no key fits, 29 s after the last refresh", { held, refreshedAt: t0 }, askNewer, t0 + 29, null],
    ["T28: no key fits, 30 s after the last refresh", { held, refreshedAt: t0 }, askNewer, t0 + 30, "no-fitting-key"],
    ["T28: no key fits in an older set than the one held", { held }, old, t0 + 60, null],
    ["T30: a fetch failed 29 s ago, as often before", { failure: failed(t0) }, ask, t0 + 29, null],
    ["T30: a fetch failed 30 s ago, as often before", { failure: failed(t0) }, ask, t0 + 30, "no-fresh-set"],
    ["T30: the set is stale and a refresh failed just now", { held, failure: failed(t0 + 700) }, ask, t0 + 710, null],
    ["T28: no key fits and a refresh failed just now", { held, failure: failed(t0 + 60) }, askNewer, t0 + 70, null],
    ["the clock jumped back a minute", { held }, ask, t0 - 60, null],
    ["the clock jumped back an hour", { held }, ask, t0 - 3600, "no-fresh-set"],
  ];
  it.each(table)("%s", (_, state, request, now, expected) => {
    expect(fetchReason(state, request, now)).toBe(expected);
  });

  it("T30: tries a failing issuer again after 2, 4, 8, 16 and then every 30 seconds", () => {
    let failure: LoadFailure | undefined;
    let now = t0;
    const waits: number[] = [];
    for (let index = 0; index < 7; index += 1) {
      failure = failedAgain(failure, "deadline", now);
      const failedAt = now;
      while (fetchReason({ failure }, ask, now) === null) now += 1;
      waits.push(now - failedAt);
    }
    expect(waits).toEqual([2, 4, 8, 16, 30, 30, 30]);
  });
});

describe("isRenewable", () => {
  const table: [string, KeySetState, number, boolean][] = [
    ["nothing is held", {}, t0, false],
    ["before the last fifth of its life", { held }, t0 + 479, false],
    ["in the last fifth of its life", { held }, t0 + 480, true],
    ["in its last second", { held }, t0 + 599, true],
    ["T30: ten minutes old, when an answer needs it", { held }, t0 + 600, false],
    ["a fetch failed just now", { held, failure: failed(t0 + 480) }, t0 + 509, false],
    ["a failure is forgotten", { held, failure: failed(t0 + 480) }, t0 + 510, true],
    ["the clock jumped back", { held }, t0 - 599, false],
  ];
  it.each(table)("%s", (_, state, now, expected) => {
    expect(isRenewable(state, now)).toBe(expected);
  });
});

describe("answerOf", () => {
  const known = { state: "known", keys: held.keys, fetchedAt: t0 };
  const table: [string, KeySetState, number, object][] = [
    ["nothing was ever fetched", {}, t0, { state: "unreachable", retryAfterSeconds: 0 }],
    ["just fetched", { held }, t0, { ...known, freshForSeconds: 600, refreshableAfterSeconds: 0 }],
    [
      "T28: refreshed 10 s ago for a key that fits",
      { held, refreshedAt: t0 },
      t0 + 10,
      { ...known, freshForSeconds: 590, refreshableAfterSeconds: 20 },
    ],
    [
      "a minute old",
      { held, refreshedAt: t0 },
      t0 + 60,
      { ...known, freshForSeconds: 540, refreshableAfterSeconds: 0 },
    ],
    [
      "T30: stale, and no failure of the issuer excuses it",
      { held },
      t0 + 600,
      { state: "unreachable", retryAfterSeconds: 0 },
    ],
    [
      "fresh, while a refresh for a key that fits has failed",
      { held, failure: failed(t0 + 60) },
      t0 + 70,
      { ...known, freshForSeconds: 530, refreshableAfterSeconds: 20, failure: "status 503" },
    ],
    [
      "T30: stale, and the issuer failed 10 s ago",
      { held, failure: failed(t0 + 700) },
      t0 + 710,
      { ...known, freshForSeconds: 20, refreshableAfterSeconds: 20, failure: "status 503" },
    ],
    [
      "T30: the last second of the day",
      { held, failure: failed(t0 + DAY - 2) },
      t0 + DAY - 1,
      { ...known, freshForSeconds: 1, refreshableAfterSeconds: 29, failure: "status 503" },
    ],
    [
      "T30: a day old",
      { held, failure: failed(t0 + DAY - 1) },
      t0 + DAY,
      { state: "unreachable", retryAfterSeconds: 29, failure: "status 503" },
    ],
    [
      "T30: never answered",
      { failure: failed(t0) },
      t0 + 5,
      { state: "unreachable", retryAfterSeconds: 25, failure: "status 503" },
    ],
    [
      "the first failure",
      { failure: failed(t0, 1) },
      t0 + 0.5,
      { state: "unreachable", retryAfterSeconds: 1.5, failure: "status 503" },
    ],
    ["a failure that is forgotten", { failure: failed(t0) }, t0 + 30, { state: "unreachable", retryAfterSeconds: 0 }],
  ];
  it.each(table)("%s", (_, state, now, expected) => {
    expect(answerOf(state, now)).toEqual(expected);
  });
});
