import { expect, it } from "vitest";
import { sha256Hex } from "../../../src/domain/digest.ts";

// FIPS 180-4: the examples of NIST for SHA-256, and the empty message.
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

it("gives the hash of a text, the first time and every other time", async () => {
  expect([await sha256Hex("abc"), await sha256Hex(""), await sha256Hex("abc")]).toEqual([ABC, EMPTY, ABC]);
});

it("gives the same hash when it had to forget it", async () => {
  const first = await Promise.all(Array.from({ length: 1100 }, (_, index) => sha256Hex(`text ${index}`)));
  expect(new Set(first).size).toBe(1100);
  expect(await sha256Hex("abc")).toBe(ABC);
  expect(await Promise.all(Array.from({ length: 1100 }, (_, index) => sha256Hex(`text ${index}`)))).toEqual(first);
});

it("T39: has no hash ready for the names of a prototype", async () => {
  const names = ["__proto__", "constructor", "toString"];
  for (const name of names) expect(await sha256Hex(name)).toMatch(/^[0-9a-f]{64}$/);
});
