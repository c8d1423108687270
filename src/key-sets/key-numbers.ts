/**
 * The numbers of a public key, read from a JWK as the numbers that they are and written in the one way that RFC 7518 knows, so
 * that one key has one text however its issuer spells it. Refuses what is weak by its size alone (T13); WebCrypto judges the rest.
 */
import { decodeBase64url, encodeBase64url } from "../domain/base64url.ts";
import type { Members } from "../domain/json.ts";

type RsaMaterial = { readonly kty: "RSA"; readonly n: string; readonly e: string };
type EcMaterial = { readonly kty: "EC"; readonly crv: string; readonly x: string; readonly y: string };
type OkpMaterial = { readonly kty: "OKP"; readonly crv: string; readonly x: string };
export type KeyMaterial = RsaMaterial | EcMaterial | OkpMaterial;

const MIN_MODULUS_BITS = 2048;
const MAX_MODULUS_BITS = 8192;
/** Largest RSA public exponent: a larger one only makes a check expensive (T13). */
const MAX_PUBLIC_EXPONENT = 2 ** 32;
/** The prime of each curve's field (FIPS 186-5, SP 800-186): a coordinate is a number below it. */
const FIELD_PRIMES: ReadonlyMap<string, bigint> = new Map([
  ["P-256", 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n],
  ["P-384", 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n],
  ["P-521", 2n ** 521n - 1n],
]);
const ED25519_PRIME = 2n ** 255n - 19n;
/** Length of an Ed25519 key, in bytes (RFC 8032, section 5.1.5). Its end is its beginning: no zero may come or go. */
const ED25519_BYTES = 32;

/** Undefined where the entry holds no key of a known type and a sound size. */
export function parseKeyMaterial(entry: Members): KeyMaterial | undefined {
  const crv = entry.get("crv");
  switch (entry.get("kty")) {
    case "RSA":
      return parseRsa(entry.get("n"), entry.get("e"));
    case "EC":
      return typeof crv === "string" ? parseEc(crv, entry.get("x"), entry.get("y")) : undefined;
    case "OKP":
      return crv === "Ed25519" ? parseEd25519(entry.get("x")) : undefined;
    default:
      return undefined;
  }
}

/** The curve, or undefined for RSA. */
export function curveOf(key: KeyMaterial): string | undefined {
  return key.kty === "RSA" ? undefined : key.crv;
}

export function isSameKey(a: KeyMaterial, b: KeyMaterial): boolean {
  return textOf(a) === textOf(b);
}

function textOf(key: KeyMaterial): string {
  switch (key.kty) {
    case "RSA":
      return `${key.n}.${key.e}`;
    case "EC":
      return `${key.crv}.${key.x}.${key.y}`;
    case "OKP":
      return `${key.crv}.${key.x}`;
  }
}

function parseRsa(n: unknown, e: unknown): RsaMaterial | undefined {
  const modulus = parseUnsigned(n);
  const exponent = parseUnsigned(e);
  if (modulus === undefined || exponent === undefined) return undefined;
  // T13: weak keys. Five bytes hold every exponent up to the limit, and are exact as a JavaScript number.
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
  const isOdd = ((modulus.at(-1) ?? 0) & 1) === 1;
  if (bits < MIN_MODULUS_BITS || bits > MAX_MODULUS_BITS || !isOdd || exponent.length > 5) return undefined;
  const value = exponent.reduce((sum, byte) => sum * 256 + byte, 0);
  if (value < 3 || value % 2 === 0 || value > MAX_PUBLIC_EXPONENT) return undefined;
  return { kty: "RSA", n: encodeBase64url(modulus), e: encodeBase64url(exponent) };
}

function parseEc(crv: string, x: unknown, y: unknown): EcMaterial | undefined {
  const prime = FIELD_PRIMES.get(crv);
  if (prime === undefined) return undefined;
  const [first, second] = [parseCoordinate(x, prime), parseCoordinate(y, prime)];
  return first === undefined || second === undefined ? undefined : { kty: "EC", crv, x: first, y: second };
}

/** A coordinate, little-endian, and in its last bit the sign of the other one. */
function parseEd25519(x: unknown): OkpMaterial | undefined {
  const bytes = decodeBytes(x);
  if (bytes?.length !== ED25519_BYTES) return undefined;
  const coordinate = BigInt.asUintN(255, BigInt(`0x${bytes.toReversed().toHex()}`));
  return coordinate < ED25519_PRIME ? { kty: "OKP", crv: "Ed25519", x: encodeBase64url(bytes) } : undefined;
}

/** In the full length of the field (RFC 7518, section 6.2.1.2), which some issuers leave a byte short of, or exceed. */
function parseCoordinate(text: unknown, prime: bigint): string | undefined {
  const bytes = parseUnsigned(text);
  const fieldBytes = Math.ceil(prime.toString(16).length / 2);
  if (bytes === undefined || bytes.length > fieldBytes || BigInt(`0x${bytes.toHex()}`) >= prime) return undefined;
  const full = new Uint8Array(fieldBytes);
  full.set(bytes, fieldBytes - bytes.length);
  return encodeBase64url(full);
}

/** The bytes without leading zeros: some issuers publish the sign byte of their big-number library as well. */
function parseUnsigned(text: unknown): Uint8Array | undefined {
  const bytes = decodeBytes(text);
  const first = bytes?.findIndex((byte) => byte !== 0) ?? -1;
  return first === -1 ? undefined : bytes?.subarray(first);
}

/** With padding, or in the other alphabet of base64, it is the same number. A token's text has no such latitude (T8). */
function decodeBytes(text: unknown): Uint8Array | undefined {
  if (typeof text !== "string") return undefined;
  return decodeBase64url(
    text
      .replace(/={1,2}$/, "")
      .replaceAll("+", "-")
      .replaceAll("/", "_"),
  );
}
