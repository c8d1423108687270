/** The console's metrics: charts of what a stand-in of the SQL API says, and what to do where there are none. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { demoPoolId } from "../../../src/development/demo-pool.ts";
import { openSignedIn, testBrowser } from "../../support/console-stage.ts";
import { ACCOUNT, makeSqlApi, storedPoint, TOKEN } from "../../support/sql-api.ts";
import { serveStandIn, type StandInServer } from "../../support/stand-in-server.ts";
import { type RunningWorker, startWorker } from "../../support/worker-process.ts";

const POOL = demoPoolId("us-east-1");
const OTHER = "us-east-1:00000000-0000-4000-8000-00000000000b";
const now = Math.floor(Date.now() / 1000);
const at = now - 120;
const points = [
  ...Array.from({ length: 30 }, () => storedPoint({ at, pool: POOL, effect: "minted", ms: 12 })),
  storedPoint({ at, pool: OTHER, effect: "linked" }),
  storedPoint({ at: now - 3 * 86_400, pool: OTHER, effect: "minted" }),
  storedPoint({ at, pool: POOL, operation: "GetId", refused: ["NotAuthorizedException", "guests-not-supported"] }),
];

const browser = testBrowser();
let server: StandInServer;
let worker: RunningWorker;

beforeAll(async () => {
  const { answer } = makeSqlApi(points, now);
  server = await serveStandIn(() => answer);
  worker = await startWorker({
    settings: {
      ANALYTICS_ACCOUNT: ACCOUNT,
      ANALYTICS_TOKEN: TOKEN,
      DEVELOPMENT_UPSTREAMS: JSON.stringify({ "https://api.cloudflare.com": server.address }),
    },
  });
});
afterAll(async () => {
  await worker?.stop();
  await server?.close();
});

test("the numbers are drawn, and said as words, of all pools or of one, and for the time that is chosen", async ({
  skip,
}) => {
  browser.need({ skip });
  const stage = await openSignedIn(browser, worker.endpoint, "metrics");
  const { page } = stage;
  await page.getByRole("img", { name: "Tokens: tokens 31" }).waitFor();
  await page.getByRole("img", { name: "Refused calls: NotAuthorizedException 1" }).waitFor();
  await page.getByRole("img", { name: "Changes of identities: linked 1" }).waitFor();
  await page.getByRole("img", { name: /^Duration of a warm token: .*p99 12 ms/ }).waitFor();
  await page.getByRole("row", { name: "NotAuthorizedException guests-not-supported 1" }).waitFor();
  await page.getByText("As JSON").click();
  await stage.expectAccessible();
  await page.getByLabel("Time").selectOption("7 days");
  await page.getByRole("img", { name: "Tokens: tokens 32" }).waitFor();
  await page.getByLabel("Identity pool").selectOption(POOL);
  await page.getByRole("img", { name: "Tokens: tokens 30" }).waitFor();
  await page.getByText("As command").click();
  expect(await page.getByLabel("As command").textContent()).toContain(`{"Range":"7d","IdentityPoolId":"${POOL}"}`);
  await stage.close();
});

test("a time without requests says so", async ({ skip }) => {
  browser.need({ skip });
  const quiet = await serveStandIn(() => makeSqlApi([], now).answer);
  const settings = {
    ANALYTICS_ACCOUNT: ACCOUNT,
    ANALYTICS_TOKEN: TOKEN,
    DEVELOPMENT_UPSTREAMS: JSON.stringify({ "https://api.cloudflare.com": quiet.address }),
  };
  const idle = await startWorker({ settings });
  const stage = await openSignedIn(browser, idle.endpoint, "metrics");
  await stage.page.getByText("No request in this time").waitFor();
  await stage.expectAccessible();
  await stage.close();
  await idle.stop();
  await quiet.close();
});

test("where metrics are not set up, the page says what is missing and how to set it", async ({ skip }) => {
  browser.need({ skip });
  const stage = await openSignedIn(browser, inject("endpoint"), "metrics");
  await stage.page.getByText("ANALYTICS_ACCOUNT is not set").waitFor();
  await stage.page.getByText("npx wrangler secret put ANALYTICS_TOKEN").waitFor();
  expect(await stage.page.getByRole("alert").count()).toBe(0);
  await stage.expectAccessible();
  await stage.close();
});

test("a service that Analytics Engine does not answer shows that as a failure", async ({ skip }) => {
  browser.need({ skip });
  server.fail((_, response) => response.writeHead(403).end());
  const stage = await openSignedIn(browser, worker.endpoint, "metrics");
  await stage.page.getByText("Analytics Engine did not answer: status 403.").waitFor();
  server.fail(undefined);
  await stage.page.getByRole("button", { name: "Try again" }).click();
  await stage.page.getByRole("img", { name: "Tokens: tokens 31" }).waitFor();
  await stage.close();
});
