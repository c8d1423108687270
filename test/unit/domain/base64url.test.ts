import { describe, expect, it } from "vitest";
import { decodeBase64url, encodeBase64url } from "../../../src/domain/base64url.ts";

describe("decodeBase64url", () => {
  it.each([
    ["", []],
    ["AA", [0]],
    ["_-8", [255, 239]],
    ["AQID", [1, 2, 3]],
  ])("reads %j", (text, bytes) => {
    expect([...(decodeBase64url(text) ?? [])]).toEqual(bytes);
    expect(encodeBase64url(Uint8Array.from(bytes))).toBe(text);
  });

  it.each(["AA==", "AA=", "A", "AAAAA", "+/8=", "+/8", "A A", "AA\n", " AA", "AÄ", "AB", "AQJ", "AQI\u0000", "="])(
    "T8: refuses %j",
    (text) => {
      expect(decodeBase64url(text)).toBeUndefined();
    },
  );
});
