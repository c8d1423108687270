/** The planted bugs fit the source: whoever changes a line that one is planted in sees it here, and not only in the gate. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { MUTANTS } from "./mutants.ts";

const ROOT = join(import.meta.dirname, "../..");

function places(file: string, text: string): number {
  return readFileSync(join(ROOT, file), "utf8").split(text).length - 1;
}

it("each is found once in the source", () => {
  const misfits = MUTANTS.flatMap(({ name, edits }) =>
    edits.filter(({ file, find }) => places(file, find) !== 1).map(({ file }) => `${name}: ${file}`),
  );
  expect(misfits).toEqual([]);
});

it("each has a name of its own", () => {
  const names = MUTANTS.map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});
