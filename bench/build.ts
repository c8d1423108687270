/** The two bundles that are measured: the product's, exactly as `npm run deploy` makes it, and the floor's. */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { unstable_readConfig as readConfig } from "wrangler";

const ROOT = join(import.meta.dirname, "..");
const WRANGLER = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
const QUIET = {
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_WRITE_LOGS: "false",
  WRANGLER_LOG: "error",
};

export type Bundle = {
  readonly name: string;
  readonly file: string;
  readonly compatibilityDate: string;
  readonly compatibilityFlags: readonly string[];
  readonly keepNames: boolean;
  readonly minify: boolean;
  /** Binding name and class name of each Durable Object namespace. */
  readonly objects: readonly { readonly binding: string; readonly className: string }[];
};

/** The part of a wrangler configuration that a bare workerd must be told. */
type ProductConfig = {
  readonly compatibility_date?: string | undefined;
  readonly compatibility_flags?: readonly string[] | undefined;
  readonly keep_names?: boolean | undefined;
  readonly minify?: boolean | undefined;
  readonly durable_objects: { readonly bindings: readonly { readonly name: string; readonly class_name: string }[] };
};

async function bundle(configFile: string, outFolder: string): Promise<string> {
  const command = [WRANGLER, "deploy", "--config", configFile, "--dry-run", "--outdir", outFolder];
  await promisify(execFile)(process.execPath, command, { cwd: ROOT, env: { ...process.env, ...QUIET } });
  return join(outFolder, "worker.js");
}

/** `source` is a checkout with a wrangler.toml: this one, or another one to compare it with. */
export async function buildProduct(source: string, folder: string): Promise<Bundle> {
  const configFile = join(source, "wrangler.toml");
  const config: ProductConfig = readConfig({ config: configFile }, { hideWarnings: true });
  const objects = config.durable_objects.bindings.map(({ name, class_name }) => ({
    binding: name,
    className: class_name,
  }));
  const { compatibility_date: compatibilityDate = "", keep_names: keepNames = true, minify = false } = config;
  const { compatibility_flags: compatibilityFlags = [] } = config;
  const file = await bundle(configFile, folder);
  return { name: "edgepool", file, compatibilityDate, compatibilityFlags, keepNames, minify, objects };
}

/** The same bundler as the product's, by the same settings. */
export async function buildFloor(product: Bundle, folder: string): Promise<Bundle> {
  const { compatibilityDate, compatibilityFlags, keepNames, minify } = product;
  await mkdir(folder, { recursive: true });
  const configFile = join(folder, "wrangler.json");
  const objects = [{ binding: "IDENTITY", className: "FloorIdentity" }];
  await writeFile(
    configFile,
    JSON.stringify({
      name: "floor",
      main: join(ROOT, "bench/floor/worker.ts"),
      compatibility_date: compatibilityDate,
      compatibility_flags: compatibilityFlags,
      keep_names: keepNames,
      minify,
      durable_objects: { bindings: [{ name: "IDENTITY", class_name: "FloorIdentity" }] },
      migrations: [{ tag: "v1", new_sqlite_classes: ["FloorIdentity"] }],
    }),
  );
  const file = await bundle(configFile, folder);
  return { name: "floor", file, compatibilityDate, compatibilityFlags, keepNames, minify, objects };
}
