import { expect, it } from "vitest";
import { match, routeOf } from "../../../console/match.ts";

const POOL = "us-east-1:de300000-0000-4000-8000-0000000de300";

it.each([
  ["pools", "pools", []],
  ["pools", "pool", null],
  ["pool/:id", `pool/${POOL}`, [POOL]],
  ["pool/:id", "pool/", null],
  ["pool/:id", `pool/${POOL}/identities`, null],
  ["pool/:id/identities", `pool/${POOL}/identities`, [POOL]],
  [":one/to/:other", "a/to/b", ["a", "b"]],
])("the path %s has at %s the values %j", (path, route, values) => {
  expect(match(path, route)).toEqual(values);
});

it.each([
  ["", ""],
  ["#", ""],
  ["#pools", "pools"],
  ["#/pools", "pools"],
  [`#pool/${POOL.replace(":", "%3A")}`, `pool/${POOL}`],
  ["#%", "%"],
])("the hash %s names the route %s", (hash, route) => {
  expect(routeOf(hash)).toBe(route);
});
