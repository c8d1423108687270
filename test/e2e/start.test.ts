import { execFile, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { decodeJwt, decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { callForText } from "../support/call.ts";
import { call } from "../support/wire-call.ts";
import { freePort, type RunningWorker, startWorker } from "../support/worker-process.ts";

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

  it("prints aws commands that work when pasted", async ({ skip }) => {
    skip(!hasAwsCommand, "the aws command is not installed");
    const commands = commandsOf(worker.printed, "with the AWS command line:");
    const shown = await paste(commands);
    expectGuestThenAlice(shown, `127.0.0.1:${worker.port}/development/issuer`);
    const listed: { IdentityPools: unknown[] } = JSON.parse(shown.slice(4).join("\n"));
    expect(listed.IdentityPools).toHaveLength(1);
  });

  it("serves a sign-in page whose commands work when pasted", async () => {
    const page = await fetch(`${worker.endpoint}/development/issuer`, {
      method: "POST",
      body: new URLSearchParams({ name: "bob" }),
    });
    const [, escaped = ""] = /<pre tabindex="0" aria-labelledby="next">([^<]*)</.exec(await page.text()) ?? [];
    const commands = escaped
      .replaceAll("&quot;", '"')
      .replaceAll("&#39;", "'")
      .replaceAll("&lt;", "<")
      .replaceAll("&gt;", ">")
      .replaceAll("&amp;", "&");
    const [identityId = "", token = ""] = await paste(commands);
    expect(decodeJwt(token).sub).toBe(identityId);
  });

  it("is not reachable by another address of this machine", async () => {
    await expect(fetch(`http://[::1]:${worker.port}/.well-known/openid-configuration`)).rejects.toThrow("fetch failed");
  });

  it("does not share its state folder", async () => {
    const port = await freePort();
    await expect(startWorker({ port, stateFolder: worker.stateFolder })).rejects.toThrow(
      `edgepool: the state folder ${worker.stateFolder} is in use by another npm start`,
    );
    expect((await call(worker.endpoint, "GetId", { IdentityPoolId: inject("identityPoolId") })).status).toBe(200);
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
        KEY_ENCRYPTION_KEY: "dGVzdC1vbmx5LWtleS1lbmNyeXB0aW9uLWtleS0wMDE=",
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

type Refused = { readonly code: number | null; readonly stdout: string; readonly stderr: string };

function start(
  args: readonly string[],
  options: { readonly nodeOptions?: readonly string[]; readonly script?: string } = {},
): Refused {
  const { nodeOptions = [], script = "start.ts" } = options;
  const { status, stdout, stderr } = spawnSync(process.execPath, [...nodeOptions, join(SCRIPTS, script), ...args], {
    encoding: "utf8",
    timeout: 20_000,
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
    [["--port", "0"], "--port must be a whole number from 1 to 65535"],
    [["--port", "65536"], "--port must be a whole number from 1 to 65535"],
    [["--port", "80a"], "--port must be a whole number from 1 to 65535"],
    [["--port=-1"], "--port must be a whole number from 1 to 65535"],
    [["--var", "TOKEN_ALG"], "--var must be NAME=VALUE"],
    [["--var", "=ES256"], "--var must be NAME=VALUE"],
    [["--var", "TOKEN_ALGORITHM=ES256"], 'there is no setting "TOKEN_ALGORITHM": the settings are ADMIN_CREDENTIALS, '],
    [["--var", "__proto__=1"], 'there is no setting "__proto__"'],
  ])("%j by what is wrong with it", (args, text) => {
    expectRefusal(start(args), text);
  });

  it.each([
    ["TOKEN_ALG=HS256", "TOKEN_ALG must be one of RS256"],
    ["ISSUER=http://identity.example.com", "ISSUER must be"],
    ["ISSUER=", "ISSUER is missing"],
    ["KEY_ENCRYPTION_KEY=", "KEY_ENCRYPTION_KEY is missing"],
    ["ADMIN_CREDENTIALS=[", "ADMIN_CREDENTIALS must be JSON"],
    ['DEVELOPMENT_UPSTREAMS={"https://accounts.google.com":"https://evil.example"}', "DEVELOPMENT_UPSTREAMS must be"],
  ])("the setting %s", (setting, text) => {
    expectRefusal(start(["--state", folder, "--var", setting]), text);
  });

  it("a port in use", async () => {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    expectRefusal(start(["--state", folder, "--port", String(port)]), `port ${port} on 127.0.0.1 is in use`);
    server.close();
  });

  it("a state folder that is a file", async () => {
    const file = join(folder, "file");
    await writeFile(file, "");
    expectRefusal(start(["--state", file]), `the state folder ${file} cannot be used`);
  });

  it("a Node that is too old to run it", () => {
    const versions = "{value:{...process.versions,node:'20.19.0'}}";
    const pretend = `data:text/javascript,Object.defineProperty(process,'versions',${versions})`;
    expectRefusal(start([], { nodeOptions: ["--import", pretend], script: "start.mjs" }), "this is Node 20.19.0");
  });

  it("nothing when asked for help", () => {
    const { code, stdout, stderr } = start(["--help"]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    for (const text of ["--port N", "--state DIR", "--var NAME=VALUE", "TOKEN_ALG"]) expect(stdout).toContain(text);
  });
});
