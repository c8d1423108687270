/** Builds login tokens with real keys and real signatures, well-formed or hostile in exactly one way. */

export type SigningKey = {
  /** As the issuer publishes it, with kid and alg. */
  readonly publicJwk: JsonWebKey & { readonly kid: string };
  readonly privateJwk: JsonWebKey;
  readonly privateKey: CryptoKey;
  readonly algorithm: string;
  readonly kid: string;
};

type Recipe = {
  readonly generate: SubtleCryptoGenerateKeyAlgorithm;
  readonly sign: { readonly name: string; readonly hash?: string; readonly saltLength?: number };
};

function rsa(name: string, hash: string, modulusLength = 2048): SubtleCryptoGenerateKeyAlgorithm {
  return { name, hash, modulusLength, publicExponent: new Uint8Array([1, 0, 1]) };
}

const RECIPES: Readonly<Record<string, Recipe>> = {
  RS256: { generate: rsa("RSASSA-PKCS1-v1_5", "SHA-256"), sign: { name: "RSASSA-PKCS1-v1_5" } },
  RS384: { generate: rsa("RSASSA-PKCS1-v1_5", "SHA-384"), sign: { name: "RSASSA-PKCS1-v1_5" } },
  RS512: { generate: rsa("RSASSA-PKCS1-v1_5", "SHA-512"), sign: { name: "RSASSA-PKCS1-v1_5" } },
  PS256: { generate: rsa("RSA-PSS", "SHA-256"), sign: { name: "RSA-PSS", saltLength: 32 } },
  PS384: { generate: rsa("RSA-PSS", "SHA-384"), sign: { name: "RSA-PSS", saltLength: 48 } },
  PS512: { generate: rsa("RSA-PSS", "SHA-512"), sign: { name: "RSA-PSS", saltLength: 64 } },
  ES256: { generate: { name: "ECDSA", namedCurve: "P-256" }, sign: { name: "ECDSA", hash: "SHA-256" } },
  ES384: { generate: { name: "ECDSA", namedCurve: "P-384" }, sign: { name: "ECDSA", hash: "SHA-384" } },
  ES512: { generate: { name: "ECDSA", namedCurve: "P-521" }, sign: { name: "ECDSA", hash: "SHA-512" } },
  EdDSA: { generate: { name: "Ed25519" }, sign: { name: "Ed25519" } },
};

function recipeOf(algorithm: string): Recipe {
  const recipe = RECIPES[algorithm];
  if (recipe === undefined) throw new Error(`no recipe for ${algorithm}`);
  return recipe;
}

const encoder = new TextEncoder();

export function base64url(content: string | Uint8Array): string {
  const bytes = typeof content === "string" ? encoder.encode(content) : content;
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}

export async function makeSigningKey(algorithm: string, kid: string, modulusLength?: number): Promise<SigningKey> {
  const { generate } = recipeOf(algorithm);
  const parameters = modulusLength === undefined ? generate : { ...generate, modulusLength };
  const pair = await crypto.subtle.generateKey(parameters, true, ["sign", "verify"]);
  if (!("privateKey" in pair)) throw new Error("not a key pair");
  const privateJwk = await exportJwk(pair.privateKey);
  const { kty, n, e, crv, x, y } = await exportJwk(pair.publicKey);
  const members = Object.entries({ kty, n, e, crv, x, y }).filter(([, value]) => value !== undefined);
  const publicJwk = { ...Object.fromEntries(members), kty, kid, alg: algorithm, use: "sig" };
  return { publicJwk, privateJwk, privateKey: pair.privateKey, algorithm, kid };
}

async function exportJwk(key: CryptoKey): Promise<JsonWebKey> {
  const exported = await crypto.subtle.exportKey("jwk", key);
  if (exported instanceof ArrayBuffer) throw new Error("not a JWK");
  return exported;
}

export async function sign(key: SigningKey, text: string, algorithm = key.algorithm): Promise<Uint8Array> {
  const { sign: parameters } = recipeOf(algorithm);
  return new Uint8Array(await crypto.subtle.sign(parameters, key.privateKey, encoder.encode(text)));
}

/** Header and payload as raw text: what they hold is the test's affair. */
export async function signRaw(
  key: SigningKey,
  header: string | Uint8Array,
  payload: string | Uint8Array,
): Promise<string> {
  const signedText = `${base64url(header)}.${base64url(payload)}`;
  return `${signedText}.${base64url(await sign(key, signedText))}`;
}

/** A member that is `undefined` here is left out of the token. */
export async function signToken(
  key: SigningKey,
  claims: Readonly<Record<string, unknown>>,
  header: Readonly<Record<string, unknown>> = {},
): Promise<string> {
  const fullHeader = { alg: key.algorithm, kid: key.kid, typ: "JWT", ...header };
  return signRaw(key, JSON.stringify(fullHeader), JSON.stringify(claims));
}
