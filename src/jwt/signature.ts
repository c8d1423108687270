/**
 * The signature algorithms that login tokens may use, and the check itself, by WebCrypto alone (T12).
 * Asymmetric ones only: there is no code path in which a public key could serve as an HMAC secret (T1, T2).
 */

export const SIGNATURE_ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
] as const;
export type SignatureAlgorithm = (typeof SIGNATURE_ALGORITHMS)[number];

type AlgorithmFacts = {
  /** RFC 7518, section 6.1: the kind of key, and for elliptic curves the one curve (RFC 7518, section 3.4; RFC 8037). */
  readonly keyType: "RSA" | "EC" | "OKP";
  readonly curve?: string;
  readonly importParameters: { readonly name: string; readonly hash?: string; readonly namedCurve?: string };
  readonly verifyParameters: { readonly name: string; readonly hash?: string; readonly saltLength?: number };
  /** The only length that a signature can have, in bytes. Absent for RSA: there it is that of the modulus. */
  readonly signatureBytes?: number;
};

function pkcs1(hash: string): AlgorithmFacts {
  const name = "RSASSA-PKCS1-v1_5";
  return { keyType: "RSA", importParameters: { name, hash }, verifyParameters: { name } };
}

/** The salt is as long as the hash (RFC 7518, section 3.5). */
function pss(hash: string, saltLength: number): AlgorithmFacts {
  return {
    keyType: "RSA",
    importParameters: { name: "RSA-PSS", hash },
    verifyParameters: { name: "RSA-PSS", saltLength },
  };
}

function ecdsa(namedCurve: string, hash: string, signatureBytes: number): AlgorithmFacts {
  const importParameters = { name: "ECDSA", namedCurve };
  return {
    keyType: "EC",
    curve: namedCurve,
    importParameters,
    verifyParameters: { name: "ECDSA", hash },
    signatureBytes,
  };
}

const FACTS: Readonly<Record<SignatureAlgorithm, AlgorithmFacts>> = {
  RS256: pkcs1("SHA-256"),
  RS384: pkcs1("SHA-384"),
  RS512: pkcs1("SHA-512"),
  PS256: pss("SHA-256", 32),
  PS384: pss("SHA-384", 48),
  PS512: pss("SHA-512", 64),
  ES256: ecdsa("P-256", "SHA-256", 64),
  ES384: ecdsa("P-384", "SHA-384", 96),
  ES512: ecdsa("P-521", "SHA-512", 132),
  EdDSA: {
    keyType: "OKP",
    curve: "Ed25519",
    importParameters: { name: "Ed25519" },
    verifyParameters: { name: "Ed25519" },
    signatureBytes: 64,
  },
};

/**
 * An exact, case-sensitive match: `rs256` and `RS256 ` are unknown (T1). `Ed25519` (RFC 9864) is the newer name of what
 * `EdDSA` means here, where Ed25519 is its one curve.
 */
export function signatureAlgorithmOf(name: unknown): SignatureAlgorithm | undefined {
  return name === "Ed25519" ? "EdDSA" : SIGNATURE_ALGORITHMS.find((algorithm) => algorithm === name);
}

/** Whether the name is another one of the registry "JSON Web Signature and Encryption Algorithms": no login is signed by it. */
export function isOtherAlgorithm(name: string): boolean {
  return /^(none|dir|RS1|RSA1_5|ES256K|Ed448|HS\d+|A\d{3}.*|(ECDH-ES|ML-DSA|PBES2|RSA-OAEP).*)$/.test(name);
}

/** Whether a key of this type and curve can serve the algorithm at all (T3). */
export function algorithmSuits(algorithm: SignatureAlgorithm, keyType: string, curve: string | undefined): boolean {
  const facts = FACTS[algorithm];
  return facts.keyType === keyType && facts.curve === curve;
}

/** A key that can verify and nothing else. Rejects when WebCrypto refuses the material, as for a point off its curve. */
export function importVerificationKey(jwk: JsonWebKey, algorithm: SignatureAlgorithm): Promise<CryptoKey> {
  return crypto.subtle.importKey("jwk", jwk, FACTS[algorithm].importParameters, false, ["verify"]);
}

export async function verifySignature(
  algorithm: SignatureAlgorithm,
  key: CryptoKey,
  signature: Uint8Array,
  signedBytes: Uint8Array,
): Promise<boolean> {
  const { signatureBytes, verifyParameters } = FACTS[algorithm];
  // T12: JWS knows one encoding of r and s. DER, or a short or long one, is judged here and not by a library's leniency.
  if (signatureBytes !== undefined && signature.length !== signatureBytes) return false;
  return crypto.subtle.verify(verifyParameters, key, signature, signedBytes);
}
