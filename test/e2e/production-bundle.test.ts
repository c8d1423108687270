import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { CONSOLE_SITE } from "../../scripts/build-console.ts";
import { bundleWorker, workerOptions } from "../../scripts/bundle.ts";
import { LOCAL_CREDENTIAL } from "../../src/development/local-credential.ts";

const MAX_GZIPPED_BYTES = 112 * 1024;
const KEY_ENCRYPTION_KEY = "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=";

/** What only local development knows, as the bundler writes it. */
const DEVELOPMENT_MARKERS = [
  "DEVELOPMENT_UPSTREAMS",
  "DEVELOPMENT_ORIGIN",
  "DevelopmentIssuerObject",
  "development/issuer",
  "edgepool-development",
  "development/sts",
  "development/pages.js",
  "Edgepool is running",
  "edgepool-demo-user",
  "AssumedRoleUser",
  "isLoopback",
  "admitLocal",
  "foreign-origin",
  "de300000-0000-4000-8000-0000000de300",
  LOCAL_CREDENTIAL.accessKeyId,
  LOCAL_CREDENTIAL.secretAccessKey,
];

/** What every file of the console is served with. */
const POLICY = {
  "content-security-policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'none'; " +
    "base-uri 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'",
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), microphone=(), geolocation=()",
};

let folder: string;
/** By entry, with the names of the source; and the file that `npm run deploy` would upload. */
const bundles = new Map<string, string>();
let deployed: { readonly path: string; readonly text: string };

function textOf(entry: string): string {
  const text = bundles.get(entry);
  if (text === undefined) throw new Error(`${entry} was not bundled`);
  return text;
}

async function bundle(entry: string, form: "deployed" | "readable") {
  const path = await bundleWorker(entry, join(folder, form, entry.replaceAll("/", "-")), form);
  return { path, text: await readFile(path, "utf8") };
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgepool-bundle-"));
  deployed = await bundle("src/worker.ts", "deployed");
  for (const entry of ["src/worker.ts", "src/development/development-worker.ts"]) {
    bundles.set(entry, (await bundle(entry, "readable")).text);
  }
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

describe("the production bundle", () => {
  it.each(DEVELOPMENT_MARKERS)("does not hold %s, which the development bundle does", (marker) => {
    expect(textOf("src/development/development-worker.ts")).toContain(marker);
    expect(textOf("src/worker.ts")).not.toContain(marker);
  });

  it("is under 112 KiB gzipped", () => {
    expect(gzipSync(deployed.text).length).toBeLessThan(MAX_GZIPPED_BYTES);
  });
});

type More = { readonly analyticsEngineDatasets?: Record<string, { dataset: string }>; readonly log?: string[] };

/** The bundle in workerd, with these settings and no others. `log` takes what it writes. */
async function withProduction(
  bindings: Record<string, string>,
  use: (runtime: Miniflare) => Promise<void>,
  { log, ...more }: More = {},
): Promise<void> {
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      ...(await workerOptions()),
      name: "edgepool",
      modules: [{ type: "ESModule", path: deployed.path }],
      modulesRoot: folder,
      bindings,
      cf: false,
      telemetry: { enabled: false },
      log: new Log(LogLevel.NONE),
      handleStructuredLogs: ({ message }) => void log?.push(message),
      ...more,
    }),
  );
  try {
    await use(runtime);
  } finally {
    await runtime.dispose();
  }
}

async function answers(runtime: Miniflare): Promise<readonly (readonly [number, unknown])[]> {
  const operations = ["GetId", "GetOpenIdToken", "CreateIdentityPool", "ListIdentityPools"];
  const calls = operations.map((operation) => ({
    path: "/",
    init: {
      method: "POST",
      headers: {
        "content-type": "application/x-amz-json-1.1",
        "x-amz-target": `AWSCognitoIdentityService.${operation}`,
      },
      body: "{}",
    },
  }));
  const documents = ["/.well-known/openid-configuration", "/.well-known/jwks.json"].map((path) => ({ path, init: {} }));
  return Promise.all(
    [...calls, ...documents].map(async ({ path, init }) => {
      const response = await runtime.dispatchFetch(`https://identity.example.com${path}`, init);
      return [response.status, await response.json()] as const;
    }),
  );
}

describe("a production configuration", () => {
  it.each([
    ["nothing", {}, "ISSUER is missing; KEY_ENCRYPTION_KEY is missing"],
    ["no secrets", { ISSUER: "https://identity.example.com" }, "KEY_ENCRYPTION_KEY is missing"],
    ["no issuer", { KEY_ENCRYPTION_KEY }, "ISSUER is missing"],
    [
      "an issuer over plain http",
      { ISSUER: "http://127.0.0.1:8787", KEY_ENCRYPTION_KEY },
      "ISSUER must be an https origin",
    ],
  ])("with %s refuses every call with the name of what is wrong", async (_, bindings, problem) => {
    await withProduction(bindings, async (runtime) => {
      for (const [status, body] of await answers(runtime)) {
        expect(status).toBe(500);
        expect(body).toMatchObject({ __type: "InternalErrorException" });
        expect(JSON.stringify(body)).toContain(`Edgepool is not configured: ${problem}`);
      }
    });
  });

  it("that is complete has the console, whose pages come without the Worker, and no key for it", async () => {
    await withProduction({ ISSUER: "https://identity.example.com", KEY_ENCRYPTION_KEY }, async (runtime) => {
      const get = async (path: string, init: RequestInit = {}) =>
        await runtime.dispatchFetch(`https://identity.example.com${path}`, { redirect: "manual", ...Object(init) });
      const files = await readdir(join(CONSOLE_SITE, "console/files"));
      expect(files.length).toBeGreaterThan(10);
      for (const [address, caching] of [
        ["/console/", "no-cache"],
        ...files.map((file) => [`/console/files/${file}`, "public, max-age=31536000, immutable"]),
      ] as const) {
        const { status, headers } = await get(address ?? "");
        const policy = Object.fromEntries(Object.keys(POLICY).map((name) => [name, headers.get(name)]));
        expect([address, status, headers.get("cache-control"), policy]).toEqual([address, 200, caching, POLICY]);
      }
      // An answer of the Worker would have an id.
      const missing = await get("/console/missing");
      expect([missing.status, missing.headers.get("x-amzn-requestid")]).toEqual([404, null]);
      expect((await get("/console/", { method: "POST" })).status).toBe(405);
      const redirect = await get("/console");
      expect([redirect.status, redirect.headers.get("location")]).toEqual([308, "/console/"]);
      const config = await get("/console-config.json");
      expect(await config.json()).toEqual({
        region: "us-east-1",
        issuer: "https://identity.example.com",
        local: false,
      });
      expect(config.headers.get("access-control-allow-origin")).toBeNull();
    });
  });

  it("writes a point of each request through the binding of Analytics Engine, where one is declared", async () => {
    const log: string[] = [];
    const settings = { ISSUER: "https://identity.example.com", KEY_ENCRYPTION_KEY };
    const use = async (runtime: Miniflare) => {
      expect((await answers(runtime)).map(([status]) => status)).toEqual([400, 400, 403, 403, 200, 200]);
      await vi.waitFor(
        () => expect(log.filter((line) => line.includes('"message":"request"'))).toHaveLength(4),
        60_000,
      );
    };
    await withProduction(settings, use, {
      analyticsEngineDatasets: { ANALYTICS: { dataset: "edgepool_requests" } },
      log,
    });
    expect(log.filter((line) => line.includes('"defect"'))).toEqual([]);
    // A binding that has no such method shows that one is used: what cannot be written is told of.
    const told: string[] = [];
    const fail = async (runtime: Miniflare) => {
      await answers(runtime);
      await vi.waitFor(() => expect(told.filter((line) => line.includes('"defect"'))).toHaveLength(4), 60_000);
    };
    await withProduction({ ...settings, ANALYTICS: "no dataset" }, fail, { log: told });
  });

  it("may switch the console off", async () => {
    const settings = { ISSUER: "https://identity.example.com", KEY_ENCRYPTION_KEY, CONSOLE: "off" };
    await withProduction(settings, async (runtime) => {
      const config = await runtime.dispatchFetch("https://identity.example.com/console-config.json");
      expect([config.status, await config.text()]).toEqual([404, ""]);
    });
  });

  it("that is complete serves the service, and none of the development routes", async () => {
    await withProduction({ ISSUER: "https://identity.example.com", KEY_ENCRYPTION_KEY }, async (runtime) => {
      const discovery = await runtime.dispatchFetch("https://identity.example.com/.well-known/openid-configuration");
      expect(await discovery.json()).toMatchObject({ issuer: "https://identity.example.com" });
      for (const path of ["/development/issuer", "/development/issuer/jwks.json"]) {
        const response = await runtime.dispatchFetch(`https://127.0.0.1${path}`);
        expect(await response.text()).toContain("UnknownOperationException");
      }
    });
  });

  it("refuses plain http, redirects nobody, and tells browsers to use https", async () => {
    await withProduction({ ISSUER: "https://identity.example.com", KEY_ENCRYPTION_KEY }, async (runtime) => {
      const requests = [
        ["GET", "/"],
        ["OPTIONS", "/"],
        ["POST", "/"],
        ["GET", "/.well-known/openid-configuration"],
        ["GET", "/.well-known/jwks.json"],
        ["GET", "/.well-known/jwks_uri"],
        ["GET", "/authorize"],
        ["GET", "/health"],
        ["GET", "/anything"],
      ] as const;
      for (const [method, path] of requests) {
        // What a client says of itself does not help.
        const init = { method, headers: { "x-forwarded-proto": "https", "cf-visitor": '{"scheme":"https"}' } };
        const plain = await runtime.dispatchFetch(`http://identity.example.com${path}`, {
          ...init,
          redirect: "manual",
        });
        expect([path, plain.status, plain.headers.get("strict-transport-security")]).toEqual([path, 403, null]);
        expect(await plain.json()).toEqual({
          __type: "UnknownOperationException",
          message: expect.stringContaining("The service answers over https alone."),
        });
        const secure = await runtime.dispatchFetch(`https://identity.example.com${path}`, init);
        expect([path, secure.headers.get("strict-transport-security")]).toEqual([path, "max-age=31536000"]);
        expect(await secure.text()).not.toContain("https alone");
      }
    });
  });

  it.each([
    [{ KEY_ENCRYPTION_KEY: Buffer.alloc(32).toString("base64") }, "KEY_ENCRYPTION_KEY can be guessed"],
    [
      { ADMIN_CREDENTIALS: JSON.stringify([LOCAL_CREDENTIAL]) },
      "ADMIN_CREDENTIALS has a secretAccessKey that is published, in entry 1",
    ],
  ])("refuses %j, which others know, without repeating it", async (bindings, problem) => {
    const issuer = "https://identity.example.com";
    await withProduction({ ISSUER: issuer, KEY_ENCRYPTION_KEY, ...bindings }, async (runtime) => {
      for (const [status, body] of await answers(runtime)) {
        expect([status, JSON.stringify(body)]).toEqual([500, expect.stringContaining(problem)]);
        expect(JSON.stringify(body)).not.toContain(LOCAL_CREDENTIAL.secretAccessKey);
        expect(JSON.stringify(body)).not.toContain("AAAAAAAA");
      }
    });
  });
});
