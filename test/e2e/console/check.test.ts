/** The console's login check: why a token is refused, rule by rule. */
import type { Locator, Page } from "playwright-core";
import { expect, inject, test } from "vitest";
import { choosePool, openSignedIn, testBrowser } from "../../support/console-stage.ts";
import { signIn } from "../../support/development-sign-in.ts";

const endpoint = inject("endpoint");
const identityPoolId = inject("identityPoolId");
const browser = testBrowser();

function rowOf(page: Page, rule: string): Locator {
  return page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: rule, exact: true }) });
}

test("a good login passes every rule, and its provider is filled in by the token", async ({ skip }) => {
  browser.need({ skip });
  const { providerName, token } = await signIn(endpoint, "alice");
  const stage = await openSignedIn(browser, endpoint, "check");
  const { page } = stage;
  await choosePool(page, identityPoolId);
  await stage.expectAccessible();
  await page.getByLabel("Login token").fill(token);
  expect(await page.getByLabel("Provider").inputValue()).toBe(providerName);
  await page.getByRole("button", { name: "Check", exact: true }).click();
  await page.getByRole("heading", { name: "Accepted" }).waitFor();
  const outcomes = await page.getByRole("row").getByText("Passed").count();
  expect(outcomes).toBe((await page.getByRole("row").count()) - 1);
  expect(await page.getByRole("table").getByText("nothing", { exact: true }).count()).toBe(0);
  await page.getByText("As JSON").click();
  await page.getByText("As command").click();
  expect(await page.getByLabel("As command").textContent()).toContain("X-Amz-Target: Edgepool.CheckLogin");
  await stage.expectAccessible();
  await stage.close();
});

test("a forged login is refused by its signature, all by the keyboard", async ({ skip }) => {
  browser.need({ skip });
  const { token } = await signIn(endpoint, "bob");
  const forged = `${token.slice(0, -10)}AAAAAAAAAA`;
  const stage = await openSignedIn(browser, endpoint, "check");
  const { page } = stage;
  await choosePool(page, identityPoolId);
  await page.getByLabel("Identity pool id").focus();
  await page.keyboard.press("Tab");
  await page.keyboard.insertText(forged);
  await page.keyboard.press("Tab");
  await page.keyboard.press("Tab");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Refused" }).waitFor();
  const verdict = page.getByRole("region", { name: "Result" });
  await verdict.getByText("Couldn't verify signed token.").first().waitFor();
  const row = rowOf(page, "signature");
  expect(await row.textContent()).toContain("Failed");
  await page.getByRole("status").getByText("Refused").waitFor({ state: "attached" });
  await stage.expectAccessible();
  await stage.close();
});

test("the claim that is wrong stands beside the one that was expected", async ({ skip }) => {
  browser.need({ skip });
  const part = (content: object) => Buffer.from(JSON.stringify(content)).toString("base64url");
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: "https://accounts.google.com", aud: "somebody-else", sub: "bob", iat: now, exp: now + 60 };
  const stage = await openSignedIn(browser, endpoint, "check");
  const { page } = stage;
  await choosePool(page, identityPoolId);
  await page.getByLabel("Login token").fill(`${part({ alg: "RS256" })}.${part(claims)}.c2ln`);
  await page.getByRole("button", { name: "Check", exact: true }).click();
  await page.getByRole("heading", { name: "Refused" }).waitFor();
  const row = await rowOf(page, "audience").textContent();
  expect(row).toContain("example.apps.googleusercontent.com");
  expect(row).toContain("somebody-else");
  expect(await rowOf(page, "signature").textContent()).toContain("Not reached");
  await stage.expectToFit();
  await stage.close();
});

test("a pool that is not there is said to be missing, in the words of the service", async ({ skip }) => {
  browser.need({ skip });
  const stage = await openSignedIn(browser, endpoint, "check");
  const { page } = stage;
  await choosePool(page, "us-east-1:00000000-0000-4000-8000-000000000000");
  await page.getByLabel("Login token").fill("x");
  await page.getByLabel("Provider").fill("accounts.google.com");
  await page.getByRole("button", { name: "Check", exact: true }).click();
  await page.getByRole("alert").getByText("ResourceNotFoundException").waitFor();
  await stage.expectAccessible();
  await stage.close();
});
