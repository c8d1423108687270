import { expect, it } from "vitest";
import { match, routeOf, segmentOf } from "../../../console/match.ts";

const POOL = "us-east-1:de300000-0000-4000-8000-0000000de300";

it.each([
  ["pools", "pools", []],
  ["pools", "pool", null],
  ["pool/:id", `pool/${POOL}`, [POOL]],
  ["pool/:id", "pool/", null],
  ["pool/:id", `pool/${POOL}/identities`, null],
  ["pool/:id/identities", `pool/${POOL}/identities`, [POOL]],
  ["pool/:id", `pool/${POOL.replace(":", "%3A")}`, [POOL]],
  ["pool/:id", "pool/%", ["%"]],
  [":one/to/:other", "a/to/b", ["a", "b"]],
])("the path %s has at %s the values %j", (path, route, values) => {
  expect(match(path, route)).toEqual(values);
});

it.each([
  ["", ""],
  ["#", ""],
  ["#pools", "pools"],
  ["#/pools", "pools"],
])("the hash %s names the route %s", (hash, route) => {
  expect(routeOf(hash)).toBe(route);
});

it.each([POOL, "a/b", "100%", "#?ü "])("what was typed, as %s, is one segment", (text) => {
  expect(match("identity/:id", `identity/${segmentOf(text)}`)).toEqual([text]);
});

it("an id is in an address as it is", () => {
  expect(segmentOf(POOL)).toBe(POOL);
});
