/**
 * Real Workers for the end-to-end tests: `scripts/start.ts` as a user runs it, on a free port and an empty state folder.
 * The default export starts the one that all files share; `startWorker` starts more, with other settings or old state.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { demoPoolId } from "../../src/development/demo-pool.ts";
import { developmentProviderName } from "../../src/development/development-issuer.ts";

const ROOT = join(import.meta.dirname, "../..");
const START = join(ROOT, "scripts/start.ts");
/** The last line that `npm start` prints once the service answers. */
const READY_LINE = "Ctrl-C stops it.";
/** An idle machine takes two seconds, one that is busy with much else twenty. */
const START_DEADLINE_MS = 150_000;

declare module "vitest" {
  export interface ProvidedContext {
    readonly endpoint: string;
    readonly identityPoolId: string;
    /** Provider name of the development issuer, as in a `Logins` map. */
    readonly providerName: string;
    /** File that the shared Worker's log goes to, and everything else that it prints on stderr. */
    readonly logFile: string;
  }
}

export type WorkerOptions = {
  /** Settings as `--var` gives them. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Default: a free one. To come back on the same, give the one that an earlier worker had. */
  readonly port?: number;
  /** A folder of the test's own, which is then left in place; default: a new one, removed by `stop`. */
  readonly stateFolder?: string;
  /** Default: scripts/start.ts itself, which npm would run. */
  readonly command?: readonly string[];
  /** More flags, in place of `--json`, by which the log is what most tests read. */
  readonly flags?: readonly string[];
};

export type Ended = { readonly code: number | null; readonly signal: NodeJS.Signals | null };

export type RunningWorker = {
  readonly endpoint: string;
  readonly port: number;
  /** The process that was started: scripts/start.ts, or the command in its place. */
  readonly pid: number;
  readonly stateFolder: string;
  readonly logFile: string;
  /** What it has printed on stdout: the welcome with its commands. */
  readonly printed: string;
  readonly ended: Promise<Ended>;
  log(): string;
  /** Ctrl-C, and the wait until it is gone. */
  stop(): Promise<Ended>;
};

function startArguments({ port = 0, settings = {}, flags = ["--json"] }: WorkerOptions, stateFolder: string): string[] {
  const variables = Object.entries(settings).flatMap(([name, value]) => ["--var", `${name}=${value}`]);
  return ["--port", String(port), "--state", stateFolder, ...flags, ...variables];
}

async function untilReady(child: ChildProcess, ended: Promise<Ended>, log: () => string): Promise<string> {
  let printed = "";
  const { promise: ready, resolve } = Promise.withResolvers<void>();
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => {
    printed += chunk;
    if (printed.includes(READY_LINE)) resolve();
  });
  const deadline = Promise.withResolvers<never>();
  const timer = setTimeout(() => deadline.reject(new Error(`not ready in time: ${log()}`)), START_DEADLINE_MS);
  const failure = ended.then(({ code }) => {
    throw new Error(`npm start ended with ${code}: ${log()}`);
  });
  try {
    await Promise.race([ready, failure, deadline.promise]);
    return printed;
  } finally {
    clearTimeout(timer);
    failure.catch(() => {});
    deadline.promise.catch(() => {});
  }
}

export async function startWorker(options: WorkerOptions = {}): Promise<RunningWorker> {
  const folder = await mkdtemp(join(tmpdir(), "edgepool-test-"));
  const stateFolder = options.stateFolder ?? join(folder, "state");
  const logFile = join(folder, "log");
  const [command = "", ...words] = options.command ?? [process.execPath, START];
  const log = openSync(logFile, "a");
  const child = spawn(command, [...words, ...startArguments(options, stateFolder)], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", log],
  });
  closeSync(log);
  let lastLog: string | undefined;
  const readLog = () => lastLog ?? readFileSync(logFile, "utf8");
  const ended = once(child, "exit").then(async ([code, signal]): Promise<Ended> => {
    lastLog = readLog();
    // After a SIGKILL the last of its processes may still be writing.
    await rm(folder, { recursive: true, force: true, maxRetries: 10 });
    return { code, signal };
  });
  if (child.pid === undefined) throw new Error("npm start could not be run");
  try {
    const printed = await untilReady(child, ended, readLog);
    const [, endpoint = ""] = /^ +Endpoint +(https?:\S+)$/m.exec(printed) ?? [];
    return {
      endpoint,
      port: Number(new URL(endpoint).port),
      pid: child.pid,
      stateFolder,
      logFile,
      printed,
      ended,
      log: readLog,
      async stop() {
        child.kill("SIGINT");
        return ended;
      },
    };
  } catch (error) {
    child.kill("SIGKILL");
    await ended;
    throw error;
  }
}

/** The shared Worker, with the defaults of `npm start`. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const worker = await startWorker();
  project.provide("endpoint", worker.endpoint);
  project.provide("identityPoolId", demoPoolId("us-east-1"));
  project.provide("providerName", developmentProviderName(worker.endpoint));
  project.provide("logFile", worker.logFile);
  return async () => {
    await worker.stop();
  };
}
