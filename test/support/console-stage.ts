/**
 * The console of a running service in a real Chromium. What no page of it may ever do is collected while it runs, and is a failure
 * at its end: a report of the policy, a request to anybody else, an error in the browser's console, a key that lies around.
 */
import axe from "axe-core";
import { type Browser, type BrowserContext, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, expect, type TestContext } from "vitest";
import { LOCAL_CREDENTIAL } from "../../src/development/local-credential.ts";
import { CHROMIUM, missingChromium } from "./chromium.ts";
import { type Missing, need } from "./debian-tools.ts";

/** For a machine that is busy with much else. */
const PATIENCE_MS = 60_000;

type Key = typeof LOCAL_CREDENTIAL;

export type Stage = {
  readonly page: Page;
  /** Goes to a page of the console, as `pools`, and waits for its heading. */
  open(route: string): Promise<void>;
  /** No violation of accessibility in either scheme, as the page is now. */
  expectAccessible(): Promise<void>;
  /** Nothing is beside the page where it is 320 pixels wide; it stays so wide. */
  expectToFit(): Promise<void>;
  /** That nothing was done that no page may do, and the end of the page. */
  close(): Promise<void>;
};

/** The browser of a file's tests. */
export type TestBrowser = {
  /** At the beginning of a test: skips it where there is no Chromium, and fails it in CI. */
  need(context: Pick<TestContext, "skip">): void;
  newContext(options: BrowserContextOptions): Promise<BrowserContext>;
};

/** Called once at the head of a file: the browser is there before its first test, and gone after its last. */
export function testBrowser(): TestBrowser {
  let missing: Missing;
  let browser: Browser | undefined;
  beforeAll(async () => {
    missing = await missingChromium();
    if (missing !== undefined) return;
    browser = await chromium.launch({ executablePath: CHROMIUM, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
  });
  afterAll(async () => await browser?.close());
  return {
    need: (context) => need(context, missing),
    async newContext(options) {
      if (browser === undefined) throw new Error("there is no browser: a test begins by need()");
      return await browser.newContext(options);
    },
  };
}

/** The console before anybody has signed in. */
export async function openConsole(
  browser: TestBrowser,
  endpoint: string,
  options: BrowserContextOptions & { readonly route?: string; readonly secrets?: readonly string[] } = {},
): Promise<Stage> {
  const { route = "", secrets = [LOCAL_CREDENTIAL.secretAccessKey], ...contextOptions } = options;
  const context = await browser.newContext({ reducedMotion: "reduce", ...contextOptions });
  await context.grantPermissions(["clipboard-read", "clipboard-write"], { origin: endpoint });
  const page = await context.newPage();
  page.setDefaultTimeout(PATIENCE_MS);
  const misdeeds: string[] = [];
  page.on("request", (request) => {
    if (new URL(request.url()).origin !== endpoint) misdeeds.push(`asks ${request.url()}`);
  });
  page.on("pageerror", (error) => misdeeds.push(`throws ${error.stack ?? error.message}`));
  page.on("console", (message) => {
    // An answer with an error's status is one of the service's, and shown by the page.
    const isAnswer = message.text().startsWith("Failed to load resource");
    if (message.type() === "error" && !isAnswer) misdeeds.push(`says ${message.text()}`);
  });
  await page.exposeFunction("reportMisdeed", (text: string) => misdeeds.push(text));
  await page.addInitScript(`addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) =>
    reportMisdeed("violates " + violatedDirective + " by " + blockedURI));`);

  const expectNoSecret = async () => {
    const found = await page.evaluate((texts) => {
      const fields = [...document.querySelectorAll("input, textarea")].map((field) => Reflect.get(field, "value"));
      const shown = [document.documentElement.outerHTML, location.href, document.cookie, ...fields].join("\n");
      return [texts.filter((text) => shown.includes(text)).length, localStorage.length];
    }, secrets);
    expect(found).toEqual([0, 0]);
  };
  const stage: Stage = {
    page,
    async open(to) {
      await page.goto(`${endpoint}/console/#${to}`);
      await page.getByRole("heading", { level: 1 }).waitFor();
    },
    async expectAccessible() {
      await page.evaluate(axe.source);
      for (const colorScheme of ["light", "dark"] as const) {
        await page.emulateMedia({ colorScheme });
        const violations = await page.evaluate(async () => {
          const judge = Reflect.get(globalThis, "axe") as typeof axe;
          const result = await judge.run(document, { resultTypes: ["violations"] });
          return result.violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(({ html }) => html) }));
        });
        expect({ colorScheme, violations }).toEqual({ colorScheme, violations: [] });
      }
      await expectNoSecret();
    },
    async expectToFit() {
      await page.setViewportSize({ width: 320, height: 640 });
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(320);
    },
    async close() {
      await expectNoSecret();
      await context.close();
      expect(misdeeds).toEqual([]);
    },
  };
  await stage.open(route);
  return stage;
}

/** Fills in the form of the sign-in page, and sends it. */
export async function signIn({ page }: Stage, { accessKeyId, secretAccessKey }: Key): Promise<void> {
  await page.getByLabel("Access key id").fill(accessKeyId);
  await page.getByLabel("Secret access key").fill(secretAccessKey);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
}

/** A page of the console, for whoever has signed in with the local key. */
export async function openSignedIn(
  browser: TestBrowser,
  endpoint: string,
  route: string,
  options: BrowserContextOptions & { readonly secrets?: readonly string[] } = {},
): Promise<Stage> {
  const stage = await openConsole(browser, endpoint, { route, ...options });
  await stage.page.getByRole("button", { name: "Sign in with the local key" }).click();
  await stage.page.getByRole("navigation", { name: "Pages" }).waitFor();
  await stage.page.getByRole("heading", { level: 1 }).waitFor();
  return stage;
}

/** On a page that asks for a pool: by its id, since the first sixty, which can be chosen, may be anybody's. */
export async function choosePool(page: Page, identityPoolId: string): Promise<void> {
  await page.getByLabel("Identity pool", { exact: true }).selectOption({ label: "Another, by its id" });
  await page.getByLabel("Identity pool id").fill(identityPoolId);
}
