/** What the console weighs on the way to a browser. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildConsole } from "../../../scripts/build-console.ts";
import { LOCAL_CREDENTIAL } from "../../../src/development/local-credential.ts";

const MAX_FIRST_BYTES = 40 * 1024;
const MAX_BYTES = 62 * 1024;

const site = mkdtempSync(join(tmpdir(), "edgepool-console-"));
/** By path below the site. */
const files = new Map<string, Buffer>();

beforeAll(async () => {
  await buildConsole(site);
  for (const entry of readdirSync(join(site, "console"), { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile()) files.set(path.slice(site.length), readFileSync(path));
  }
});
afterAll(() => rmSync(site, { recursive: true }));

function weightOf(paths: Iterable<string>): number {
  return [...paths].reduce((sum, path) => sum + gzipSync(files.get(path) ?? "").length, 0);
}

/** What is loaded with `path`: all that it imports before it runs, and not what it may ask for later. */
function loadedWith(path: string, known = new Set<string>()): Set<string> {
  known.add(path);
  const text = files.get(path)?.toString() ?? "";
  const named = [...text.matchAll(/(?:from|import)"\.\/([\w-]+\.js)"|(\/console\/files\/[\w.-]+)/g)];
  const needed = named.map(([, script, address]) => address ?? `/console/files/${script}`);
  for (const file of needed) if (files.has(file) && !known.has(file)) loadedWith(file, known);
  return known;
}

it("is at most 40 KB for the first page, its list of pools with it, and 62 KB with every page", () => {
  const pools = [...files.keys()].filter((path) => path.includes("/pools-"));
  expect(pools).toHaveLength(1);
  const first = [...loadedWith("/console/index.html"), ...pools];
  expect(first.length).toBeGreaterThanOrEqual(4);
  expect(weightOf(first)).toBeLessThanOrEqual(MAX_FIRST_BYTES);
  expect(weightOf(files.keys())).toBeLessThanOrEqual(MAX_BYTES);
});

it("has every file that its page names", () => {
  const named =
    files
      .get("/console/index.html")
      ?.toString()
      .match(/"\/[^"]*"/g) ?? [];
  expect(named).toHaveLength(3);
  expect(named.filter((address) => !files.has(address.slice(1, -1)))).toEqual([]);
});

it("has no key, and asks nobody else for anything", () => {
  const text = [...files.values()].join("\n");
  expect(text).not.toContain(LOCAL_CREDENTIAL.accessKeyId);
  // The first names the elements of a drawing, the other a claim.
  expect(text.match(/https?:\/\/[\w.-]+/g)?.filter((url) => !/w3\.org|aws\.amazon\.com/.test(url)) ?? []).toEqual([]);
});

it("leaves nothing of an earlier build", async () => {
  const namesOf = () => new Set(readdirSync(site, { recursive: true, encoding: "utf8" }));
  const before = namesOf();
  writeFileSync(join(site, "console/files/main-OLD.js"), "");
  await buildConsole(site);
  expect(namesOf()).toEqual(before);
});
