/** GetMetrics over HTTP: the SQL API is a stand-in that runs the queries over points as the service writes them. */
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { sendSigned } from "../support/signed-call.ts";
import { ACCOUNT, makeSqlApi, type SqlApi, type StoredPoint, storedPoint, TOKEN } from "../support/sql-api.ts";
import { serveStandIn, type StandInServer } from "../support/stand-in-server.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

const POOL = "us-east-1:00000000-0000-4000-8000-00000000000a";
const OTHER = "us-east-1:00000000-0000-4000-8000-00000000000b";
const MINUTE = 60;
const now = Math.floor(Date.now() / 1000);
/** The beginning of the minute before the last one. */
const t = Math.floor(now / MINUTE) * MINUTE - MINUTE;

const points: readonly StoredPoint[] = [
  ...Array.from({ length: 100 }, (_, index) => storedPoint({ at: t, pool: POOL, effect: "minted", ms: index + 1 })),
  // Analytics Engine kept one of five, and the writer wrote one of ten.
  storedPoint({ at: t, pool: OTHER, effect: "linked", weight: 10, sampleInterval: 5 }),
  storedPoint({ at: t, pool: POOL, operation: "GetId", effect: "created-guest" }),
  storedPoint({
    at: t - MINUTE,
    pool: POOL,
    operation: "GetId",
    refused: ["NotAuthorizedException", "guests-not-supported"],
  }),
  ...Array.from({ length: 3 }, () =>
    storedPoint({ at: t - MINUTE, pool: POOL, refused: ["TooManyRequestsException", "rate"] }),
  ),
  storedPoint({ at: now - 2 * 3600, pool: POOL, effect: "minted" }),
  storedPoint({ at: now - 3 * 86_400, pool: POOL, effect: "minted" }),
];

let sqlApi: SqlApi;
let server: StandInServer;
let worker: RunningWorker;

beforeAll(async () => {
  sqlApi = makeSqlApi(points, now);
  server = await serveStandIn(() => sqlApi.answer);
  worker = await startWorker({
    settings: {
      ANALYTICS_ACCOUNT: ACCOUNT,
      ANALYTICS_TOKEN: TOKEN,
      DEVELOPMENT_UPSTREAMS: JSON.stringify({ "https://api.cloudflare.com": server.address }),
    },
  });
});

afterAll(async () => {
  await worker.stop();
  await server.close();
});

type Series = {
  readonly Kind: string;
  readonly Name: string;
  readonly Points: readonly { At: number; Value: number }[];
};
type Metrics = {
  readonly From: number;
  readonly To: number;
  readonly StepSeconds: number;
  readonly Series: readonly Series[];
  readonly Refusals: readonly object[];
};

async function metrics(input: object): Promise<Metrics> {
  const answer = await sendSigned(worker.endpoint, "Edgepool.GetMetrics", input);
  expect([answer.status, answer.body]).toEqual([200, expect.any(String)]);
  return JSON.parse(answer.body) as Metrics;
}

function series({ Series }: Metrics, kind: string): Readonly<Record<string, readonly (readonly [number, number])[]>> {
  const ofKind = Series.filter(({ Kind }) => Kind === kind);
  return Object.fromEntries(
    ofKind.map(({ Name, Points }) => [Name, Points.map(({ At, Value }) => [At, Value] as const)]),
  );
}

describe("GetMetrics", () => {
  it("counts tokens, outcomes and effects in steps, and each point for as many requests as it stands for", async () => {
    const answer = await metrics({ Range: "1h" });
    expect(answer.StepSeconds).toBe(MINUTE);
    expect(answer.To - answer.From).toBe(3600 - MINUTE);
    expect(series(answer, "tokens")).toEqual({ tokens: [[t, 150]] });
    expect(series(answer, "outcomes")).toEqual({
      NotAuthorizedException: [[t - MINUTE, 1]],
      TooManyRequestsException: [[t - MINUTE, 3]],
      ok: [[t, 151]],
    });
    expect(series(answer, "effects")).toEqual({
      "created-guest": [[t, 1]],
      linked: [[t, 50]],
      minted: [[t, 100]],
    });
  });

  it("has the percentiles of warm tokens, and the refusals, most of them first", async () => {
    const answer = await metrics({ Range: "1h" });
    expect(series(answer, "durations")).toEqual({ p50: [[t, 50]], p95: [[t, 95]], p99: [[t, 99]] });
    expect(answer.Refusals).toEqual([
      { Exception: "TooManyRequestsException", Reason: "rate", Count: 3 },
      { Exception: "NotAuthorizedException", Reason: "guests-not-supported", Count: 1 },
    ]);
  });

  it.each([
    ["1h", 150],
    ["24h", 151],
    ["7d", 152],
  ])("looks back as far as it is asked to: %s", async (Range, count) => {
    const { tokens = [] } = series(await metrics({ Range }), "tokens");
    expect(tokens.reduce((sum, [, value]) => sum + value, 0)).toBe(count);
  });

  it("tells of one pool alone where one is named", async () => {
    expect(series(await metrics({ Range: "1h", IdentityPoolId: OTHER }), "tokens")).toEqual({ tokens: [[t, 50]] });
  });

  it("T46: sends the token to nobody else, and neither the log nor an answer has it", async () => {
    const refused = await sendSigned(worker.endpoint, "Edgepool.GetMetrics", { Range: `1h${TOKEN}` });
    expect(refused.status).toBe(400);
    const described = await sendSigned(worker.endpoint, "Edgepool.DescribeService", {});
    expect([described.status, described.body.includes(TOKEN)]).toEqual([200, false]);
    expect(worker.log()).toContain('"operation":"GetMetrics"');
    expect(worker.log()).not.toContain(TOKEN);
  });

  it("says what is missing where it was not set up, without asking anybody", async () => {
    const answer = await sendSigned(inject("endpoint"), "Edgepool.GetMetrics", { Range: "1h" });
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([
      404,
      { __type: "ResourceNotFoundException", message: "There are no metrics here: ANALYTICS_ACCOUNT is not set." },
    ]);
  });
});
