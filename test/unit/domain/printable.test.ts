/** What of a foreign text may be repeated. */
import { expect, it } from "vitest";
import { quotedName } from "../../../src/domain/printable.ts";

it("T71: a message repeats 256 printable characters of a name at most", () => {
  expect(quotedName("a\u0000b\r\n\u202ec\ud800é<")).toBe("a?b???c??<");
  expect(quotedName("r".repeat(2048))).toBe("r".repeat(256));
  const key = `cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI:${"1".repeat(26)}`;
  expect(quotedName(key)).toBe(key);
});
