/**
 * The keys of an issuer's JWKS that may verify a login token, and the choice of the one that must (T3, T13, T26, T27).
 * Keeps public members only, from an allow list; holds no state and fetches nothing.
 */
import { err, ok, type Result } from "../domain/errors.ts";
import { curveOf, isSameKey, type KeyMaterial, parseKeyMaterial } from "./key-numbers.ts";
import { isObject, type Members, membersOf } from "../domain/json.ts";
import type { KeyRefusalReason } from "../domain/login-refusal.ts";
import {
  algorithmSuits,
  isOtherAlgorithm,
  SIGNATURE_ALGORITHMS,
  type SignatureAlgorithm,
  signatureAlgorithmOf,
} from "../jwt/signature.ts";
import { MAX_KID_LENGTH } from "../jwt/token-header.ts";

type KeyFacts = {
  readonly kid?: string;
  /** The one algorithm that the issuer published it for; absent: any that suits the key. */
  readonly alg?: SignatureAlgorithm;
};
/** A public signing key as plain JSON: it crosses calls and rests in storage, where a CryptoKey cannot. */
export type PublicKey = KeyMaterial & KeyFacts;

export type PublicKeys = {
  readonly keys: readonly PublicKey[];
  /** Entries that held a private or symmetric key: their issuer has leaked it, which is worth an alarm (T26). */
  readonly leakedKeyCount: number;
  /** Entries beyond the limit, which nobody has looked at (T25). */
  readonly unreadKeyCount: number;
};

/** Most entries of a set that are read (T25). */
const MAX_KEYS = 100;
const SECRET_MEMBERS = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/** The usable keys of a parsed JWKS document; undefined if it is no JWKS. An unusable entry is skipped, not fatal (T13). */
export function parsePublicKeys(document: unknown): PublicKeys | undefined {
  const published = membersOf(document).get("keys");
  if (!Array.isArray(published)) return undefined;
  const entries = published.slice(0, MAX_KEYS).filter(isObject).map(presentMembersOf);
  // T26: a key whose secret half is published is nobody's signing key any more, wherever in the set it stands.
  const leaked = entries.filter((entry) => SECRET_MEMBERS.some((member) => entry.has(member)));
  const leakedKeys = leaked.flatMap((entry) => parseKeyMaterial(entry) ?? []);
  const keys = entries
    .flatMap((entry) => parsePublicKey(entry) ?? [])
    .filter((key) => !leakedKeys.some((other) => isSameKey(key, other)));
  return {
    keys: withoutRepetition(keys),
    leakedKeyCount: leaked.length,
    unreadKeyCount: Math.max(0, published.length - MAX_KEYS),
  };
}

function parsePublicKey(entry: Members): PublicKey | undefined {
  const [use, operations, kid, algorithmName] = ["use", "key_ops", "kid", "alg"].map((member) => entry.get(member));
  // T26: `use: enc` and the like. RFC 7517, section 4.3: `key_ops` is an array that names every permitted operation.
  if (use !== undefined && use !== "sig" && use !== "") return undefined;
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes("verify"))) return undefined;
  if (kid !== undefined && (typeof kid !== "string" || kid.length > MAX_KID_LENGTH)) return undefined;

  const material = parseKeyMaterial(entry);
  if (material === undefined) return undefined;
  const facts = kid === undefined ? {} : { kid };
  if (algorithmName === undefined) return { ...material, ...facts };
  if (typeof algorithmName !== "string" || isOtherAlgorithm(algorithmName)) return undefined;
  const alg = signatureAlgorithmOf(algorithmName);
  // A word that names no algorithm, such as "RSA", says nothing.
  if (alg === undefined) return { ...material, ...facts };
  // T3: an alg that the key cannot serve (ES384 on P-256) makes the whole entry doubtful.
  return algorithmSuits(alg, material.kty, curveOf(material)) ? { ...material, ...facts, alg } : undefined;
}

/** T3 and T26: a key is one key however often it is listed, so that an entry without `alg` widens no other of the same key. */
function withoutRepetition(keys: readonly PublicKey[]): readonly PublicKey[] {
  const isCovered = (key: PublicKey, by: PublicKey) =>
    isSameKey(key, by) &&
    (key.kid === undefined || key.kid === by.kid) &&
    (key.alg === undefined || key.alg === by.alg);
  // Of two that say the same the first stays.
  return keys.filter(
    (key, index) =>
      !keys.some((other, at) => at !== index && isCovered(key, other) && (at < index || !isCovered(other, key))),
  );
}

/** Whether the key may verify the algorithm: kty, crv and the published alg must all agree (T3). */
function fits(key: PublicKey, algorithm: SignatureAlgorithm): boolean {
  return algorithmSuits(algorithm, key.kty, curveOf(key)) && (key.alg === undefined || key.alg === algorithm);
}

/** Whether a token by one of these algorithms could be verified with one of the keys. */
export function canVerify(keys: readonly PublicKey[], algorithms: readonly SignatureAlgorithm[]): boolean {
  return algorithms.some((algorithm) => keys.some((key) => fits(key, algorithm)));
}

/** How many kids name two keys that a token could mean alike: none of their tokens can be verified (T26). */
export function countAmbiguousKids(keys: readonly PublicKey[]): number {
  const fitsAlike = (a: PublicKey, b: PublicKey) =>
    !isSameKey(a, b) && SIGNATURE_ALGORITHMS.some((algorithm) => fits(a, algorithm) && fits(b, algorithm));
  const ambiguous = keys.filter(
    (key) => key.kid !== undefined && keys.some((other) => other.kid === key.kid && fitsAlike(key, other)),
  );
  return new Set(ambiguous.map(({ kid }) => kid)).size;
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
  const [candidate, ...others] = candidates;
  if (candidate === undefined) return err({ kind: "unknown-key" });
  if (others.every(({ publicKey }) => isSameKey(publicKey, candidate.publicKey))) return ok(candidate);
  return err({ kind: kid === undefined ? "missing-kid" : "ambiguous-key" });
}

/** A member that is `null` is absent, as many libraries write it (T26). */
function presentMembersOf(object: object): Members {
  return new Map([...membersOf(object)].filter(([, value]) => value !== null));
}
