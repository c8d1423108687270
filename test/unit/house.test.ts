import { expect, it } from "vitest";
import architecture from "../../docs/ARCHITECTURE.md?raw";
import storage from "../../docs/storage.md?raw";
import platformTests from "./durable/README.md?raw";

// How the rooms of src/ are kept: docs/ARCHITECTURE.md, "Who may import whom". What lint can hold stands in .oxlintrc.json.
const sources = import.meta.glob<string>(["../../src/**/*.ts"], {
  query: "?raw",
  import: "default",
  eager: true,
});
const consoleSources = import.meta.glob<string>(["../../console/**/*.{ts,tsx}"], {
  query: "?raw",
  import: "default",
  eager: true,
});
const files = Object.keys(sources).map((path) => path.replace("../../", ""));
const linesOf = (path: string) => (sources[`../../${path}`] ?? "").split("\n").length - 1;

it.each([
  // The entry of production and that of development are asked for by name: neither may be taken for the other.
  ["of the product", files, 100],
  // A test is named after what it tests.
  ["that tests share", Object.keys(import.meta.glob(["../**/*.ts", "!../**/*.test.ts"])), 50],
])("no two files %s have one name, so that it says what a thing is", (_, paths, least) => {
  const names = paths.map((path) => path.split("/").at(-1) ?? "");
  expect(names.length).toBeGreaterThan(least);
  expect(names.filter((name, at) => names.indexOf(name) !== at)).toEqual([]);
});

/** What is imported of the other of the two, with the line that does so. */
function crossings(texts: Readonly<Record<string, string>>, other: RegExp): readonly string[] {
  return Object.values(texts)
    .flatMap((text) => text.match(/^(?:import|export|\} from)[^;]*"[^"]+"/gm) ?? [])
    .filter((line) => other.test(line));
}

it("keeps the console a client of the wire: it takes types of protocol/ alone, and src takes nothing of it", () => {
  const ofSource = crossings(consoleSources, /"(\.\.\/)+src\//);
  expect(ofSource.length).toBeGreaterThanOrEqual(3);
  expect(ofSource.filter((line) => !/^import type [^;]*"(\.\.\/)+src\/protocol\/[\w-]+\.ts"/.test(line))).toEqual([]);
  expect(crossings(sources, /"(\.\.\/)+console\//)).toEqual([]);
});

it("makes a stub in one place, which knows where objects are", () => {
  const makers = files.filter((path) =>
    /\.(getByName|idFromName|idFromString|newUniqueId)\(/.test(sources[`../../${path}`] ?? ""),
  );
  // That of the development issuer is no object of the service.
  expect(makers).toEqual(["src/development/routes.ts", "src/durable/stubs.ts"]);
});

it("keeps each Durable Object a socket of its actor: 80 lines at most", () => {
  const objects = files.filter((path) => /^src\/durable\/.*-object\.ts$/.test(path));
  expect(objects.length).toBeGreaterThanOrEqual(7);
  expect(objects.filter((path) => linesOf(path) > 80)).toEqual([]);
});

it("has no file of more than 300 lines", () => {
  expect(files.filter((path) => !path.endsWith(".d.ts") && linesOf(path) > 300)).toEqual([]);
  const long = Object.entries(consoleSources).filter(([, text]) => text.split("\n").length > 301);
  expect(long.map(([path]) => path)).toEqual([]);
});

it.each([
  ["docs/ARCHITECTURE.md", architecture],
  ["docs/storage.md", storage],
  ["test/unit/durable/README.md", platformTests],
])("%s has a row for each Durable Object", (_, page) => {
  const names = [...(sources["../../src/worker.ts"] ?? "").matchAll(/export \{ (\w+) \}/g)].map(([, name]) => name);
  expect(names.length).toBeGreaterThanOrEqual(7);
  expect(names.filter((name) => !page.includes(`\n| \`${name}\``))).toEqual([]);
});
