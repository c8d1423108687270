/** The limit of each identity's rate, on a service of its own: two tokens a second and none saved up. */
import { GetOpenIdTokenCommand, TooManyRequestsException } from "@aws-sdk/client-cognito-identity";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoPoolId } from "../../src/development/demo-pool.ts";
import { from, missingBoto3, runBoto3 } from "../support/boto3.ts";
import { appClient, getId, getOpenIdToken } from "../support/cognito-clients.ts";
import { need } from "../support/debian-tools.ts";
import { call } from "../support/wire-call.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

const RATE_PER_SECOND = 2;
const identityPoolId = demoPoolId("us-east-1");

let worker: RunningWorker;

beforeAll(async () => {
  worker = await startWorker({ settings: { RATE_LIMIT_PER_SECOND: String(RATE_PER_SECOND), RATE_LIMIT_BURST: "1" } });
});

afterAll(async () => {
  await worker.stop();
});

/** One attempt a call, so that a refusal is seen and not waited out. */
function impatientApp() {
  return appClient(worker.endpoint, { maxAttempts: 1 });
}

test("answers TooManyRequestsException with status 429 when an identity's bucket is empty", async () => {
  const app = impatientApp();
  const identityId = await getId(app, identityPoolId);
  const startedAt = performance.now();
  const results = await Promise.allSettled(
    Array.from({ length: 40 }, async () => await getOpenIdToken(app, identityId)),
  );
  const elapsedSeconds = (performance.now() - startedAt) / 1000;
  const refused = results.filter((result) => result.status === "rejected").map((result): unknown => result.reason);
  const minted = results.length - refused.length;
  // Over any window: rate times window, plus the burst.
  expect(minted).toBeGreaterThanOrEqual(1);
  expect(minted).toBeLessThanOrEqual(1 + RATE_PER_SECOND * elapsedSeconds);
  expect(refused.length).toBeGreaterThan(0);
  for (const refusal of refused) {
    expect(refusal).toBeInstanceOf(TooManyRequestsException);
    expect(refusal).toMatchObject({ message: "Rate exceeded", $metadata: { httpStatusCode: 429 } });
  }
});

test("says in Retry-After, in whole seconds, when there will be a token again", async () => {
  const identityId = await getId(impatientApp(), identityPoolId);
  const answers = await Promise.all(
    Array.from({ length: 40 }, async () => await call(worker.endpoint, "GetOpenIdToken", { IdentityId: identityId })),
  );
  const refused = answers.filter((answer) => answer.status !== 200);
  expect(refused.length).toBeGreaterThan(0);
  for (const { status, headers, body } of refused) {
    expect([status, headers["retry-after"]]).toEqual([429, "1"]);
    expect(JSON.parse(body)).toEqual({ __type: "TooManyRequestsException", message: "Rate exceeded" });
  }
});

test("is waited out by an SDK with its defaults, which tries again and gets its token", async () => {
  const app = appClient(worker.endpoint);
  const identityId = await getId(app, identityPoolId);
  const calls = [1, 2, 3].map(async () => await app.send(new GetOpenIdTokenCommand({ IdentityId: identityId })));
  const attempts = (await Promise.all(calls)).map((output) => output.$metadata.attempts ?? 0);
  expect(Math.max(...attempts)).toBeGreaterThan(1);
});

test.for([
  { mode: "legacy", options: {} },
  // Its own three attempts are drawn at random between none and three seconds: now and then too soon for two tokens a second.
  { mode: "standard", options: { retries: { mode: "standard", total_max_attempts: 10 } } },
])("is waited out by boto3 in its $mode mode, which tries again", async ({ options }, { skip }) => {
  need({ skip }, await missingBoto3());
  const mint = ["get_open_id_token", { IdentityId: from(0, "IdentityId") }] as const;
  const calls = [["get_id", { IdentityPoolId: identityPoolId }], mint, mint, mint, mint] as const;
  const outcomes = await runBoto3(worker.endpoint, calls, options);
  const retries = outcomes.map((outcome) => ("output" in outcome ? outcome.retryAttempts : outcome.code));
  expect(retries.filter((count) => typeof count !== "number")).toEqual([]);
  expect(Math.max(...retries.map(Number))).toBeGreaterThan(0);
});

test("limits each identity by itself", async () => {
  const app = impatientApp();
  const identityIds = await Promise.all(Array.from({ length: 8 }, async () => await getId(app, identityPoolId)));
  const minted = await Promise.all(identityIds.map(async (identityId) => await getOpenIdToken(app, identityId)));
  expect(minted.map(({ identityId }) => identityId)).toEqual(identityIds);
});
