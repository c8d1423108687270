import { describe, expect, it } from "vitest";
import { isOfCommonWords, isPredictable, isPublished, isTyped } from "../../src/secret-strength.ts";

const charactersOf = (text: string) => Array.from(text, (character) => character.charCodeAt(0));
const bytes = (valueAt: (index: number) => number) => Array.from({ length: 32 }, (_, index) => valueAt(index) & 0xff);

describe("32 bytes", () => {
  it.each([
    ["all zero", bytes(() => 0)],
    ["all 255", bytes(() => 255)],
    ["all the same", bytes(() => 7)],
    ["counting up", bytes((index) => index)],
    ["counting down from 255", bytes((index) => 255 - index)],
    ["counting across 255", bytes((index) => 250 + index)],
    ["counting by 37", bytes((index) => index * 37)],
    ["a counter of two bytes", bytes((index) => (index % 2 === 0 ? 0 : index >> 1))],
    ["two counters that alternate", bytes((index) => (index % 2 === 0 ? index : 200 - index))],
    ["two values in turn", bytes((index) => (index % 2 === 0 ? 0xde : 0xad))],
    ["four values, again and again", bytes((index) => [0xde, 0xad, 0xbe, 0xef][index % 4] ?? 0)],
    [
      "sixteen bytes, twice",
      bytes((index) => [..."sixteen letters!"].map((letter) => letter.charCodeAt(0))[index % 16] ?? 0),
    ],
    ["a few bits of text and zeros", bytes((index) => (index < 12 ? 90 - index * index : 0))],
    ["digits", charactersOf("01234567890123456789012345678901")],
    ["the alphabet", charactersOf("abcdefghijklmnopqrstuvwxyz012345")],
  ])("are predictable: %s", (_what, key) => {
    expect(key).toHaveLength(32);
    expect(isPredictable(key)).toBe(true);
  });

  it("are not when they are drawn", () => {
    for (let turn = 0; turn < 2000; turn++) {
      expect(isPredictable([...crypto.getRandomValues(new Uint8Array(32))])).toBe(false);
    }
  });
});

describe("a secret of characters", () => {
  it.each([
    "aaaaaaaaaaaaaaaa",
    "                    ",
    "abababababababab",
    "passwordpassword",
    "changeme-changeme",
    "change-me-change-me-change-me",
    "0123456789abcdef",
    "0123456789012345",
    "1234567890123456",
    "9876543210987654",
    "abcdefghijklmnop",
    "AbCdEfGhIjKlMnOp",
    "fedcba9876543210",
    "a1b2c3d4e5f6g7h8",
    "aabbccddeeffgghh",
    "0000000000000001",
    "aaaaaaaabbbbbbbb",
    "abcdefghijklmnopqrstuvwxyz",
    "äääääääääääääääääää",
  ])("is predictable: %j", (secret) => {
    expect(isPredictable(charactersOf(secret))).toBe(true);
  });

  it.each([
    "sixteen-letters!",
    "secret-of-the-admin",
    "a secret of many characters",
    "another-sixteen-letters",
    "secret-of-sixteen",
  ])("is not: %j", (secret) => {
    expect(isPredictable(charactersOf(secret))).toBe(false);
  });

  it("is not when it is drawn, in hex or in base64, short or long", () => {
    for (let turn = 0; turn < 2000; turn++) {
      const drawn = crypto.getRandomValues(new Uint8Array(24));
      for (const text of [drawn.toHex(), drawn.toBase64(), drawn.slice(0, 10).toHex(), drawn.slice(0, 12).toBase64()]) {
        expect([text, isPredictable(charactersOf(text))]).toEqual([text, false]);
      }
    }
  });
});

describe("a secret of common words", () => {
  it.each([
    "password12345678",
    "changeme12345678",
    "qwertyuiopasdfgh",
    "my-secret-access-key",
    "your-secret-access-key",
    "supersecretpassword",
    "Test_Admin_Password_2026",
    "please-change-me!",
    "aws-cognito-admin-key",
  ])("is one: %j", (secret) => {
    expect(isOfCommonWords(secret)).toBe(true);
  });

  it.each(["sixteen-letters!", "secret-of-the-admin", "a secret of many characters", "bench-secret-of-no-consequence"])(
    "is none: %j",
    (secret) => {
      expect(isOfCommonWords(secret)).toBe(false);
    },
  );

  it("is none when it is drawn in base64, or in hex", () => {
    for (let turn = 0; turn < 2000; turn++) {
      const drawn = crypto.getRandomValues(new Uint8Array(24));
      for (const text of [drawn.toBase64(), drawn.toHex()])
        expect([text, isOfCommonWords(text)]).toEqual([text, false]);
    }
  });
});

describe("32 bytes of text", () => {
  it.each(["this is a 32 byte long secret k!", "test-only-key-encryption-key-001"])("are typed: %j", (text) => {
    expect(text).toHaveLength(32);
    expect(isTyped(charactersOf(text))).toBe(true);
  });

  it("are not when they are drawn", () => {
    for (let turn = 0; turn < 2000; turn++) {
      expect(isTyped([...crypto.getRandomValues(new Uint8Array(32))])).toBe(false);
    }
  });
});

describe("a published secret", () => {
  it.each([
    "edgepool-local-secret",
    "Edgepool_Local_Secret",
    "edgepool local secret",
    "my-edgepool-local-secret-2",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "je7MtGbClwBF/2Zp9Utk/h3yCo8nvbEXAMPLEKEY",
  ])("is one: %s", (secret) => {
    expect(isPublished(secret)).toBe(true);
  });

  it.each(["secret-of-the-edgepool", "local-secret-of-mine", "EXAMPLEKEY-and-more-of-it"])("is none: %s", (secret) => {
    expect(isPublished(secret)).toBe(false);
  });
});
