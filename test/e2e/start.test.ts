import { execFile, fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  chown,
  cp,
  lchown,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import type { ServeOrder } from "../../scripts/serve-protocol.ts";
import { callForText } from "../support/call.ts";
import { signIn } from "../support/development-sign-in.ts";
import { call } from "../support/wire-call.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

const SCRIPTS = join(import.meta.dirname, "../../scripts");
const hasAwsCommand = spawnSync("aws", ["--version"]).status === 0;

/** The commands of each printed paragraph whose title ends so, as a user would copy them. */
function commandsOf(printed: string, titleEnd: string): string {
  const paragraphs = printed.split("\n\n").map((text) => text.trim().split("\n"));
  return paragraphs.flatMap(([title = "", ...lines]) => (title.endsWith(titleEnd) ? lines : [])).join("\n");
}

/** Each command shows what it got on one line. */
async function paste(commands: string): Promise<readonly string[]> {
  const { stdout } = await promisify(execFile)("sh", ["-eu", "-c", commands]);
  return stdout.trim().split("\n");
}

function expectGuestThenAlice(shown: readonly string[], providerName: string): void {
  const [identityId = "", guestToken = "", , aliceToken = ""] = shown;
  expect(identityId).toMatch(/^us-east-1:[0-9a-f-]{36}$/);
  expect(decodeJwt(guestToken)).toMatchObject({ sub: identityId, amr: ["unauthenticated"] });
  expect(decodeJwt(aliceToken)["amr"]).toEqual(expect.arrayContaining(["authenticated", providerName]));
}

describe("npm start", () => {
  let worker: RunningWorker;
  beforeAll(async () => {
    worker = await startWorker();
  });
  afterAll(async () => {
    await worker.stop();
  });

  it("prints where the service is and what it holds", () => {
    for (const text of [
      `Endpoint        ${worker.endpoint}\n`,
      "us-east-1:de300000-0000-4000-8000-0000000de300",
      `127.0.0.1:${worker.port}/development/issuer`,
      "accounts.google.com",
      "edgepool-local",
      "edgepool-local-secret",
      `${worker.endpoint}/.well-known/openid-configuration`,
    ]) {
      expect(worker.printed).toContain(text);
    }
  });

  it("prints curl commands that work when pasted, and work again", async () => {
    const commands = commandsOf(worker.printed, "with curl:");
    const providerName = `127.0.0.1:${worker.port}/development/issuer`;
    expectGuestThenAlice(await paste(commands), providerName);
    expectGuestThenAlice(await paste(commands), providerName);
  });

  it("prints, last, a command that verifies the token wherever it is pasted", async () => {
    const verify = commandsOf(worker.printed, "as a relying party does it:");
    expect(worker.printed.indexOf(verify)).toBeGreaterThan(worker.printed.lastIndexOf(" command line:"));
    const guest = commandsOf(worker.printed, "A guest, with curl:");
    const [identityId, , ...claims] = await paste(`cd /; ${guest}\n${verify}`);
    expect(claims.join(" ")).toContain(`sub: '${identityId}'`);
    expect(claims.join(" ")).toContain("amr: [ 'unauthenticated' ]");
    // Of another key, as a forged one is.
    await expect(paste(`${guest}\nOPENID_TOKEN=\${OPENID_TOKEN%??????}AAAAAA\n${verify}`)).rejects.toThrow(
      "signature verification failed",
    );
  });

  it("prints aws commands that work when pasted", async ({ skip }) => {
    skip(!hasAwsCommand, "the aws command is not installed");
    const commands = commandsOf(worker.printed, "with the AWS command line:");
    const shown = await paste(commands);
    expectGuestThenAlice(shown, `127.0.0.1:${worker.port}/development/issuer`);
    const listed: { IdentityPools: unknown[] } = JSON.parse(shown.slice(4, -2).join("\n"));
    expect(listed.IdentityPools).toHaveLength(1);
    // The last of them says which role the credentials are of.
    expect(shown.at(-1)).toBe("arn:aws:sts::000000000000:assumed-role/edgepool-demo-user/CognitoIdentityCredentials");
  });

  it("serves a sign-in page whose commands work when pasted", async () => {
    const page = await fetch(`${worker.endpoint}/development/issuer`, {
      method: "POST",
      body: new URLSearchParams({ name: "bob" }),
    });
    const [, escaped = ""] = /aria-labelledby="exchange-the-login-token">([^<]*)</.exec(await page.text()) ?? [];
    const commands = escaped
      .replaceAll("&quot;", '"')
      .replaceAll("&#39;", "'")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&amp;", "&");
    const [identityId = "", token = ""] = await paste(commands);
    expect(decodeJwt(token).sub).toBe(identityId);
  });

  it("keeps all that it writes to itself", async () => {
    const names = ["", ...(await readdir(worker.stateFolder, { recursive: true }))];
    // SQLite makes files and takes them away while it runs: one that is gone by now is open to nobody.
    const modeOf = async (name: string) =>
      (await stat(join(worker.stateFolder, name), { throwIfNoEntry: false }))?.mode ?? 0;
    const modes = await Promise.all(names.map(async (name) => [name, (await modeOf(name)) & 0o077] as const));
    expect(modes.filter(([, open]) => open !== 0)).toEqual([]);
    expect(names).toContain("key-encryption-key");
    expect(names.some((name) => name.endsWith(".sqlite"))).toBe(true);
  });

  it("is not reachable by another address of this machine", async () => {
    await expect(fetch(`http://[::1]:${worker.port}/.well-known/openid-configuration`)).rejects.toThrow("fetch failed");
  });

  it("does not share its state folder", async () => {
    await expect(startWorker({ stateFolder: worker.stateFolder })).rejects.toThrow(
      `edgepool: the state folder ${worker.stateFolder} is in use by another npm start`,
    );
    expect((await call(worker.endpoint, "GetId", { IdentityPoolId: inject("identityPoolId") })).status).toBe(200);
  });
});

describe("the terminal of npm start", () => {
  it("has nothing before the welcome, and then one short line for each request", async () => {
    const worker = await startWorker({ flags: [] });
    try {
      expect(worker.log()).toBe("");
      expect(worker.printed).toMatch(/^Edgepool is ready\.$/m);
      const guest = { IdentityPoolId: inject("identityPoolId") };
      const { token } = await signIn(worker.endpoint, "alice");
      const providerName = `127.0.0.1:${worker.port}/development/issuer`;
      await call(worker.endpoint, "GetId", { ...guest, Logins: { [providerName]: token } });
      await call(worker.endpoint, "GetId", { ...guest, Logins: { [providerName]: token.slice(0, -6) } });
      await expect.poll(() => worker.log().trim().split("\n")).toHaveLength(2);
      const [good = "", bad = ""] = worker.log().trim().split("\n");
      expect(good).toMatch(/^\d\d:\d\d:\d\d  200  GetId +[\d.]+ ms  127\.0\.0\.1:\d+\/development\/issuer$/);
      expect(bad).toMatch(/^\d\d:\d\d:\d\d  403  GetId +[\d.]+ ms  NotAuthorizedException \(.+: bad-signature.*\)$/);
    } finally {
      await worker.stop();
    }
  });
});

describe("npm start with settings", () => {
  it("takes every one of them from --var", async () => {
    const credentials = [{ accessKeyId: "mine", secretAccessKey: "a-secret-of-my-own" }];
    const worker = await startWorker({
      settings: {
        ISSUER: "https://identity.example.com",
        TOKEN_ALG: "ES256",
        REGION: "eu-west-1",
        MERGE_POLICY: "merge",
        CLIENT_LIMIT: "on",
        ADMIN_CREDENTIALS: JSON.stringify(credentials),
        KEY_ENCRYPTION_KEY: "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=",
        CLOCK_SKEW_SECONDS: "",
      },
    });
    const { endpoint, printed } = worker;
    try {
      const pool = { IdentityPoolId: "eu-west-1:de300000-0000-4000-8000-0000000de300" };
      const identityId = await callForText(endpoint, "GetId", pool, "IdentityId");
      const token = await callForText(endpoint, "GetOpenIdToken", { IdentityId: identityId }, "Token");
      expect(identityId).toMatch(/^eu-west-1:/);
      expect(decodeProtectedHeader(token).alg).toBe("ES256");
      expect(decodeJwt(token).iss).toBe("https://identity.example.com");
      expect(printed).toContain("those of ADMIN_CREDENTIALS");
      expect(printed).not.toContain("a-secret-of-my-own");
      expect(printed).not.toContain("edgepool-local");
    } finally {
      await worker.stop();
    }
  });
});

async function occupyPort(): Promise<{ readonly server: Server; readonly port: number }> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("not a TCP server");
  return { server, port: address.port };
}

describe("the port of npm start", () => {
  it("is a free one where it is 0, and is told: endpoint, issuer, provider and commands have it", async () => {
    const workers = await Promise.all([startWorker({ port: 0 }), startWorker({ port: 0 })]);
    try {
      for (const { endpoint, port, printed } of workers) {
        expect(port).toBeGreaterThan(0);
        const document = await (await fetch(`${endpoint}/.well-known/openid-configuration`)).json();
        expect(document).toMatchObject({ issuer: endpoint, jwks_uri: `${endpoint}/.well-known/jwks.json` });
        expect(printed).toContain(`127.0.0.1:${port}/development/issuer`);
        expect(printed).not.toContain("127.0.0.1:0");
      }
      expect(workers[0].port).not.toBe(workers[1].port);
    } finally {
      await Promise.all(workers.map(async (worker) => await worker.stop()));
    }
  });

  it("that is lost to another process after it was looked at is told in the same sentence", async () => {
    const { server, port } = await occupyPort();
    try {
      const sentence = expect.stringContaining(`port ${port} on 127.0.0.1 is in use`);
      expect((await serve(port)).reports).toEqual([{ kind: "failed", sentence }]);
    } finally {
      server.close();
    }
  });

  it("that is lost where any will do is another one in the end, and nobody hears of it", async () => {
    // Takes the first port that is looked at, as soon as it is free again.
    const thief = `
      import { createServer, Server } from "node:net";
      const { close } = Server.prototype;
      Server.prototype.close = function (callback) {
        const { port } = this.address();
        Server.prototype.close = close;
        console.log("stolen", port);
        return close.call(this, () => createServer().listen(port, "127.0.0.1", callback).unref());
      };`;
    const { reports, printed } = await serve(0, ["--import", `data:text/javascript,${encodeURIComponent(thief)}`]);
    expect(reports).toEqual([{ kind: "ready", endpoint: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/) }]);
    const [, stolen] = /stolen (\d+)/.exec(printed) ?? [];
    expect(stolen).toBeDefined();
    expect(JSON.stringify(reports)).not.toContain(`:${stolen}"`);
  });
});

/** The process below scripts/start.ts alone, given its order, until its first report; ends it then. */
async function serve(port: number, nodeOptions: readonly string[] = []) {
  const stateFolder = await mkdtemp(join(tmpdir(), "edgepool-test-"));
  const execArgv = ["--disable-warning=ExperimentalWarning", ...nodeOptions];
  const child = fork(join(SCRIPTS, "serve.ts"), { execArgv, silent: true });
  const ended = once(child, "exit");
  let printed = "";
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (printed += chunk));
  const keyEncryptionKey = "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=";
  child.send({ port, stateFolder, keyEncryptionKey, settings: [], https: null, showsJson: true } satisfies ServeOrder);
  const reports: unknown[] = await once(child, "message");
  if (child.connected) child.disconnect();
  await ended;
  await rm(stateFolder, { recursive: true, force: true, maxRetries: 10 });
  return { reports: reports.slice(0, 1), printed };
}

type Refused = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

function start(
  args: readonly string[],
  options: { readonly nodeOptions?: readonly string[]; readonly script?: string } = {},
): Refused {
  const { nodeOptions = [], script = "start.ts" } = options;
  const { status, stdout, stderr } = spawnSync(process.execPath, [...nodeOptions, resolve(SCRIPTS, script), ...args], {
    encoding: "utf8",
    // None of them serves anything: one that does not end has a fault, and would otherwise never be seen to have it.
    timeout: 120_000,
  });
  return { code: status, stdout, stderr };
}

/** One sentence, and nothing else. */
function expectRefusal({ code, stdout, stderr }: Refused, text: string): void {
  expect(stderr.trim().split("\n")).toEqual([expect.stringMatching(/^edgepool: /)]);
  expect(stderr).toContain(text);
  expect(stdout).toBe("");
  expect(code).toBe(1);
}

describe("npm start refuses", () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgepool-test-"));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
  });

  it.each([
    [["--prot", "8080"], "there is no flag --prot"],
    [["8080"], '"8080" is not a flag'],
    [["--port"], "--port needs a value"],
    [["--port="], "--port needs a value"],
    [["--port", "--state", "x"], "--port needs a value"],
    [["--port", "65536"], "--port must be a whole number from 0 to 65535"],
    [["--port", "000000"], "--port must be a whole number from 0 to 65535"],
    [["--port", "80a"], "--port must be a whole number from 0 to 65535"],
    [["--port=-1"], "--port must be a whole number from 0 to 65535"],
    [["--port", "0.5"], "--port must be a whole number from 0 to 65535"],
    [["--json=1"], "there is no flag --json=1"],
    [["--json", "--port", "--json"], "--port needs a value"],
    [["--var", "TOKEN_ALG"], "--var must be NAME=VALUE"],
    [["--var", "=ES256"], "--var must be NAME=VALUE"],
    [["--var", "TOKEN_ALGORITHM=ES256"], 'there is no setting "TOKEN_ALGORITHM": the settings are ADMIN_CREDENTIALS, '],
    [["--var", "__proto__=1"], 'there is no setting "__proto__"'],
  ])("%j by what is wrong with it", (args, text) => {
    expectRefusal(start(args), text);
  });

  it.each([
    ["TOKEN_ALG=HS256", "TOKEN_ALG must be one of RS256"],
    ["STS_URL=http://sts.example.com", "STS_URL must be aws, none, or an https address"],
    ["STS_URL=https://sts.us-east-1.amazonaws.com", "ISSUER must have no port with AWS's STS"],
    ["ISSUER=http://identity.example.com", "ISSUER must be"],
    ["ISSUER=", "ISSUER is missing"],
    ["KEY_ENCRYPTION_KEY=", "KEY_ENCRYPTION_KEY is missing"],
    ["ADMIN_CREDENTIALS=[", "ADMIN_CREDENTIALS must be JSON"],
    ['DEVELOPMENT_UPSTREAMS={"https://accounts.google.com":"https://evil.example"}', "DEVELOPMENT_UPSTREAMS must be"],
  ])("the setting %s", (setting, text) => {
    expectRefusal(start(["--state", folder, "--var", setting]), text);
  });

  it("a port in use", async () => {
    const { server, port } = await occupyPort();
    expectRefusal(start(["--state", folder, "--port", String(port)]), `port ${port} on 127.0.0.1 is in use`);
    server.close();
  });

  it("a state folder that is a file", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    expectRefusal(start(["--state", file]), `the state folder ${file} cannot be used`);
  });

  it.each([0o755, 0o750, 0o701, 0o777, 0o1777])("a state folder that is open, as by the rights %o", async (mode) => {
    const open = join(folder, "open");
    await mkdir(open, { recursive: true });
    await chmod(open, mode);
    const refused = start(["--state", open]);
    expectRefusal(refused, `the state folder ${open} is open to other users`);
    expect(refused.stderr).toContain("chmod 700");
    // Not a file of ours in it, nor is it closed: what others have put there would look like ours.
    expect([await readdir(open), (await stat(open)).mode & 0o7777]).toEqual([[], mode]);
    const link = join(folder, `link-${mode}`);
    await symlink(open, link);
    expectRefusal(start(["--state", link]), `the state folder ${link} is open to other users`);
  });

  it("a state folder of another user, and a link of another user", async ({ skip }) => {
    skip(process.getuid?.() !== 0, "only root can give a folder away");
    const foreign = join(folder, "foreign");
    await mkdir(foreign, { mode: 0o700 });
    await chown(foreign, 65_534, 65_534);
    expectRefusal(start(["--state", foreign]), `the state folder ${foreign} belongs to another user`);
    const [own, link] = [join(folder, "own"), join(folder, "foreign-link")];
    await mkdir(own, { mode: 0o700 });
    await symlink(own, link);
    await lchown(link, 65_534, 65_534);
    expectRefusal(start(["--state", link]), `the state folder ${link} belongs to another user`);
    expect(await readdir(own)).toEqual([]);
  });

  it("a key that is a link to another file, and closes one that is open", async () => {
    const state = join(folder, "linked-key");
    await mkdir(state, { mode: 0o700 });
    const [key, elsewhere] = [join(state, "key-encryption-key"), join(folder, "elsewhere")];
    await writeFile(elsewhere, "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=");
    await symlink(elsewhere, key);
    expectRefusal(start(["--state", state]), `${key} cannot be read (ELOOP)`);
    await rm(key);
    await writeFile(key, await readFile(elsewhere), { mode: 0o644 });
    // It gets as far as the next thing that is wrong.
    expectRefusal(start(["--state", state, "--var", "TOKEN_ALG=x"]), "TOKEN_ALG must be");
    expect((await stat(key)).mode & 0o777).toBe(0o600);
  });

  it.each([
    ["is not installed", [], 'its packages are missing: run "npm install"'],
    [
      "has no Node of its own",
      ["miniflare/package.json"],
      'this is Node 20.19.0, and 22.18 or newer is needed: run "npm install"',
    ],
    [
      "was installed without scripts",
      ["miniflare/package.json", "node/package.json"],
      'npm did not run the scripts of the packages, one of which brings Node 24: run "npm rebuild --ignore-scripts=false node',
    ],
    [
      "is started past npm",
      ["miniflare/package.json", "node/package.json", "node/bin/node"],
      'this is Node 20.19.0, and 22.18 or newer is needed: run "npm start"',
    ],
  ])("to run by an old Node where it %s, and says what to do", async (what, files, text) => {
    const checkout = join(folder, what);
    await cp(join(SCRIPTS, "start.mjs"), join(checkout, "scripts/start.mjs"), { recursive: true });
    for (const file of files) {
      const path = join(checkout, "node_modules", file);
      await mkdir(dirname(path), { recursive: true });
      await writeFile(path, "{}");
    }
    const versions = "{value:{...process.versions,node:'20.19.0'}}";
    const pretend = `data:text/javascript,Object.defineProperty(process,'versions',${versions})`;
    expectRefusal(start([], { nodeOptions: ["--import", pretend], script: join(checkout, "scripts/start.mjs") }), text);
  });

  it("nothing when asked for help", () => {
    const { code, stdout, stderr } = start(["--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const text of ["--port N", "--state DIR", "--https", "--json", "--var NAME=VALUE", "TOKEN_ALG"])
      expect(stdout).toContain(text);
  });
});
