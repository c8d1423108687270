/** `npm run console`: the console (console/) as Workers' static assets serve it. Wrangler runs it before it bundles or serves. */
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { build } from "esbuild";

const ROOT = join(import.meta.dirname, "..");
/** Where wrangler.toml says that the assets are. */
export const CONSOLE_SITE = join(ROOT, "build/console-site");

/** All that the console is made of, beside package-lock.json. */
export const CONSOLE_FOLDER = "console";

const SCRIPT = `${CONSOLE_FOLDER}/main.tsx`;
const STYLE = `${CONSOLE_FOLDER}/style.css`;
const ICON = `${CONSOLE_FOLDER}/icon.svg`;

/**
 * What several pages have: loaded with the first of them, as one file. esbuild would else make one for each company of pages that share a
 * part, and all of these together weigh more than they spare.
 */
const SHARED = [
  ...[
    "behind",
    "dialog",
    "findings",
    "mark",
    "pager",
    "pool-field",
    "search-field",
    "shown",
    "token-fields",
    "trail",
  ].map((name) => `${CONSOLE_FOLDER}/parts/${name}.tsx`),
  ...["form", "problems"].map((name) => `${CONSOLE_FOLDER}/pool/${name}.tsx`),
  ...[
    "handover",
    "last-pool",
    "pool/draft",
    "pool/providers",
    "provider-names",
    "router",
    "token-words",
    "use-allowed",
    "use-call",
    "use-pages",
    "use-pool",
    "use-unsaved",
  ].map((name) => `${CONSOLE_FOLDER}/${name}.ts`),
];

/** The first browsers that know `light-dark()`. */
const BROWSERS = ["chrome123", "firefox120", "safari17.5"];

/** No script, style, image or call but its own; nobody frames it, and nothing makes a script of a text. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "form-action 'none'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** What has a hash in its name is below files/ and never changes; the page itself is asked for each time. */
const HEADERS = `/console/*
  Content-Security-Policy: ${POLICY}
  X-Content-Type-Options: nosniff
  Referrer-Policy: no-referrer
  Cross-Origin-Opener-Policy: same-origin
  Cross-Origin-Resource-Policy: same-origin
  Permissions-Policy: camera=(), microphone=(), geolocation=()
  Cache-Control: no-cache
/console/files/*
  ! Cache-Control
  Cache-Control: public, max-age=31536000, immutable
`;

/** Contents by path below the site. Rejects with esbuild's words, which name the file and the line. */
async function filesOf(): Promise<ReadonlyMap<string, Uint8Array>> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: [SCRIPT, STYLE, ICON],
    loader: { ".svg": "copy" },
    outdir: "console/files",
    entryNames: "[name]-[hash]",
    chunkNames: "[name]-[hash]",
    inject: SHARED,
    bundle: true,
    splitting: true,
    format: "esm",
    target: BROWSERS,
    jsx: "automatic",
    jsxImportSource: "preact",
    minify: true,
    legalComments: "none",
    metafile: true,
    write: false,
    logLevel: "silent",
  });
  const addressOf = (entry: string) =>
    Object.keys(metafile.outputs)
      .filter((path) => metafile.outputs[path]?.entryPoint === entry)
      .map((path) => `/${path}`)
      .join();
  const template = await readFile(join(ROOT, CONSOLE_FOLDER, "index.html"), "utf8");
  const addresses = { SCRIPT: addressOf(SCRIPT), STYLE: addressOf(STYLE), ICON: addressOf(ICON) };
  const page = template.replaceAll(/SCRIPT|STYLE|ICON/g, (name) => Reflect.get(addresses, name));
  return new Map([
    ...outputFiles.map(({ path, contents }) => [relative(ROOT, path), contents] as const),
    ["console/index.html", Buffer.from(page)],
    ["_headers", Buffer.from(HEADERS)],
  ]);
}

/** Whole or not at all: somebody else may be building or serving the same. */
async function put(path: string, contents: Uint8Array): Promise<void> {
  const present = await readFile(path).catch(() => undefined);
  if (present?.equals(contents)) return;
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.${process.pid}`;
  await writeFile(unfinished, contents);
  await rename(unfinished, path);
}

/** Builds the console into `site`, and takes away what an earlier build has left there. */
export async function buildConsole(site: string = CONSOLE_SITE): Promise<void> {
  const files = await filesOf();
  for (const [path, contents] of files) await put(join(site, path), contents);
  for (const entry of await readdir(site, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !files.has(relative(site, path))) await rm(path, { force: true });
  }
}

if (import.meta.main) await buildConsole();
