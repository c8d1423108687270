import { describe, expect, it } from "vitest";
import { sha256Hex } from "../../../src/domain/digest.ts";
import { canonicalRequest, computeSignature } from "../../../src/protocol/canonical-request.ts";

// The published Signature Version 4 test suite of AWS (aws-sig-v4-test-suite): key, scope, date and expected signatures.
const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const scope = { day: "20150830", region: "us-east-1", service: "service" };
const timestamp = "20150830T123600Z";
const host = ["host", "example.amazonaws.com"] as const;
const date = ["x-amz-date", timestamp] as const;
const form = ["content-type", "application/x-www-form-urlencoded"] as const;

const suite = [
  {
    name: "get-vanilla",
    method: "GET",
    headers: [host, date],
    body: "",
    signature: "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
  },
  {
    name: "post-vanilla",
    method: "POST",
    headers: [host, date],
    body: "",
    signature: "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b",
  },
  {
    name: "post-header-key-sort",
    method: "POST",
    headers: [host, ["my-header1", "value1"], date],
    body: "",
    signature: "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
  },
  {
    name: "post-header-value-case",
    method: "POST",
    headers: [host, ["my-header1", "VALUE1"], date],
    body: "",
    signature: "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
  },
  {
    name: "get-header-value-trim",
    method: "GET",
    headers: [host, ["my-header1", " value1"], ["my-header2", ' "a   b   c"'], date],
    body: "",
    signature: "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736",
  },
  {
    name: "post-x-www-form-urlencoded",
    method: "POST",
    headers: [form, host, date],
    body: "Param1=value1",
    signature: "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a",
  },
] as const;

describe("the published test suite", () => {
  it.each(suite)("computes the signature of $name", async ({ method, headers, body, signature }) => {
    const bodySha256 = await sha256Hex(body);
    const canonical = canonicalRequest({ method, signedHeaders: headers, bodySha256 });
    expect((await computeSignature(secret, scope, timestamp, canonical)).toHex()).toBe(signature);
  });
});

describe("canonicalRequest", () => {
  it("writes path, empty query, headers, names and body hash on lines of their own", () => {
    const signedHeaders = [host, ["x-note", "\t a \t  b  "]] as const;
    expect(canonicalRequest({ method: "POST", signedHeaders, bodySha256: "00" })).toBe(
      "POST\n/\n\nhost:example.amazonaws.com\nx-note:a b\n\nhost;x-note\n00",
    );
  });
});
