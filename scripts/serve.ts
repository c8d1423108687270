/**
 * The process that runs the Worker for scripts/start.ts: wrangler bundles it as for a deployment and reads wrangler.toml,
 * and Miniflare, the runtime below `wrangler dev`, serves it from workerd. Watches no files; restarts workerd if it dies.
 */
import { dirname, join } from "node:path";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, MiniflareCoreError } from "miniflare";
import { type BuiltWorker, builtWorker } from "./built-worker.ts";
import { type HttpsFront, openHttpsFront } from "./https-front.ts";
import { ANY_PORT, endpointOf, freePort, portProblem } from "./local-port.ts";
import { localSettings } from "./local-settings.ts";
import type { ServeOrder, ServeReport } from "./serve-protocol.ts";
import { shortLine } from "./short-line.ts";
import { lockStateFolder } from "./state-folder.ts";

class StartFailure extends Error {}

function report(message: ServeReport): void {
  process.send?.(message);
}

class RuntimeLog extends Log {
  override error(error: Error): void {
    // Miniflare starts a dead workerd again by itself. When that fails, too, nothing serves any more.
    if (error instanceof MiniflareCoreError && error.code === "ERR_RUNTIME_FAILURE") {
      console.error("edgepool: the Workers runtime ended and could not be started again");
      process.exit(1);
    }
    super.error(error);
  }
}

/** The same bundling as for a deployment, with the development entry; wrangler's errors name the file and the line. */
async function build(folder: string): Promise<BuiltWorker> {
  try {
    return await builtWorker(folder);
  } catch (error) {
    if (error instanceof Error && "stderr" in error) console.error(String(error.stderr).trim());
    throw new StartFailure("the Worker could not be built, for the reason above", { cause: error });
  }
}

type Service = { readonly runtime: Miniflare; readonly endpoint: string };

async function startRuntime(
  port: number,
  endpoint: string,
  { modulePath, options }: BuiltWorker,
  order: ServeOrder,
): Promise<Service> {
  const { stateFolder } = order;
  const settings = localSettings(endpoint, order.keyEncryptionKey, new Map(order.settings));
  const show = (line: string) => {
    const shown = order.showsJson ? line : shortLine(line, new Date());
    if (shown !== null) console.error(shown);
  };
  const developmentIssuer = { className: "DevelopmentIssuerObject", useSQLite: true };
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      ...options,
      name: "edgepool",
      modules: [{ type: "ESModule", path: modulePath }],
      modulesRoot: dirname(modulePath),
      // All of them: neither [vars] nor .dev.vars reach a local service.
      bindings: { ...Object.fromEntries(settings), DEVELOPMENT_ORIGIN: endpoint },
      durableObjects: Object.assign({ DEVELOPMENT_ISSUER: developmentIssuer }, options["durableObjects"]),
      // Straight to the Worker. Before its own entry Miniflare puts a Worker that believes headers of the client; that one listens
      // on a port of its own, and what comes through it names another port than ours. Before an entry without a name it would put
      // the router of the assets, too.
      unsafeDirectSockets: [{ host: "127.0.0.1", port, entrypoint: "local" }],
      host: "127.0.0.1",
      cf: false,
      resourcePersistencePath: join(stateFolder, "objects"),
      telemetry: { enabled: false },
      logRequests: false,
      log: new RuntimeLog(LogLevel.ERROR),
      handleStructuredLogs: ({ message }) => show(message),
      unsafeHandleRuntimeRestart: () => console.error("edgepool: the Workers runtime ended and was started again"),
    }),
  );
  try {
    await runtime.ready;
    return { runtime, endpoint };
  } catch (error) {
    await runtime.dispose();
    throw error;
  }
}

function isAddressInUse(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error)) return false;
  return error.code === "ERR_ADDRESS_IN_USE" || error.code === "EADDRINUSE";
}

/** Whoever looks for a free port may lose it before the bind; of those who asked for any port, nobody needs to know. */
async function listenOn<T>(wanted: number, listen: (port: number) => Promise<T>): Promise<T> {
  for (;;) {
    const port = wanted === ANY_PORT ? await freePort() : wanted;
    try {
      return await listen(port);
    } catch (error) {
      if (!isAddressInUse(error)) throw error;
      if (wanted !== ANY_PORT) throw new StartFailure(portProblem(port, "EADDRINUSE"), { cause: error });
    }
  }
}

async function startService(built: BuiltWorker, order: ServeOrder): Promise<Service> {
  const { https } = order;
  if (https === null) {
    return await listenOn(order.port, async (port) => startRuntime(port, endpointOf(port, "http"), built, order));
  }
  const front: HttpsFront = await listenOn(order.port, async (port) => openHttpsFront(port, https));
  return await listenOn(ANY_PORT, async (port) => {
    const service = await startRuntime(port, endpointOf(front.port, "https"), built, order);
    front.leadTo(port);
    return service;
  });
}

/** Ready is when it answers: the demo pool is in place, and the discovery document is served by a key that exists. */
async function settle(endpoint: string): Promise<void> {
  const steps = [
    { method: "PUT", path: "/development/demo-pool" },
    { method: "GET", path: "/.well-known/openid-configuration" },
    { method: "GET", path: "/.well-known/jwks.json" },
    { method: "GET", path: "/development/issuer/jwks.json" },
  ];
  for (const { method, path } of steps) {
    const response = await fetch(endpoint + path, { method });
    const body = await response.text();
    if (!response.ok) throw new StartFailure(`${method} ${path} answers ${response.status}: ${body.slice(0, 500)}`);
  }
}

async function serve(order: ServeOrder): Promise<void> {
  const lock = lockStateFolder(order.stateFolder);
  if (!lock.ok) throw new StartFailure(lock.error);
  const { runtime, endpoint } = await startService(await build(join(order.stateFolder, "build")), order);
  const stop = async () => {
    await runtime.dispose();
    lock.value.release();
    process.exit(0);
  };
  process.once("disconnect", () => void stop());
  // Ended by somebody else: the parent then says so and exits.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => void stop());
  if (!process.connected) return stop();
  await settle(endpoint);
  report({ kind: "ready", endpoint });
}

// Of what is written in the state folder, by whichever process, nothing is open to others.
process.umask(0o077);
process.once("disconnect", () => setTimeout(() => process.exit(1), 10_000).unref());
process.once("message", (order: ServeOrder) => {
  serve(order).catch((error: unknown) => {
    const [firstLine = ""] = (error instanceof Error ? error.message : String(error)).split("\n");
    report({ kind: "failed", sentence: firstLine });
    if (!(error instanceof StartFailure)) console.error(error);
    process.exit(1);
  });
});
