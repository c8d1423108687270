/** The console's live mint: the calls of an app, each with what it was answered. */
import type { Page } from "playwright-core";
import { expect, inject, test } from "vitest";
import { adminClient, appClient, createPool, getId } from "../../support/cognito-clients.ts";
import { choosePool, openSignedIn, testBrowser } from "../../support/console-stage.ts";
import { runProgram } from "../../support/debian-tools.ts";
import { loginsOf, signIn } from "../../support/development-sign-in.ts";

const endpoint = inject("endpoint");
const identityPoolId = inject("identityPoolId");
const browser = testBrowser();

test("alice signs in, and her token is minted and inspected; the copied command finds the same identity", async ({
  skip,
}) => {
  browser.need({ skip });
  const stage = await openSignedIn(browser, endpoint, "mint");
  const { page } = stage;
  await choosePool(page, identityPoolId);
  await stage.expectAccessible();
  await page.getByLabel("Sign in at the development issuer as").fill("alice");
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByLabel("Provider").waitFor();
  await page.getByRole("button", { name: "Mint", exact: true }).click();
  await page.getByRole("heading", { name: "2. GetOpenIdToken" }).waitFor();
  await page.getByRole("button", { name: "Inspect the token" }).waitFor();
  const identityId =
    (await page
      .getByRole("link", { name: /^us-east-1:/ })
      .first()
      .textContent()) ?? "";
  for (const name of ["Request", "Answer"]) await page.getByText(name, { exact: true }).first().click();
  await stage.expectAccessible();
  await page.getByRole("button", { name: "Copy as curl" }).first().click();
  const command = await page.evaluate("navigator.clipboard.readText()");
  const { stdout } = await runProgram("sh", ["-c", String(command)]);
  expect(JSON.parse(stdout)).toEqual({ IdentityId: identityId });
  await page.getByRole("button", { name: "Inspect the token" }).click();
  await page.getByRole("heading", { name: "Genuine, and good now" }).waitFor();
  await page.getByText("a login at").waitFor();
  // Long as amr is, what it means stands beside it.
  expect(
    await page
      .locator(".table")
      .last()
      .evaluate((box) => box.scrollWidth <= box.clientWidth),
  ).toBe(true);
  await stage.close();
});

test("a guest is made without a login, and the secret of AWS credentials is not shown", async ({ skip }) => {
  browser.need({ skip });
  const stage = await openSignedIn(browser, endpoint, "mint");
  const { page } = stage;
  await choosePool(page, identityPoolId);
  await page.getByText("None: a guest.").waitFor();
  await page.getByLabel("AWS credentials").check();
  await page.getByRole("button", { name: "Get credentials" }).click();
  await page.getByRole("button", { name: "Copy as environment variables" }).click();
  const copied = String(await page.evaluate("navigator.clipboard.readText()"));
  const secret = /AWS_SECRET_ACCESS_KEY=(\S+)/.exec(copied)?.[1] ?? "";
  expect(secret.length).toBeGreaterThan(16);
  await page.getByText("Answer", { exact: true }).last().click();
  await page.getByText('"AccessKeyId"').waitFor();
  expect(await page.content()).not.toContain(secret);
  await stage.close();
});

test("a login that is refused leads to the check of it, with all that was entered", async ({ skip }) => {
  browser.need({ skip });
  const { providerName, token } = await signIn(endpoint, "bob");
  const forged = `${token.slice(0, -10)}AAAAAAAAAA`;
  const stage = await openSignedIn(browser, endpoint, "mint");
  const { page } = stage;
  await choosePool(page, identityPoolId);
  await page.getByRole("button", { name: "Add a login token" }).click();
  await page.getByLabel("Login token").fill(forged);
  await page.getByRole("button", { name: "Mint", exact: true }).click();
  await page.getByRole("alert").getByText("NotAuthorizedException").waitFor();
  await stage.expectAccessible();
  await stage.expectToFit();
  await page.getByRole("button", { name: "Check this login, rule by rule" }).click();
  await page.getByRole("heading", { name: "Login check" }).waitFor();
  expect(await page.getByLabel("Provider").inputValue()).toBe(providerName);
  await page.getByRole("button", { name: "Check", exact: true }).click();
  await page.getByRole("heading", { name: "Refused" }).waitFor();
  await stage.close();
});

test("a login row is removed, and a known guest is linked by its id", async ({ skip }) => {
  browser.need({ skip });
  const stage = await openSignedIn(browser, endpoint, "mint");
  const { page } = stage;
  await choosePool(page, identityPoolId);
  await page.getByRole("button", { name: "Add a login token" }).click();
  await page.getByRole("button", { name: "Remove login 1" }).click();
  await page.getByRole("button", { name: "Mint", exact: true }).click();
  await page.getByRole("button", { name: "Inspect the token" }).waitFor();
  const guest =
    (await page
      .getByRole("link", { name: /^us-east-1:/ })
      .first()
      .textContent()) ?? "";
  await page.getByLabel("Identity id, if it is known").fill(guest);
  const signInField = page.getByLabel("Sign in at the development issuer as");
  await signInField.fill(`linked-${guest.slice(-12)}`);
  // Signs in, and mints nothing for a guest.
  await signInField.press("Enter");
  await page.getByLabel("Provider").waitFor();
  const mint = page.getByRole("button", { name: "Mint", exact: true });
  await mint.press("Enter");
  await page.getByRole("heading", { name: "1. GetOpenIdToken" }).waitFor();
  await page.getByRole("button", { name: "Inspect the token" }).waitFor();
  expect(await mint.evaluate((button) => button === document.activeElement)).toBe(true);
  expect(await page.getByRole("link", { name: /^us-east-1:/ }).textContent()).toBe(guest);
  await stage.close();
});

test("two logins of alice, one of them vouched for by the backend, are of one identity", async ({ skip }) => {
  browser.need({ skip });
  const stage = await openSignedIn(browser, endpoint, "mint");
  const { page } = stage;
  await choosePool(page, identityPoolId);
  const name = `alice-${crypto.randomUUID()}`;
  await page.getByLabel("Sign in at the development issuer as").fill(name);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByLabel("Provider").waitFor();
  await page.getByLabel("User of your own backend").fill(name);
  await stage.expectAccessible();
  await page.getByRole("button", { name: "Mint", exact: true }).click();
  await page.getByRole("heading", { name: "1. GetOpenIdTokenForDeveloperIdentity" }).waitFor();
  await page.getByRole("button", { name: "Inspect the token" }).click();
  await page.getByRole("heading", { name: "Genuine, and good now" }).waitFor();
  expect(await page.getByText("a login at").count()).toBe(2);
  await stage.close();
});

test("a user of the backend who is somebody else's is told apart from a bad login", async ({ skip }) => {
  browser.need({ skip });
  const stage = await openSignedIn(browser, endpoint, "mint");
  const { page } = stage;
  await choosePool(page, identityPoolId);
  const name = crypto.randomUUID();
  const mint = page.getByRole("button", { name: "Mint", exact: true });
  await signInAs(page, `alice-${name}`);
  await page.getByLabel("User of your own backend").fill(`alice-${name}`);
  await mint.click();
  await page.getByRole("button", { name: "Inspect the token" }).waitFor();
  await page.getByLabel("User of your own backend").fill("");
  await signInAs(page, `bob-${name}`);
  await mint.click();
  await page.getByRole("heading", { name: "2. GetOpenIdToken" }).waitFor();
  await page.getByRole("button", { name: "Inspect the token" }).waitFor();
  await page.getByLabel("User of your own backend").fill(`alice-${name}`);
  await mint.click();
  await page.getByText("they are of different identities, and a call is for one").waitFor();
  expect(await page.getByText("Somebody else has changed it").count()).toBe(0);
  await stage.close();
});

/** On the mint page, with the development issuer's login of each of them in turn. */
async function signInAs(page: Page, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    await page.getByLabel("Sign in at the development issuer as").fill(name);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByText(`Signed in as ${name}`).waitFor();
  }
}

test("why bob is refused on alice's identity is said, with ways on; her login before his is said to be gone", async ({
  skip,
}) => {
  browser.need({ skip });
  const [alice, bob] = [`alice-${crypto.randomUUID()}`, `bob-${crypto.randomUUID()}`];
  const identityId = await getId(appClient(endpoint), identityPoolId, await loginsOf(endpoint, alice));
  const stage = await openSignedIn(browser, endpoint, `mint/${identityPoolId}/${identityId}`);
  const { page } = stage;
  await signInAs(page, alice, bob);
  await page.getByText("in place of who was there").waitFor();
  const mint = page.getByRole("button", { name: "Mint", exact: true });
  await mint.click();
  await page.getByText("It is not a login of this identity").waitFor();
  await page.getByRole("status").getByText("Refused", { exact: true }).waitFor({ state: "attached" });
  await stage.expectAccessible();
  const find = page.getByRole("button", { name: "Find the identity of the login" });
  await find.click();
  await page.getByText("No identity has this login yet").waitFor();
  await page.getByRole("button", { name: "Mint without the identity id" }).click();
  await page.getByRole("heading", { name: "2. GetOpenIdToken" }).waitFor();
  await page.getByRole("button", { name: "Inspect the token" }).waitFor();
  await page.getByLabel("Identity id, if it is known").fill(identityId);
  await mint.click();
  await find.click();
  await page.getByRole("heading", { name: "Identity", exact: true }).waitFor();
  expect(page.url()).not.toContain(identityId);
  await stage.close();
});

test("the check of a login that an identity has refused says that the login alone is good", async ({ skip }) => {
  browser.need({ skip });
  const logins = await loginsOf(endpoint, `alice-${crypto.randomUUID()}`);
  const identityId = await getId(appClient(endpoint), identityPoolId, logins);
  const stage = await openSignedIn(browser, endpoint, `mint/${identityPoolId}/${identityId}`);
  const { page } = stage;
  await signInAs(page, `bob-${crypto.randomUUID()}`);
  await page.getByRole("button", { name: "Mint", exact: true }).click();
  await page.getByRole("button", { name: "Check this login, rule by rule" }).click();
  await page.getByRole("button", { name: "Check", exact: true }).click();
  await page.getByText("the login alone is good").waitFor();
  await page.getByRole("link", { name: identityId }).waitFor();
  await stage.expectAccessible();
  await stage.close();
});

test("each login of a call that is refused can be checked", async ({ skip }) => {
  browser.need({ skip });
  const stage = await openSignedIn(browser, endpoint, "mint");
  const { page } = stage;
  await choosePool(page, identityPoolId);
  await signInAs(page, "alice");
  await page.getByRole("button", { name: "Add a login token" }).click();
  const second = page.getByRole("group", { name: "Login 2" });
  await second.getByLabel("Login token").fill("no-token");
  await second.getByLabel("Provider").fill("accounts.google.com");
  await page.getByRole("button", { name: "Mint", exact: true }).click();
  const checks = page.getByRole("button", { name: /^Check the login at/ });
  await checks.first().waitFor();
  expect(await checks.count()).toBe(2);
  await page.getByRole("button", { name: "Check the login at accounts.google.com" }).click();
  await page.getByRole("heading", { name: "Login check" }).waitFor();
  expect(await page.getByLabel("Provider").inputValue()).toBe("accounts.google.com");
  await stage.close();
});

test("a user of the backend gets AWS credentials for the token that the backend was given", async ({ skip }) => {
  browser.need({ skip });
  const stage = await openSignedIn(browser, endpoint, "mint");
  const { page } = stage;
  await choosePool(page, identityPoolId);
  await page.getByLabel("User of your own backend").fill(`user-${crypto.randomUUID()}`);
  await page.getByLabel("AWS credentials").check();
  await page.getByRole("button", { name: "Get credentials" }).click();
  await page.getByRole("heading", { name: "2. GetCredentialsForIdentity" }).waitFor();
  await page.getByRole("button", { name: "Copy as environment variables" }).waitFor();
  await stage.close();
});

test("the pool that was last looked at is the one to mint in", async ({ skip }) => {
  browser.need({ skip });
  const pool = await createPool(adminClient(endpoint), { AllowUnauthenticatedIdentities: true });
  const stage = await openSignedIn(browser, endpoint, `pool/${pool}/identities`);
  const { page } = stage;
  await page.getByRole("link", { name: "Mint a token" }).click();
  const chosen = async () =>
    await page.evaluate(() =>
      [...document.querySelectorAll("form select, form input")].map((field) => Reflect.get(field, "value")),
    );
  await expect.poll(chosen).toContain(pool);
  await stage.close();
});
