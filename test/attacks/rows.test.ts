/** Every row of the threat model in SECURITY.md has an attack that is named after it: a rule without a failing test does not exist. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const text = readFileSync(join(import.meta.dirname, "../../SECURITY.md"), "utf8");
const ROWS = [...text.matchAll(/^\*\*(T\d+)\. /gm)].map(([, row = ""]) => row);

function rowsAttacked(): ReadonlySet<string> {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".test.ts"));
  const sources = files.map((name) => readFileSync(join(import.meta.dirname, name), "utf8"));
  // The name of a test, and not what is merely mentioned: `it("T17: …` or a table's `])("T17: …`.
  return new Set(sources.flatMap((source) => [...source.matchAll(/\(\s*"(T\d+): /g)].map(([, row = ""]) => row)));
}

it("each row of SECURITY.md has a test named after it in this folder, and each test a row", () => {
  const attacked = rowsAttacked();
  expect(ROWS.filter((row) => !attacked.has(row))).toEqual([]);
  expect([...attacked].filter((row) => !ROWS.includes(row))).toEqual([]);
});

it("the rows of SECURITY.md are paragraphs in the order of their numbers, each once, T1 to T51 among them", () => {
  const numbers = ROWS.map((row) => Number(row.slice(1)));
  expect(numbers).toEqual([...new Set(numbers)].toSorted((one, other) => one - other));
  expect(numbers.slice(0, 51)).toEqual(Array.from({ length: 51 }, (_, index) => index + 1));
});
