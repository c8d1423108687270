import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import { newPoolId } from "../../support/objects.ts";
import { ADMIN, makeService } from "../../support/service.ts";

const ANALYTICS_ACCOUNT = "0123456789abcdef0123456789abcdef";
const ANALYTICS_TOKEN = "t0ken-that-may-read-the-analytics-of-one-account";
const SQL_API = `https://api.cloudflare.com/client/v4/accounts/${ANALYTICS_ACCOUNT}/analytics_engine/sql`;
const OWN_POOL = newPoolId();
const LIMITED = { ...ADMIN, accessKeyId: "limited", pools: [OWN_POOL] };
const SET_UP = { ANALYTICS_ACCOUNT, ANALYTICS_TOKEN };

let upstream: FakeUpstream;
let asked: RequestInit[];

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  upstream = new FakeUpstream().install();
  asked = [];
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

function answering(response: () => Response): void {
  upstream.serve(SQL_API, (init = {}) => {
    asked.push(init);
    return response();
  });
}

async function getMetrics(input: object, settings: Readonly<Record<string, string>> = SET_UP, credential = ADMIN) {
  const service = makeService({ settings, credentials: [ADMIN, LIMITED] });
  return await service.call("GetMetrics", { Range: "1h", ...input }, { credential });
}

describe("GetMetrics", () => {
  it.each([
    ["nothing", {}, "ANALYTICS_ACCOUNT"],
    ["the account alone", { ANALYTICS_ACCOUNT }, "ANALYTICS_TOKEN"],
    ["the token alone", { ANALYTICS_TOKEN }, "ANALYTICS_ACCOUNT"],
  ])("with %s set, says what is missing, and asks nobody", async (_, settings, missing) => {
    const answer = await getMetrics({}, settings);
    expect(answer).toMatchObject({
      status: 404,
      json: { __type: "ResourceNotFoundException", message: `There are no metrics here: ${missing} is not set.` },
    });
    expect(upstream.fetched).toEqual([]);
  });

  it("sends each query with the token, as a POST", async () => {
    answering(() => Response.json({ meta: [], data: [], rows: 0 }));
    expect(await getMetrics({})).toMatchObject({ status: 200, json: { StepSeconds: 60, Refusals: [] } });
    expect(asked).toHaveLength(5);
    for (const { method, headers, body } of asked) {
      expect([method, new Headers(headers).get("authorization")]).toEqual(["POST", `Bearer ${ANALYTICS_TOKEN}`]);
      expect(body).toMatch(
        /^SELECT .* FROM edgepool_requests WHERE timestamp > NOW\(\) - INTERVAL '1' HOUR.* FORMAT JSON$/,
      );
    }
  });

  it.each([
    ["no connection", undefined, "connection"],
    ["a token that may not read", () => new Response("Authentication error", { status: 403 }), "status 403"],
    [
      "a query that it does not take",
      () => new Response(`no column in ${ANALYTICS_TOKEN}`, { status: 422 }),
      "status 422",
    ],
    ["a page", () => new Response("<p>sorry</p>"), "not-json"],
    ["JSON without rows", () => Response.json({ success: true }), "not-json"],
    ["rows that are none", () => Response.json({ data: [1] }), "not-json"],
    ["an answer without end", () => new Response("x".repeat(1024 * 1024 + 1)), "too-large"],
  ])("tells of %s what it was, and nothing that came with it", async (_, response, cause) => {
    if (response !== undefined) answering(response);
    expect((await getMetrics({})).json).toEqual({
      __type: "ExternalServiceException",
      message: `Analytics Engine did not answer: ${cause}.`,
    });
  });

  it("takes numbers of 64 bits, which come as texts, and no text for a number", async () => {
    answering(() =>
      Response.json({ data: [{ t: "1800000000", label: "ok", n: "3", p50: null, p95: "much", p99: 7 }] }),
    );
    const { json } = await getMetrics({});
    expect(json["Series"]).toContainEqual({ Kind: "outcomes", Name: "ok", Points: [{ At: 1_800_000_000, Value: 3 }] });
    expect(json["Series"]).toContainEqual({
      Kind: "durations",
      Name: "p95",
      Points: [{ At: 1_800_000_000, Value: 0 }],
    });
  });

  it("counts for a credential of some pools each of those, and not another or all", async () => {
    answering(() => Response.json({ data: [] }));
    expect((await getMetrics({ IdentityPoolId: OWN_POOL }, SET_UP, LIMITED)).status).toBe(200);
    expect(asked.every(({ body }) => JSON.stringify(body).includes(`index1 = '${OWN_POOL}'`))).toBe(true);
    const before = asked.length;
    for (const input of [{}, { IdentityPoolId: newPoolId() }]) {
      expect(await getMetrics(input, SET_UP, LIMITED)).toMatchObject({ json: { __type: "AccessDeniedException" } });
    }
    expect(asked).toHaveLength(before);
  });

  it.each([
    ["a pool that would end the text", { IdentityPoolId: "us-east-1:0' OR 1=1 --" }],
    ["another range", { Range: "1h'" }],
    ["no range", { Range: undefined }],
  ])("refuses %s before anybody is asked", async (_, input) => {
    answering(() => Response.json({ data: [] }));
    expect(await getMetrics(input)).toMatchObject({ status: 400, json: { __type: "ValidationException" } });
    expect(asked).toEqual([]);
  });
});
