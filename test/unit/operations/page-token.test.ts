import { describe, expect, it } from "vitest";
import { decodePageToken, encodePageToken } from "../../../src/operations/page-token.ts";

const encode = (text: string) => new TextEncoder().encode(text).toBase64({ alphabet: "base64url", omitPadding: true });

describe("page tokens", () => {
  it.each([[["a"]], [[0, ""]], [[15, "us-east-1:ff"]], [["ä\u0000"]]])("bring %j back", (position) => {
    expect(decodePageToken("listing", encodePageToken("listing", position))).toEqual(position);
  });

  it("are bound to what they list", () => {
    expect(decodePageToken("other", encodePageToken("listing", ["a"]))).toBeNull();
  });

  it.each([
    ["nothing", ""],
    ["no base64url", "a+b/"],
    ["padding of another alphabet", "===="],
    ["no JSON", encode("nonsense")],
    ["no array", encode('{"0":"listing"}')],
    ["no UTF-8", new Uint8Array([0xff, 0xfe]).toBase64({ alphabet: "base64url", omitPadding: true })],
    ["a negative position", encode('["listing",-1]')],
    ["a fraction", encode('["listing",0.5]')],
    ["null", encode('["listing",null]')],
    ["an object", encode('["listing",{"__proto__":1}]')],
  ])("%s is none", (_, token) => {
    expect(decodePageToken("listing", token)).toBeNull();
  });

  it("fit a URL and a header", () => {
    expect(encodePageToken("listing", ["?>~ÿ"])).toMatch(/^[\w-]+$/);
  });
});
