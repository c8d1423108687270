/** What one call asks of a source, however often it is attempted. */
import { expect, it } from "vitest";
import { askingOnce } from "../../../src/linking/source.ts";
import { LinkWorld } from "./link-world.ts";
import { id } from "./records.ts";

it("asks each question once, and not one for another", async () => {
  const world = new LinkWorld();
  const source = askingOnce(world.source({ public: "x", developer: null }));
  for (let attempts = 0; attempts < 2; attempts++) {
    expect(await source.ask(null, "public")).toEqual({ ok: true, value: id("x") });
    await source.ask(id("a"), "public");
    expect(await source.ask(null, "developer")).toEqual({ ok: true, value: null });
  }
  expect(world.asked).toEqual([
    [null, "public"],
    [id("a"), "public"],
    [null, "developer"],
  ]);
});

it("counts what became of an answer once", () => {
  const world = new LinkWorld();
  const source = askingOnce(world.source({}));
  for (const fact of ["barred", "conflict", "barred"] as const) source.count(fact);
  expect(world.counted).toEqual(["barred", "conflict"]);
});
