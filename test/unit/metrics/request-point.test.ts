import { describe, expect, it } from "vitest";
import page from "../../../docs/metrics.md?raw";
import type { RequestLine } from "../../../src/log/request-line.ts";
import {
  ALL_POINTS,
  COLUMNS,
  FAILURES_ONLY,
  NO_POINTS,
  pointOf,
  weightOf,
} from "../../../src/metrics/request-point.ts";

const POOL = "us-east-1:00000000-0000-4000-8000-000000000001";
const LINKED: RequestLine = {
  requestId: "9a0c7a4e-0000-4000-8000-000000000002",
  operation: "GetOpenIdToken",
  status: 200,
  durationMs: 12.345,
  about: {
    caller: "backend",
    claimedCaller: "other",
    pool: POOL,
    pools: undefined,
    identity: "0123456789abcdef",
    namedIdentity: "fedcba9876543210",
    identities: ["00112233445566ff"],
    unprocessed: ["ff66554433221100"],
    providers: ["www.amazon.com", "accounts.google.com"],
    upstreamFetches: 2,
    effect: "linked",
    repeats: 3,
    role: "users",
    sessionSeconds: 3600,
    stsStatus: 200,
    stsMs: 9,
    stsMessage: "words of the token service",
  },
};
const PLACE = { version: "a1b2", colo: "FRA" };
const refused = (type: "NotAuthorizedException" | "ResourceNotFoundException", reason?: string): RequestLine => ({
  ...LINKED,
  status: 400,
  error: { type, message: `words about ${POOL}`, ...(reason !== undefined && { reason }) },
});

/** A point as a query sees it. */
function columnsOf({ indexes, blobs, doubles }: ReturnType<typeof pointOf>): Readonly<Record<string, unknown>> {
  const named = (kind: string, values: readonly unknown[]) => values.map((value, at) => [`${kind}${at + 1}`, value]);
  return Object.fromEntries([...named("index", indexes), ...named("blob", blobs), ...named("double", doubles)]);
}

describe("the point of a request", () => {
  it("has each fact in its column", () => {
    const columns = columnsOf(pointOf(LINKED, PLACE, 10));
    const byName = Object.entries(COLUMNS).map(([name, column]) => [name, columns[column]]);
    expect(Object.fromEntries(byName)).toEqual({
      pool: POOL,
      operation: "GetOpenIdToken",
      outcome: "ok",
      reason: "-",
      effect: "linked",
      providers: "accounts.google.com www.amazon.com",
      colo: "FRA",
      version: "a1b2",
      weight: 10,
      durationMs: 12.3,
      upstreamFetches: 2,
      repeats: 3,
    });
    expect(Object.keys(columns)).toHaveLength(byName.length);
  });

  it.each([
    ["a refusal", refused("NotAuthorizedException", "accounts.google.com: expired"), "accounts.google.com: expired"],
    ["a refusal without a reason", refused("NotAuthorizedException"), "-"],
    ["a reason that goes on and on", refused("NotAuthorizedException", "x".repeat(5000)), "x".repeat(100)],
  ])("tells of %s the exception and the reason, and not its words", (_, line, reason) => {
    const point = pointOf(line, PLACE, 1);
    expect(columnsOf(point)).toMatchObject({ index1: POOL, blob2: "NotAuthorizedException", blob3: reason });
    expect(JSON.stringify(point)).not.toContain("words");
  });

  it("does not index by a pool that nobody has", () => {
    expect(pointOf(refused("ResourceNotFoundException"), PLACE, 1).indexes).toEqual(["-"]);
  });

  it("is whole for a request of which nothing is known", () => {
    const line = { requestId: "r", operation: null, status: 404, durationMs: 0 };
    expect(pointOf(line, { version: undefined, colo: undefined }, 1)).toEqual({
      indexes: ["-"],
      blobs: ["-", "ok", "-", "none", "-", "-", "-"],
      doubles: [1, 0, 0, 0],
    });
  });

  it("holds no identity, caller, request id or word of anybody else", () => {
    const text = JSON.stringify([pointOf(LINKED, PLACE, 1), pointOf(refused("NotAuthorizedException"), PLACE, 1)]);
    const { about, requestId } = LINKED;
    const hidden = [about?.caller, about?.claimedCaller, about?.identity, about?.namedIdentity, about?.stsMessage];
    for (const fact of [requestId, ...hidden, ...(about?.identities ?? []), ...(about?.unprocessed ?? [])]) {
      expect(text).not.toContain(fact);
    }
  });

  it("has the columns that docs/metrics.md names", () => {
    const documented = [...page.matchAll(/^\| `((?:index|blob|double)\d+)` +\| (\w+) +\|/gm)];
    expect(documented.map(([, column, name]) => [name, column])).toEqual(Object.entries(COLUMNS));
  });
});

describe("which requests have a point", () => {
  const TENTH = { failures: true, successesPerPoint: 10 };

  it.each([
    ["off", NO_POINTS, 0, 0],
    ["errors", FAILURES_ONLY, 0, 1],
    ["all", ALL_POINTS, 1, 1],
  ])("%s: one that is answered weighs %3$i, one that is refused %4$i", (_, sampling, success, failure) => {
    for (const chance of [0, 0.5, 1 - Number.EPSILON]) {
      expect([weightOf(sampling, false, chance), weightOf(sampling, true, chance)]).toEqual([success, failure]);
    }
  });

  it("sampled:10: one in ten successes stands for ten, and every failure for itself", () => {
    const chances = Array.from({ length: 1000 }, (_, at) => at / 1000);
    const weights = chances.map((chance) => weightOf(TENTH, false, chance));
    expect(weights.filter((weight) => weight > 0)).toEqual(Array.from({ length: 100 }, () => 10));
    expect(chances.every((chance) => weightOf(TENTH, true, chance) === 1)).toBe(true);
  });
});
