/** Every row of the threat model in SECURITY.md has an attack that is named after it: a rule without a failing test does not exist. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";

const ROWS = Array.from({ length: 51 }, (_, index) => `T${index + 1}`);

function rowsAttacked(): ReadonlySet<string> {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".test.ts"));
  const sources = files.map((name) => readFileSync(join(import.meta.dirname, name), "utf8"));
  // The name of a test, and not what is merely mentioned: `it("T17: …` or a table's `])("T17: …`.
  return new Set(sources.flatMap((source) => [...source.matchAll(/\(\s*"(T\d+): /g)].map(([, row = ""]) => row)));
}

it("each of the rows T1 to T51 has a test named after it in this folder", () => {
  const attacked = rowsAttacked();
  expect(ROWS.filter((row) => !attacked.has(row))).toEqual([]);
  expect([...attacked].filter((row) => !ROWS.includes(row))).toEqual([]);
});

it("each of the rows T1 to T51 is a paragraph of SECURITY.md, once", () => {
  const text = readFileSync(join(import.meta.dirname, "../../SECURITY.md"), "utf8");
  expect([...text.matchAll(/^\*\*(T\d+)\. /gm)].map(([, row]) => row)).toEqual(ROWS);
});
