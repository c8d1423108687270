/** A file that tests share is found by its name: no two have one, in whichever folder. Tests are named after what they test. */
import { expect, it } from "vitest";

const shared = Object.keys(import.meta.glob(["../**/*.ts", "!../**/*.test.ts"]));
const names = shared.map((path) => path.slice(path.lastIndexOf("/") + 1));

it("no two files that tests share have one name", () => {
  expect(names.length).toBeGreaterThan(50);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});
