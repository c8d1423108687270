import { describe, expect, it } from "vitest";
import {
  formatTimestamp,
  parseAuthorizationHeader,
  parseTimestamp,
} from "../../../src/protocol/authorization-header.ts";

const signature = "0123456789abcdef".repeat(4);
const credential = "Credential=AKIDEXAMPLE/20261122/us-east-1/cognito-identity/aws4_request";
const names = "SignedHeaders=content-type;host;x-amz-date;x-amz-target";
const header = `AWS4-HMAC-SHA256 ${credential}, ${names}, Signature=${signature}`;

describe("parseAuthorizationHeader", () => {
  it("reads every part of the header that SDKs write", () => {
    expect(parseAuthorizationHeader(header)).toEqual({
      accessKeyId: "AKIDEXAMPLE",
      day: "20261122",
      region: "us-east-1",
      service: "cognito-identity",
      terminator: "aws4_request",
      signedHeaderNames: ["content-type", "host", "x-amz-date", "x-amz-target"],
      signature: Uint8Array.fromHex(signature),
    });
  });

  it("reads parts that are separated by a comma alone", () => {
    expect(parseAuthorizationHeader(header.replaceAll(", ", ","))).toEqual(parseAuthorizationHeader(header));
  });

  it.each([
    ["nothing", ""],
    ["another scheme", "Bearer abc"],
    ["another algorithm", header.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256")],
    ["a second credential", header.replace(credential, `${credential}, ${credential}`)],
    ["a second header that was joined to it", `${header}, ${header}`],
    ["a second signature", `${header}, Signature=${signature}`],
    ["parts in another order", `AWS4-HMAC-SHA256 ${names}, ${credential}, Signature=${signature}`],
    ["no signature", `AWS4-HMAC-SHA256 ${credential}, ${names}`],
    ["an empty signature", header.replace(signature, "")],
    ["a signature one digit short", header.slice(0, -1)],
    ["a signature one digit long", `${header}0`],
    ["a signature in upper case", header.replace(signature, signature.toUpperCase())],
    ["a signature that is not hex", header.replace(signature, "g".repeat(64))],
    ["a signature with a line feed behind it", `${header}\n`],
    ["a scope of four parts", header.replace("/us-east-1", "")],
    ["a scope of six parts", header.replace("/us-east-1", "/us-east-1/us-east-1")],
    ["no access key id", header.replace("AKIDEXAMPLE", "")],
    ["an access key id that is too long", header.replace("AKIDEXAMPLE", "A".repeat(129))],
    ["signed headers in upper case", header.replace(";host;", ";Host;")],
    ["unsorted signed headers", header.replace("content-type;host", "host;content-type")],
    ["a signed header twice", header.replace(";host;", ";host;host;")],
    ["an empty signed header", header.replace(";host;", ";;host;")],
    ["a signed header list that ends in a semicolon", header.replace("x-amz-target", "x-amz-target;")],
    ["no signed headers", header.replace(names, "SignedHeaders=")],
    ["more than 2048 characters", header.replace("content-type", "a".repeat(2048))],
    ["a megabyte of spaces", header.replace(", ", `,${" ".repeat(1_000_000)}`)],
  ])("refuses %s", (_what, text) => {
    expect(parseAuthorizationHeader(text)).toBeUndefined();
  });
});

describe("parseTimestamp", () => {
  it("reads what formatTimestamp writes", () => {
    expect(parseTimestamp("20261122T202538Z")).toBe(Date.UTC(2026, 10, 22, 20, 25, 38) / 1000);
    expect(formatTimestamp(Date.UTC(2026, 10, 22, 20, 25, 38) / 1000 + 0.75)).toBe("20261122T202538Z");
  });

  it.each([
    "",
    "20261122",
    "20261122T202538",
    "20261122T202538z",
    "2026-11-22T20:25:38Z",
    "20261122T202538.000Z",
    "20261122T202538+0000",
    "20261122T202538Z, 20261122T202538Z",
    "20261322T202538Z",
    "20260230T202538Z",
    "20261122T240000Z",
    "20261122T206038Z",
    "Sun, 22 Nov 2026 20:25:38 GMT",
  ])("refuses %j", (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  });
});
