import { describe, expect, it } from "vitest";
import page from "../../../docs/operations.md?raw";
import { extensions } from "../../../src/protocol/extensions.ts";
import { isOperationName, operations } from "../../../src/protocol/shapes.ts";

const rows = [...page.matchAll(/^\| (\w+) +\| (signed|public) +\| built +\|.*\|$/gm)].map(([, name = "", access]) => ({
  name,
  access,
}));

it("the table of what is beyond the model names each operation once", () => {
  const table = page.slice(page.indexOf("## Operations beyond the model"));
  const names = [...table.matchAll(/^\| ([A-Z]\w+) +\|.*\|.*\|$/gm)].map(([, name]) => name);
  expect(names).toEqual(["Operation", ...Object.keys(extensions).toSorted()]);
});

describe("the table of docs/operations.md", () => {
  it("names every operation of the service model once", () => {
    expect(rows.map(({ name }) => name)).toEqual(Object.keys(operations).toSorted());
  });

  it.each(rows)("says what is true of $name", ({ name, access }) => {
    if (!isOperationName(name)) throw new Error(`${name} is no operation`);
    expect(operations[name].access).toBe(access);
  });
});
