/** Whether this service has signed a token: its signature against the published keys, as any relying party checks it. */
import { compactVerify, createLocalJWKSet, errors, type JSONWebKeySet } from "jose";
import { readToken } from "./token-words.ts";

export type Signature =
  | { readonly state: "genuine"; readonly keyId: string }
  | { readonly state: "forged"; readonly reason: string }
  /** No published key has that name: the token is of another service, or of a key that has left the set since. */
  | { readonly state: "unknown-key"; readonly keyId: string }
  | { readonly state: "not-checked"; readonly reason: string };

/** What this service can be set to sign with. */
const ALGORITHMS = ["RS256", "RS512", "ES256", "EdDSA"];

export async function loadKeySet(): Promise<JSONWebKeySet | string> {
  try {
    const response = await fetch("/.well-known/jwks.json", { cache: "no-store" });
    if (!response.ok) return `the key set answers with the status ${response.status}`;
    return (await response.json()) as JSONWebKeySet;
  } catch {
    return "the key set could not be loaded";
  }
}

/** `keySet`: why it is not there, or what it is. */
export async function checkSignature(token: string, keySet: JSONWebKeySet | string): Promise<Signature> {
  if (typeof keySet === "string") return { state: "not-checked", reason: keySet };
  const kid = readToken(token)?.header["kid"];
  const keyId = typeof kid === "string" ? kid : "";
  if (keyId !== "" && !keySet.keys.some((key) => key.kid === keyId)) return { state: "unknown-key", keyId };
  try {
    await compactVerify(token, createLocalJWKSet(keySet), { algorithms: ALGORITHMS });
    return { state: "genuine", keyId };
  } catch (error) {
    const isWrongKey = error instanceof errors.JWSSignatureVerificationFailed;
    const reason = isWrongKey
      ? "the signature was not made by the key that the token names"
      : "the header names no key and algorithm of this service";
    return { state: "forged", reason };
  }
}
