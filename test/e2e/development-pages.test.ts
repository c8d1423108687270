/** The first page and the sign-in page in a real Chromium: for every eye, by the keyboard alone, on a small screen, and without scripts. */
import { describe, expect, inject, test } from "vitest";
import { openConsole, type Stage, testBrowser } from "../support/console-stage.ts";
import { startWorker } from "../support/worker-process.ts";

const endpoint = inject("endpoint");
const SMALLEST = { viewport: { width: 320, height: 640 } };

const browser = testBrowser();

const buttonOf = ({ page }: Stage, name: string) => page.getByRole("button", { name, exact: true });

/** Moves on by Tab until the focus is there. */
async function tabTo({ page }: Stage, text: string): Promise<void> {
  const focused = async () => await page.evaluate(() => document.activeElement?.textContent?.trim());
  for (let count = 0; count < 50 && (await focused()) !== text; count++) await page.keyboard.press("Tab");
  expect(await focused()).toBe(text);
}

async function expectNarrow({ page }: Stage): Promise<void> {
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBeLessThanOrEqual(0);
}

async function enterName({ page }: Stage, name: string): Promise<void> {
  await page.getByLabel("Name").fill(name);
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: `Signed in as ${name}` }).waitFor();
}

describe("the first page", () => {
  test("is accessible in both schemes and fits 320 px, before and after a token was verified", async ({ skip }) => {
    browser.need({ skip });
    const stage = await openConsole(browser, endpoint, SMALLEST);
    await stage.page.goto(endpoint);
    await stage.expectAccessible();
    await buttonOf(stage, "Make a guest, and verify its token").click();
    await buttonOf(stage, "Write another identity into it, and verify again").click();
    await stage.page.getByText("it is forged").waitFor();
    await stage.page.getByText("With the AWS command line").click();
    await stage.expectAccessible();
    await expectNarrow(stage);
    await stage.close();
  });

  test("is used by the keyboard: a guest, a command copied, and on to the console", async ({ skip }) => {
    browser.need({ skip });
    const stage = await openConsole(browser, endpoint);
    const { page } = stage;
    await page.goto(endpoint);
    await tabTo(stage, "Make a guest, and verify its token");
    await page.keyboard.press("Enter");
    await buttonOf(stage, "Write another identity into it, and verify again").waitFor();
    await buttonOf(stage, "Copy: A guest").focus();
    await page.keyboard.press("Enter");
    await page.getByText("Copied").waitFor();
    expect(await page.evaluate(async () => await navigator.clipboard.readText())).toMatch(
      /^IDENTITY_ID=\$\(curl -sS http/,
    );
    await buttonOf(stage, "Make a guest, and verify its token").focus();
    await tabTo(stage, "Open it in the console");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/console\/#identity\/us-east-1:[0-9a-f-]{36}$/);
    await stage.close();
  });
});

describe("the sign-in page", () => {
  test("is accessible in both schemes and fits 320 px, in each of its states", async ({ skip }) => {
    browser.need({ skip });
    const stage = await openConsole(browser, endpoint, SMALLEST);
    const { page } = stage;
    await page.goto(`${endpoint}/development/issuer`);
    await stage.expectAccessible();
    await page.getByLabel("Name").fill(" ");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    await stage.expectAccessible();
    // Its style applies, which it never did while quotes in it were escaped.
    const border = await page.getByRole("alert").evaluate((alert) => getComputedStyle(alert).borderLeftWidth);
    expect(border).toBe("4px");
    await enterName(stage, "n".repeat(64));
    await buttonOf(stage, "Exchange it for an OpenID token").click();
    await buttonOf(stage, "Write another identity into it, and verify again").waitFor();
    await stage.expectAccessible();
    await expectNarrow(stage);
    await stage.close();
  });

  test("is used by the keyboard, from the name to the identity in the console", async ({ skip }) => {
    browser.need({ skip });
    const stage = await openConsole(browser, endpoint, { viewport: { width: 800, height: 400 } });
    const { page } = stage;
    await page.goto(`${endpoint}/development/issuer`);
    // The focus comes with the first frame, and not with the load of the page.
    await page.locator("#name:focus").waitFor();
    await page.keyboard.type("alice");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Signed in as alice" }).waitFor();
    // The heading is in sight: nothing below it takes the focus.
    expect(await page.evaluate(() => [scrollY, document.activeElement?.tagName])).toEqual([0, "BODY"]);
    await tabTo(stage, "Exchange it for an OpenID token");
    await page.keyboard.press("Enter");
    await buttonOf(stage, "Write another identity into it, and verify again").waitFor();
    await tabTo(stage, "Open it in the console");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/console\/#identity\/us-east-1:[0-9a-f-]{36}$/);
    await stage.close();
  });

  test("signs in without scripts, and has no button then that would need one", async ({ skip }) => {
    browser.need({ skip });
    const context = await browser.newContext({ javaScriptEnabled: false });
    const page = await context.newPage();
    await page.goto(`${endpoint}/development/issuer`);
    await page.getByLabel("Name").fill("alice");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Signed in as alice" }).waitFor();
    expect(await page.getByRole("button").allTextContents()).toEqual(["Sign in"]);
    await context.close();
  });

  test("works over https as well, policy and all", async ({ skip }) => {
    browser.need({ skip });
    const worker = await startWorker({ flags: ["--https"] });
    try {
      const stage = await openConsole(browser, worker.endpoint, { ignoreHTTPSErrors: true });
      await stage.page.goto(`${worker.endpoint}/development/issuer`);
      await enterName(stage, "alice");
      await buttonOf(stage, "Exchange it for an OpenID token").click();
      await stage.page.getByText("Signed in, by these providers.").waitFor();
      await stage.close();
    } finally {
      await worker.stop();
    }
  });
});
