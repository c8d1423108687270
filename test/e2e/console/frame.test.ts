/** What is around the pages of the console: signing in and out, the frame, the keyboard, and what is served. */
import { expect, inject, test } from "vitest";
import { LOCAL_CREDENTIAL } from "../../../src/development/local-credential.ts";
import { openConsole, openSignedIn, signIn, testBrowser } from "../../support/console-stage.ts";
import { startWorker } from "../../support/worker-process.ts";

const endpoint = inject("endpoint");
const browser = testBrowser();

test("a wrong secret is refused in words, and a good one leads to the page that was asked for", async ({ skip }) => {
  browser.need({ skip });
  const wrong = { ...LOCAL_CREDENTIAL, secretAccessKey: "another-secret-of-some-length" };
  const stage = await openConsole(browser, endpoint, { route: "no/such/page" });
  const { page } = stage;
  await stage.expectAccessible();
  await signIn(stage, wrong);
  const failure = page.getByRole("alert");
  await failure.getByText("InvalidSignatureException").waitFor();
  expect(await failure.textContent()).toContain("The secret access key is not that of this access key id.");
  expect(await failure.textContent()).toMatch(/Request [0-9a-f-]{36}/);
  await page.getByLabel("Secret access key").fill("");
  await stage.expectAccessible();
  await signIn(stage, LOCAL_CREDENTIAL);
  await page.getByRole("heading", { name: "No such page" }).waitFor();
  await stage.close();
});

test("a key is forgotten with the page, or with the tab, or when nobody has used it for half an hour", async ({
  skip,
}) => {
  browser.need({ skip });
  const stage = await openConsole(browser, endpoint);
  const { page } = stage;
  await page.clock.install();
  await page.reload();
  const navigation = page.getByRole("navigation", { name: "Pages" });
  const local = page.getByRole("button", { name: "Sign in with the local key" });
  await local.click();
  await navigation.waitFor();
  await page.reload();
  await local.waitFor();
  expect(await page.evaluate("sessionStorage.length")).toBe(0);

  await page.getByLabel("Keep for this tab").check();
  await local.click();
  await navigation.waitFor();
  await page.reload();
  await navigation.waitFor();
  expect(await page.evaluate("sessionStorage.length")).toBe(1);
  await page.clock.fastForward("29:00");
  await page.keyboard.press("Shift");
  await page.clock.fastForward("29:00");
  await navigation.waitFor();
  await page.clock.fastForward("02:00");
  await page.getByText("You were signed out after half an hour").waitFor();
  expect(await page.evaluate("sessionStorage.length")).toBe(0);

  await page.getByLabel("Keep for this tab").check();
  await local.click();
  await page.getByRole("button", { name: "Sign out" }).click();
  await local.waitFor();
  await page.reload();
  await local.waitFor();
  await stage.close();
});

test("a clock that is ten minutes wrong is corrected by the service's", async ({ skip }) => {
  browser.need({ skip });
  const stage = await openConsole(browser, endpoint);
  await stage.page.clock.install({ time: Date.now() + 600_000 });
  await stage.page.reload();
  await signIn(stage, LOCAL_CREDENTIAL);
  await stage.page.getByRole("heading", { name: "Identity pools" }).waitFor();
  await stage.page.getByText(/^\d+ shown/).waitFor();
  await stage.close();
});

test("a key of one's own is asked for where the local one is not good, and where the console is off it says so", async ({
  skip,
}) => {
  browser.need({ skip });
  const own = { accessKeyId: "mine", secretAccessKey: "a-secret-of-some-length" };
  const settings = { ADMIN_CREDENTIALS: JSON.stringify([{ ...own, operations: ["GetIdentityPoolRoles"] }]) };
  const [restricted, off] = await Promise.all([
    startWorker({ settings }),
    startWorker({ settings: { CONSOLE: "off" } }),
  ]);
  const stage = await openConsole(browser, restricted.endpoint, { secrets: [own.secretAccessKey] });
  expect(await stage.page.getByRole("button").allTextContents()).toEqual(["Sign in"]);
  await signIn(stage, own);
  // What this key may not do is said where it is needed.
  await stage.page.getByText("AccessDeniedException").waitFor();
  expect(await stage.page.getByRole("alert").textContent()).toContain("name the operation ListIdentityPools");
  await stage.expectAccessible();
  await stage.close();
  const silent = await openConsole(browser, off.endpoint);
  await silent.page.getByText("The console is switched off here").waitFor();
  await silent.expectAccessible();
  await silent.close();
  await Promise.all([restricted.stop(), off.stop()]);
});

test("over plain http it refuses to be used, and names the address that it may be used at", async ({ skip }) => {
  browser.need({ skip });
  const stage = await openConsole(browser, endpoint);
  await stage.page.addInitScript("Object.defineProperty(globalThis, 'isSecureContext', { value: false })");
  await stage.page.reload();
  await stage.page.getByText(`Open https://${new URL(endpoint).host}/console/ instead.`).waitFor();
  expect(await stage.page.getByRole("textbox").count()).toBe(0);
  await stage.close();
});

test("a service that cannot be reached is said to be so, and asked again on demand", async ({ skip }) => {
  browser.need({ skip });
  const stage = await openSignedIn(browser, endpoint, "no/such/page");
  const { page } = stage;
  await page.route(`${endpoint}/`, async (route) => await route.abort());
  await page.getByRole("link", { name: "Identity pools" }).first().click();
  await page.getByText("The service could not be reached.").waitFor();
  await stage.expectAccessible();
  await page.unroute(`${endpoint}/`);
  await page.getByRole("button", { name: "Try again" }).click();
  await page.getByText(/^\d+ shown/).waitFor();
  await stage.close();
});

test("an answer that says when to come back is asked for again then, once", async ({ skip }) => {
  browser.need({ skip });
  const stage = await openSignedIn(browser, endpoint, "no/such/page");
  const { page } = stage;
  await page.clock.install();
  let calls = 0;
  await page.route(`${endpoint}/`, async (route) => {
    calls += 1;
    const headers = { "x-amzn-errortype": "TooManyRequestsException:", "retry-after": "3" };
    await route.fulfill({ status: 429, headers, body: JSON.stringify({ message: "Rate exceeded" }) });
  });
  await page.getByRole("link", { name: "Identity pools" }).first().click();
  await page.getByText("Asks again in 3 s.").waitFor();
  await page.clock.runFor(3000);
  await expect.poll(() => calls).toBe(2);
  await page.getByText("Asks again").waitFor({ state: "detached" });
  await page.clock.runFor(10_000);
  expect(calls).toBe(2);
  await stage.close();
});

test("a page whose files a deployment has taken away asks to load the console anew", async ({ skip }) => {
  browser.need({ skip });
  const stage = await openSignedIn(browser, endpoint, "no/such/page");
  const { page } = stage;
  await page.route("**/console/files/pools-*", async (route) => await route.fulfill({ status: 404 }));
  await page.getByRole("link", { name: "Identity pools" }).first().click();
  await page.getByText("There is probably a newer console").waitFor();
  await stage.expectAccessible();
  await page.unroute("**/console/files/pools-*");
  await page.getByRole("button", { name: "Reload" }).click();
  await page.getByRole("button", { name: "Sign in with the local key" }).click();
  await page.getByText(/^\d+ shown/).waitFor();
  await stage.close();
});

test("everything can be reached by keys, and a new page begins at its heading", async ({ skip }) => {
  browser.need({ skip });
  const stage = await openConsole(browser, endpoint, { route: "no/such/page" });
  const { page } = stage;
  const focused = async () => await page.evaluate<string>("document.activeElement.textContent");
  await page.getByRole("button", { name: "Sign in with the local key" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "No such page" }).waitFor();
  await expect.poll(focused).toBe("No such page");
  await page.keyboard.press("?");
  const dialog = page.getByRole("dialog", { name: "Keys" });
  await dialog.waitFor();
  await stage.expectAccessible();
  await page.keyboard.press("Escape");
  await dialog.waitFor({ state: "detached" });
  await page.keyboard.press("g");
  await page.keyboard.press("p");
  await page.getByRole("heading", { name: "Identity pools" }).waitFor();
  await expect.poll(focused).toBe("Identity pools");
  expect(await page.title()).toBe("Identity pools · Edgepool");
  const skipLink = page.getByRole("link", { name: "Skip to the page" });
  await skipLink.focus();
  for (const next of ["Edgepool", "Sign out", "Identity pools"]) {
    await page.keyboard.press("Tab");
    await expect.poll(focused).toBe(next);
  }
  await skipLink.focus();
  await page.keyboard.press("Enter");
  expect(await page.evaluate("document.activeElement.tagName")).toBe("MAIN");
  await stage.close();
});

test("all of it fits 320 pixels", async ({ skip }) => {
  browser.need({ skip });
  const stage = await openSignedIn(browser, endpoint, "pools", { viewport: { width: 320, height: 640 } });
  await stage.page.getByText(/^\d+ shown/).waitFor();
  expect(await stage.page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(320);
  await stage.expectAccessible();
  await stage.close();
});
