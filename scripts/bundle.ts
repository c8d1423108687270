/** Wrangler's part, for scripts and tests: the bundle that a deployment would upload, and what wrangler.toml declares. */
import { execFile } from "node:child_process";
import { join, parse } from "node:path";
import { promisify } from "node:util";

const ROOT = join(import.meta.dirname, "..");

/** Offline and silent: no look-up of the machine's location, no telemetry, no banner, no log files. */
const QUIET = {
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  WRANGLER_SEND_METRICS: "false",
  WRANGLER_HIDE_BANNER: "true",
  WRANGLER_WRITE_LOGS: "false",
};

/**
 * `entry` is relative to the checkout. `readable` keeps the names of the source, which a deployment does not. The path of the one
 * module; rejects with wrangler's own words on stderr.
 */
export async function bundleWorker(
  entry: string,
  outputFolder: string,
  form: "deployed" | "readable",
): Promise<string> {
  const wrangler = join(ROOT, "node_modules/wrangler/bin/wrangler.js");
  const minify = form === "readable" ? ["--minify=false"] : [];
  const options = ["--config", join(ROOT, "wrangler.toml"), "--dry-run", ...minify, "--outdir", outputFolder];
  await promisify(execFile)(process.execPath, [wrangler, "deploy", join(ROOT, entry), ...options], {
    cwd: ROOT,
    env: { ...process.env, ...QUIET, WRANGLER_LOG: "error" },
  });
  return join(outputFolder, `${parse(entry).name}.js`);
}

/** Bindings, classes and compatibility as wrangler.toml has them, for Miniflare; settings and secrets are the caller's. */
export async function workerOptions() {
  // Wrangler reads these when it is loaded; it would warn about secrets that only a deployment has.
  Object.assign(process.env, QUIET, { WRANGLER_LOG: "none" });
  const { unstable_getMiniflareWorkerOptions: optionsOf } = await import("wrangler");
  // Here is one version, and it has no name.
  const { versionMetadata: _, ...options } = optionsOf(join(ROOT, "wrangler.toml")).workerOptions;
  return options;
}
