/**
 * The release before and this one as a rollout has them: a Worker of either, and objects of either class by class, on one state. Both
 * are the bundles that a deployment uploads, in workerd; what they fetch is answered here.
 */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare, Response } from "miniflare";
import { workerOptions } from "../../scripts/bundle.ts";

const KEPT = join(import.meta.dirname, "../release-before/worker.js.br");

/** The bundle that `npm run keep-release` kept: the text of its one module. */
export async function releaseBefore(): Promise<string> {
  return brotliDecompressSync(await readFile(KEPT)).toString();
}

export type Release = "before" | "now";

/** By binding, as wrangler.toml has them. What the release before does not have is of this one. */
export type Placement = {
  readonly worker: Release;
  readonly objects: Release;
  /** Bindings whose objects are of the other release than `objects`. */
  readonly others?: readonly string[];
};

/** Bindings whose classes the release before does not have. */
const NEW_CLASSES: ReadonlySet<string> = new Set(["SOURCE"]);

export type Stage = {
  readonly bundles: Readonly<Record<Release, string>>;
  readonly stateFolder: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Answers every fetch. */
  answer(url: string): object | string | undefined;
  /** Takes each line of the log. */
  log(line: string): void;
};

export async function startReleases(stage: Stage, { worker, objects, others = [] }: Placement): Promise<Miniflare> {
  // The pages of the console are no part of it.
  const { assets: _, ...declared } = await workerOptions();
  const classes = Object.entries(declared.durableObjects ?? {}).map(([binding, designator]) => {
    const { className } = Object(designator) as { readonly className: string };
    const isOther = others.includes(binding);
    const release: Release = NEW_CLASSES.has(binding) ? "now" : isOther ? otherOf(objects) : objects;
    return { binding, className, release };
  });
  const outboundService = (request: { readonly url: string }) => {
    const answer = stage.answer(request.url);
    if (answer === undefined) return new Response("nobody is there", { status: 503 });
    return typeof answer === "string"
      ? new Response(answer, { headers: { "content-type": "text/xml" } })
      : Response.json(answer);
  };
  const workers = (["before", "now"] as const).map((name) => ({
    ...declared,
    name,
    modules: [{ type: "ESModule" as const, path: join(dirname(KEPT), `${name}.js`), contents: stage.bundles[name] }],
    modulesRoot: dirname(KEPT),
    bindings: { ...stage.settings },
    outboundService,
    durableObjects: Object.fromEntries(
      classes.map(({ binding, className, release }) => [
        binding,
        {
          className,
          useSQLite: true,
          // The name of the state: the same for both releases.
          unsafeUniqueKey: `edgepool-${className}`,
          ...(release !== name && { scriptName: release }),
        },
      ]),
    ),
  }));
  const runtime = new Miniflare(
    convertV4MiniflareOptions({
      workers: workers.toSorted((one) => (one.name === worker ? -1 : 1)),
      cf: false,
      telemetry: { enabled: false },
      log: new Log(LogLevel.NONE),
      handleStructuredLogs: ({ message }: { readonly message: string }) => stage.log(message),
      resourcePersistencePath: stage.stateFolder,
    }),
  );
  await runtime.ready;
  return runtime;
}

function otherOf(release: Release): Release {
  return release === "before" ? "now" : "before";
}
