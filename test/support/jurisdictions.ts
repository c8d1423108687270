/**
 * The deployed bundle where there is a jurisdiction, which workerd has not: each class a second time, under a binding of its own, and
 * the namespaces lead there. What the platform says of itself is said by this stand-in; whatever asks it is the product.
 */
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { bundleWorker, workerOptions } from "../../scripts/bundle.ts";
import { signedCall } from "./signed-call.ts";

export const ISSUER = "https://identity.example.com";
const credential = { accessKeyId: "admin", secretAccessKey: "a-secret-of-the-administrator" };

/** `eu` is the one jurisdiction that this platform has. */
const entryFor = (classes: readonly string[]) => `
import worker, * as production from "./worker.js";
export * from "./worker.js";
const known = new WeakMap();
function reaching(env) {
  if (known.has(env)) return known.get(env);
  const outside = Object.keys(env).filter((name) => Object.hasOwn(env, name + "_EU"));
  const namespaces = outside.map((name) => [name, {
    getByName: (...given) => env[name].getByName(...given),
    jurisdiction(jurisdiction) {
      if (jurisdiction !== "eu") throw new Error("this platform has no jurisdiction " + jurisdiction);
      return env[name + "_EU"];
    },
  }]);
  const made = { ...env, ...Object.fromEntries(namespaces) };
  known.set(env, made);
  return made;
}
function inside(ctx) {
  const { id } = ctx;
  const value = { name: id.name, toString: () => id.toString(), jurisdiction: "eu" };
  return Object.defineProperty(ctx, "id", { value });
}
${classes.map((name) => `export class ${name}Inside extends production.${name} { constructor(ctx, env) { super(inside(ctx), reaching(env)); } }`).join("\n")}
export default { fetch: (request, env, context) => worker.fetch(request, reaching(env), context) };
`;

export type Deployment = {
  readonly runtime: Miniflare;
  /** Of each Worker, by its name. */
  call(worker: string, operation: string, input: object): Promise<Answer>;
  get(worker: string, path: string): Promise<Answer>;
};

export type Answer = { readonly status: number; readonly body: Readonly<Record<string, unknown>> };

export class Stage {
  readonly log: string[] = [];
  readonly #folder: string;
  readonly #bundle: string;

  private constructor(folder: string, bundle: string) {
    this.#folder = folder;
    this.#bundle = bundle;
  }

  static async make(): Promise<Stage> {
    const folder = await mkdtemp(join(tmpdir(), "edgepool-jurisdictions-"));
    return new Stage(
      folder,
      await readFile(await bundleWorker("src/worker.ts", join(folder, "now"), "deployed"), "utf8"),
    );
  }

  async end(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }

  /**
   * Workers of one state, each with its JURISDICTION. Objects in `eu` run in the one that is set to it unless `inside` names
   * another, the others in the other one.
   */
  async deploy(state: string, jurisdictions: readonly string[], inside = "eu"): Promise<Deployment> {
    const { assets: _, ...declared } = await workerOptions();
    const classes = Object.entries(declared.durableObjects ?? {}).map(([binding, designator]) => {
      const { className } = Object(designator) as { readonly className: string };
      return { binding, className };
    });
    const home = (name: string) => jurisdictions.find((one) => one === name) ?? jurisdictions[0] ?? "";
    const workers = jurisdictions.map((name) => {
      const designator = (className: string, at: string) => ({
        className,
        useSQLite: true,
        unsafeUniqueKey: className,
        ...(at !== name && { scriptName: at }),
      });
      return {
        ...declared,
        name,
        modules: [
          {
            type: "ESModule" as const,
            path: join(this.#folder, name, "entry.js"),
            contents: entryFor(classes.map(({ className }) => className)),
          },
          { type: "ESModule" as const, path: join(this.#folder, name, "worker.js"), contents: this.#bundle },
        ],
        modulesRoot: join(this.#folder, name),
        bindings: {
          ISSUER,
          KEY_ENCRYPTION_KEY: "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=",
          ADMIN_CREDENTIALS: JSON.stringify([credential]),
          CLIENT_LIMIT: "off",
          JURISDICTION: name,
        },
        durableObjects: Object.fromEntries(
          classes.flatMap(({ binding, className }) => [
            [binding, designator(className, home("none"))],
            [`${binding}_EU`, designator(`${className}Inside`, home(inside))],
          ]),
        ),
      };
    });
    const runtime = new Miniflare(
      convertV4MiniflareOptions({
        workers,
        cf: false,
        telemetry: { enabled: false },
        log: new Log(LogLevel.NONE),
        handleStructuredLogs: ({ message }: { readonly message: string }) => void this.log.push(message),
        resourcePersistencePath: join(this.#folder, state),
      }),
    );
    await runtime.ready;
    const fetch = async (worker: string, path: string, init: object = {}): Promise<Answer> => {
      const { fetch: send } = await runtime.getWorker(worker);
      const response = await send(`${ISSUER}${path}`, init);
      const text = await response.text();
      return { status: response.status, body: text === "" ? {} : JSON.parse(text) };
    };
    return {
      runtime,
      get: async (worker, path) => await fetch(worker, path),
      call: async (worker, operation, input) => {
        const target = operation.includes(".") ? operation : `AWSCognitoIdentityService.${operation}`;
        const { headers, body } = signedCall((await runtime.ready).origin, target, input, { credential });
        return await fetch(worker, "/", { method: "POST", headers: { ...headers }, body });
      },
    };
  }

  /** Classes of which an object has ever stored anything. One that was only asked leaves an empty file. */
  async classesStored(state: string): Promise<readonly string[]> {
    const root = join(this.#folder, state);
    const files = (await readdir(root, { recursive: true })).filter((file) =>
      /Object(Inside)?\/[0-9a-f]+\.sqlite$/.test(file),
    );
    const full = files.filter((file) => {
      const database = new DatabaseSync(join(root, file), { readOnly: true });
      try {
        return database.prepare("SELECT name FROM sqlite_master WHERE name <> '_cf_METADATA'").all().length > 0;
      } finally {
        database.close();
      }
    });
    return [...new Set(full.flatMap((file) => /(\w+)\/[0-9a-f]+\.sqlite$/.exec(file)?.[1] ?? []))].toSorted();
  }
}
