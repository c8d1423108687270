/** `npm run deploy` before anything is uploaded: Cloudflare's API is played on loopback, and must hear of no refused deployment. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it, test } from "vitest";
import { unstable_readConfig as readConfig } from "wrangler";
import { missingSecrets, parseSecrets, problemsOf, readArguments } from "../../scripts/deployment.ts";

const ROOT = join(import.meta.dirname, "../..");
const ISSUER = "https://identity.example.com";
const KEY_ENCRYPTION_KEY = "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=";
const ADMIN_CREDENTIALS = JSON.stringify([{ accessKeyId: "admin", secretAccessKey: "a-secret-of-some-length" }]);
const good = { vars: { ISSUER }, secrets: { KEY_ENCRYPTION_KEY, ADMIN_CREDENTIALS }, servesWorkersDev: false };

test("wrangler.toml keeps client addresses out of the log, and the service at one address", () => {
  const config = readConfig({ config: join(ROOT, "wrangler.toml") }, { hideWarnings: true });
  expect(config.compatibility_flags).toContain("global_fetch_strictly_public");
  expect([config.workers_dev, config.preview_urls]).toEqual([false, false]);
  expect(config.limits?.cpu_ms).toBe(5000);
  expect(config.observability).toMatchObject({
    enabled: true,
    redact_query_string: true,
    logs: { enabled: true, invocation_logs: false },
    traces: { enabled: false },
  });
});

test("wrangler.toml has metrics ready to be uncommented, and nothing of them until then", async ({
  onTestFinished,
}) => {
  const text = await readFile(join(ROOT, "wrangler.toml"), "utf8");
  const folder = await mkdtemp(join(tmpdir(), "edgepool-metrics-"));
  onTestFinished(async () => await rm(folder, { recursive: true }));
  const [block = ""] = /(^# (\[|binding|dataset).*\n)+/m.exec(text) ?? [];
  const uncommented = text.replace(block, block.replaceAll(/^# /gm, ""));
  const file = join(folder, "wrangler.toml");
  await writeFile(file, uncommented);
  const config = readConfig({ config: file }, { hideWarnings: true });
  expect(config.analytics_engine_datasets).toEqual([{ binding: "ANALYTICS", dataset: "edgepool_requests" }]);
  const asItIs = readConfig({ config: join(ROOT, "wrangler.toml") }, { hideWarnings: true });
  expect(asItIs.analytics_engine_datasets).toEqual([]);
  // It costs nothing, and is there on every account.
  expect([config.version_metadata, asItIs.version_metadata]).toEqual([{ binding: "VERSION" }, { binding: "VERSION" }]);
});

describe("[env.staging] of wrangler.toml", () => {
  const config = join(ROOT, "wrangler.toml");
  const production = readConfig({ config }, { hideWarnings: true });
  const staging = readConfig({ config, env: "staging" }, { hideWarnings: true });

  it("is a service of its own: nothing that counts or stores is shared", () => {
    expect([production.name, staging.name]).toEqual(["edgepool", "edgepool-staging"]);
    // Objects belong to the Worker that has their classes: none of another one is named.
    for (const { bindings } of [production.durable_objects, staging.durable_objects]) {
      expect(
        bindings.filter(({ script_name }: { readonly script_name?: string }) => script_name !== undefined),
      ).toEqual([]);
    }
    const counts = [...production.ratelimits, ...staging.ratelimits].map(({ namespace_id }) => namespace_id);
    expect(new Set(counts).size).toBe(counts.length);
    expect(counts.length).toBe(4);
  });

  it("has all that the one at the top has, and one address as well", () => {
    expect(staging.durable_objects).toEqual(production.durable_objects);
    const limitsOf = ({ ratelimits }: typeof staging) =>
      ratelimits.map(({ name, simple }: { readonly name: string; readonly simple: object }) => ({ name, simple }));
    expect(limitsOf(staging)).toEqual(limitsOf(production));
    for (const member of ["exports", "version_metadata", "secrets", "assets", "limits", "observability"] as const) {
      expect([member, staging[member]]).toEqual([member, production[member]]);
    }
    expect([staging.workers_dev, staging.preview_urls]).toEqual([false, false]);
  });

  it("has another ISSUER and another domain, where the examples are taken", async ({ onTestFinished }) => {
    const folder = await mkdtemp(join(tmpdir(), "edgepool-staging-"));
    onTestFinished(async () => await rm(folder, { recursive: true }));
    const file = join(folder, "wrangler.toml");
    await writeFile(file, (await readFile(config, "utf8")).replaceAll(/^# (ISSUER|routes) = /gm, "$1 = "));
    const [top, other] = [undefined, "staging"].map((env) =>
      readConfig({ config: file, ...(env !== undefined && { env }) }, { hideWarnings: true }),
    );
    const of = (one: typeof top) => [one?.vars["ISSUER"], one?.routes];
    expect(of(top)).toEqual([ISSUER, [{ pattern: "identity.example.com", custom_domain: true }]]);
    expect(of(other)).toEqual([
      "https://identity-staging.example.com",
      [{ pattern: "identity-staging.example.com", custom_domain: true }],
    ]);
  });
});

describe("what a deployment lacks", () => {
  it("is nothing when all is there, or may be there already", () => {
    expect(problemsOf(good)).toEqual([]);
    expect(problemsOf({ ...good, secrets: {} })).toEqual([]);
  });

  it.each([
    ["no issuer", { vars: {} }, "ISSUER is missing"],
    ["an empty issuer", { vars: { ISSUER: " " } }, "ISSUER is missing"],
    [
      "an issuer over plain http",
      { vars: { ISSUER: "http://identity.example.com" } },
      "ISSUER must be an https origin",
    ],
    ["a bad setting", { vars: { ISSUER, TOKEN_ALG: "none" } }, "TOKEN_ALG must be one of"],
    [
      "a key that can be guessed",
      { secrets: { KEY_ENCRYPTION_KEY: `${"A".repeat(43)}=` } },
      "KEY_ENCRYPTION_KEY can be guessed",
    ],
    ["credentials that are none", { secrets: { ADMIN_CREDENTIALS: "admin:secret" } }, "ADMIN_CREDENTIALS must be JSON"],
    ["a secret among the settings", { vars: { ISSUER, KEY_ENCRYPTION_KEY } }, "KEY_ENCRYPTION_KEY is a secret"],
    [
      "an issuer under workers.dev, where nothing answers",
      { vars: { ISSUER: "https://edgepool.somebody.workers.dev" } },
      "ISSUER is under workers.dev, and workers_dev is not true",
    ],
  ])("is named with %s, and no secret is repeated", (_what, changes, problem) => {
    const problems = problemsOf({ ...good, ...changes });
    expect(problems).toEqual([expect.stringContaining(problem)]);
    expect(problems.join()).not.toMatch(/AAAA|dGVz|admin:secret/);
  });

  it("may be a secret that is neither given nor there", () => {
    expect(missingSecrets(good.secrets, [])).toEqual([]);
    expect(missingSecrets({}, ["KEY_ENCRYPTION_KEY", "ADMIN_CREDENTIALS", "OTHER"])).toEqual([]);
    expect(missingSecrets({ KEY_ENCRYPTION_KEY: "" }, ["ADMIN_CREDENTIALS"])).toEqual(["KEY_ENCRYPTION_KEY"]);
    expect(missingSecrets({}, [])).toEqual(["KEY_ENCRYPTION_KEY", "ADMIN_CREDENTIALS"]);
  });
});

describe("the arguments of wrangler deploy", () => {
  it.each([
    [["--var", `ISSUER:${ISSUER}`]],
    [[`--var=ISSUER:${ISSUER}`]],
    [["--var", "REGION:eu-west-1", `ISSUER:${ISSUER}`]],
    [["--minify", "--var", `ISSUER:${ISSUER}`, "--tag", "x"]],
  ])("%j give the issuer", (words) => {
    expect(readArguments(words).vars).toMatchObject({ ISSUER });
  });

  it("name file, environment and Worker", () => {
    const words = ["-c", "other.toml", "-e", "staging", "--name", "mine", "--secrets-file", "secrets", "--dry-run"];
    expect(readArguments(words)).toEqual({
      config: "other.toml",
      env: "staging",
      name: "mine",
      secretsFile: "secrets",
      vars: {},
      isDryRun: true,
      isHelp: false,
    });
  });

  it("may name secrets as lines or as JSON", () => {
    const lines = `# of this deployment\nKEY_ENCRYPTION_KEY=${KEY_ENCRYPTION_KEY}\nADMIN_CREDENTIALS='${ADMIN_CREDENTIALS}'\n`;
    expect(parseSecrets(lines)).toEqual({ ok: true, value: { KEY_ENCRYPTION_KEY, ADMIN_CREDENTIALS } });
    expect(parseSecrets(JSON.stringify(good.secrets))).toEqual({ ok: true, value: good.secrets });
    expect(parseSecrets("{x")).toMatchObject({ ok: false });
  });
});

describe("npm run deploy", () => {
  let folder: string;
  let server: Server;
  let api: string;
  /** What Cloudflare was asked. */
  const asked: string[] = [];
  /** Names of the secrets of the deployed Worker; undefined before there is one. */
  let deployed: readonly string[] | undefined;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgepool-deploy-"));
    server = createServer((request, response) => {
      asked.push(`${request.method} ${request.url}`);
      const isList = request.url?.endsWith("/workers/scripts/edgepool/secrets") === true && deployed !== undefined;
      const errors = isList ? [] : [{ code: 10007, message: "This Worker does not exist on your account." }];
      const result = (deployed ?? []).map((name) => ({ name, type: "secret_text" }));
      response.writeHead(isList ? 200 : 404, { "content-type": "application/json" });
      response.end(JSON.stringify({ success: isList, errors, messages: [], result: isList ? result : null }));
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    api = `http://127.0.0.1:${typeof address === "object" ? address?.port : ""}`;
  });
  beforeEach(() => {
    asked.length = 0;
    deployed = undefined;
  });
  afterAll(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });

  async function deploy(words: readonly string[], account: Readonly<Record<string, string>> = {}) {
    const child = spawn(process.execPath, [join(ROOT, "scripts/deploy.ts"), ...words], {
      cwd: ROOT,
      stdio: ["ignore", "ignore", "pipe"],
      env: {
        PATH: process.env["PATH"],
        HOME: folder,
        CLOUDFLARE_API_BASE_URL: api,
        CLOUDFLARE_API_TOKEN: "token-of-this-test",
        CLOUDFLARE_ACCOUNT_ID: "0123456789abcdef0123456789abcdef",
        WRANGLER_SEND_METRICS: "false",
        WRANGLER_WRITE_LOGS: "false",
        ...account,
      },
    });
    let stderr = "";
    child.stderr.setEncoding("utf8").on("data", (chunk: string) => (stderr += chunk));
    const [code] = await once(child, "close");
    return { code, stderr };
  }

  /** One sentence, and nothing else. */
  function expectRefusal({ code, stderr }: Awaited<ReturnType<typeof deploy>>, text: string): void {
    expect(stderr.trim().split("\n")).toEqual([expect.stringMatching(/^edgepool: not deployed: /)]);
    expect(stderr).toContain(text);
    expect(code).toBe(1);
  }

  it("refuses without an issuer, and asks nobody", async () => {
    expectRefusal(await deploy([]), "ISSUER is missing");
    expect(asked).toEqual([]);
  });

  it("refuses an environment that has no issuer of its own", async () => {
    const config = join(folder, "wrangler.toml");
    await writeFile(
      config,
      `name = "edgepool"\n[vars]\nISSUER = "${ISSUER}"\n[env.staging.vars]\nREGION = "eu-west-1"\n`,
    );
    expectRefusal(await deploy(["--config", config, "--env", "staging"]), "ISSUER is missing");
    expect(asked).toEqual([]);
  });

  it.each([
    ["staging", "the environment at the top"],
    ["", "the environment staging"],
  ])("refuses an ISSUER that is another environment's: of %j", async (env, other) => {
    const config = join(folder, "wrangler.toml");
    const vars = `ISSUER = "${ISSUER}"\n`;
    await writeFile(config, `name = "edgepool"\n[vars]\n${vars}[env.staging.vars]\n${vars}`);
    expectRefusal(await deploy(["--config", config, `--env=${env}`]), `ISSUER is that of ${other}, too`);
    expectRefusal(await deploy(["--config", config], { CLOUDFLARE_ENV: env }), `ISSUER is that of ${other}, too`);
    expect(asked).toEqual([]);
  });

  it("rehearses staging without an account", async () => {
    const issuer = ["--var", "ISSUER:https://identity-staging.example.com"];
    expect((await deploy(["--dry-run", "--env", "staging", ...issuer])).code).toBe(0);
    expect(asked).toEqual([]);
  });

  it("refuses while the Worker has not all secrets, and uploads nothing", async () => {
    const secretsFile = join(folder, "secrets");
    await writeFile(secretsFile, `KEY_ENCRYPTION_KEY=${KEY_ENCRYPTION_KEY}\n`);
    const issuer = ["--var", `ISSUER:${ISSUER}`];
    expectRefusal(
      await deploy([...issuer, "--secrets-file", secretsFile]),
      "the Worker has no secret ADMIN_CREDENTIALS:",
    );
    deployed = ["ADMIN_CREDENTIALS"];
    expectRefusal(await deploy(issuer), "the Worker has no secret KEY_ENCRYPTION_KEY:");
    expect(new Set(asked)).toEqual(new Set([expect.stringMatching(/^GET .*\/secrets$/)]));
  });

  it("refuses when nobody can say which secrets there are", async () => {
    const refused = await deploy(["--var", `ISSUER:${ISSUER}`], { CLOUDFLARE_API_TOKEN: "" });
    expectRefusal(refused, "KEY_ENCRYPTION_KEY and ADMIN_CREDENTIALS may be missing: sign in");
    expect(asked).toEqual([]);
  });

  it("goes on to wrangler once nothing is missing", async () => {
    deployed = ["KEY_ENCRYPTION_KEY", "ADMIN_CREDENTIALS"];
    const { stderr } = await deploy(["--var", `ISSUER:${ISSUER}`]);
    expect(stderr).not.toContain("not deployed");
    expect(asked[0]).toMatch(/^GET .*\/secrets$/);
    expect(asked.length).toBeGreaterThan(1);
  });

  it("rehearses without an account, and says what would be missing", async () => {
    const { code, stderr } = await deploy(["--dry-run"], { CLOUDFLARE_API_TOKEN: "" });
    expect([code, stderr]).toEqual([0, expect.stringContaining("edgepool: would not be deployed: ISSUER is missing")]);
    expect(asked).toEqual([]);
  });
});
