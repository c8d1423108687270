/** The console's token inspector: what a token says, and whether this service has signed it. */
import { expect, inject, test } from "vitest";
import { appClient, getId, getOpenIdToken } from "../../support/cognito-clients.ts";
import { openSignedIn, testBrowser } from "../../support/console-stage.ts";
import { runProgram } from "../../support/debian-tools.ts";
import { signIn } from "../../support/development-sign-in.ts";

const endpoint = inject("endpoint");
const identityPoolId = inject("identityPoolId");
const browser = testBrowser();

async function guestToken() {
  const app = appClient(endpoint);
  const identityId = await getId(app, identityPoolId);
  return await getOpenIdToken(app, identityId);
}

test("a guest's token is genuine, of the demo pool, and told in words; the command verifies it, too", async ({
  skip,
}) => {
  browser.need({ skip });
  const { identityId, token } = await guestToken();
  const stage = await openSignedIn(browser, endpoint, "inspect");
  const { page } = stage;
  await page.getByText("Paste a token, or mint one.").waitFor();
  await stage.expectAccessible();
  await page.getByLabel("Token", { exact: true }).fill(`\n${token} `);
  await page.getByRole("heading", { name: "Genuine, and good now" }).waitFor();
  expect(await page.getByRole("row", { name: "Signature" }).textContent()).toContain("Genuine");
  await page.getByRole("row", { name: "Audience" }).getByRole("link", { name: "Edgepool demo" }).waitFor();
  await page.getByRole("link", { name: identityId }).waitFor();
  await page.getByText("a guest: nobody has logged in").waitFor();
  await page.getByText("As command").click();
  await stage.expectAccessible();
  const command = (await page.getByLabel("As command").textContent()) ?? "";
  const { code, stdout } = await runProgram("sh", ["-c", command], { PATH: process.env["PATH"] ?? "" });
  expect([code, stdout]).toEqual([0, expect.stringContaining(identityId)]);
  await stage.expectToFit();
  await stage.close();
});

test("a forged token is shown as forged, and one of a provider is sent to the login check", async ({ skip }) => {
  browser.need({ skip });
  const { token } = await guestToken();
  const [header, , signature] = token.split(".");
  const claims = Buffer.from(JSON.stringify({ sub: "us-east-1:somebody-else" })).toString("base64url");
  const stage = await openSignedIn(browser, endpoint, "inspect");
  const { page } = stage;
  const field = page.getByLabel("Token", { exact: true });
  await field.fill(`${header}.${claims}.${signature}`);
  await page.getByRole("heading", { name: "Forged" }).waitFor();
  await page.getByText("Believe nothing of it.").waitFor();
  expect(await page.getByRole("table").first().textContent()).not.toContain("This service");
  await stage.expectAccessible();
  await field.fill("not.a.token");
  await page.getByRole("alert").getByText("No token").waitFor();
  const login = await signIn(endpoint, "alice");
  await field.fill(login.token);
  await page.getByRole("heading", { name: "Not of this service" }).waitFor();
  await page.getByRole("button", { name: "Check it as a login" }).click();
  await page.getByRole("heading", { name: "Login check" }).waitFor();
  expect(await page.getByLabel("Login token").inputValue()).toBe(login.token);
  expect(page.url()).not.toContain(login.token.slice(0, 20));
  await stage.close();
});

test("a token whose time is over is genuine, and over", async ({ skip }) => {
  browser.need({ skip });
  const { token } = await guestToken();
  const stage = await openSignedIn(browser, endpoint, "inspect");
  const { page } = stage;
  await page.clock.install({ time: Date.now() + 3_600_000 });
  await page.getByLabel("Token", { exact: true }).fill(token);
  await page.getByRole("heading", { name: "Genuine, but over" }).waitFor();
  expect(await page.getByRole("row", { name: "Life" }).textContent()).toContain("It was good until");
  await stage.close();
});
