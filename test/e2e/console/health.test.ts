/** The console's page of what the checks find. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, inject, test } from "vitest";
import { adminClient, createPool } from "../../support/cognito-clients.ts";
import { openConsole, openSignedIn, signIn, testBrowser } from "../../support/console-stage.ts";
import { startWorker } from "../../support/worker-process.ts";

const endpoint = inject("endpoint");
const { version } = JSON.parse(readFileSync(join(import.meta.dirname, "../../../package.json"), "utf8")) as {
  version: string;
};
const browser = testBrowser();

test("the service, what is found of each pool, and the settings; and all of it again on demand", async ({ skip }) => {
  browser.need({ skip });
  const worker = await startWorker();
  await createPool(adminClient(worker.endpoint), { IdentityPoolName: "closed", AllowUnauthenticatedIdentities: false });
  const stage = await openSignedIn(browser, worker.endpoint, "health");
  const { page } = stage;
  await page.getByText("All is well with the settings.").waitFor();
  await page.getByText("Tokens were tried, and work.").waitFor();
  await page.getByText(`${version}, in local development`).waitFor();
  await page.locator("section").filter({ hasText: "closed" }).getByText("nobody-can-enter").waitFor();
  const settings = page.getByRole("table", { name: "Settings, secrets and bindings" });
  expect(await settings.getByRole("row", { name: "TOKEN_ALG" }).textContent()).toBe("TOKEN_ALGRS256default");
  expect(await settings.getByRole("row", { name: "KEY_ENCRYPTION_KEY secret" }).textContent()).toBe(
    "KEY_ENCRYPTION_KEYsecretset",
  );
  expect(await settings.getByRole("row", { name: "KEY_RING" }).textContent()).toBe("KEY_RINGbindingbound");
  await stage.expectAccessible();

  const keySets = page.locator("section").filter({ hasText: "Edgepool demo" }).getByRole("listitem");
  await keySets.filter({ hasText: /\/development\/issuer: 1 key, loaded now$/ }).waitFor();
  await keySets.filter({ hasText: /^accounts\.google\.com: 0 keys, last asked in vain \(/ }).waitFor();

  const asked: (string | undefined)[] = [];
  page.on("request", (request) => asked.push(request.headers()["x-amz-target"]));
  await page.getByRole("button", { name: "Run again" }).press("Enter");
  await expect.poll(() => asked.filter((target) => target === "Edgepool.CheckIdentityPool").length).toBe(2);
  expect(asked).toEqual(expect.arrayContaining(["Edgepool.DescribeService", "Edgepool.CheckService"]));
  await page.getByRole("status").getByText("2 identity pools checked").waitFor();
  await stage.close();
  await worker.stop();
});

test("a console at another address than tokens name is an error, said first", async ({ skip }) => {
  browser.need({ skip });
  const other = endpoint.replace("127.0.0.1", "localhost");
  const stage = await openSignedIn(browser, other, "health", { viewport: { width: 320, height: 640 } });
  const { page } = stage;
  const finding = page.getByRole("listitem").filter({ hasText: "issuer-not-origin" });
  expect(await finding.textContent()).toMatch(new RegExp(`^Error ?ISSUER.*${other}.*${endpoint}`));
  await page
    .getByRole("status")
    .getByText(/identity pools? checked/)
    .waitFor();
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(320);
  await stage.expectAccessible();
  await stage.close();
});

test("a key that may look and not try is shown what is found of the signing keys", async ({ skip }) => {
  browser.need({ skip });
  const reader = { accessKeyId: "reader", secretAccessKey: "a-secret-of-some-length" };
  const operations = ["DescribeKeyRing", "DescribeService"];
  const worker = await startWorker({ settings: { ADMIN_CREDENTIALS: JSON.stringify([{ ...reader, operations }]) } });
  const stage = await openConsole(browser, worker.endpoint, { route: "health", secrets: [reader.secretAccessKey] });
  await signIn(stage, reader);
  await stage.page.getByText("All is well with the signing keys.").waitFor();
  expect(await stage.page.getByText("Tokens were tried").count()).toBe(0);
  await stage.expectAccessible();
  await stage.close();
  await worker.stop();
});

test("whoever may not check pools sees what concerns the service alone, and what the key may do", async ({ skip }) => {
  browser.need({ skip });
  const reader = { accessKeyId: "reader", secretAccessKey: "a-secret-of-some-length" };
  const pools = ["us-east-1:de300000-0000-4000-8000-0000000de300"];
  const credential = { ...reader, operations: ["DescribeService"], pools };
  const worker = await startWorker({ settings: { ADMIN_CREDENTIALS: JSON.stringify([credential]) } });
  const stage = await openConsole(browser, worker.endpoint, { route: "health", secrets: [reader.secretAccessKey] });
  await signIn(stage, reader);
  const { page } = stage;
  await page.getByText("1 signed operation").waitFor();
  await page.getByText(pools.join(), { exact: true }).waitFor();
  expect(await page.getByRole("heading", { level: 2 }).allTextContents()).toEqual([
    "The service",
    "This key",
    "Settings and bindings",
  ]);
  await stage.expectAccessible();
  await stage.close();
  await worker.stop();
});
