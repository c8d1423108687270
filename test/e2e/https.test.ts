/** `npm start -- --https`: clients that insist on https work on this machine, once they trust its certificate. */
import { execFile } from "node:child_process";
import { X509Certificate } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { createConnection } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, inject, it } from "vitest";
import { certificateOf } from "../../scripts/certificate.ts";
import { need } from "../support/debian-tools.ts";
import { missingApache, startApache } from "../support/mod-auth-openidc.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

const ROOT = join(import.meta.dirname, "../..");
const DAY_MS = 24 * 60 * 60 * 1000;

let folder: string;
let worker: RunningWorker;
let certificateFile: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgepool-https-"));
  worker = await startWorker({ flags: ["--json", "--https"], stateFolder: join(folder, "state") });
  [, certificateFile = ""] = /^ +Certificate +(\S+)$/m.exec(worker.printed) ?? [];
});

afterAll(async () => {
  await worker.stop();
  await rm(folder, { recursive: true, force: true });
});

/** What the module prints, as JSON, run by a Node that trusts the certificate as the printed command has it. */
async function runTrusting(code: string): Promise<Record<string, unknown>> {
  const env = { ...process.env, NODE_EXTRA_CA_CERTS: certificateFile };
  const parameters = ["--input-type=module", "-e", code];
  const { stdout } = await promisify(execFile)(process.execPath, parameters, { cwd: ROOT, env });
  return JSON.parse(stdout) as Record<string, unknown>;
}

/** Alice's token, by fetch alone. */
const SIGN_IN = (endpoint: string) => `
  const post = async (path, body, headers = {}) =>
    (await fetch("${endpoint}" + path, { method: "POST", body: JSON.stringify(body), headers })).json();
  const call = (operation, input) => post("/", input, {
    "content-type": "application/x-amz-json-1.1",
    "x-amz-target": "AWSCognitoIdentityService." + operation,
  });
  const { providerName, token: login } = await post("/development/issuer/sign-in", { name: "alice" });
  const Logins = { [providerName]: login };
  const { IdentityId } = await call("GetId", { IdentityPoolId: "${inject("identityPoolId")}", Logins });
  const { Token } = await call("GetOpenIdToken", { IdentityId, Logins });
`;

describe("npm start over https", () => {
  it("prints https wherever it prints itself", () => {
    expect(worker.endpoint).toBe(`https://127.0.0.1:${worker.port}`);
    expect(worker.printed).not.toContain("http://");
    expect(certificateFile).toBe(join(worker.stateFolder, "https-certificate.pem"));
  });

  it("lets aws-jwt-verify fetch the keys as it does in production, for a user that the development issuer signed in", async () => {
    const claims = await runTrusting(`
      import { JwtVerifier } from "aws-jwt-verify";
      ${SIGN_IN(worker.endpoint)}
      const verifier = JwtVerifier.create({ issuer: "${worker.endpoint}", audience: "${inject("identityPoolId")}" });
      await verifier.hydrate();
      console.log(JSON.stringify({ IdentityId, ...(await verifier.verify(Token)) }));
    `);
    const providerName = `127.0.0.1:${worker.port}/development/issuer`;
    expect(claims).toMatchObject({ iss: worker.endpoint, amr: expect.arrayContaining([providerName]) });
    expect(claims["sub"]).toBe(claims["IdentityId"]);
  });

  it("lets Apache's mod_auth_openidc find the keys, for that user and for no guest", async ({ skip }) => {
    need({ skip }, missingApache());
    const certificate = await readFile(certificateFile, "utf8");
    const apache = await startApache(worker.endpoint, inject("identityPoolId"), certificate);
    try {
      const tokens = await runTrusting(`
        ${SIGN_IN(worker.endpoint)}
        const guest = await call("GetId", { IdentityPoolId: "${inject("identityPoolId")}" });
        console.log(JSON.stringify({ user: Token, guest: (await call("GetOpenIdToken", guest)).Token }));
      `);
      const enter = async (token: unknown) => {
        const headers = { authorization: `Bearer ${String(token)}` };
        return (await fetch(`${apache.origin}/bearer/index.html`, { headers })).status;
      };
      expect([await enter(tokens["user"]), await enter(tokens["guest"])]).toEqual([200, 401]);
    } finally {
      await apache.stop();
    }
  });

  it("gives credentials of its own STS, which fetches the documents over https, too", async () => {
    const given = await runTrusting(`
      ${SIGN_IN(worker.endpoint)}
      console.log(JSON.stringify((await call("GetCredentialsForIdentity", { IdentityId, Logins })).Credentials));
    `);
    expect(given["AccessKeyId"]).toMatch(/^ASIA/);
  });

  it("is trusted under both names of this machine, by curl, in a shell that the printed line was pasted to", async () => {
    const [, trust = ""] = /Trust its certificate, in this shell:\n(.+)\n/.exec(worker.printed) ?? [];
    const discover = (host: string) => `curl -sS https://${host}:${worker.port}/.well-known/openid-configuration`;
    const commands = `${trust}\n${discover("127.0.0.1")} && ${discover("localhost")}`;
    const { stdout } = await promisify(execFile)("sh", ["-eu", "-c", commands]);
    expect(stdout.match(new RegExp(`"issuer":"${worker.endpoint}"`, "g"))).toHaveLength(2);
  });

  it("is refused by whoever does not trust it", async () => {
    await expect(fetch(worker.endpoint)).rejects.toMatchObject({ cause: { code: "DEPTH_ZERO_SELF_SIGNED_CERT" } });
  });

  it("answers nothing over plain http, and goes on", async () => {
    const socket = createConnection(worker.port, "127.0.0.1");
    socket.end(`GET / HTTP/1.1\r\nHost: 127.0.0.1:${worker.port}\r\n\r\n`);
    expect(await text(socket).catch(() => "")).not.toContain("HTTP/1.1");
    expect(
      await runTrusting(`console.log(JSON.stringify({ status: (await fetch("${worker.endpoint}")).status }))`),
    ).toEqual({
      status: 405,
    });
  });

  it("keeps certificate and key to itself, and from start to start", async () => {
    const names = (await readdir(worker.stateFolder)).filter((name) => name.endsWith(".pem"));
    const modes = await Promise.all(
      names.map(async (name) => (await stat(join(worker.stateFolder, name))).mode & 0o777),
    );
    expect(names).toEqual(expect.arrayContaining(["https-certificate.pem", "https-key.pem"]));
    expect(new Set(modes)).toEqual(new Set([0o600]));
    const before = await readFile(certificateFile, "utf8");
    const { port } = worker;
    await worker.stop();
    worker = await startWorker({ flags: ["--json", "--https"], stateFolder: worker.stateFolder, port });
    expect(await readFile(certificateFile, "utf8")).toBe(before);
  });
});

describe("the certificate", () => {
  const now = Date.UTC(2026, 10, 28);

  function made(at: number) {
    const certificate = certificateOf(folder, at);
    if (!certificate.ok) throw new Error(certificate.error);
    return certificate.value;
  }

  it("is of this machine's names for a year, and of no authority", () => {
    const { certificate } = made(now);
    const read = new X509Certificate(certificate);
    expect(read.subjectAltName).toBe("DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1");
    expect(read.ca).toBe(false);
    expect(read.verify(read.publicKey)).toBe(true);
    expect(read.keyUsage).toEqual(["1.3.6.1.5.5.7.3.1"]);
    expect([read.validFromDate.getTime(), read.validToDate.getTime()]).toEqual([now - DAY_MS, now + 365 * DAY_MS]);
  });

  it("is made anew, of the same key, before it ends, or where it is none of the key's", async () => {
    const first = made(now);
    expect(made(now + 334 * DAY_MS)).toEqual(first);
    const second = made(now + 336 * DAY_MS);
    expect(second.key).toBe(first.key);
    expect(new X509Certificate(second.certificate).validToDate.getTime()).toBe(now + (336 + 365) * DAY_MS);
    await rm(join(folder, "https-key.pem"));
    const third = made(now + 336 * DAY_MS);
    expect(third.key).not.toBe(first.key);
    expect(third.certificate).not.toBe(second.certificate);
  });
});
