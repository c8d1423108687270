/**
 * A stand-in of Analytics Engine's SQL API, which only an account has: the queries run in SQLite, over points as the service
 * writes them, and the answers have the form that Cloudflare documents. The functions of ClickHouse that the queries use are
 * written here anew; one that is not among them fails, as does a column that no point has.
 */
import { DatabaseSync } from "node:sqlite";
import type { ServiceErrorName } from "../../src/domain/errors.ts";
import type { Effect } from "../../src/domain/trace.ts";
import { COLUMNS, type Point, pointOf } from "../../src/metrics/request-point.ts";

export const ACCOUNT = "0123456789abcdef0123456789abcdef";
export const TOKEN = "t0ken-that-may-read-the-analytics-of-one-account";

/** `sampleInterval`: for how many points of its index Analytics Engine kept this one. */
export type StoredPoint = { readonly at: number; readonly point: Point; readonly sampleInterval?: number };

export type SqlApi = {
  /** Texts of all queries so far. */
  readonly queries: readonly string[];
  /** Rows, or the words of what is wrong. */
  readonly run: (query: string) => readonly Readonly<Record<string, unknown>>[];
  /** What the API answers to a request. */
  readonly answer: (request: Request) => Promise<Response>;
};

type Given = {
  readonly at: number;
  readonly pool: string;
  readonly operation?: string;
  readonly refused?: readonly [ServiceErrorName, string];
  readonly effect?: Effect;
  readonly ms?: number;
  readonly weight?: number;
  readonly sampleInterval?: number;
};

/** A point as the service writes it of such a request; of GetOpenIdToken, answered, unless it is said otherwise. */
export function storedPoint({
  at,
  pool,
  operation = "GetOpenIdToken",
  refused,
  effect,
  ms = 1,
  weight = 1,
  sampleInterval = 1,
}: Given): StoredPoint {
  const error = refused && { type: refused[0], message: "", reason: refused[1] };
  const unknown = { caller: undefined, claimedCaller: undefined, pools: undefined, identity: undefined };
  const nothing = { namedIdentity: undefined, identities: undefined, unprocessed: undefined, providers: undefined };
  const ofSts = {
    role: undefined,
    sessionSeconds: undefined,
    stsStatus: undefined,
    stsMs: undefined,
    stsMessage: undefined,
  };
  const about = { ...unknown, ...nothing, ...ofSts, pool, effect, upstreamFetches: 0, repeats: undefined };
  const line = { requestId: "r", operation, status: refused === undefined ? 200 : 400, error, durationMs: ms, about };
  return { at, sampleInterval, point: pointOf(line, { version: "v1", colo: "FRA" }, weight) };
}

const UNITS: Readonly<Record<string, number>> = { MINUTE: 60, HOUR: 3600, DAY: 86_400 };
const STORED = ["timestamp", "_sample_interval", ...Object.values(COLUMNS)];

/** `now` in epoch seconds. */
export function makeSqlApi(points: readonly StoredPoint[], now: number): SqlApi {
  const database = new DatabaseSync(":memory:");
  database.exec(`CREATE TABLE edgepool_requests (${STORED.join(", ")})`);
  const insert = database.prepare(`INSERT INTO edgepool_requests VALUES (${STORED.map(() => "?").join(", ")})`);
  for (const { at, point, sampleInterval = 1 } of points) {
    insert.run(at, sampleInterval, ...point.indexes, ...point.blobs, ...point.doubles);
  }
  database.function("intDiv", (a, b) => Math.floor(Number(a) / Number(b)));
  database.function("toUInt32", (value) => Number(value));
  database.function("NOW", () => now);
  database.aggregate("quantileExactWeighted", {
    start: "[]",
    step: (all, share, value, weight) => JSON.stringify([...listIn(all), [share, value, weight]]),
    result: (all) => quantileOf(listIn(all)),
  });
  const queries: string[] = [];

  function run(query: string) {
    const sql = query
      .replaceAll(/quantileExactWeighted\(([\d.]+)\)\(/g, "quantileExactWeighted($1, ")
      .replaceAll(/INTERVAL '(\d+)' (\w+)/g, (_, count, unit) => String(Number(count) * (UNITS[unit] ?? Number.NaN)));
    return database.prepare(sql).all();
  }

  async function answer(request: Request): Promise<Response> {
    const { pathname } = new URL(request.url);
    if (request.headers.get("authorization") !== `Bearer ${TOKEN}`)
      return new Response("Unauthorized", { status: 403 });
    if (pathname !== `/client/v4/accounts/${ACCOUNT}/analytics_engine/sql`) return new Response("", { status: 404 });
    const text = await request.text();
    queries.push(text);
    if (!text.endsWith(" FORMAT JSON")) return new Response("no format", { status: 422 });
    try {
      // ClickHouse writes whole numbers of 64 bits as texts.
      const data = run(text.replace(/ FORMAT JSON$/, "")).map((row) =>
        "t" in row ? { ...row, t: String(row["t"]) } : row,
      );
      const meta = Object.keys(data[0] ?? {}).map((name) => ({ name, type: "String" }));
      return Response.json({ meta, data, rows: data.length, rows_before_limit_at_least: data.length });
    } catch (error) {
      return new Response(String(error), { status: 422 });
    }
  }

  return { queries, run, answer };
}

type Weighed = readonly [share: number, value: number, weight: number];

function listIn(all: unknown): readonly Weighed[] {
  return JSON.parse(String(all)) as readonly Weighed[];
}

function quantileOf(all: readonly Weighed[]): number | null {
  const sorted = all.toSorted(([, a], [, b]) => a - b);
  const total = sorted.reduce((sum, [, , weight]) => sum + weight, 0);
  let before = 0;
  for (const [share, value, weight] of sorted) {
    before += weight;
    if (before >= share * total) return value;
  }
  return null;
}
