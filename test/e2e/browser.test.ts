/**
 * A real browser: a web app of another origin of this machine calls the service, a person signs in at the development
 * issuer's page, and pages from elsewhere get nowhere.
 */
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { type Browser, missingChromium, type Page, startChromium } from "../support/chromium.ts";
import { type Missing, need } from "../support/debian-tools.ts";

const endpoint = inject("endpoint");
const identityPoolId = inject("identityPoolId");
const providerName = inject("providerName");

let missing: Missing;
let browser: Browser | undefined;
let server: Server;
let appOrigin: string;
/** The same pages under a public name. */
let foreignOrigin: string;

beforeAll(async () => {
  missing = await missingChromium();
  server = createServer((_, response) => {
    response.setHeader("content-type", "text/html").end("<!doctype html><title>app</title>");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not a TCP server");
  // Another port and another name: another origin in every respect.
  appOrigin = `http://localhost:${address.port}`;
  foreignOrigin = `http://attacker.example:${address.port}`;
  if (missing === undefined) browser = await startChromium();
});

afterAll(async () => {
  await browser?.close();
  server.closeAllConnections();
  server.close();
});

function pageOf() {
  if (browser === undefined) throw new Error("no browser");
  return browser.page;
}

/** In the page: a call as every SDK makes it, and what the page may read of the answer. */
const CALL = `
  const call = async (operation, input) => {
    const response = await fetch("${endpoint}/", {
      method: "POST",
      cache: "no-store",
      headers: {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": "AWSCognitoIdentityService." + operation,
        "x-amz-user-agent": "aws-amplify/6",
        "amz-sdk-request": "attempt=1; max=3",
      },
      body: JSON.stringify(input),
    });
    const headers = Object.fromEntries(response.headers);
    return { status: response.status, headers, ...(await response.json()) };
  };
`;

test("a web app of another origin gets an identity and a token", async ({ skip }) => {
  need({ skip }, missing);
  const page = pageOf();
  await page.open(appOrigin);
  expect(await page.evaluate("location.origin")).toBe(appOrigin);
  const answer = await page.evaluate(`(async () => { ${CALL}
    const { IdentityId } = await call("GetId", { IdentityPoolId: "${identityPoolId}" });
    return { IdentityId, minted: await call("GetOpenIdToken", { IdentityId }) };
  })()`);
  const { IdentityId, minted } = answer as { IdentityId: string; minted: { status: number; Token: string } };
  expect(minted.status).toBe(200);
  expect(decodeJwt(minted.Token)).toMatchObject({ sub: IdentityId, aud: identityPoolId, iss: endpoint });
});

test("a web app of another origin can read a failure, its name and its request id", async ({ skip }) => {
  need({ skip }, missing);
  const page = pageOf();
  await page.open(appOrigin);
  const answer = await page.evaluate(`(async () => { ${CALL}
    return await call("GetOpenIdToken", { IdentityId: "us-east-1:00000000-0000-4000-8000-000000000000" });
  })()`);
  expect(answer).toMatchObject({
    status: 404,
    __type: "ResourceNotFoundException",
    headers: {
      "x-amzn-errortype": "ResourceNotFoundException:",
      "x-amzn-requestid": expect.stringMatching(/^[0-9a-f-]{36}$/),
    },
  });
});

test("a web app of another origin can read the discovery document and the key set", async ({ skip }) => {
  need({ skip }, missing);
  const page = pageOf();
  await page.open(appOrigin);
  const issuer = await page.evaluate(`(async () => {
    const metadata = await (await fetch("${endpoint}/.well-known/openid-configuration")).json();
    const { keys } = await (await fetch(metadata.jwks_uri)).json();
    return [metadata.issuer, keys.length > 0];
  })()`);
  expect(issuer).toEqual([endpoint, true]);
});

/** What the page's own policy has refused since `open`. */
const WATCH = `globalThis.violations = []; addEventListener("securitypolicyviolation", (event) => violations.push(event.blockedURI));`;

test("a person signs in at the development issuer's page, and exchanges the login token there", async ({ skip }) => {
  need({ skip }, missing);
  const page = pageOf();
  await page.open(`${endpoint}/development/issuer`);
  // The focus comes with the first frame, and not with the load of the page.
  await expect.poll(async () => await page.evaluate("document.activeElement.id")).toBe("name");
  await page.follow(
    `document.querySelector("#name").value = "Zoë <b>"; document.querySelector("form button").click();`,
  );
  expect(await page.evaluate(`document.querySelector("h1").textContent`)).toBe("Signed in as Zoë <b>");
  expect(await page.evaluate("scrollY")).toBe(0);
  const login = String(await page.evaluate(`document.querySelector("[aria-labelledby=the-login-token]").textContent`));
  expect(decodeJwt(login)).toMatchObject({ iss: `http://${providerName}`, name: "Zoë <b>" });
  await page.evaluate(WATCH);
  await press(page, "Exchange it for an OpenID token");
  await expect.poll(async () => await wordsOf(page)).toEqual([...CALLS, ...CHECKS]);
  const minted = String(await page.evaluate(`document.querySelector("pre.token").textContent`));
  expect(decodeJwt(minted)["amr"]).toEqual([
    "authenticated",
    providerName,
    `${providerName}:edgepool-development:${decodeJwt(login).sub}`,
  ]);
  const link = await page.evaluate(`document.querySelector(".steps a").getAttribute("href")`);
  expect(link).toBe(`/console/#identity/${decodeJwt(minted).sub}`);
  expect(await page.evaluate("violations")).toEqual([]);
});

test("a person at the first page sees a guest's token made and verified, and a forged one refused", async ({
  skip,
}) => {
  need({ skip }, missing);
  const page = pageOf();
  await page.open(endpoint);
  await page.evaluate(WATCH);
  await press(page, "Make a guest, and verify its token");
  await expect.poll(async () => await wordsOf(page)).toEqual([...CALLS, ...CHECKS]);
  const token = String(await page.evaluate(`document.querySelector("pre.token").textContent`));
  expect(decodeJwt(token)).toMatchObject({ aud: identityPoolId, iss: endpoint, amr: ["unauthenticated"] });
  await press(page, "Write another identity into it, and verify again");
  const forged = [...CHECKS.slice(0, 2), "Signature failed"];
  await expect.poll(async () => await wordsOf(page)).toEqual([...CALLS, ...CHECKS, ...forged]);
  expect(await page.evaluate("violations")).toEqual([]);
});

test("a person at the first page is told by a step why the service refuses", async ({ skip }) => {
  need({ skip }, missing);
  const page = pageOf();
  await page.open(endpoint);
  const unknown = "us-east-1:00000000-0000-4000-8000-000000000000";
  await page.evaluate(`document.querySelector("[data-pool]").dataset.pool = "${unknown}"`);
  await press(page, "Make a guest, and verify its token");
  await expect.poll(async () => await wordsOf(page)).toEqual(["GetId failed"]);
  expect(await page.evaluate(`document.querySelector(".failed").textContent`)).toContain("ResourceNotFoundException");
});

/** What each of the page's steps came to. */
async function wordsOf(page: Page): Promise<unknown> {
  const text = `[step.querySelector("b").textContent, step.querySelector(".word")?.textContent].join(" ")`;
  return await page.evaluate(`[...document.querySelectorAll(".steps li")].map((step) => ${text})`);
}

const CALLS = ["GetId done", "GetOpenIdToken done"];
const CHECKS = [
  "Discovery document passed",
  "Key of the signature passed",
  "Signature passed",
  "Issuer and time passed",
  "Audience passed",
  "How it was authenticated passed",
];

/** Once the page's script has made the button. */
async function press(page: Page, label: string): Promise<void> {
  const button = `[...document.querySelectorAll("button")].find(({ textContent }) => textContent === "${label}")`;
  await expect.poll(async () => await page.evaluate(`${button} !== undefined`)).toBe(true);
  await page.evaluate(`${button}.click();`);
}

test("a person who gives no name is told so on the page", async ({ skip }) => {
  need({ skip }, missing);
  const page = pageOf();
  await page.open(`${endpoint}/development/issuer`);
  // Past the browser's own check of the field, as another client would be.
  await page.follow(`document.querySelector("form").noValidate = true; document.querySelector("form button").click();`);
  expect(await page.evaluate(`document.querySelector("[role=alert]").textContent`)).toBe("Type a name.");
});

describe("a page from elsewhere", () => {
  test("cannot call the service, nor read one of its documents", async ({ skip }) => {
    need({ skip }, missing);
    const page = pageOf();
    await page.open(foreignOrigin);
    expect(await page.evaluate("location.origin")).toBe(foreignOrigin);
    const outcomes = await page.evaluate(`(async () => { ${CALL}
      const outcome = (promise) => promise.then(() => "answered", (error) => error.message);
      const signIn = { method: "POST", body: new URLSearchParams({ name: "alice" }) };
      return Promise.all([
        outcome(call("GetId", { IdentityPoolId: "${identityPoolId}" })),
        outcome(fetch("${endpoint}/.well-known/jwks.json")),
        outcome(fetch("${endpoint}/development/issuer/jwks.json")),
        outcome(fetch("${endpoint}/development/issuer", signIn)),
      ]);
    })()`);
    expect(outcomes).toEqual(Array.from({ length: 4 }, () => "Failed to fetch"));
  });

  test("signs nobody in by a form that it sends", async ({ skip }) => {
    need({ skip }, missing);
    const page = pageOf();
    await page.open(foreignOrigin);
    const form = `<form method="post" action="${endpoint}/development/issuer"><input name="name" value="alice"></form>`;
    await page.follow(`document.body.innerHTML = ${JSON.stringify(form)}; document.forms[0].submit();`);
    expect(await page.evaluate("location.href")).toBe(`${endpoint}/development/issuer`);
    expect(await page.evaluate("document.body.textContent")).toMatch(/^This local service answers pages on localhost/);
  });

  test("is not the service's own page, though its name leads to this machine", async ({ skip }) => {
    need({ skip }, missing);
    const page = pageOf();
    await page.open(endpoint.replace("127.0.0.1", "rebound.example") + "/development/issuer");
    expect(await page.evaluate("document.body.textContent")).toMatch(/^This local service answers to the Host 127/);
    // Of the same origin now, it needs no leave of the service to read what that answers.
    const answer = await page.evaluate(`fetch("/.well-known/jwks.json").then((response) => response.status)`);
    expect(answer).toBe(421);
  });
});
