import { describe, expect, it } from "vitest";
import { decodePageToken, encodePageToken } from "../../../src/operations/page-token.ts";

const keys = { keyEncryptionKey: "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=", keyEncryptionKeyOther: null };
const otherKeys = { keyEncryptionKey: "PwBM8DvS5zT2p0NUD+bQrgeSuMKrg1etF795i7Q/h20=", keyEncryptionKeyOther: null };
const encode = (text: string) => new TextEncoder().encode(text).toBase64({ alphabet: "base64url", omitPadding: true });

describe("page tokens", () => {
  it.each([[["a"]], [[0, ""]], [[15, "us-east-1:ff"]], [["ä\u0000"]]])("bring %j back", async (position) => {
    const token = await encodePageToken("listing", position, keys);
    expect(await decodePageToken("listing", token, keys)).toEqual(position);
  });

  it("are bound to what they list, and to the key", async () => {
    const token = await encodePageToken("listing", ["a"], keys);
    expect(await decodePageToken("other", token, keys)).toBeNull();
    expect(await decodePageToken("listing", token, otherKeys)).toBeNull();
  });

  it("are opened by either key while that is changed", async () => {
    const token = await encodePageToken("listing", ["a"], keys);
    const both = { ...otherKeys, keyEncryptionKeyOther: keys.keyEncryptionKey };
    expect(await decodePageToken("listing", token, both)).toEqual(["a"]);
    expect(await decodePageToken("other", token, both)).toBeNull();
  });

  it("T45: show nothing of where they stand, and never the same twice", async () => {
    const position = ["us-east-1:11111111-1111-4111-8111-111111111111"];
    const [one, two] = [await encodePageToken("l", position, keys), await encodePageToken("l", position, keys)];
    expect(one).not.toBe(two);
    for (const part of one.split(".")) {
      const bytes = Uint8Array.fromBase64(part, { alphabet: "base64url" });
      expect(new TextDecoder().decode(bytes)).not.toMatch(/us-east|1111/);
    }
  });

  it.each([
    ["nothing", ""],
    ["a dot", "."],
    ["no base64url", "a+b/.a+b/"],
    ["padding of another alphabet", "====.===="],
    ["one of before, that anybody could make", encode('["listing","a"]')],
    ["one that nobody sealed", `${encode("123456789012")}.${encode('["a"]')}`],
    ["an empty one", `${encode("123456789012")}.`],
  ])("%s is none", async (_, token) => {
    expect(await decodePageToken("listing", token, keys)).toBeNull();
  });

  it("one with any character changed is none", async () => {
    const token = await encodePageToken("listing", ["a"], keys);
    for (const index of [0, 8, token.indexOf("."), token.indexOf(".") + 1, token.length - 3]) {
      const other = token[index] === "A" ? "B" : "A";
      const changed = token.slice(0, index) + other + token.slice(index + 1);
      expect(await decodePageToken("listing", changed, keys), String(index)).toBeNull();
    }
    expect(await decodePageToken("listing", `${token}.x`, keys)).toBeNull();
  });

  it("fit a URL and a header", async () => {
    expect(await encodePageToken("listing", ["?>~ÿ"], keys)).toMatch(/^[\w.-]+$/);
  });
});
