/** The console's page of one identity: what is shown of it, and what can be done to it. */
import { DescribeIdentityCommand } from "@aws-sdk/client-cognito-identity";
import { expect, inject, test } from "vitest";
import { adminClient, linkedProviders } from "../../support/cognito-clients.ts";
import { openSignedIn, testBrowser } from "../../support/console-stage.ts";
import { DEVELOPER_PROVIDER, liveALife } from "../../support/lived-identity.ts";

const endpoint = inject("endpoint");
const identityPoolId = inject("identityPoolId");
const admin = adminClient(endpoint);
const browser = testBrowser();

test("an identity's logins, and the picture of its life with the table that says the same", async ({ skip }) => {
  browser.need({ skip });
  const { identityId, absorbedId, providerName, subject, developerUser } = await liveALife(endpoint, identityPoolId);
  const stage = await openSignedIn(browser, endpoint, `identity/${identityId}`);
  const { page } = stage;
  await page.getByText("Authenticated", { exact: true }).waitFor();
  await page
    .getByRole("row", { name: providerName })
    .first()
    .getByText(/^[0-9a-f]{12}$/)
    .waitFor();
  await page.getByRole("row", { name: DEVELOPER_PROVIDER }).getByRole("code").getByText(developerUser).waitFor();
  expect(await page.content()).not.toContain(subject);

  const picture = page.getByRole("img", { name: "The life of this identity" });
  const drawn = await picture.locator("text").allTextContents();
  expect(drawn).toEqual(
    expect.arrayContaining(["born", "absorbed", providerName, DEVELOPER_PROVIDER, absorbedId, "now"]),
  );
  const told = page.getByRole("table", { name: "What happened to this identity, oldest first" });
  expect(await picture.getAttribute("aria-describedby")).toBe(await told.getAttribute("id"));
  expect(await told.getByRole("row").allTextContents()).toEqual([
    expect.stringContaining("What"),
    expect.stringMatching(/Born$/),
    expect.stringMatching(new RegExp(`Linked${providerName}$`)),
    expect.stringMatching(new RegExp(`Linked${DEVELOPER_PROVIDER}$`)),
    expect.stringMatching(new RegExp(`Absorbed another identity${absorbedId}$`)),
  ]);
  await page.getByText("As JSON", { exact: true }).click();
  expect(await page.getByLabel("As JSON").textContent()).toContain('"Standing": "authenticated"');
  await page.getByText("As command", { exact: true }).click();
  expect(await page.getByLabel("As command").textContent()).toContain("Edgepool.DescribeIdentityInFull");
  await stage.expectAccessible();

  await told.getByRole("link", { name: absorbedId }).click();
  await page.getByText("Merged into another", { exact: true }).waitFor();
  await page.getByRole("link", { name: identityId }).first().waitFor();
  await stage.expectAccessible();
  await stage.close();
});

test("a pointer that follows a lane of the picture comes to the other identity", async ({ skip }) => {
  browser.need({ skip });
  const { identityId, absorbedId } = await liveALife(endpoint, identityPoolId);
  const stage = await openSignedIn(browser, endpoint, `identity/${identityId}`);
  await stage.page.locator(".life .join text").click();
  await stage.page.getByText("Merged into another", { exact: true }).waitFor();
  expect(new URL(stage.page.url()).hash).toBe(`#identity/${absorbedId}`);
  await stage.close();
});

test("a developer's user is unlinked, and the identity deleted, by keys alone and after a question", async ({
  skip,
}) => {
  browser.need({ skip });
  const { identityId, providerName, developerUser } = await liveALife(endpoint, identityPoolId);
  const stage = await openSignedIn(browser, endpoint, `identity/${identityId}`);
  const { page } = stage;
  await page.getByRole("button", { name: `Unlink ${developerUser}` }).press("Enter");
  const question = page.getByRole("dialog", { name: "Unlink this user?" });
  await question.waitFor();
  await stage.expectAccessible();
  await page.keyboard.press("Escape");
  await question.waitFor({ state: "detached" });
  expect(await linkedProviders(admin, identityId)).toEqual([providerName, DEVELOPER_PROVIDER].toSorted());
  await page.getByRole("button", { name: `Unlink ${developerUser}` }).press("Enter");
  await question.getByRole("button", { name: "Unlink" }).press("Enter");
  await page.getByRole("cell", { name: "Unlinked" }).waitFor();
  expect(await linkedProviders(admin, identityId)).toEqual([providerName]);

  await page.getByRole("button", { name: "Delete" }).press("Enter");
  const deletion = page.getByRole("dialog", { name: "Delete this identity?" });
  expect(await deletion.textContent()).toContain("Its 1 login is free again");
  await deletion.getByRole("button", { name: "Delete" }).press("Enter");
  await page.getByRole("cell", { name: "Deleted" }).waitFor();
  await expect(admin.send(new DescribeIdentityCommand({ IdentityId: identityId }))).rejects.toThrow("not found");
  expect(await page.getByRole("button", { name: "Delete" }).count()).toBe(0);
  await stage.expectAccessible();
  await stage.close();
});

test("an identity is disabled, shown as such, and enabled again, each after a question", async ({ skip }) => {
  browser.need({ skip });
  const { identityId } = await liveALife(endpoint, identityPoolId);
  const stage = await openSignedIn(browser, endpoint, `identity/${identityId}`);
  const { page } = stage;
  const choose = async (verb: string) => {
    await page.getByRole("button", { name: verb }).press("Enter");
    const question = page.getByRole("dialog", { name: `${verb} this identity?` });
    await stage.expectAccessible();
    await question.getByRole("button", { name: verb }).press("Enter");
    await page.getByRole("cell", { name: `${verb}d` }).waitFor();
  };
  await choose("Disable");
  await page.getByText("Disabled (authenticated)", { exact: true }).waitFor();
  expect(await page.getByRole("main").getByRole("link", { name: "Mint a token" }).count()).toBe(0);
  await expect(linkedProviders(admin, identityId)).resolves.not.toEqual([]);
  await stage.expectAccessible();
  await choose("Enable");
  await page.getByText("Authenticated", { exact: true }).waitFor();
  await page.getByRole("main").getByRole("link", { name: "Mint a token" }).waitFor();
  await stage.close();
});

test("what is under way is said, with whom, and that it ends by itself", async ({ skip }) => {
  browser.need({ skip });
  const { identityId, absorbedId } = await liveALife(endpoint, identityPoolId);
  const stage = await openSignedIn(browser, endpoint, "no/such/page");
  const { page } = stage;
  // It is over within moments, too soon to be looked at: what the service says then is put into its answer.
  await page.route(`${endpoint}/`, async (route) => {
    if (route.request().headers()["x-amz-target"] !== "Edgepool.DescribeIdentityInFull") return await route.continue();
    const response = await route.fetch();
    const Since = Date.now() / 1000 - 120;
    const Transaction = { Phase: "committed", StartedAt: Since, WantedLogins: 2, Absorbed: [], Unsettled: 1 };
    const Freeze = { Coordinator: absorbedId, Since };
    const Owed = [{ Kind: "release", To: "0123456789ab" }, { Kind: "update-listing" }];
    await route.fulfill({ response, json: { ...(await response.json()), Transaction, Freeze, Owed } });
  });
  await page.evaluate((id) => void (location.hash = `identity/${id}`), identityId);
  const items = page.locator(".notice li");
  await expect
    .poll(async () => await items.allTextContents())
    .toEqual([
      "A link of 2 logins is committed, begun 2 minutes ago; still to hear of its end: 1.",
      `Stands still since 2 minutes ago, while ${absorbedId} absorbs it.`,
      "Others have still to hear: release to 0123456789ab, update-listing to the pool's list.",
    ]);
  await stage.expectAccessible();
  await stage.close();
});

test("a token is minted for the identity from its page", async ({ skip }) => {
  browser.need({ skip });
  const { identityId } = await liveALife(endpoint, identityPoolId);
  const stage = await openSignedIn(browser, endpoint, `identity/${identityId}`);
  const { page } = stage;
  await page.getByRole("main").getByRole("link", { name: "Mint a token" }).click();
  await page.getByRole("heading", { level: 1, name: "Mint a token" }).waitFor();
  expect(await page.getByLabel("Identity id, if it is known").inputValue()).toBe(identityId);
  await expect.poll(async () => await page.getByLabel("Identity pool").inputValue()).toBe(identityPoolId);
  await stage.close();
});

test("an identity is saved as JSON", async ({ skip }) => {
  browser.need({ skip });
  const { identityId } = await liveALife(endpoint, identityPoolId);
  const stage = await openSignedIn(browser, endpoint, `identity/${identityId}`);
  const saved = stage.page.waitForEvent("download");
  await stage.page.getByRole("button", { name: "Export as JSON" }).click();
  const download = await saved;
  expect(download.suggestedFilename()).toBe(`${identityId.replace(":", "-")}.json`);
  const chunks = await Array.fromAsync(await download.createReadStream());
  expect(JSON.parse(Buffer.concat(chunks as Buffer[]).toString())).toMatchObject({ IdentityId: identityId });
  await stage.close();
});

test("an id that nobody has says so, and all of a page fits 320 pixels", async ({ skip }) => {
  browser.need({ skip });
  const stage = await openSignedIn(browser, endpoint, "identity/us-east-1:00000000-0000-4000-8000-000000000000", {
    viewport: { width: 320, height: 640 },
  });
  await stage.page.getByRole("alert").getByText("ResourceNotFoundException").waitFor();
  await stage.expectAccessible();
  const { identityId } = await liveALife(endpoint, identityPoolId);
  await stage.page.evaluate((id) => void (location.hash = `identity/${id}`), identityId);
  await stage.page.getByText("Authenticated", { exact: true }).waitFor();
  expect(await stage.page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(320);
  await stage.expectAccessible();
  await stage.close();
});
