/** The console's page of the signing keys, and the rotation from it. */
import { expect, inject, test } from "vitest";
import { openConsole, openSignedIn, signIn, testBrowser } from "../../support/console-stage.ts";
import { startWorker } from "../../support/worker-process.ts";

const endpoint = inject("endpoint");
const browser = testBrowser();

async function publishedKids(of: string): Promise<readonly string[]> {
  const response = await fetch(`${of}/.well-known/jwks.json`);
  const { keys } = (await response.json()) as { keys: readonly { kid: string }[] };
  return keys.map(({ kid }) => kid);
}

test("the published keys on a time line, and in a table that says the same", async ({ skip }) => {
  browser.need({ skip });
  const published = await publishedKids(endpoint);
  const stage = await openSignedIn(browser, endpoint, "keys");
  const { page } = stage;
  const picture = page.getByRole("img", { name: "The signing keys on a time line" });
  await picture.waitFor();
  const table = page.getByRole("table", { name: "The signing keys" });
  expect(await picture.getAttribute("aria-describedby")).toBe(await table.getAttribute("id"));
  const shown = await picture.locator("text").allTextContents();
  for (const kid of published) {
    expect(shown).toContain(kid);
    expect(await table.getByRole("row", { name: kid }).count()).toBe(1);
  }
  expect(await table.getByRole("row", { name: published[0] ?? "" }).textContent()).toMatch(/RS256.*signs.*retires in/);
  expect(await table.getByRole("row", { name: published[1] ?? "" }).textContent()).toMatch(/next.*published/);
  await page.getByText("All goes by its dates.").waitFor();
  await stage.expectAccessible();
  await stage.close();
});

test("a rotation is asked for by keys alone, says when it is too soon, and is forced only after a second question", async ({
  skip,
}) => {
  browser.need({ skip });
  const worker = await startWorker();
  const before = await publishedKids(worker.endpoint);
  const stage = await openSignedIn(browser, worker.endpoint, "keys");
  const { page } = stage;
  await page.getByRole("button", { name: "Rotate now" }).press("Enter");
  const question = page.getByRole("dialog", { name: "Drop the key that signs now?" });
  await stage.expectAccessible();
  await question.getByRole("button", { name: "Rotate" }).press("Enter");
  await question.getByText(/It may sign in 2\d minutes\.$/).waitFor();
  await stage.expectAccessible();
  expect(await publishedKids(worker.endpoint)).toEqual(before);
  await question.getByRole("button", { name: "Do not wait" }).press("Enter");
  const force = page.getByRole("dialog", { name: "Rotate by force?" });
  const button = force.getByRole("button", { name: "Rotate by force" });
  expect(await force.textContent()).toContain("all living tokens end");
  expect(await button.isDisabled()).toBe(true);
  await stage.expectAccessible();
  await force.getByLabel("Type force").fill("force");
  await button.press("Enter");
  await force.waitFor({ state: "detached" });
  await page
    .getByRole("row", { name: before[1] ?? "" })
    .getByText("signs")
    .first()
    .waitFor();
  expect((await publishedKids(worker.endpoint))[0]).toBe(before[1]);
  expect(await page.getByRole("row", { name: before[0] ?? "" }).count()).toBe(0);
  await stage.close();
  await worker.stop();
});

test("whoever may only look is offered no rotation", async ({ skip }) => {
  browser.need({ skip });
  const reader = { accessKeyId: "reader", secretAccessKey: "a-secret-of-some-length" };
  const credential = { ...reader, operations: ["DescribeService", "DescribeKeyRing"] };
  const worker = await startWorker({ settings: { ADMIN_CREDENTIALS: JSON.stringify([credential]) } });
  const stage = await openConsole(browser, worker.endpoint, { route: "keys", secrets: [reader.secretAccessKey] });
  await signIn(stage, reader);
  await stage.page.getByRole("heading", { name: "Signing keys" }).waitFor();
  await expect.poll(async () => await stage.page.getByRole("button", { name: "Rotate now" }).count()).toBe(0);
  await stage.page.getByRole("table", { name: "The signing keys" }).waitFor();
  expect(await stage.page.getByRole("navigation", { name: "Pages" }).getByRole("link").allTextContents()).toEqual(
    expect.arrayContaining(["Signing keys", "Health"]),
  );
  await stage.expectAccessible();
  await stage.close();
  await worker.stop();
});
