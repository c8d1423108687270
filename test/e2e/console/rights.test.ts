/** What the console shows to a key that may do less than everything. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoPoolId } from "../../../src/development/demo-pool.ts";
import { openConsole, signIn, type Stage, testBrowser } from "../../support/console-stage.ts";
import { ACCOUNT, makeSqlApi, TOKEN } from "../../support/sql-api.ts";
import { serveStandIn, type StandInServer } from "../../support/stand-in-server.ts";
import { type RunningWorker, startWorker } from "../../support/worker-process.ts";

const POOL = demoPoolId("us-east-1");
const OF_ONE_POOL = { accessKeyId: "of-one-pool", secretAccessKey: "a-secret-of-some-length" };
const READER = { accessKeyId: "reader", secretAccessKey: "another-secret-of-some-length" };
const READS = ["DescribeService", "ListIdentityPools", "DescribeIdentityPool", "DescribeKeyRing"];

const browser = testBrowser();
let server: StandInServer;
let worker: RunningWorker;

beforeAll(async () => {
  server = await serveStandIn(() => makeSqlApi([], Math.floor(Date.now() / 1000)).answer);
  const credentials = [
    { ...OF_ONE_POOL, operations: "*", pools: [POOL] },
    { ...READER, operations: READS, pools: "*" },
  ];
  worker = await startWorker({
    settings: {
      ADMIN_CREDENTIALS: JSON.stringify(credentials),
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

async function openAs(key: typeof READER, route: string): Promise<Stage> {
  const stage = await openConsole(browser, worker.endpoint, { route, secrets: [key.secretAccessKey] });
  await signIn(stage, key);
  await stage.page.getByRole("navigation", { name: "Pages" }).waitFor();
  return stage;
}

test("a key of one pool is led to nothing that is of all pools, and begins with the metrics of its own", async ({
  skip,
}) => {
  browser.need({ skip });
  const stage = await openAs(OF_ONE_POOL, "pools");
  const { page } = stage;
  await page.getByRole("link", { name: "Edgepool demo" }).waitFor();
  await page.getByRole("link", { name: "New pool" }).waitFor({ state: "detached" });
  await stage.open("keys");
  await page.getByRole("table", { name: "The signing keys" }).waitFor();
  await expect.poll(async () => await page.getByRole("button", { name: "Rotate now" }).count()).toBe(0);
  await stage.open("metrics");
  await page.getByText("No request in this time").waitFor();
  const pool = page.getByLabel("Identity pool");
  await expect.poll(async () => await pool.inputValue()).toBe(POOL);
  expect(await pool.getByRole("option").allTextContents()).toEqual([`Edgepool demo · ${POOL}`]);
  await stage.open("health");
  await page.getByRole("status").getByText("1 identity pool checked", { exact: true }).waitFor({ state: "attached" });
  await stage.close();
});

test("a key that only reads is told so where something could be changed, in place of a form", async ({ skip }) => {
  browser.need({ skip });
  const stage = await openAs(READER, "new-pool");
  const { page } = stage;
  await page.getByRole("heading", { name: "Not for this key" }).waitFor();
  await page.getByRole("main").getByText("CreateIdentityPool").waitFor();
  expect(await page.getByRole("button", { name: "Create" }).count()).toBe(0);
  await stage.expectAccessible();
  await stage.open(`pool/${POOL}/edit`);
  await page.getByRole("main").getByText("UpdateIdentityPool").waitFor();
  expect(await page.getByRole("textbox").count()).toBe(0);
  await stage.close();
});
