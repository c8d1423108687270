import { expect, it } from "vitest";
import { sha256Hex } from "../../../src/domain/digest.ts";

// FIPS 180-4: the examples of NIST for SHA-256, and the empty message. That an isolate remembers it: isolate.test.ts.
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
const EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

it("gives one hash for a text and for its bytes", async () => {
  expect(await sha256Hex(new Uint8Array([0x61, 0x62, 0x63]))).toBe(ABC);
  expect(await sha256Hex(new Uint8Array([0xc3, 0xa9]))).toBe(await sha256Hex("é"));
});

it("gives the hash of a text", async () => {
  expect([await sha256Hex("abc"), await sha256Hex("")]).toEqual([ABC, EMPTY]);
});
