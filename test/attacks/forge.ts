/**
 * Makes login tokens, well-formed or hostile in exactly one way, with keys of its own: raw bytes in, compact text out; and
 * signatures of requests that cover another body than the one they are sent with.
 */
import {
  constants,
  createHash,
  createHmac,
  generateKeyPairSync,
  type JsonWebKey,
  type KeyObject,
  sign as signBytes,
} from "node:crypto";
import { LOCAL_CREDENTIAL } from "../../src/development/local-credential.ts";

export type ForgeKey = {
  readonly kid: string;
  readonly algorithm: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
  /** As an issuer publishes it. */
  readonly publicJwk: JsonWebKey & { readonly kid: string };
};

export type Text = string | Uint8Array;

export function base64url(content: Text): string {
  return Buffer.from(content).toString("base64url");
}

export function makeKey(algorithm: string, kid: string, modulusLength = 2048): ForgeKey {
  const { publicKey, privateKey } = algorithm.startsWith("ES")
    ? generateKeyPairSync("ec", { namedCurve: algorithm === "ES384" ? "P-384" : "P-256" })
    : generateKeyPairSync("rsa", { modulusLength });
  const publicJwk = { ...publicKey.export({ format: "jwk" }), kid, alg: algorithm, use: "sig" };
  return { kid, algorithm, publicKey, privateKey, publicJwk };
}

/** The signature that `algorithm` means, made with whatever key there is. */
export function signatureOf(key: ForgeKey, text: string, algorithm = key.algorithm): Buffer {
  const hash = `sha${algorithm.slice(2)}`;
  const options = algorithm.startsWith("ES")
    ? ({ dsaEncoding: "ieee-p1363" } as const)
    : algorithm.startsWith("PS")
      ? { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: Number(algorithm.slice(2)) / 8 }
      : {};
  return signBytes(hash, Buffer.from(text), { key: key.privateKey, ...options });
}

/** Header and payload as raw text or bytes: what they hold is the test's affair. */
export function compactOf(key: ForgeKey, header: Text, payload: Text, algorithm = key.algorithm): string {
  const signed = `${base64url(header)}.${base64url(payload)}`;
  return `${signed}.${base64url(signatureOf(key, signed, algorithm))}`;
}

/** A member that is undefined is left out. */
export function tokenOf(key: ForgeKey, claims: object, header: object = {}): string {
  const { kid, algorithm } = key;
  return compactOf(key, JSON.stringify({ alg: algorithm, typ: "JWT", kid, ...header }), JSON.stringify(claims));
}

/** What a naive verifier would take for a signature: an HMAC under a text that everybody knows. */
export function hmacTokenOf(secret: Text, claims: object, header: object): string {
  const signed = `${base64url(JSON.stringify(header))}.${base64url(JSON.stringify(claims))}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
}

/** Headers of a call that is signed, `x-amz-content-sha256` included, for a body whose hash is what `payloadHash` says. */
export function signedOver(endpoint: string, target: string, payloadHash: string): Readonly<Record<string, string>> {
  const timestamp = new Date().toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const headers: Record<string, string> = {
    "content-type": "application/x-amz-json-1.1",
    host: new URL(endpoint).host,
    "x-amz-content-sha256": payloadHash,
    "x-amz-date": timestamp,
    "x-amz-target": target,
  };
  const names = Object.keys(headers).join(";");
  const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
  const canonical = ["POST", "/", "", lines.join(""), names, payloadHash].join("\n");
  const day = timestamp.slice(0, 8);
  const scope = [day, "us-east-1", "cognito-identity", "aws4_request"];
  const hmac = (key: Text, text: string) => createHmac("sha256", key).update(text).digest();
  const key = scope.reduce<Text>(hmac, `AWS4${LOCAL_CREDENTIAL.secretAccessKey}`);
  const hashed = createHash("sha256").update(canonical).digest("hex");
  const signature = Buffer.from(hmac(key, ["AWS4-HMAC-SHA256", timestamp, scope.join("/"), hashed].join("\n")));
  const credential = `${LOCAL_CREDENTIAL.accessKeyId}/${scope.join("/")}`;
  const parts = [`Credential=${credential}`, `SignedHeaders=${names}`, `Signature=${signature.toString("hex")}`];
  return { ...headers, authorization: `AWS4-HMAC-SHA256 ${parts.join(", ")}` };
}
