/** CLIENT_LIMIT=on, on a service of its own: what one client address may create, and how often it may fail. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoPoolId } from "../../src/development/demo-pool.ts";
import { callFrom, type WireAnswer } from "../support/wire-call.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

const POOL = { IdentityPoolId: demoPoolId("us-east-1") };
const NOBODY = { IdentityId: "us-east-1:0" };
/**
 * wrangler.toml allows 100 in ten seconds. Each call is charged as it comes in, before anything is made for it, so that of so
 * many at once some are refused however long a busy machine takes for the others.
 */
const AT_ONCE = 250;
/** Of several periods: what one of them does not fill goes on in the next. */
const MOST_CALLS = 2000;

let worker: RunningWorker;

beforeAll(async () => {
  worker = await startWorker({ settings: { CLIENT_LIMIT: "on" } });
});

afterAll(async () => {
  await worker.stop();
});

const comes = async (address: string, operation: string, input: object) =>
  await callFrom(worker.endpoint, address, operation, input);

/** Calls until the first answers come that refuse: those, and the ones before them. */
async function callUntilRefused(address: string, operation: string, input: object) {
  const answered: WireAnswer[] = [];
  while (answered.length < MOST_CALLS) {
    const calls = Array.from({ length: AT_ONCE }, async () => await comes(address, operation, input));
    const answers = await Promise.all(calls);
    const refused = answers.filter(({ status }) => status === 429);
    answered.push(...answers.filter(({ status }) => status !== 429));
    if (refused.length > 0) return { answered, refused };
  }
  throw new Error("no call was refused");
}

test("an address that creates too many identities is told when to come again, and may still mint", async () => {
  const { answered, refused } = await callUntilRefused("192.0.2.1", "GetId", POOL);
  expect(new Set(answered.map(({ status }) => status))).toEqual(new Set([200]));
  expect(answered.length).toBeGreaterThanOrEqual(100);
  for (const { headers, body } of refused) {
    expect(headers["retry-after"]).toBe("10");
    expect(JSON.parse(body)).toEqual({ __type: "TooManyRequestsException", message: "Rate exceeded" });
  }
  const identity: object = JSON.parse(answered[0]?.body ?? "{}");
  expect((await comes("192.0.2.1", "GetOpenIdToken", identity)).status).toBe(200);
});

test("an address that fails too often is refused whatever it asks next, and no other address is", async () => {
  const { answered } = await callUntilRefused("192.0.2.2", "GetOpenIdToken", NOBODY);
  expect(new Set(answered.map(({ status }) => status))).toEqual(new Set([404]));
  expect(answered.length).toBeGreaterThanOrEqual(100);
  const next = await comes("192.0.2.2", "GetId", POOL);
  expect([next.status, next.headers["retry-after"]]).toEqual([429, "10"]);
  expect((await comes("192.0.2.3", "GetId", POOL)).status).toBe(200);
});

test("all addresses of one IPv6 subscriber share a limit", async () => {
  await callUntilRefused("2001:db8:1:2::1", "GetOpenIdToken", NOBODY);
  expect((await comes("2001:db8:1:2:ffff::9", "GetId", POOL)).status).toBe(429);
  expect((await comes("2001:db8:1:3::1", "GetId", POOL)).status).toBe(200);
});
