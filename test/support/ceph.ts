/**
 * Ceph from Debian's packages: a monitor, an object store in memory, and the object gateway, which speaks STS, IAM and S3. On
 * loopback ports and in a folder of its own. The kernel ends each daemon together with whatever started it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createHash, randomInt } from "node:crypto";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AwsClient } from "aws4fetch";
import { vi } from "vitest";
import { type Missing, runProgram } from "./debian-tools.ts";

const START_DEADLINE_MS = 150_000;
/** Below those that the system gives away by itself. */
const PORTS = [20_000, 32_000] as const;
const LOG_TAIL_LENGTH = 2000;
const ADMIN = { accessKeyId: "of-this-test", secretAccessKey: "and-of-this-test-alone" };

export function missingCeph(): Missing {
  const needed = [
    ["ceph-mon", "ceph-mon"],
    ["ceph-osd", "ceph-osd"],
    ["ceph", "ceph-common"],
    ["radosgw", "radosgw"],
    ["openssl", "openssl"],
  ] as const;
  const missing = needed.find(([name]) => !existsSync(`/usr/bin/${name}`));
  return missing && `${missing[1]} is not installed`;
}

type Statement = {
  readonly Effect: string;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
};

/** A policy of IAM, of trust or of permissions. */
export type Policy = {
  readonly Version: string;
  readonly Statement: readonly Statement[];
};

export type Ceph = {
  /** Of STS, IAM and S3 alike. */
  readonly endpoint: string;
  /** Registers an issuer with the keys that it publishes now; `audiences` are what it may take tokens for. */
  trustIssuer(issuer: string, audiences: readonly string[]): Promise<void>;
  /** The ARN of a new role. */
  createRole(name: string, trust: Policy, permissions: Policy): Promise<string>;
  stop(): Promise<void>;
};

/** Ceph must be told its ports. Each is held until all are found, so that no two are one. */
async function freePorts(count: number): Promise<readonly number[]> {
  const held: Server[] = [];
  while (held.length < count) {
    const server = createServer().listen(randomInt(...PORTS), "127.0.0.1");
    const isFree = await once(server, "listening").then(
      () => true,
      () => false,
    );
    if (isFree) held.push(server);
  }
  const ports = held.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(held.map(async (server) => await once(server.close(), "close")));
  return ports;
}

type Places = { readonly folder: string; readonly config: string; readonly keyring: string; readonly monitors: string };

/** One copy of everything, in memory; no manager runs, and so nothing is scaled. */
function configText({ folder, keyring, monitors }: Places, clusterId: string, gatewayPort: number): string {
  return `
[global]
fsid = ${clusterId}
mon host = [${monitors}]
public addr = 127.0.0.1
cluster addr = 127.0.0.1
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd pool default pgp num = 1
osd pool default pg autoscale mode = off
mon max pg per osd = 1000
mon allow pool size one = true
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 1073741824
keyring = ${keyring}
admin socket = ${folder}/run/$name.asok
log file = ${folder}/log/$name.log
pid file = ${folder}/run/$name.pid
mon data = ${folder}/mon
osd data = ${folder}/osd
mon cluster log file = ${folder}/log/cluster.log
[client.rgw.a]
rgw frontends = beast endpoint=127.0.0.1:${gatewayPort}
rgw enable apis = s3, sts, iam, admin
rgw s3 auth use sts = true
rgw sts key = abcdefghijklmnop
rgw dns name = 127.0.0.1
rgw thread pool size = 16
`;
}

async function program(name: string, ...parameters: readonly string[]): Promise<void> {
  const { code, stderr } = await runProgram(`/usr/bin/${name}`, parameters);
  if (code !== 0) throw new Error(`${name} ${parameters.join(" ")}: ${stderr}`);
}

/** The keys by which its parts know each other. */
async function writeKeyring(keyring: string): Promise<void> {
  const all = (part: string) => ["--cap", part, "allow *"];
  const make = async (name: string, ...caps: readonly string[]) =>
    await program("ceph-authtool", keyring, "-n", name, "--gen-key", ...caps);
  await program("ceph-authtool", "-C", keyring, "-n", "mon.", "--gen-key", ...all("mon"));
  await make("client.admin", ...all("mon"), ...all("osd"), ...all("mgr"));
  await make("osd.0", ...all("mon"), ...all("osd"));
  await make("client.rgw.a", ...all("mon"), ...all("osd"));
}

class Daemons {
  readonly #running: ChildProcess[] = [];
  readonly #config: string;

  constructor(config: string) {
    this.#config = config;
  }

  start(name: string, ...parameters: readonly string[]): ChildProcess {
    const command = [`/usr/bin/${name}`, "-c", this.#config, "-f", ...parameters];
    const child = spawn("/usr/bin/setpriv", ["--pdeathsig", "KILL", ...command], {
      stdio: "ignore",
      env: { PATH: "/usr/bin:/bin" },
    });
    this.#running.push(child);
    return child;
  }

  /** What is lost was in memory. */
  async kill(): Promise<void> {
    const running = this.#running.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    const ended = running.map(async (child) => await once(child, "exit"));
    for (const child of running) child.kill("SIGKILL");
    await Promise.all(ended);
  }
}

async function startStore({ folder, config, keyring, monitors }: Places, clusterId: string, daemons: Daemons) {
  const ceph = async (...command: readonly string[]) =>
    await program("ceph", "-c", config, "--connect-timeout", "60", ...command);
  const map = join(folder, "monmap");
  await program("monmaptool", "--create", "--fsid", clusterId, "--addv", "a", `[${monitors}]`, map);
  await program("ceph-mon", "-c", config, "--mkfs", "-i", "a", "--monmap", map, "--keyring", keyring);
  daemons.start("ceph-mon", "-i", "a");
  await program("ceph-osd", "-c", config, "--mkfs", "-i", "0");
  await ceph("osd", "new", (await readFile(join(folder, "osd/fsid"), "utf8")).trim(), "0");
  daemons.start("ceph-osd", "-i", "0");
  await ceph("osd", "crush", "add", "osd.0", "1.0", "root=default", "host=localhost");
}

async function startGateway(config: string, endpoint: string, daemons: Daemons): Promise<void> {
  const gateway = daemons.start("radosgw", "-n", "client.rgw.a");
  const failed = once(gateway, "exit").then(([code]) => {
    throw new Error(`radosgw ended with ${code}`);
  });
  failed.catch(() => {});
  const answers = vi.waitFor(async () => await fetch(endpoint), { timeout: START_DEADLINE_MS, interval: 100 });
  await Promise.race([answers, failed]);
  const admin = ["--uid=admin", "--display-name=admin", "--caps=oidc-provider=*;roles=*"];
  const key = [`--access-key=${ADMIN.accessKeyId}`, `--secret=${ADMIN.secretAccessKey}`];
  await program("radosgw-admin", "-c", config, "user", "create", ...admin, ...key);
}

/** The ends of all its logs: what is said when it does not start. */
async function logsOf(folder: string): Promise<string> {
  const names = await readdir(join(folder, "log"));
  const texts = names.map(
    async (name) => `${name}: ${(await readFile(join(folder, "log", name), "utf8")).slice(-LOG_TAIL_LENGTH)}`,
  );
  return (await Promise.all(texts)).join("\n");
}

/** A call of IAM's Query protocol. Blanks are `%20`: Ceph 16 takes a form's `+` for a plus. */
async function callIam(endpoint: string, parameters: Readonly<Record<string, string>>): Promise<string> {
  const client = new AwsClient({ ...ADMIN, service: "iam", region: "us-east-1", retries: 0 });
  const pairs = Object.entries({ ...parameters, Version: "2010-05-08" });
  const body = pairs.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&");
  const headers = { "content-type": "application/x-www-form-urlencoded" };
  const response = await client.fetch(`${endpoint}/`, { method: "POST", headers, body });
  const text = await response.text();
  if (!response.ok) throw new Error(`${parameters["Action"]} is answered ${response.status}: ${text}`);
  return text;
}

function list(name: string, members: readonly string[]): Readonly<Record<string, string>> {
  return Object.fromEntries(members.map((member, index) => [`${name}.member.${index + 1}`, member]));
}

export async function startCeph(): Promise<Ceph> {
  const folder = await mkdtemp(join(tmpdir(), "edgepool-ceph-"));
  for (const name of ["mon", "osd", "run", "log"]) await mkdir(join(folder, name));
  const [newer, older, gatewayPort = 0] = await freePorts(3);
  const places = {
    folder,
    config: join(folder, "ceph.conf"),
    keyring: join(folder, "keyring"),
    monitors: `v2:127.0.0.1:${newer},v1:127.0.0.1:${older}`,
  };
  const clusterId = crypto.randomUUID();
  const endpoint = `http://127.0.0.1:${gatewayPort}`;
  const daemons = new Daemons(places.config);
  const stop = async () => {
    await daemons.kill();
    await rm(folder, { recursive: true });
  };
  try {
    await writeFile(places.config, configText(places, clusterId, gatewayPort));
    await writeKeyring(places.keyring);
    await startStore(places, clusterId, daemons);
    await startGateway(places.config, endpoint, daemons);
  } catch (error) {
    const logs = await logsOf(folder);
    await stop();
    throw new Error(`Ceph did not start: ${logs}`, { cause: error });
  }

  return {
    endpoint,
    async trustIssuer(issuer, audiences) {
      const { keys }: { keys: { x5c: string[] }[] } = await (await fetch(`${issuer}/.well-known/jwks.json`)).json();
      const thumbprints = keys.map(({ x5c: [certificate = ""] }) =>
        createHash("sha1").update(Buffer.from(certificate, "base64")).digest("hex"),
      );
      const lists = { ...list("ClientIDList", audiences), ...list("ThumbprintList", thumbprints) };
      await callIam(endpoint, { Action: "CreateOpenIDConnectProvider", Url: issuer, ...lists });
    },
    async createRole(name, trust, permissions) {
      const made = await callIam(endpoint, {
        Action: "CreateRole",
        RoleName: name,
        AssumeRolePolicyDocument: JSON.stringify(trust),
      });
      const PolicyDocument = JSON.stringify(permissions);
      await callIam(endpoint, { Action: "PutRolePolicy", RoleName: name, PolicyName: "permissions", PolicyDocument });
      const [, arn] = /<Arn>([^<]+)<\/Arn>/.exec(made) ?? [];
      if (arn === undefined) throw new Error(`no ARN in ${made}`);
      return arn;
    },
    stop,
  };
}
