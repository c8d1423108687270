/**
 * A login token in JWS compact form, read once: what is judged is decoded from the very bytes whose signature is checked.
 * Believes nothing and verifies nothing; every failure is data, whatever the client sent.
 */
import { err, ok } from "../domain/errors.ts";
import { decodeBase64url } from "../domain/base64url.ts";
import { textOf, utf8 } from "../domain/bytes.ts";
import { isObject, type Members, membersOf, parseJsonBytes } from "../domain/json.ts";
import type { Judgement } from "../domain/login-refusal.ts";

export type LoginToken = {
  readonly header: Members;
  readonly claims: Members;
  readonly signature: Uint8Array;
  /** The bytes that the signature covers: header and payload as they came, joined by a dot. */
  readonly signedBytes: Uint8Array;
};

/** Longest login token, in characters: the service model's bound of a `Logins` value. */
const MAX_TOKEN_LENGTH = 50_000;
/**
 * Longest header, in bytes: room for a chain of three large certificates (`x5c`), each of 2.7 kB in base64 with a key of 4096
 * bits, and for as much again; nobody reads it. Far from what would make a header expensive to parse (T11).
 */
const MAX_HEADER_BYTES = 16 * 1024;
/** T7 and T8: exactly three segments of base64url, judged on the raw text before anything is decoded. */
const COMPACT_FORM = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]+)$/;

function malformed(part: string): Judgement<never> {
  return err({ kind: "malformed", part });
}

export function parseLoginToken(token: string): Judgement<LoginToken> {
  if (token.length > MAX_TOKEN_LENGTH) return malformed("length");
  const [, headerText, payloadText, signatureText] = COMPACT_FORM.exec(token) ?? [];
  if (headerText === undefined || payloadText === undefined || signatureText === undefined) return malformed("form");

  if (headerText.length > Math.ceil((MAX_HEADER_BYTES * 4) / 3)) return malformed("header length");
  const header = parseMembers(headerText);
  if (header === undefined) return malformed("header");
  const claims = parseMembers(payloadText);
  if (claims === undefined) return malformed("payload");
  const signature = decodeBase64url(signatureText);
  if (signature === undefined) return malformed("signature");

  const signedBytes = utf8(`${headerText}.${payloadText}`);
  return ok({ header, claims, signature, signedBytes });
}

/** A JSON object from its base64url text, parsed once (T9). */
function parseMembers(segment: string): Members | undefined {
  const bytes = decodeBase64url(segment);
  if (bytes === undefined) return undefined;
  const json = parseJsonBytes(bytes);
  return json.ok && isObject(json.value) ? membersOf(json.value) : undefined;
}

/**
 * The claims once more, from the signed bytes: what is remembered of a genuine token has lost its lists and objects. Once for
 * each that asks.
 */
export function claimsReader({ signedBytes }: LoginToken): () => Members {
  let claims: Members | undefined;
  return () => (claims ??= readClaims(signedBytes));
}

function readClaims(signedBytes: Uint8Array): Members {
  const [, payload = ""] = (textOf(signedBytes) ?? "").split(".");
  const claims = parseMembers(payload);
  if (claims === undefined) throw new Error("a login token that was read cannot be read again");
  return claims;
}
