/** `npx wrangler dev -c wrangler.dev.toml`, and what a bare `npx wrangler dev` says. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ListIdentityPoolsCommand } from "@aws-sdk/client-cognito-identity";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createRemoteJWKSet, jwtVerify } from "jose";
import { unstable_getMiniflareWorkerOptions as optionsOf, unstable_readConfig as readConfig } from "wrangler";
import { demoPoolId } from "../../src/development/demo-pool.ts";
import { adminClient } from "../support/cognito-clients.ts";
import { callForText, readJson } from "../support/call.ts";
import { call } from "../support/wire-call.ts";
import { processTree } from "../support/process-tree.ts";

const ROOT = join(import.meta.dirname, "../..");
const LOCAL = "wrangler.dev.toml";
const identityPoolId = demoPoolId("us-east-1");
const folder = mkdtempSync(join(tmpdir(), "edgepool-wrangler-dev-"));
const children: ChildProcess[] = [];

type Wrangler = {
  readonly output: () => string;
  /** Null at a signal. */
  readonly ended: Promise<number | null>;
  /** Whether it serves, or has ended instead. */
  readonly isReady: Promise<boolean>;
};

function wrangler(...parameters: readonly string[]): Wrangler {
  const child = spawn(process.execPath, ["node_modules/wrangler/bin/wrangler.js", ...parameters], {
    cwd: ROOT,
    // No credentials, nobody to ask, and nothing of what this process was given.
    env: { PATH: process.env["PATH"], HOME: folder, CI: "true", WRANGLER_SEND_METRICS: "false" },
    stdio: ["ignore", "pipe", "pipe"],
  });
  children.push(child);
  let text = "";
  const { promise: isReady, resolve } = Promise.withResolvers<boolean>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text += chunk;
      if (text.includes("Ready on")) resolve(true);
    });
  }
  const ended = once(child, "exit").then(([code]: (number | null)[]) => code ?? null);
  void ended.then(() => resolve(false));
  return { output: () => text, ended, isReady };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

/** On a port of its own; another one may be lost to somebody else before wrangler binds it, and is then asked for anew. */
async function serve(
  ...parameters: readonly ((endpoint: string) => string)[]
): Promise<{ endpoint: string } & Wrangler> {
  for (;;) {
    const port = await freePort();
    const endpoint = `http://127.0.0.1:${port}`;
    const given = parameters.map((parameter) => parameter(endpoint));
    const state = join(folder, `state-${port}`);
    const started = wrangler("dev", ...given, "--port", String(port), "--inspector-port", "0", "--persist-to", state);
    if (await started.isReady) return { endpoint, ...started };
    if (!/in use/i.test(started.output())) throw new Error(started.output());
  }
}

function stop({ pid = 0 }: ChildProcess): void {
  for (const one of processTree(pid).toReversed()) {
    try {
      process.kill(one.pid, "SIGKILL");
    } catch {
      // It has ended by itself meanwhile.
    }
  }
}

afterAll(() => {
  for (const child of children) stop(child);
  rmSync(folder, { recursive: true, force: true });
});

describe("wrangler dev with the settings of this machine", () => {
  let endpoint: string;

  beforeAll(async () => {
    const started = await serve(
      () => "-c",
      () => LOCAL,
      () => "--var",
      (at) => `ISSUER:${at}`,
      (at) => `DEVELOPMENT_ORIGIN:${at}`,
      (at) => `STS_URL:${at}/development/sts`,
    );
    ({ endpoint } = started);
  });

  it("lists the demo pool to whoever asks for nothing before it", async () => {
    const { IdentityPools } = await adminClient(endpoint).send(new ListIdentityPoolsCommand({ MaxResults: 60 }));
    expect(IdentityPools).toEqual([{ IdentityPoolId: identityPoolId, IdentityPoolName: "Edgepool demo" }]);
  });

  it("serves the demo pool, the development issuer and tokens that discovery verifies", async () => {
    const signIn = await fetch(`${endpoint}/development/issuer/sign-in`, { method: "POST", body: '{"name":"alice"}' });
    const { providerName, token: login } = await readJson<{ providerName: string; token: string }>(signIn);
    const Logins = { [providerName]: login };
    const IdentityId = await callForText(endpoint, "GetId", { IdentityPoolId: identityPoolId, Logins }, "IdentityId");
    const token = await callForText(endpoint, "GetOpenIdToken", { IdentityId, Logins }, "Token");
    const discovery = await fetch(`${endpoint}/.well-known/openid-configuration`);
    const { issuer, jwks_uri } = await readJson<{ issuer: string; jwks_uri: string }>(discovery);
    const keys = createRemoteJWKSet(new URL(jwks_uri));
    const { payload } = await jwtVerify(token, keys, { issuer, audience: identityPoolId });
    expect(payload.sub).toBe(IdentityId);
    const given = await call(endpoint, "GetCredentialsForIdentity", { IdentityId, Logins });
    expect(JSON.parse(given.body)).toMatchObject({ Credentials: { AccessKeyId: expect.stringMatching(/^ASIA/) } });
  });

  it("has the console, with its policy", async () => {
    const page = await fetch(`${endpoint}/console/`);
    expect([page.status, page.headers.get("content-security-policy")]).toEqual([
      200,
      expect.stringContaining("'none'"),
    ]);
  });

  it("shows a browser the first page, with its files", async () => {
    const page = await fetch(endpoint, { headers: { accept: "text/html" } });
    const text = await page.text();
    expect([page.status, text]).toEqual([200, expect.stringContaining("Edgepool is running")]);
    for (const [, path = ""] of text.matchAll(/(?:src|href)="(\/development\/[\w.]+)"/g)) {
      expect([path, (await fetch(endpoint + path)).status]).toEqual([path, 200]);
    }
  });

  it.each([
    ["a page elsewhere", { origin: "https://page.example" }, 403],
    ["another origin that is told to be the address", { "mf-original-url": "https://page.example/" }, 421],
  ])("refuses %s", async (_who, headers, status) => {
    for (const path of ["/.well-known/jwks.json", "/console/"]) {
      expect((await fetch(endpoint + path, { headers })).status).toBe(status);
    }
  });
});

describe("what is for this machine", () => {
  it.each([["deploy"], ["deploy", "--dry-run"], ["versions", "upload"]])(
    "is never deployed: wrangler %s",
    async (...command) => {
      const { ended, output } = wrangler(...command, "-c", LOCAL);
      expect(await ended).not.toBe(0);
      expect(output()).toContain("is for `wrangler dev` alone");
    },
  );

  it("has the objects, limits and compatibility of wrangler.toml, and one object more", () => {
    const [local, deployed] = [LOCAL, "wrangler.toml"].map((file) => optionsOf(join(ROOT, file)).workerOptions);
    const { DEVELOPMENT_ISSUER: own, ...objects } = Object(local?.durableObjects);
    expect(own).toMatchObject({ className: "DevelopmentIssuerObject" });
    expect(objects).toEqual(deployed?.durableObjects);
    expect(local?.ratelimits).toEqual(deployed?.ratelimits);
    expect(local?.compatibilityDate).toBe(deployed?.compatibilityDate);
    expect(local?.compatibilityFlags).toEqual(deployed?.compatibilityFlags);
    const addresses = readConfig({ config: join(ROOT, LOCAL) }, { hideWarnings: true });
    expect([addresses.workers_dev, addresses.preview_urls, addresses.routes]).toEqual([false, false, undefined]);
  });
});

describe("a bare wrangler dev", () => {
  it("says in the terminal which settings it lacks, once", async () => {
    const { endpoint, output } = await serve();
    for (let count = 0; count < 3; count++) {
      const { status, body } = await call(endpoint, "GetId", { IdentityPoolId: identityPoolId });
      expect([status, body]).toEqual([403, expect.stringContaining("https alone")]);
    }
    await expect.poll(output).toContain("not-configured");
    expect(output().match(/"event":"not-configured"/g)).toHaveLength(1);
    expect(output()).toContain('"problems":["ISSUER is missing"');
  });
});
