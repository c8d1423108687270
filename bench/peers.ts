/**
 * Other things that answer a sign-in with a token, in the same run and under the same load. They are installed on demand,
 * into a folder outside of the repository; what each of them does and leaves out stands in its file in bench/peers/.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Request } from "autocannon";
import { describeMachine, loadAverage, printRows, writeJson } from "./report.ts";
import { freePort } from "../scripts/local-port.ts";
import { cpuSecondsOf, residentBytesOf, type Runtime } from "./runtime.ts";
import { measureInterleaved, type Plan, progress, type Subject } from "./rounds.ts";
import { hotPath } from "./scenarios.ts";
import { base64url } from "./logins.ts";
import type { Workshop } from "./workshop.ts";

const VERSIONS = {
  "oidc-provider": "9.13.3",
  "oauth2-mock-server": "9.3.0",
  "firebase-tools": "15.34.2",
  "better-auth": "1.7.25",
};
const PLAN: Plan = { connections: [16, 64], rounds: 5, seconds: 3 };
const READY_DEADLINE_MS = 90_000;

type Peer = {
  readonly name: string;
  /** What is measured is honest only with what it leaves out. */
  readonly does: string;
  /** Arguments of Node, in the folder where the peers are installed. */
  command(port: number): Promise<readonly string[]>;
  readonly request: Request;
};

const FORM = { "content-type": "application/x-www-form-urlencoded" };
const JSON_BODY = { "content-type": "application/json" };

function unsignedToken(): string {
  const claims = {
    iss: "https://accounts.google.com",
    aud: "bench-client",
    sub: "user-1",
    email: "user-1@example.com",
    email_verified: true,
    name: "User",
    picture: "https://picture.example.com/1",
    iat: 1,
    exp: 4_000_000_000,
  };
  return `${base64url({ alg: "RS256", typ: "JWT" })}.${base64url(claims)}.c2lnbmF0dXJl`;
}

function peersIn(folder: string): readonly Peer[] {
  return [
    {
      name: "oidc-provider",
      does: "signs an RS256 JWT for a client's secret; verifies no login token, links nothing",
      command: async (port) => await Promise.resolve(["oidc-provider.mjs", String(port)]),
      request: {
        method: "POST",
        path: "/token",
        headers: { ...FORM, authorization: `Basic ${Buffer.from("bench:bench-secret").toString("base64")}` },
        body: "grant_type=client_credentials",
      },
    },
    {
      name: "oauth2-mock-server",
      does: "signs an RS256 JWT for whoever asks; verifies nothing, links nothing, keeps nothing",
      command: async (port) => await Promise.resolve(["oauth2-mock-server.mjs", String(port)]),
      request: { method: "POST", path: "/token", headers: FORM, body: "grant_type=client_credentials" },
    },
    {
      name: "Firebase Auth emulator",
      does: "links a login and keeps it in memory; its tokens are unsigned, and it verifies no signature",
      async command(port) {
        const [hub, logging] = [await freePort(), await freePort()];
        const at = (number: number) => ({ host: "127.0.0.1", port: number });
        const emulators = { auth: at(port), ui: { enabled: false }, hub: at(hub), logging: at(logging) };
        await writeFile(join(folder, "firebase.json"), JSON.stringify({ emulators }));
        const cli = "node_modules/firebase-tools/lib/bin/firebase.js";
        return [cli, "emulators:start", "--only", "auth", "--project", "demo-bench", "--non-interactive"];
      },
      request: {
        method: "POST",
        path: "/identitytoolkit.googleapis.com/v1/accounts:signInWithIdp?key=bench",
        headers: JSON_BODY,
        body: JSON.stringify({
          postBody: 'id_token={"sub":"user-1","email":"user-1@example.com"}&providerId=google.com',
          requestUri: "http://localhost",
          returnSecureToken: true,
        }),
      },
    },
    {
      name: "better-auth",
      does: "finds the user of an ID token and opens a session, in memory; its signature check is switched off, since it would fetch keys; signs no JWT",
      command: async (port) => await Promise.resolve(["better-auth.mjs", String(port)]),
      request: {
        method: "POST",
        path: "/api/auth/sign-in/social",
        headers: JSON_BODY,
        body: JSON.stringify({ provider: "google", idToken: { token: unsignedToken() } }),
      },
    },
  ];
}

async function install(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(
    join(folder, "package.json"),
    JSON.stringify({ private: true, type: "module", dependencies: VERSIONS }),
  );
  progress(`installing the peers into ${folder}: some minutes`);
  await promisify(execFile)("npm", ["install", "--no-audit", "--no-fund"], { cwd: folder });
}

async function start(folder: string, peer: Peer): Promise<Runtime> {
  const port = await freePort();
  const child = spawn(process.execPath, [...(await peer.command(port))], {
    cwd: folder,
    stdio: "ignore",
    env: { ...process.env, NODE_ENV: "production", CI: "1", NO_UPDATE_NOTIFIER: "1" },
  });
  const ended = once(child, "exit");
  const { pid } = child;
  if (pid === undefined) throw new Error(`${peer.name} could not be run`);
  const killWithUs = () => child.kill("SIGKILL");
  process.once("exit", killWithUs);
  const origin = `http://127.0.0.1:${port}`;
  const { method, path, headers, body } = peer.request;
  const deadline = performance.now() + READY_DEADLINE_MS;
  for (let isReady = false; !isReady;) {
    if (performance.now() > deadline || child.exitCode !== null) throw new Error(`${peer.name} does not answer`);
    await new Promise((resolve) => setTimeout(resolve, 200));
    try {
      const answer = await fetch(origin + path, { method, headers: { ...headers }, body: body ?? null });
      await answer.arrayBuffer();
      isReady = answer.ok;
    } catch {
      // Not listening yet.
    }
  }
  return {
    name: peer.name,
    origin,
    pid,
    cpuSeconds: () => cpuSecondsOf(pid),
    residentBytes: () => residentBytesOf(pid),
    async stop() {
      child.kill("SIGTERM");
      await ended;
      process.off("exit", killWithUs);
    },
  };
}

/** `installed` is a folder where the peers are installed already, or undefined to install them anew. */
export async function peers(workshop: Workshop, installed: string | undefined): Promise<void> {
  const loadBefore = loadAverage();
  const folder = installed ?? workshop.folder("peers");
  if (installed === undefined) await install(folder);
  for (const file of ["oidc-provider.mjs", "oauth2-mock-server.mjs", "better-auth.mjs"]) {
    await copyFile(join(import.meta.dirname, "peers", file), join(folder, file));
  }
  const subjects: Subject[] = [];
  for (const algorithm of ["RS256", "ES256"] as const) {
    const service = await workshop.service(`edgepool-${algorithm}`, { algorithm });
    const load = await hotPath.prepare(workshop.stage(service, 0));
    subjects.push({
      name: `Edgepool, ${algorithm}`,
      runtime: service.runtime,
      load: async () => await Promise.resolve(load),
    });
  }
  const started: Runtime[] = [];
  try {
    for (const peer of peersIn(folder)) {
      const runtime = await start(folder, peer);
      started.push(runtime);
      const load = { requests: [peer.request], expectedStatus: 200 };
      subjects.push({ name: peer.name, runtime, load: async () => await Promise.resolve(load) });
    }
    const measured = await measureInterleaved(subjects, PLAN);
    printRows(measured.map((entry) => ({ measured: entry })));
    console.log(
      "Edgepool: verifies a login token, one object call, signs a JWT; one thread and its garbage collector.",
    );
    for (const { name, does } of peersIn(folder)) console.log(`${name}: ${does}.`);
    const file = await writeJson("peers", { machine: describeMachine(loadBefore), measured });
    console.log(`load average before: ${loadBefore}; ${file}`);
  } finally {
    await Promise.all(started.map(async (runtime) => await runtime.stop()));
  }
}
