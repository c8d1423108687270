import { describe, expect, it } from "vitest";
import { answerOf, type HeldKeySet, type KeySetState, needsFetch } from "../../../src/upstream/key-set-life.ts";

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

describe("needsFetch", () => {
  const table: [string, KeySetState, typeof ask & { newerThan?: number }, number, boolean][] = [
    ["nothing is held", {}, ask, t0, true],
    ["a fresh set is held", { held }, ask, t0 + 599, false],
    ["T30: the set is ten minutes old", { held }, ask, t0 + 600, true],
    ["T28: a key is missing, 29 s after the last fetch", { held }, askNewer, t0 + 29, false],
    ["T28: a key is missing, 30 s after the last fetch", { held }, askNewer, t0 + 30, true],
    [
      "T28: a key is missing in an older set than the one held",
      { held },
      { ...ask, newerThan: t0 - 60 },
      t0 + 60,
      false,
    ],
    ["T30: the first fetch failed 29 s ago", { failedAt: t0 }, ask, t0 + 29, false],
    ["T30: the first fetch failed 30 s ago", { failedAt: t0 }, ask, t0 + 30, true],
    ["T30: the set is stale and a refresh failed just now", { held, failedAt: t0 + 700 }, ask, t0 + 710, false],
    ["T28: a key is missing and a refresh failed just now", { held, failedAt: t0 + 60 }, askNewer, t0 + 70, false],
    ["the clock jumped back a minute", { held }, ask, t0 - 60, false],
    ["the clock jumped back an hour", { held }, ask, t0 - 3600, true],
  ];
  it.each(table)("%s", (_, state, request, now, expected) => {
    expect(needsFetch(state, request, now)).toBe(expected);
  });
});

describe("answerOf", () => {
  const known = { state: "known", keys: held.keys, fetchedAt: t0 };
  const table: [string, KeySetState, number, object][] = [
    ["nothing was ever fetched", {}, t0, { state: "unreachable", retryAfterSeconds: 0 }],
    [
      "just fetched",
      { held },
      t0,
      { ...known, freshForSeconds: 600, refreshableAfterSeconds: 30, isIssuerDown: false },
    ],
    [
      "a minute old",
      { held },
      t0 + 60,
      { ...known, freshForSeconds: 540, refreshableAfterSeconds: 0, isIssuerDown: false },
    ],
    [
      "T30: stale, and no failure of the issuer excuses it",
      { held },
      t0 + 600,
      { state: "unreachable", retryAfterSeconds: 0 },
    ],
    [
      "fresh, while a refresh for a missing key has failed",
      { held, failedAt: t0 + 60 },
      t0 + 70,
      { ...known, freshForSeconds: 530, refreshableAfterSeconds: 20, isIssuerDown: true },
    ],
    [
      "T30: stale, and the issuer failed 10 s ago",
      { held, failedAt: t0 + 700 },
      t0 + 710,
      { ...known, freshForSeconds: 20, refreshableAfterSeconds: 20, isIssuerDown: true },
    ],
    [
      "T30: the last second of the day",
      { held, failedAt: t0 + DAY - 2 },
      t0 + DAY - 1,
      { ...known, freshForSeconds: 1, refreshableAfterSeconds: 29, isIssuerDown: true },
    ],
    ["T30: a day old", { held, failedAt: t0 + DAY - 1 }, t0 + DAY, { state: "unreachable", retryAfterSeconds: 29 }],
    ["T30: never answered", { failedAt: t0 }, t0 + 5, { state: "unreachable", retryAfterSeconds: 25 }],
    ["a failure that is forgotten", { failedAt: t0 }, t0 + 30, { state: "unreachable", retryAfterSeconds: 0 }],
  ];
  it.each(table)("%s", (_, state, now, expected) => {
    expect(answerOf(state, now)).toEqual(expected);
  });
});
