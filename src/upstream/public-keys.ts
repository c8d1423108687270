/**
 * The keys of an issuer's JWKS that may verify a login token, and the choice of the one that must (T3, T13, T26, T27).
 * Keeps public members only, from an allow list; holds no state and fetches nothing.
 */
import { err, ok, type Result } from "../domain/errors.ts";
import { decodeBase64url, encodeBase64url } from "./base64url.ts";
import type { KeyRefusalReason } from "./refusal.ts";
import { algorithmSuits, type SignatureAlgorithm, signatureAlgorithmOf } from "./signature.ts";

type KeyFacts = {
  readonly kid?: string;
  /** The one algorithm that the issuer published it for; absent: any that suits the key. */
  readonly alg?: SignatureAlgorithm;
};
type RsaKey = KeyFacts & { readonly kty: "RSA"; readonly n: string; readonly e: string };
type EcKey = KeyFacts & { readonly kty: "EC"; readonly crv: string; readonly x: string; readonly y: string };
type OkpKey = KeyFacts & { readonly kty: "OKP"; readonly crv: string; readonly x: string };
/** A public signing key as plain JSON: it crosses calls and rests in storage, where a CryptoKey cannot. */
export type PublicKey = RsaKey | EcKey | OkpKey;

export type PublicKeys = {
  readonly keys: readonly PublicKey[];
  /** Entries that held a private or symmetric key: their issuer has leaked it, which is worth an alarm (T26). */
  readonly leakedKeyCount: number;
};

/** Most entries of a set that are read (T25). */
const MAX_KEYS = 100;
/** Longest kid, in characters, in a set and in a token alike (T5). */
export const MAX_KID_LENGTH = 256;
const MIN_MODULUS_BITS = 2048;
const MAX_MODULUS_BITS = 8192;
/** Largest RSA public exponent: a larger one only makes a check expensive (T13). */
const MAX_PUBLIC_EXPONENT = 2 ** 32;
const SECRET_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];
/** Coordinate length of each curve, in bytes (RFC 7518, section 6.2.1.2; RFC 8037, section 2). */
const COORDINATE_BYTES: ReadonlyMap<string, number> = new Map([
  ["P-256", 32],
  ["P-384", 48],
  ["Ed25519", 32],
]);

/** The usable keys of a parsed JWKS document; undefined if it is no JWKS. An unusable entry is skipped, not fatal (T13). */
export function parsePublicKeys(document: unknown): PublicKeys | undefined {
  const entries = isObject(document) ? own(document, "keys") : undefined;
  if (!Array.isArray(entries)) return undefined;
  const objects = entries.slice(0, MAX_KEYS).filter(isObject);
  // T26: an entry with secret members is nobody's signing key any more, so its public half is dropped too.
  const isLeaked = (entry: object) => SECRET_MEMBERS.some((member) => Object.hasOwn(entry, member));
  const keys = objects.flatMap((entry) => (isLeaked(entry) ? [] : (parsePublicKey(entry) ?? [])));
  return { keys, leakedKeyCount: objects.filter(isLeaked).length };
}

function parsePublicKey(entry: object): PublicKey | undefined {
  const [use, operations, kid, algorithmName] = ["use", "key_ops", "kid", "alg"].map((member) => own(entry, member));
  // T26: `use: enc` and the like. RFC 7517, section 4.3: `key_ops` is an array that names every permitted operation.
  if (use !== undefined && use !== "sig") return undefined;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify"))) return undefined;
  if (kid !== undefined && (typeof kid !== "string" || kid.length > MAX_KID_LENGTH)) return undefined;

  const material = parseMaterial(entry);
  if (material === undefined) return undefined;
  const facts = kid === undefined ? {} : { kid };
  if (algorithmName === undefined) return { ...material, ...facts };
  // T3: an alg that the key cannot serve (ES384 on P-256) makes the whole entry doubtful.
  const alg = signatureAlgorithmOf(algorithmName);
  if (alg === undefined || !algorithmSuits(alg, material.kty, curveOf(material))) return undefined;
  return { ...material, ...facts, alg };
}

function parseMaterial(entry: object): PublicKey | undefined {
  const [kty, n, e, crv, x, y] = ["kty", "n", "e", "crv", "x", "y"].map((member) => own(entry, member));
  if (kty === "RSA") return parseRsa(n, e);
  if (typeof crv !== "string") return undefined;
  const bytes = COORDINATE_BYTES.get(crv);
  if (bytes === undefined || typeof x !== "string" || decodeBase64url(x)?.length !== bytes) return undefined;
  if (kty === "OKP" && crv === "Ed25519") return { kty, crv, x };
  if (kty !== "EC" || crv === "Ed25519") return undefined;
  return typeof y === "string" && decodeBase64url(y)?.length === bytes ? { kty, crv, x, y } : undefined;
}

function parseRsa(n: unknown, e: unknown): RsaKey | undefined {
  const modulus = unsignedInteger(n);
  const exponent = unsignedInteger(e);
  if (modulus === undefined || exponent === undefined) return undefined;
  // T13: weak keys. Five bytes hold every exponent up to the limit, and are exact as a JavaScript number.
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24;
  const isOdd = ((modulus.at(-1) ?? 0) & 1) === 1;
  if (bits < MIN_MODULUS_BITS || bits > MAX_MODULUS_BITS || !isOdd || exponent.length > 5) return undefined;
  const value = exponent.reduce((sum, byte) => sum * 256 + byte, 0);
  if (value < 3 || value % 2 === 0 || value > MAX_PUBLIC_EXPONENT) return undefined;
  return { kty: "RSA", n: encodeBase64url(modulus), e: encodeBase64url(exponent) };
}

/** The bytes without leading zeros: some issuers publish the sign byte of their big-number library as well. */
function unsignedInteger(text: unknown): Uint8Array | undefined {
  const bytes = typeof text === "string" ? decodeBase64url(text) : undefined;
  const first = bytes?.findIndex((byte) => byte !== 0) ?? -1;
  return first === -1 ? undefined : bytes?.subarray(first);
}

function curveOf(key: PublicKey): string | undefined {
  return key.kty === "RSA" ? undefined : key.crv;
}

/** Whether the key may verify the algorithm: kty, crv and the published alg must all agree (T3). */
function fits(key: PublicKey, algorithm: SignatureAlgorithm): boolean {
  return algorithmSuits(algorithm, key.kty, curveOf(key)) && (key.alg === undefined || key.alg === algorithm);
}

/**
 * The one key that a token with this header must be signed with. `kid` is compared for equality and used for nothing
 * else (T5). Two keys that both fit are refused: trying one after the other would let a stray key of the set decide (T26).
 */
export function selectKey<Key extends { readonly publicKey: PublicKey }>(
  keys: readonly Key[],
  algorithm: SignatureAlgorithm,
  kid: string | undefined,
): Result<Key, KeyRefusalReason> {
  // T27: without a kid, exactly one key of the whole set must fit the algorithm.
  const candidates = keys.filter(
    ({ publicKey }) => fits(publicKey, algorithm) && (kid === undefined || publicKey.kid === kid),
  );
  const [candidate] = candidates;
  if (candidate === undefined) return err({ kind: "unknown-key" });
  if (candidates.length === 1) return ok(candidate);
  return err({ kind: kid === undefined ? "missing-kid" : "ambiguous-key" });
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A member of the object itself, never of a prototype (T39). */
function own(object: object, member: string): unknown {
  return Object.hasOwn(object, member) ? Reflect.get(object, member) : undefined;
}
