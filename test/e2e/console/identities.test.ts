/** The console's list of the identities of a pool. */
import { DeleteIdentityPoolCommand } from "@aws-sdk/client-cognito-identity";
import { expect, inject, test } from "vitest";
import { adminClient, appClient, createPool, getId, linkedProviders } from "../../support/cognito-clients.ts";
import { openSignedIn, testBrowser } from "../../support/console-stage.ts";
import { loginsOf } from "../../support/development-sign-in.ts";

const endpoint = inject("endpoint");
const providerName = inject("providerName");
const demoPool = inject("identityPoolId");
const admin = adminClient(endpoint);
const app = appClient(endpoint);
const browser = testBrowser();

test("a pool without identities says so, and a guest is made by one button", async ({ skip }) => {
  browser.need({ skip });
  const pool = await createPool(admin);
  const stage = await openSignedIn(browser, endpoint, `pool/${pool}/identities`);
  const { page } = stage;
  await page.getByText("No identity yet.").waitFor();
  await stage.expectAccessible();
  await page.getByRole("button", { name: "Make a guest" }).click();
  await page.getByText("1 shown").waitFor();
  const id = (await page.getByRole("row").nth(1).getByRole("link").textContent()) ?? "";
  expect(await linkedProviders(admin, id)).toEqual([]);
  await page.getByRole("status").getByText(`Made the guest ${id}`).waitFor();
  await stage.close();
});

test("a pool that allows no guests refuses one in the service's words", async ({ skip }) => {
  browser.need({ skip });
  const pool = await createPool(admin, { AllowUnauthenticatedIdentities: false });
  const stage = await openSignedIn(browser, endpoint, `pool/${pool}/identities`);
  await stage.page.getByRole("button", { name: "Make a guest" }).click();
  await stage.page.getByRole("alert").getByText("NotAuthorizedException").waitFor();
  await stage.expectAccessible();
  await stage.close();
});

test("an identity is shown with its logins, and the chosen ones are deleted", async ({ skip }) => {
  browser.need({ skip });
  const pool = await createPool(admin, { SupportedLoginProviders: { [providerName]: "edgepool-development" } });
  const guests = [await getId(app, pool), await getId(app, pool)];
  const user = await getId(app, pool, await loginsOf(endpoint, "alice"));
  const stage = await openSignedIn(browser, endpoint, `pool/${pool}/identities`);
  const { page } = stage;
  await page.getByText("3 shown").waitFor();
  expect(await page.getByRole("row", { name: user }).textContent()).toContain(`Authenticated${providerName}`);
  expect(await page.getByRole("row", { name: guests[0] ?? "" }).textContent()).toContain("Guest, closed or mergednone");
  expect(await page.getByRole("button", { name: "Delete the chosen" }).isDisabled()).toBe(true);
  for (const id of guests) await page.getByRole("checkbox", { name: id }).check();
  await stage.expectAccessible();
  await page.getByRole("button", { name: "Delete 2" }).click();
  const dialog = page.getByRole("dialog", { name: "Delete these 2 identities?" });
  await dialog.waitFor();
  await stage.expectAccessible();
  // Nothing is done by whoever turns away.
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Delete 2" }).click();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await dialog.waitFor({ state: "detached" });
  expect(await page.evaluate("document.activeElement.textContent")).toBe("Delete 2");
  await page.getByText("3 shown").waitFor();
  await page.getByRole("button", { name: "Delete 2" }).click();
  await dialog.getByRole("button", { name: "Delete" }).click();
  await page.getByText("1 shown").waitFor();
  expect(await page.getByRole("row").nth(1).getByRole("link").textContent()).toBe(user);
  // What asked for it may be gone: the focus is where the page begins.
  await expect.poll(async () => await page.evaluate("document.activeElement.textContent")).toBe("Identities");
  await stage.close();
});

test("identities are sixty a page, there and back, all on a page are chosen at once, and disabled ones are hidden", async ({
  skip,
}) => {
  browser.need({ skip });
  const pool = await createPool(admin);
  await Promise.all(Array.from({ length: 61 }, async () => await getId(app, pool)));
  const stage = await openSignedIn(browser, endpoint, `pool/${pool}/identities`);
  const { page } = stage;
  await page.getByText("60 shown, more exist").waitFor();
  await page.getByRole("checkbox", { name: "Choose all that are shown" }).check();
  await page.getByRole("button", { name: "Delete 60" }).waitFor();
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByText("1 shown").waitFor();
  // What is out of sight is not deleted with the rest.
  expect(await page.getByRole("button", { name: "Delete the chosen" }).isDisabled()).toBe(true);
  await page.getByRole("button", { name: "Back" }).click();
  await page.getByText("60 shown, more exist").waitFor();
  // A last page on which nothing is left leads to the one before it.
  await page.getByRole("button", { name: "Next" }).click();
  await page.getByText("1 shown", { exact: true }).waitFor();
  await page.getByRole("checkbox", { name: "Choose all that are shown" }).check();
  await page.getByRole("button", { name: "Delete 1" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("60 shown", { exact: true }).waitFor();
  const asked = page.waitForRequest((request) => request.postData()?.includes('"HideDisabled":true') === true);
  await page.getByLabel("Hide disabled ones").check();
  await asked;
  await stage.close();
});

test("a pool that is deleted meanwhile is said to be gone, once", async ({ skip }) => {
  browser.need({ skip });
  const pool = await createPool(admin);
  const stage = await openSignedIn(browser, endpoint, `pool/${pool}/identities`);
  const { page } = stage;
  await page.getByText("No identity yet.").waitFor();
  await admin.send(new DeleteIdentityPoolCommand({ IdentityPoolId: pool }));
  await page.getByRole("button", { name: "Make a guest" }).click();
  await page.getByText("ResourceNotFoundException").waitFor();
  expect(await page.getByRole("alert").count()).toBe(1);
  expect(await page.getByRole("button", { name: "Make a guest" }).count()).toBe(0);
  await stage.close();
});

test("an identity is found by its id from the keyboard", async ({ skip }) => {
  browser.need({ skip });
  const stage = await openSignedIn(browser, endpoint, `pool/${demoPool}/identities`);
  const { page } = stage;
  await page.getByText("shown").waitFor();
  await page.keyboard.press("/");
  const id = await getId(app, demoPool);
  await page.keyboard.type(` ${id} `);
  await page.keyboard.press("Enter");
  await expect.poll(() => page.url()).toBe(`${endpoint}/console/#identity/${id}`);
  await page.goBack();
  await page.getByText("shown").waitFor();
  await page.getByLabel("Find by identity id").fill("no/id");
  await page.getByRole("button", { name: "Find", exact: true }).click();
  await page.getByText("ValidationException").waitFor();
  await stage.close();
});
