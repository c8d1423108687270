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

it("keeps each Durable Object a socket of its actor: 80 lines at most", () => {
  const objects = files.filter((path) => /^src\/durable\/.*-object\.ts$/.test(path));
  expect(objects.length).toBeGreaterThanOrEqual(7);
  expect(objects.filter((path) => linesOf(path) > 80)).toEqual([]);
});

it("has no file of more than 300 lines", () => {
  expect(files.filter((path) => !path.endsWith(".d.ts") && linesOf(path) > 300)).toEqual([]);
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
