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

it("finds the files at all", () => {
  expect(files.length).toBeGreaterThan(100);
});

it("has no two files of one name, so that a name says what a thing is", () => {
  const names = files.map((path) => path.split("/").at(-1) ?? "");
  // The entry of production and that of development are asked for by name: neither may be taken for the other.
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
