/** The console's list of identity pools. */
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { LOCAL_CREDENTIAL } from "../../../src/development/local-credential.ts";
import { adminClient, createPool } from "../../support/cognito-clients.ts";
import { openConsole, openSignedIn, signIn, testBrowser } from "../../support/console-stage.ts";
import { type RunningWorker, startWorker } from "../../support/worker-process.ts";

const identityPoolId = inject("identityPoolId");
const lister = { accessKeyId: "lists", secretAccessKey: "a-secret-of-some-length" };
const browser = testBrowser();
/** Its own: at the service that all share, others make pools meanwhile, and the demo pool may be on any page. */
let worker: RunningWorker;

beforeAll(async () => {
  const keys = [
    { ...LOCAL_CREDENTIAL, operations: "*" },
    { ...lister, operations: ["DescribeService", "ListIdentityPools"] },
  ];
  worker = await startWorker({ settings: { ADMIN_CREDENTIALS: JSON.stringify(keys) } });
});
afterAll(async () => await worker?.stop());

test("all pools are listed, each with its id to copy", async ({ skip }) => {
  browser.need({ skip });
  const stage = await openSignedIn(browser, worker.endpoint, "pools");
  const { page } = stage;
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Identity pools");
  const row = page.getByRole("row", { name: identityPoolId });
  await row.getByRole("link", { name: "Edgepool demo" }).waitFor();
  await row.getByRole("button", { name: "Copy" }).click();
  await row.getByText("Copied").waitFor();
  expect(await page.evaluate("navigator.clipboard.readText()")).toBe(identityPoolId);
  await page.evaluate("navigator.clipboard.writeText = async () => await Promise.reject(new Error('kept'))");
  await row.getByRole("button", { name: /^Cop/ }).click();
  await row.getByText("Not copied").waitFor();
  await page.getByText("As command").click();
  const command = await page.getByLabel("As command").textContent();
  expect(command).toContain(`aws cognito-identity list-identity-pools --endpoint-url ${worker.endpoint}`);
  await page.getByText("As JSON").click();
  await stage.expectAccessible();
  await stage.close();
});

test("more than sixty pools are on several pages, and no total is claimed", async ({ skip }) => {
  browser.need({ skip });
  const admin = adminClient(worker.endpoint);
  for (let number = 0; number < 60; number += 1) {
    await createPool(admin, {
      IdentityPoolName: String(number).padStart(128, "n"),
      AllowUnauthenticatedIdentities: false,
      SupportedLoginProviders: { "accounts.google.com": "a", "graph.facebook.com": "1" },
      DeveloperProviderName: "login.example.com",
    });
  }
  const stage = await openSignedIn(browser, worker.endpoint, "pools");
  const { page } = stage;
  await page.getByText("60 shown, more exist").waitFor();
  // Whom each lets in comes from the pool itself. The demo pool may be on the next page.
  await expect.poll(async () => await page.getByRole("cell", { name: "…", exact: true }).count()).toBe(0);
  expect(await page.getByRole("cell", { name: "not allowed" }).count()).toBeGreaterThanOrEqual(59);
  expect(await page.getByRole("cell", { name: "3", exact: true }).count()).toBeGreaterThanOrEqual(59);
  const first = await page.getByRole("row").nth(1).textContent();
  const next = page.getByRole("button", { name: "Next" });
  await next.click();
  await page.getByText("1 shown", { exact: true }).waitFor();
  expect(await next.isDisabled()).toBe(true);
  // Whoever turned the page by the keyboard goes on from there.
  expect(await next.evaluate((button) => button === document.activeElement)).toBe(true);
  await next.press("Enter");
  await page.getByRole("button", { name: "Back" }).click();
  await page.getByText("60 shown, more exist").waitFor();
  await expect.poll(async () => await page.getByRole("row").nth(1).textContent()).toBe(first);
  await stage.expectToFit();
  await stage.close();
  const limited = await openConsole(browser, worker.endpoint, { route: "pools", secrets: [lister.secretAccessKey] });
  await signIn(limited, lister);
  await limited.page.getByText("60 shown, more exist").waitFor();
  await expect.poll(async () => await limited.page.getByRole("columnheader").allTextContents()).toEqual(["Name", "Id"]);
  await limited.close();
});
