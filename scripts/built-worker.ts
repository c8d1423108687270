/**
 * The Worker as `npm start` serves it: built by wrangler once for each state of its files, and read back after that, since to
 * load wrangler takes longer than everything else that a start does.
 */
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, glob, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { buildConsole, CONSOLE_FOLDER } from "./build-console.ts";
import { bundleWorker, workerOptions } from "./bundle.ts";

const ROOT = join(import.meta.dirname, "..");
const ENTRY = "src/development/development-worker.ts";
const MODULE = `${basename(ENTRY, ".ts")}.js`;
const CONSOLE = "console-site";
const OPTIONS_FILE = "options.json";
/** How long a build is kept that was made for other files, in milliseconds. */
const KEPT_MS = 24 * 60 * 60 * 1000;

export type BuiltWorker = {
  readonly modulePath: string;
  /** What wrangler.toml declares, for Miniflare; without settings. */
  readonly options: Readonly<Record<string, unknown>>;
};

/** Of all that a build of the checkout in `root` is made from: where a path or a byte differs, it is another one. */
export async function buildKeyOf(root: string): Promise<string> {
  const hash = createHash("sha256");
  const patterns = ["src/**/*", `${CONSOLE_FOLDER}/**/*`];
  const sources = await Array.fromAsync(glob(patterns, { cwd: root, withFileTypes: true }));
  const files = sources.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  const names = ["wrangler.toml", "tsconfig.json", "package.json", "package-lock.json", "scripts/build-console.ts"];
  const others = names.map((name) => join(root, name));
  for (const file of [...files.toSorted(), ...others]) {
    const content = await readFile(file);
    hash.update(`${JSON.stringify(file)} ${content.length}\n`).update(content);
  }
  return hash.digest("hex").slice(0, 32);
}

/**
 * The built Worker, its module and the console's files a copy in `folder`. Builds of the same files side by side end in one. Rejects with wrangler's
 * words on stderr. `cache` is made where it is missing.
 */
export async function builtWorker(
  folder: string,
  cache = join(ROOT, "node_modules/.cache/edgepool"),
): Promise<BuiltWorker> {
  await mkdir(cache, { recursive: true });
  const build = join(cache, await buildKeyOf(ROOT));
  if (!existsSync(join(build, OPTIONS_FILE))) await make(build, cache);
  await rm(folder, { recursive: true, force: true });
  await cp(build, folder, { recursive: true });
  const options: BuiltWorker["options"] = JSON.parse(await readFile(join(build, OPTIONS_FILE), "utf8"));
  const assets = Object.assign({}, options["assets"], { directory: join(folder, CONSOLE), binding: "CONSOLE_FILES" });
  return { modulePath: join(folder, MODULE), options: { ...options, assets } };
}

async function make(build: string, cache: string): Promise<void> {
  const unfinished = await mkdtemp(join(cache, "unfinished-"));
  try {
    const [, declared] = await Promise.all([
      bundleWorker(ENTRY, unfinished, "readable"),
      workerOptions(),
      buildConsole(join(unfinished, CONSOLE)),
    ]);
    // A developer's own .dev.vars may be among the bindings, and does not rest here.
    const { bindings: _, ...options } = declared;
    await writeFile(join(unfinished, OPTIONS_FILE), JSON.stringify(options));
    // Where that fails, somebody else was first, and has built the same.
    await rename(unfinished, build).catch(() => {});
    await forgetOld(cache);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
}

async function forgetOld(cache: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const folder = join(cache, name);
    const { mtimeMs } = await stat(folder).catch(() => ({ mtimeMs: Date.now() }));
    if (mtimeMs < Date.now() - KEPT_MS) await rm(folder, { recursive: true, force: true });
  }
}
