/** `npm run -s screenshots -- FOLDER`: every page of the console and of local development as people see it, narrow and wide, light and dark. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";
import { demoPoolId } from "../src/development/demo-pool.ts";
import { appClient, getId } from "../test/support/cognito-clients.ts";
import { loginsOf } from "../test/support/development-sign-in.ts";
import { liveALife } from "../test/support/lived-identity.ts";
import { startWorker } from "../test/support/worker-process.ts";

const VIEWS = [
  { name: "narrow", viewport: { width: 390, height: 844 } },
  { name: "wide", viewport: { width: 1440, height: 900 } },
];
const SCHEMES = ["light", "dark"] as const;

type Shot = {
  readonly name: string;
  /** Of the console's address, with LIVED for an identity that has a life; null: before anybody has signed in. */
  readonly route: string | null;
  /** Until the page shows what the picture is for. */
  readonly until: (page: Page) => Promise<unknown>;
};

/** Answers nothing, or with a failure, so that the page shows how it waits and how it fails. */
async function withoutAnswer(page: Page): Promise<void> {
  await page.route("**/", async (route) => {
    if (route.request().method() === "POST") await new Promise(() => {});
    else await route.continue();
  });
}

async function withRefusal(page: Page): Promise<void> {
  const headers = { "x-amzn-errortype": "AccessDeniedException:", "x-amzn-requestid": crypto.randomUUID() };
  const message = "User: edgepool-local is not authorized to perform: cognito-identity:ListIdentityPools";
  await page.route("**/", async (route) => {
    if (route.request().method() === "POST")
      await route.fulfill({ status: 403, headers, body: JSON.stringify({ message }) });
    else await route.continue();
  });
}

/** A day as it might have been, in the form of the service's answer. */
async function withMetrics(page: Page): Promise<void> {
  const [step, to] = [900, Math.floor(Date.now() / 900_000) * 900];
  const from = to - 95 * step;
  const series = (Kind: string, Name: string, valueOf: (hour: number) => number) => ({
    Kind,
    Name,
    Points: Array.from({ length: 96 }, (_, at) => ({ At: from + at * step, Value: Math.max(0, valueOf(at / 4)) })),
  });
  const day = (hour: number) => 1 + Math.sin(((hour - 8) / 24) * 2 * Math.PI);
  const answer = {
    From: from,
    To: to,
    StepSeconds: step,
    Series: [
      series("tokens", "tokens", (hour) => Math.round(4000 * day(hour) + 300 * Math.sin(hour * 9))),
      series("outcomes", "ok", (hour) => 5000 * day(hour)),
      series("outcomes", "NotAuthorizedException", (hour) => Math.round(60 * day(hour) + 20 * Math.sin(hour * 5))),
      series("outcomes", "TooManyRequestsException", (hour) => (hour > 15 && hour < 17 ? 150 : 4)),
      series("outcomes", "ExternalServiceException", (hour) => (hour > 20 ? 30 : 0)),
      series("effects", "created-guest", (hour) => Math.round(300 * day(hour))),
      series("effects", "created", (hour) => Math.round(120 * day(hour))),
      series("effects", "linked", (hour) => Math.round(80 * day(hour) + 15 * Math.sin(hour * 7))),
      series("effects", "merged", (hour) => Math.round(12 * day(hour))),
      series("durations", "p50", (hour) => 9 + day(hour)),
      series("durations", "p95", (hour) => 28 + 8 * day(hour)),
      series("durations", "p99", (hour) => 70 + 25 * Math.abs(Math.sin(hour * 3))),
    ],
    Refusals: [
      { Exception: "NotAuthorizedException", Reason: "accounts.google.com: expired", Count: 5120 },
      { Exception: "TooManyRequestsException", Reason: "client-address", Count: 1480 },
      { Exception: "NotAuthorizedException", Reason: "guests-not-supported", Count: 640 },
      { Exception: "ExternalServiceException", Reason: "www.amazon.com: upstream-unreachable (deadline)", Count: 480 },
    ],
  };
  await page.route("**/", async (route) => {
    const target = route.request().headers()["x-amz-target"];
    if (target === "Edgepool.GetMetrics") await route.fulfill({ json: answer });
    else await route.continue();
  });
  await page.evaluate("location.hash = 'metrics'");
  await page.getByRole("img", { name: "Tokens" }).waitFor();
}

/** A move from Cognito, half done. */
async function withMigration(page: Page): Promise<void> {
  const answer = {
    Source: {
      IdentityPoolId: "us-east-1:5f6e2a30-4a7b-4c43-9c52-0d5ad1f3b7aa",
      Proof: "OpenIdToken",
      Guests: "Source",
      UnknownIds: "Ask",
      Providers: ["accounts.google.com", "cognito-idp.us-east-1.amazonaws.com/us-east-1_Example01"],
    },
    Imported: 1_204_377,
    Unclaimed: 412_905,
    UnclaimedLately: 40_112,
    Adopted: 791_201,
    GuestsAdopted: 20_413,
    BornHere: 12,
    Barred: 3,
    Conflicts: 1,
    AsksToday: { ok: 10_311, notFound: 44, throttled: 7, failed: 0 },
    Misconfigured: ["source-misconfigured: the pool at Cognito refuses the classic flow"],
  };
  await page.route("**/", async (route) => {
    const target = route.request().headers()["x-amz-target"];
    if (target === "Edgepool.GetMigrationReport") await route.fulfill({ json: answer });
    else await route.continue();
  });
  await page.getByRole("button", { name: "Show source and report" }).click();
  await page.getByRole("row", { name: "Ids imported" }).waitFor();
}

const DEMO_POOL = demoPoolId("us-east-1");

const SHOTS: readonly Shot[] = [
  { name: "sign-in", route: null, until: async (page) => await page.getByText("Sign in with the local key").waitFor() },
  {
    name: "pools",
    route: "pools",
    until: async (page) => await page.getByRole("link", { name: "Edgepool demo" }).waitFor(),
  },
  {
    name: "pools-loading",
    route: "no/such/page",
    until: async (page) => {
      await withoutAnswer(page);
      await page.evaluate("location.hash = 'pools'");
      await page.getByRole("heading", { name: "Identity pools" }).waitFor();
      await page.getByText("Loading").waitFor({ state: "attached" });
      await page.evaluate("Promise.all(document.getAnimations().map(({ finished }) => finished))");
    },
  },
  {
    name: "pools-failed",
    route: "no/such/page",
    until: async (page) => {
      await withRefusal(page);
      await page.evaluate("location.hash = 'pools'");
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "pool",
    route: `pool/${DEMO_POOL}`,
    until: async (page) => await page.getByText("edgepool-demo-guest").first().waitFor(),
  },
  { name: "pool-migration", route: `pool/${DEMO_POOL}`, until: withMigration },
  {
    name: "pool-edit",
    route: `pool/${DEMO_POOL}/edit`,
    until: async (page) => await page.getByLabel("Name").first().waitFor(),
  },
  {
    name: "pool-changes",
    route: `pool/${DEMO_POOL}/edit`,
    until: async (page) => {
      await page.getByLabel("Guests").uncheck();
      await page.getByLabel("Client id 2").fill("1-a.apps.googleusercontent.com");
      await page.getByRole("button", { name: "Review changes" }).click();
    },
  },
  {
    name: "pool-delete",
    route: `pool/${DEMO_POOL}`,
    until: async (page) => {
      await page.getByText("edgepool-demo-guest").first().waitFor();
      await page.getByRole("button", { name: "Delete" }).click();
    },
  },
  { name: "pool-new", route: "new-pool", until: async () => {} },
  {
    name: "keys",
    route: "keys",
    until: async (page) => await page.getByRole("img", { name: "The signing keys on a time line" }).waitFor(),
  },
  {
    name: "keys-rotate",
    route: "keys",
    until: async (page) => {
      await page.getByRole("img", { name: "The signing keys on a time line" }).waitFor();
      await page.getByRole("button", { name: "Rotate now" }).click();
      await page.getByRole("button", { name: "Rotate", exact: true }).click();
      await page.getByText("TooManyRequestsException").waitFor();
    },
  },
  {
    name: "health",
    route: "health",
    until: async (page) => await page.getByRole("heading", { name: "Edgepool demo" }).waitFor(),
  },
  {
    name: "identity",
    route: "identity/LIVED",
    until: async (page) => await page.getByRole("img", { name: "The life of this identity" }).waitFor(),
  },
  {
    name: "identity-missing",
    route: "identity/us-east-1:00000000-0000-4000-8000-000000000000",
    until: async (page) => await page.getByRole("alert").waitFor(),
  },
  {
    name: "identities",
    route: `pool/${DEMO_POOL}/identities`,
    until: async (page) => {
      await page.getByText("4 shown").waitFor();
      await page.getByRole("checkbox").nth(2).check();
    },
  },
  {
    name: "first-page",
    route: null,
    until: async (page) => {
      await page.goto(new URL("/", page.url()).href);
      await page.getByRole("button", { name: "Make a guest" }).click();
      await page.getByRole("button", { name: "Write another identity" }).click();
      await page.getByText("it is forged").waitFor();
    },
  },
  {
    name: "issuer",
    route: null,
    until: async (page) => {
      await page.goto(new URL("/development/issuer", page.url()).href);
      await page.getByLabel("Name").fill("alice");
      await page.keyboard.press("Enter");
      await page.getByRole("button", { name: "Exchange it" }).click();
      await page.getByRole("button", { name: "Write another identity" }).waitFor();
    },
  },
  { name: "mint", route: "mint", until: async (page) => await page.getByLabel("Identity pool").waitFor() },
  { name: "mint-done", route: "mint", until: mintAsAlice },
  {
    name: "mint-refused",
    route: "mint",
    until: async (page) => {
      await page.getByRole("button", { name: "Add a login token" }).click();
      await page.getByLabel("Login token").fill(tokenOf({ iss: "https://accounts.google.com", aud: "somebody-else" }));
      await page.getByRole("button", { name: "Mint", exact: true }).click();
      await page.getByRole("alert").waitFor();
    },
  },
  {
    name: "metrics-not-set-up",
    route: "metrics",
    until: async (page) => await page.getByText("ANALYTICS_ACCOUNT is not set").waitFor(),
  },
  { name: "metrics", route: "no/such/page", until: withMetrics },
  { name: "inspect", route: "inspect", until: async (page) => await page.getByText("Paste a token").waitFor() },
  {
    name: "inspect-genuine",
    route: "mint",
    until: async (page) => {
      await mintAsAlice(page);
      await page.getByRole("button", { name: "Inspect the token" }).click();
      await page.getByRole("heading", { name: "Genuine, and good now" }).waitFor();
    },
  },
  {
    name: "inspect-forged",
    route: "mint",
    until: async (page) => {
      await mintAsAlice(page);
      await page.getByRole("button", { name: "Inspect the token" }).click();
      const field = page.getByLabel("Token", { exact: true });
      const token = await field.inputValue();
      await field.fill(`${token.slice(0, -8)}AAAAAAAA`);
      await page.getByRole("heading", { name: "Forged" }).waitFor();
    },
  },
  { name: "check", route: "check", until: async (page) => await page.getByLabel("Identity pool").waitFor() },
  {
    name: "check-refused",
    route: "check",
    until: async (page) => {
      const exp = Math.floor(Date.now() / 1000) + 3600;
      const claims = { iss: "https://accounts.google.com", aud: "somebody-else", sub: "bob", iat: exp - 3600, exp };
      await page.getByLabel("Login token").fill(tokenOf(claims));
      await page.getByRole("button", { name: "Check", exact: true }).click();
      await page.getByRole("heading", { name: "Refused" }).waitFor();
    },
  },
];

/** A few guests and users, for the pictures; and the id of one to whom something has happened. */
async function populate(endpoint: string): Promise<string> {
  const app = appClient(endpoint);
  await getId(app, DEMO_POOL, await loginsOf(endpoint, "bob"));
  await getId(app, DEMO_POOL);
  return (await liveALife(endpoint, DEMO_POOL)).identityId;
}

async function mintAsAlice(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await page.getByLabel("Provider").waitFor();
  await page.getByRole("button", { name: "Mint", exact: true }).click();
  await page.getByRole("button", { name: "Inspect the token" }).waitFor();
}

/** Of a login that nobody has signed: enough to be read. */
function tokenOf(claims: object): string {
  const part = (content: object) => Buffer.from(JSON.stringify(content)).toString("base64url");
  return `${part({ alg: "RS256", kid: "key-1", typ: "JWT" })}.${part(claims)}.${"A".repeat(342)}`;
}

async function shoot(browser: Browser, endpoint: string, folder: string, { name, route, until }: Shot): Promise<void> {
  for (const view of VIEWS) {
    for (const colorScheme of SCHEMES) {
      const context = await browser.newContext({ viewport: view.viewport, colorScheme });
      const page = await context.newPage();
      await page.goto(`${endpoint}/console/#${route ?? ""}`);
      if (route !== null) await page.getByText("Sign in with the local key").click();
      await page.getByRole("heading", { level: 1 }).waitFor();
      await until(page);
      await page.screenshot({ path: join(folder, `${name}-${view.name}-${colorScheme}.png`), fullPage: true });
      await context.close();
    }
  }
}

const [folder, ...only] = process.argv.slice(2);
if (folder === undefined) {
  console.error("screenshots: a folder is missing, as in npm run -s screenshots -- /tmp/console [NAME]...");
  process.exit(1);
}
mkdirSync(folder, { recursive: true });
const worker = await startWorker();
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  const livedId = await populate(worker.endpoint);
  const shots = SHOTS.filter(({ name }) => only.length === 0 || only.some((word) => name.startsWith(word)));
  for (const shot of shots) {
    const route = shot.route?.replace("LIVED", livedId) ?? null;
    await shoot(browser, worker.endpoint, folder, { ...shot, route });
  }
} finally {
  await browser.close();
  await worker.stop();
}
