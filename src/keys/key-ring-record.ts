/**
 * The one stored record of the key ring: its versions, and the parser that accepts each. A record that it cannot read is a
 * failure, never an empty ring: a new ring in its place would make every living token unverifiable.
 */
import { err, ok, type Result } from "../domain/errors.ts";
import { isTokenAlgorithm, type TokenAlgorithm } from "../domain/token-algorithm.ts";
import type { ActiveKey, KeyRing, NextKey, PublicJwk, RetiredKey, SealedKey } from "./key-ring.ts";

/** Version that is written. Raise it with every change of form, and keep reading the ones before. */
export const KEY_RING_RECORD_VERSION = 1;

export type KeyRingRecord = {
  /** Name of the key encryption key that the private keys rest under. */
  readonly sealedUnder: string;
  readonly ring: KeyRing;
};

/** Thrown and caught in this file alone: it names the member that is wrong, not what was found there. */
class Unreadable extends Error {}

type Fields = { readonly [name: string]: unknown };

function fieldsOf(value: unknown, path: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new Unreadable(`${path} is no object`);
  return value as Fields;
}

function textAt(fields: Fields, name: string, path: string): string {
  const value = fields[name];
  if (typeof value !== "string" || value === "") throw new Unreadable(`${path}.${name} is no text`);
  return value;
}

function instantAt(fields: Fields, name: string, path: string): number {
  const value = fields[name];
  if (typeof value !== "number" || !Number.isFinite(value)) throw new Unreadable(`${path}.${name} is no instant`);
  return value;
}

function listAt<T>(fields: Fields, name: string, parse: (value: unknown, path: string) => T): readonly T[] {
  const value = fields[name];
  if (!Array.isArray(value)) throw new Unreadable(`${name} is no list`);
  return value.map((item: unknown, index) => parse(item, `${name}[${index}]`));
}

function parseAlgorithm(text: string, path: string): TokenAlgorithm {
  if (isTokenAlgorithm(text)) return text;
  throw new Unreadable(`${path}.alg is unknown`);
}

function parsePublicJwk(value: unknown, path: string): PublicJwk {
  const fields = fieldsOf(value, path);
  const { kty, crv } = fields;
  if (kty === "RSA") return { kty, n: textAt(fields, "n", path), e: textAt(fields, "e", path) };
  if (kty === "EC" && crv === "P-256") return { kty, crv, x: textAt(fields, "x", path), y: textAt(fields, "y", path) };
  if (kty === "OKP" && crv === "Ed25519") return { kty, crv, x: textAt(fields, "x", path) };
  throw new Unreadable(`${path} is of an unknown kind`);
}

function parseSealed(value: unknown, path: string): SealedKey {
  const fields = fieldsOf(value, path);
  return { iv: textAt(fields, "iv", path), ciphertext: textAt(fields, "ciphertext", path) };
}

function parsePublicPart(fields: Fields, path: string) {
  return {
    kid: textAt(fields, "kid", path),
    alg: parseAlgorithm(textAt(fields, "alg", path), path),
    publicJwk: parsePublicJwk(fields["publicJwk"], `${path}.publicJwk`),
  };
}

function parseNext(value: unknown, path: string): NextKey {
  const fields = fieldsOf(value, path);
  return {
    ...parsePublicPart(fields, path),
    sealed: parseSealed(fields["sealed"], `${path}.sealed`),
    publishedAt: instantAt(fields, "publishedAt", path),
  };
}

function parseActive(value: unknown): ActiveKey {
  return { ...parseNext(value, "active"), activatedAt: instantAt(fieldsOf(value, "active"), "activatedAt", "active") };
}

function parseRetired(value: unknown, path: string): RetiredKey {
  const fields = fieldsOf(value, path);
  return { ...parsePublicPart(fields, path), retiredAt: instantAt(fields, "retiredAt", path) };
}

function parseVersion1(fields: Fields): KeyRingRecord {
  const { active } = fields;
  return {
    sealedUnder: textAt(fields, "sealedUnder", "record"),
    ring: {
      ...(active !== undefined && { active: parseActive(active) }),
      next: listAt(fields, "next", parseNext),
      retired: listAt(fields, "retired", parseRetired),
    },
  };
}

/** Plain data to store. */
export function encodeKeyRingRecord(record: KeyRingRecord): unknown {
  return { version: KEY_RING_RECORD_VERSION, sealedUnder: record.sealedUnder, ...record.ring };
}

/** The record that storage holds; fails with the reason for the log. */
export function decodeKeyRingRecord(stored: unknown): Result<KeyRingRecord, string> {
  try {
    const fields = fieldsOf(stored, "record");
    const { version } = fields;
    if (version === 1) return ok(parseVersion1(fields));
    // Written by newer code: this one must not guess at it, and above all not replace it.
    return err(`the key ring record has the unknown version ${String(version)}`);
  } catch (cause) {
    if (cause instanceof Unreadable) return err(`the key ring record cannot be read: ${cause.message}`);
    throw cause;
  }
}
