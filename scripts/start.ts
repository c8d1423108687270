/**
 * `npm start`: checks everything that can be checked before anything runs, starts scripts/serve.ts, prints what to do
 * with it, and takes it down at the end, whichever of the processes ends first and however.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { join, relative, resolve } from "node:path";
import { DEVELOPMENT_SETTINGS, parseDevelopmentConfig } from "../src/development/development-config.ts";
import { err, ok, type Result } from "../src/domain/errors.ts";
import { certificateOf, trustFile } from "./certificate.ts";
import { ANY_PORT, checkPort, endpointOf } from "./local-port.ts";
import { localSettings } from "./local-settings.ts";
import { whenNpmEnds } from "./npm-watch.ts";
import type { ServeOrder, ServeReport } from "./serve-protocol.ts";
import { parseStartArguments, type StartArguments, usage } from "./start-arguments.ts";
import { keyEncryptionKeyOf, openStateFolder } from "./state-folder.ts";
import { welcome } from "./welcome.ts";

/** How long the Worker may take to end by itself, in milliseconds. It needs a tenth of a second. */
const STOP_DEADLINE_MS = 5000;
const STOP_SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

type Plan = {
  readonly order: ServeOrder;
  readonly greetingOf: (endpoint: string) => string;
  /** File of the certificates that the service trusts beside those of the system. */
  readonly trusted: string | undefined;
};

function stateFolderOf({ stateFolder }: StartArguments): string {
  const root = join(import.meta.dirname, "..");
  // npm runs scripts in the package's folder and keeps the caller's here.
  return stateFolder === undefined ? join(root, ".edgepool") : resolve(process.env["INIT_CWD"] ?? ".", stateFolder);
}

/** Everything that can be refused before anything runs. Which port it is makes no setting good or bad. */
async function plan(args: StartArguments): Promise<Result<Plan, string>> {
  const { port } = args;
  const folder = stateFolderOf(args);
  const opened = openStateFolder(folder);
  if (!opened.ok) return opened;
  const stateFolder = opened.value;
  const key = keyEncryptionKeyOf(stateFolder);
  if (!key.ok) return key;
  const configAt = (endpoint: string) =>
    parseDevelopmentConfig(Object.fromEntries(localSettings(endpoint, key.value, args.settings)));
  const config = configAt(endpointOf(port, args.isHttps ? "https" : "http"));
  if (!config.ok) return err(config.error.join("; "));
  const free = port === ANY_PORT ? ok(undefined) : await checkPort(port);
  if (!free.ok) return free;
  const https = args.isHttps ? certificateOf(stateFolder, Date.now()) : ok(null);
  if (!https.ok) return https;
  const shownFolder = args.stateFolder === undefined ? relative(process.cwd(), folder) : folder;
  return ok({
    order: {
      port,
      stateFolder,
      keyEncryptionKey: key.value,
      settings: [...args.settings],
      https: https.value,
      showsJson: args.showsJson,
    },
    trusted: https.value === null ? undefined : trustFile(stateFolder, https.value),
    greetingOf(endpoint) {
      const there = configAt(endpoint);
      return welcome(endpoint, shownFolder, there.ok ? there.value : config.value, https.value?.file);
    },
  });
}

/** Ends every process of the child's group at once: workerd, and whatever else it has started. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(process.platform === "win32" ? child.pid : -child.pid, "SIGKILL");
  } catch {
    // ESRCH: nothing is left of it, which is what was asked for.
  }
}

/**
 * A shell that ends the child's group if this process is killed before it could. It wakes when the pipe that only this
 * process holds closes; a line on it sends it home.
 */
function spawnGuard(child: ChildProcess): { dismiss(): void } {
  if (child.pid === undefined || process.platform === "win32") return { dismiss: () => {} };
  const script = 'read -r word || { sleep 1; kill -s KILL -- "-$0"; }';
  const guard = spawn("/bin/sh", ["-c", script, String(child.pid)], {
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
  });
  guard.stdin.on("error", () => {});
  return { dismiss: () => guard.stdin.end("done\n") };
}

/** The exit code. Resolves when no process is left. */
async function run({ order, greetingOf, trusted }: Plan): Promise<number> {
  const child = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", join(import.meta.dirname, "serve.ts")],
    // A group of its own: Ctrl-C reaches this process alone, which then ends the others in order.
    {
      detached: true,
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      env: { ...process.env, ...(trusted !== undefined && { NODE_EXTRA_CA_CERTS: trusted }) },
    },
  );
  const guard = spawnGuard(child);
  let isStopping = false;
  let isReady = false;
  let failure: string | undefined;

  const stop = () => {
    if (isStopping || !child.connected) return killGroup(child);
    isStopping = true;
    child.disconnect();
    setTimeout(() => killGroup(child), STOP_DEADLINE_MS).unref();
  };
  // A second Ctrl-C does not wait.
  for (const signal of STOP_SIGNALS) process.on(signal, stop);
  whenNpmEnds(stop);
  child.on("message", (report: ServeReport) => {
    if (report.kind === "failed") failure = report.sentence;
    else {
      isReady = true;
      console.log(greetingOf(report.endpoint));
    }
  });
  child.send(order);
  const { promise, resolve: ended } = Promise.withResolvers<number>();
  child.once("exit", (code, signal) => {
    killGroup(child);
    guard.dismiss();
    if (isStopping) return ended(0);
    const how = signal === null ? `code ${code}` : signal;
    const end = isReady ? "its state is kept, so start it again" : "nothing was served";
    console.error(`edgepool: ${failure ?? `the Worker's process ended (${how}); ${end}`}`);
    return ended(1);
  });
  return promise;
}

async function main(): Promise<number> {
  const names = DEVELOPMENT_SETTINGS.map(({ name }) => name).toSorted();
  const args = parseStartArguments(process.argv.slice(2), names);
  if (args.ok && args.value.isHelp) {
    console.log(usage(DEVELOPMENT_SETTINGS, new Set(localSettings("endpoint", "key", new Map()).keys())));
    return 0;
  }
  const planned = args.ok ? await plan(args.value) : args;
  if (!planned.ok) {
    console.error(`edgepool: ${planned.error}`);
    return 1;
  }
  return run(planned.value);
}

// A terminal that has gone away must not keep the service from being taken down.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});
process.exitCode = await main();
