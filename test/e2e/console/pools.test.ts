/** The console's list of identity pools. */
import { CreateIdentityPoolCommand } from "@aws-sdk/client-cognito-identity";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { missingChromium } from "../../support/chromium.ts";
import { adminClient, present } from "../../support/cognito-clients.ts";
import { launchBrowser, openSignedIn } from "../../support/console-stage.ts";
import { type Missing, need } from "../../support/debian-tools.ts";
import { startWorker } from "../../support/worker-process.ts";

const endpoint = inject("endpoint");
const identityPoolId = inject("identityPoolId");
let missing: Missing;
let browser: Browser;

beforeAll(async () => {
  missing = await missingChromium();
  if (missing === undefined) browser = await launchBrowser();
});
afterAll(async () => await browser?.close());

test("all pools are listed, each with its id to copy", async ({ skip }) => {
  need({ skip }, missing);
  const stage = await openSignedIn(browser, endpoint, "pools");
  const { page } = stage;
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("Identity pools");
  const row = page.getByRole("row", { name: identityPoolId });
  await row.getByRole("link", { name: "Edgepool demo" }).waitFor();
  await row.getByRole("button", { name: "Copy" }).click();
  await row.getByText("Copied").waitFor();
  expect(await page.evaluate("navigator.clipboard.readText()")).toBe(identityPoolId);
  await page.getByText("As command").click();
  const command = await page.getByLabel("As command").textContent();
  expect(command).toContain(`aws cognito-identity list-identity-pools --endpoint-url ${endpoint}`);
  await page.getByText("As JSON").click();
  await stage.expectAccessible();
  await stage.close();
});

test("more than sixty pools are on several pages, and no total is claimed", async ({ skip }) => {
  need({ skip }, missing);
  const worker = await startWorker();
  const admin = adminClient(worker.endpoint);
  for (let number = 0; number < 60; number += 1) {
    const input = { IdentityPoolName: `pool ${number}`, AllowUnauthenticatedIdentities: true };
    present((await admin.send(new CreateIdentityPoolCommand(input))).IdentityPoolId);
  }
  const stage = await openSignedIn(browser, worker.endpoint, "pools");
  const { page } = stage;
  await page.getByText("60 shown, more exist").waitFor();
  const first = await page.getByRole("row").nth(1).textContent();
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByText("1 shown", { exact: true }).waitFor();
  expect(await page.getByRole("button", { name: "Next" }).isDisabled()).toBe(true);
  await page.getByRole("button", { name: "Back" }).click();
  await page.getByText("60 shown, more exist").waitFor();
  expect(await page.getByRole("row").nth(1).textContent()).toBe(first);
  await stage.close();
  await worker.stop();
});
