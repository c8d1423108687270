import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseLoginToken } from "../../../src/jwt/login-token.ts";
import { base64url } from "../../support/login-tokens.ts";

const HEADER = base64url('{"alg":"RS256"}');
const PAYLOAD = base64url('{"sub":"a"}');
const SIGNATURE = base64url(new Uint8Array([1, 2, 3]));
const MALFORMED = { ok: false, error: { kind: "malformed" } };

function withPayload(payload: string | Uint8Array): string {
  return `${HEADER}.${base64url(payload)}.${SIGNATURE}`;
}

describe("parseLoginToken", () => {
  it("reads header, claims and signature, and hands on the very bytes that were signed", () => {
    const parsed = parseLoginToken(`${HEADER}.${PAYLOAD}.${SIGNATURE}`);
    expect(parsed.ok && [...parsed.value.header]).toEqual([["alg", "RS256"]]);
    expect(parsed.ok && [...parsed.value.claims]).toEqual([["sub", "a"]]);
    expect(parsed.ok && [...parsed.value.signature]).toEqual([1, 2, 3]);
    expect(parsed.ok && new TextDecoder().decode(parsed.value.signedBytes)).toBe(`${HEADER}.${PAYLOAD}`);
  });

  it.each([
    ["T7: a JWE of five segments", `${HEADER}.AA.AA.AA.AA`],
    ["T7: two segments", `${HEADER}.${PAYLOAD}`],
    ["T7: four segments", `${HEADER}.${PAYLOAD}.${SIGNATURE}.${SIGNATURE}`],
    ["T8: the JSON serialisation", `{"payload":"${PAYLOAD}","protected":"${HEADER}","signature":"${SIGNATURE}"}`],
    ["T8: a JSON polyglot", `{"a":"${HEADER}.${PAYLOAD}.${SIGNATURE}"}`],
    ["T8: white space around", ` ${HEADER}.${PAYLOAD}.${SIGNATURE}`],
    ["T8: a line feed at the end", `${HEADER}.${PAYLOAD}.${SIGNATURE}\n`],
    ["T8: white space within", `${HEADER}.${PAYLOAD.slice(0, 4)} ${PAYLOAD.slice(4)}.${SIGNATURE}`],
    ["T8: padding", `${base64url('{"a":1}')}==.${PAYLOAD}.${SIGNATURE}`],
    ["T8: the alphabet of plain base64", `${HEADER}.${PAYLOAD}.+/8A`],
    ["T8: bits after the last byte of the signature", `${HEADER}.${PAYLOAD}.AB`],
    ["T8: bits after the last byte of the payload", `${HEADER}.e31.${SIGNATURE}`],
    ["T8: an impossible length", `${HEADER}.${PAYLOAD}.A`],
    ["an empty signature", `${HEADER}.${PAYLOAD}.`],
    ["an empty header", `.${PAYLOAD}.${SIGNATURE}`],
    ["an empty text", ""],
    ["no token at all", "undefined"],
    ["T10: a payload that is an array", withPayload("[]")],
    ["T10: a payload that is null", withPayload("null")],
    ["T10: a payload that is a string", withPayload('"a"')],
    ["T10: a payload that is a number", withPayload("1")],
    ["T10: a header that is an array", `${base64url("[]")}.${PAYLOAD}.${SIGNATURE}`],
    ["T10: a payload that is not JSON", withPayload("{sub:1}")],
    ["T10: text after the object", withPayload("{}{}")],
    ["T10: invalid UTF-8", withPayload(new Uint8Array([0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d]))],
    ["T10: an overlong encoding", withPayload(new Uint8Array([0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d]))],
    ["T10: a byte order mark", withPayload("\uFEFF{}")],
    ["T10: UTF-16", withPayload(new Uint8Array([0x7b, 0, 0x7d, 0]))],
    ["T11: a token over 50,000 characters", `${HEADER}.${"A".repeat(50_000)}.${SIGNATURE}`],
    ["T11: a header over 16 kB", `${base64url(JSON.stringify({ kid: "k".repeat(16_384) }))}.${PAYLOAD}.${SIGNATURE}`],
  ])("refuses %s", (_, token) => {
    expect(parseLoginToken(token)).toMatchObject(MALFORMED);
  });

  it("reads a header with a chain of certificates", () => {
    const x5c = Array.from({ length: 3 }, () => "M".repeat(2700));
    const parsed = parseLoginToken(`${base64url(JSON.stringify({ alg: "RS256", x5c }))}.${PAYLOAD}.${SIGNATURE}`);
    expect(parsed.ok && parsed.value.header.get("x5c")).toEqual(x5c);
  });

  it("T9: reads duplicate members once, and the last one wins", () => {
    const parsed = parseLoginToken(withPayload('{"aud":"mine","aud":"foreign"}'));
    expect(parsed.ok && parsed.value.claims.get("aud")).toBe("foreign");
  });

  it("T11: survives a payload nested 18,000 deep", () => {
    const depth = 18_000;
    const parsed = parseLoginToken(withPayload(`{"a":${"[".repeat(depth)}${"]".repeat(depth)}}`));
    expect(parsed.ok || parsed.error.kind === "malformed").toBe(true);
    expect(parseLoginToken(withPayload(`{"a":${"[".repeat(36_000)}`))).toMatchObject(MALFORMED);
  });

  it("T39: takes prototype keys for ordinary members", () => {
    const parsed = parseLoginToken(withPayload('{"__proto__":{"sub":"x"},"constructor":1}'));
    expect(parsed.ok && [...parsed.value.claims.keys()]).toEqual(["__proto__", "constructor"]);
    expect(parsed.ok && parsed.value.claims.has("sub")).toBe(false);
  });

  it("T11: answers any text with data and never throws", () => {
    const segment = fc.oneof(
      fc.json().map(base64url),
      fc.uint8Array({ maxLength: 64 }).map(base64url),
      fc.string({ unit: "binary", maxLength: 16 }),
    );
    const almostToken = fc.array(segment, { minLength: 1, maxLength: 5 }).map((segments) => segments.join("."));
    fc.assert(
      fc.property(fc.oneof(almostToken, fc.string({ unit: "binary" })), (text) => {
        const parsed = parseLoginToken(text);
        if (!parsed.ok) return parsed.error.kind === "malformed";
        // What was accepted has one spelling only: encoding it again gives the same text.
        const { signedBytes, signature } = parsed.value;
        return `${new TextDecoder().decode(signedBytes)}.${base64url(signature)}` === text;
      }),
      { numRuns: 2000 },
    );
  });

  it("T8: refuses every token with one character put in, that is not of the alphabet", () => {
    const token = `${HEADER}.${PAYLOAD}.${SIGNATURE}`;
    const outside = fc.string({ unit: "binary", minLength: 1, maxLength: 1 }).filter((text) => !/^[\w.-]*$/.test(text));
    fc.assert(
      fc.property(fc.nat(token.length), outside, (at, character) => {
        return !parseLoginToken(token.slice(0, at) + character + token.slice(at)).ok;
      }),
    );
  });
});
