/**
 * A bundle in bare workerd: no inspector, no development proxy, objects on local disk, one process and one loopback port
 * of its own. What the process costs is read from /proc, so it is counted whole: garbage collection and disk included.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readdirSync, readFileSync } from "node:fs";
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { freePort } from "../scripts/local-port.ts";
import type { Bundle } from "./build.ts";

const ROOT = join(import.meta.dirname, "..");
const WORKERD = join(ROOT, "node_modules/workerd/bin/workerd");
const READY_DEADLINE_MS = 60_000;

export type Runtime = {
  readonly name: string;
  readonly origin: string;
  readonly pid: number;
  /** CPU time of the whole process since its start, in seconds. */
  cpuSeconds(): number;
  /** Resident memory of the process, in bytes. */
  residentBytes(): number;
  stop(): Promise<void>;
};

export type RuntimeOptions = {
  /** Text bindings of the measured Worker. */
  readonly settings: Readonly<Record<string, string>>;
  /** The public key set of the issuer of login tokens. */
  readonly keySet: string;
  /** A new folder for the objects and the generated configuration. */
  readonly folder: string;
  /** Answers with 2xx once the service is ready. */
  readonly readyPath: string;
  /** More arguments for workerd, for looking into it: `--inspector-addr=…`. */
  readonly workerdArguments?: readonly string[];
  /** A command that runs workerd and looks on. */
  readonly under?: readonly string[];
};

/**
 * On every request: the product serves https alone, and workerd takes the scheme from this header, as behind the TLS of a
 * front end. The floor is sent it, too.
 */
export const OVER_TLS = { "x-forwarded-proto": "https" };

// A JSON string is a Cap'n Proto string as long as it is ASCII, which everything here is.
const quote = (text: string) => JSON.stringify(text);

function configText(bundle: Bundle, options: RuntimeOptions, port: number): string {
  const objects = bundle.objects.map(
    ({ className }) =>
      `(className = ${quote(className)}, uniqueKey = ${quote(`bench-${className}`)}, enableSql = true)`,
  );
  const bindings = [
    ...bundle.objects.map(
      ({ binding, className }) => `(name = ${quote(binding)}, durableObjectNamespace = ${quote(className)})`,
    ),
    ...Object.entries(options.settings).map(([name, value]) => `(name = ${quote(name)}, text = ${quote(value)})`),
  ];
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .main),
    (name = "upstream", worker = .upstream),
    (name = "disk", disk = (path = ${quote(join(options.folder, "objects"))}, writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (forwardedProtoHeader = "x-forwarded-proto"), service = "main")],
);
const main :Workerd.Worker = (
  modules = [(name = "worker.js", esModule = embed "worker.js")],
  compatibilityDate = ${quote(bundle.compatibilityDate)},
  compatibilityFlags = [${bundle.compatibilityFlags.map(quote).join(", ")}],
  globalOutbound = "upstream",
  durableObjectNamespaces = [${objects.join(", ")}],
  durableObjectStorage = (localDisk = "disk"),
  bindings = [${bindings.join(",\n    ")}],
);
const upstream :Workerd.Worker = (
  modules = [(name = "upstream.js", esModule = embed "upstream.js")],
  compatibilityDate = ${quote(bundle.compatibilityDate)},
  bindings = [(name = "JWKS", text = ${quote(options.keySet)})],
);
`;
}

/** Nanoseconds on a processor of every thread; a thread that ended is missing, and workerd ends none while it serves. */
export function cpuSecondsOf(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) => {
    try {
      return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ", 1)[0]);
    } catch {
      return 0;
    }
  });
  return nanoseconds.reduce((sum, value) => sum + value, 0) / 1e9;
}

export function residentBytesOf(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kilobytes ?? 0) * 1024;
}

async function untilReady(child: ChildProcess, url: string, logFile: string): Promise<void> {
  const deadline = performance.now() + READY_DEADLINE_MS;
  while (performance.now() < deadline && child.exitCode === null) {
    try {
      const response = await fetch(url, { headers: OVER_TLS });
      await response.arrayBuffer();
      if (response.ok) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`workerd is not ready at ${url}: ${(await readFile(logFile, "utf8")).slice(-2000)}`);
}

export async function startRuntime(name: string, bundle: Bundle, options: RuntimeOptions): Promise<Runtime> {
  const port = await freePort();
  await mkdir(join(options.folder, "objects"), { recursive: true });
  const configFile = join(options.folder, "config.capnp");
  // Beside the configuration, because `embed` takes an absolute path for one of its own library.
  await copyFile(bundle.file, join(options.folder, "worker.js"));
  await copyFile(join(import.meta.dirname, "upstream-worker.js"), join(options.folder, "upstream.js"));
  await writeFile(configFile, configText(bundle, options, port));
  // The request log is written as in production, and then nobody reads it; only errors are kept.
  const logFile = join(options.folder, "stderr.log");
  const log = openSync(logFile, "w");
  const { under = [], workerdArguments = [] } = options;
  const [command, ...given] = [...under, WORKERD, "serve", ...workerdArguments, configFile];
  const child = spawn(command, given, {
    stdio: ["ignore", "ignore", log],
  });
  closeSync(log);
  const ended = once(child, "exit");
  const { pid } = child;
  if (pid === undefined) throw new Error(`${command} could not be run: is it installed?`);
  const killWithUs = () => child.kill("SIGKILL");
  process.once("exit", killWithUs);
  const origin = `http://127.0.0.1:${port}`;
  const stop = async () => {
    child.kill("SIGTERM");
    await ended;
    process.off("exit", killWithUs);
  };
  try {
    await untilReady(child, origin + options.readyPath, logFile);
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    name,
    origin,
    pid,
    cpuSeconds: () => cpuSecondsOf(pid),
    residentBytes: () => residentBytesOf(pid),
    stop,
  };
}
