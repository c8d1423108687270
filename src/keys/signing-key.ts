/**
 * Key material of the key ring: makes a signing key, seals its private half, and opens it again for one use, signing.
 * A private key leaves here only sealed, or as a CryptoKey that cannot be exported.
 */
import { utf8 } from "../domain/bytes.ts";
import { sha256, sha256Hex } from "../domain/digest.ts";
import { decodeBase64url, encodeBase64url } from "../domain/base64url.ts";
import type { TokenAlgorithm } from "../domain/token-algorithm.ts";
import type { FreshKey, PublicJwk, SealedKey } from "./key-ring.ts";

/** Bits of an RSA modulus (RFC 7518 section 3.3 asks for 2048 or more; signing cost grows with its cube). */
const RSA_MODULUS_BITS = 2048;
/** Bytes of an AES-GCM initialisation vector: NIST SP 800-38D section 8.2.2, random 96 bits. */
const IV_BYTES = 12;
/** Characters of a kid: 96 bits of the key's thumbprint. */
const KID_LENGTH = 16;

type KeyParameters = { name: string; hash?: string; namedCurve?: string };

/** WebCrypto's name of what RFC 7518 and RFC 8037 call `alg`. */
function parametersOf(alg: TokenAlgorithm): KeyParameters {
  switch (alg) {
    case "RS256":
      return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
    case "RS512":
      return { name: "RSASSA-PKCS1-v1_5", hash: "SHA-512" };
    case "ES256":
      return { name: "ECDSA", namedCurve: "P-256" };
    case "EdDSA":
      return { name: "Ed25519" };
  }
}

/** `keyEncryptionKey` is 32 bytes in base64, as setting-kinds.ts has checked. */
async function importKeyEncryptionKey(keyEncryptionKey: string): Promise<CryptoKey> {
  const bytes = Uint8Array.fromBase64(keyEncryptionKey);
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["wrapKey", "unwrapKey"]);
}

/**
 * Names a key encryption key without revealing it: 64 bits of a hash over its 256 random ones. It tells a wrong key from
 * damaged storage, before anything is written under it.
 */
async function keyEncryptionKeyIdOf(keyEncryptionKey: string): Promise<string> {
  return (await sha256Hex(JSON.stringify(["edgepool key encryption key", keyEncryptionKey]))).slice(0, 16);
}

/** Bound to kid and algorithm, so that sealed keys cannot be exchanged for one another in storage. */
function sealParameters(iv: Uint8Array<ArrayBuffer>, kid: string, alg: TokenAlgorithm) {
  const additionalData = utf8(JSON.stringify(["edgepool signing key", kid, alg]));
  return { name: "AES-GCM", iv, additionalData };
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  const bytes = decodeBase64url(text);
  if (bytes === undefined) throw new Error("a sealed key is no base64url");
  return bytes;
}

/** The public members of an exported key, from an allow list; undefined if it is not of `alg`'s kind. */
function publicJwkOf(alg: TokenAlgorithm, jwk: JsonWebKey): PublicJwk | undefined {
  const { kty, crv, n, e, x, y } = jwk;
  switch (alg) {
    case "RS256":
    case "RS512":
      return kty === "RSA" && n !== undefined && e !== undefined ? { kty, n, e } : undefined;
    case "ES256":
      return kty === "EC" && crv === "P-256" && x !== undefined && y !== undefined ? { kty, crv, x, y } : undefined;
    case "EdDSA":
      return kty === "OKP" && crv === "Ed25519" && x !== undefined ? { kty, crv, x } : undefined;
  }
}

/** The leading 96 bits of the RFC 7638 thumbprint: the same key has the same kid, and different ones never meet. */
async function kidOf(jwk: PublicJwk): Promise<string> {
  // RFC 7638 section 3: the required members alone, in lexicographic order, without white space.
  const members = Object.fromEntries(Object.entries(jwk).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return encodeBase64url(await sha256(JSON.stringify(members))).slice(0, KID_LENGTH);
}

/** Makes a signing key of `alg`. For RSA this takes 100 to 600 ms of CPU. */
async function makeSigningKey(alg: TokenAlgorithm, keyEncryptionKey: string): Promise<FreshKey> {
  const parameters = parametersOf(alg);
  const pair = await crypto.subtle.generateKey(
    parameters.name === "RSASSA-PKCS1-v1_5"
      ? { ...parameters, modulusLength: RSA_MODULUS_BITS, publicExponent: new Uint8Array([1, 0, 1]) }
      : parameters,
    // Extractable, or it could not be sealed; the only reference to it ends with this function.
    true,
    ["sign", "verify"],
  );
  if (!("privateKey" in pair)) throw new Error(`${alg} did not make a key pair`);
  const exported = await crypto.subtle.exportKey("jwk", pair.publicKey);
  const publicJwk = exported instanceof ArrayBuffer ? undefined : publicJwkOf(alg, exported);
  if (publicJwk === undefined) throw new Error(`${alg} made a key of another kind`);
  const kid = await kidOf(publicJwk);
  return { kid, alg, publicJwk, sealed: await seal(pair.privateKey, { kid, alg }, keyEncryptionKey) };
}

type KeyName = { readonly kid: string; readonly alg: TokenAlgorithm };
type SealedSigningKey = KeyName & { readonly sealed: SealedKey };

async function seal(privateKey: CryptoKey, { kid, alg }: KeyName, keyEncryptionKey: string): Promise<SealedKey> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const wrappingKey = await importKeyEncryptionKey(keyEncryptionKey);
  const ciphertext = await crypto.subtle.wrapKey("pkcs8", privateKey, wrappingKey, sealParameters(iv, kid, alg));
  return { iv: encodeBase64url(iv), ciphertext: encodeBase64url(new Uint8Array(ciphertext)) };
}

/** The same key under another key encryption key. Rejects as `unsealSigningKey` does. */
async function resealSigningKey(key: SealedSigningKey, from: string, to: string): Promise<SealedKey> {
  // Extractable, or it could not be sealed; the only reference to it ends with this function.
  return await seal(await unseal(key, from, true), key, to);
}

/** A CryptoKey that signs and cannot be exported. Rejects when the seal is broken: another key, or a changed byte, kid or alg. */
export async function unsealSigningKey(key: SealedSigningKey, keyEncryptionKey: string): Promise<CryptoKey> {
  return await unseal(key, keyEncryptionKey, false);
}

async function unseal(key: SealedSigningKey, keyEncryptionKey: string, isExtractable: boolean): Promise<CryptoKey> {
  return crypto.subtle.unwrapKey(
    "pkcs8",
    bytesOf(key.sealed.ciphertext),
    await importKeyEncryptionKey(keyEncryptionKey),
    sealParameters(bytesOf(key.sealed.iv), key.kid, key.alg),
    parametersOf(key.alg),
    isExtractable,
    ["sign"],
  );
}

type KeyEncryptionKeys = { readonly keyEncryptionKey: string; readonly keyEncryptionKeyOther: string | null };

/** The part of a key ring's host that deals with keys: sealed under the first key encryption key, and opened by the other while there is one. */
export function keyMaterialUnder(keys: () => KeyEncryptionKeys) {
  return {
    makeKey: async (alg: TokenAlgorithm) => await makeSigningKey(alg, keys().keyEncryptionKey),
    keyEncryptionKeyId: async () => await keyEncryptionKeyIdOf(keys().keyEncryptionKey),
    async otherKeyEncryptionKeyId() {
      const { keyEncryptionKeyOther: other } = keys();
      return other === null ? null : await keyEncryptionKeyIdOf(other);
    },
    async sealAnew(key: SealedSigningKey) {
      const { keyEncryptionKey, keyEncryptionKeyOther: other } = keys();
      return await resealSigningKey(key, other ?? keyEncryptionKey, keyEncryptionKey);
    },
  };
}
