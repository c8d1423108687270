/**
 * What a Signature Version 4 signature is computed over, and the computation: pure but for WebCrypto.
 * It judges nothing: which headers must be signed and what a scope must say is decided in sigv4.ts.
 * Source: AWS "Create a signed AWS API request"; the published test suite of AWS runs against this file.
 */
import { utf8 } from "../domain/bytes.ts";
import { hmac, sha256Hex } from "../domain/digest.ts";

export const ALGORITHM = "AWS4-HMAC-SHA256";
export const SCOPE_TERMINATOR = "aws4_request";

/** Where a signature is valid: one day, one region, one service. */
export type CredentialScope = {
  /** `yyyymmdd`, in UTC. */
  readonly day: string;
  readonly region: string;
  readonly service: string;
};

export type CanonicalRequest = {
  readonly method: string;
  /** Name in lower case and value as received, in the order in which the signer listed them. */
  readonly signedHeaders: readonly (readonly [name: string, value: string])[];
  /** SHA-256 of the raw body, in lower-case hex. */
  readonly bodySha256: string;
};

/**
 * The canonical request of a call to the path `/` without a query, which is every call of an AWS JSON service: no URI
 * is canonicalised here, so there is no encoding for two parties to disagree about.
 *
 * A header that was sent several times arrives joined by ", ", where its signer wrote ",": such a request does not
 * verify. No SDK sends one, and refusing is the safe side of a text that can no longer be told apart.
 */
export function canonicalRequest(request: CanonicalRequest): string {
  const headers = request.signedHeaders.map(([name, value]) => `${name}:${canonicalValue(value)}\n`);
  const names = request.signedHeaders.map(([name]) => name);
  return [request.method, "/", "", headers.join(""), names.join(";"), request.bodySha256].join("\n");
}

function canonicalValue(value: string): string {
  return value.replaceAll(/[\t ]+/g, " ").replaceAll(/^ | $/g, "");
}

/** The 32 bytes that the holder of `secretAccessKey` signs a canonical request with; `timestamp` is `x-amz-date`. */
export async function computeSignature(
  secretAccessKey: string,
  scope: CredentialScope,
  timestamp: string,
  canonical: string,
): Promise<Uint8Array> {
  const scopeText = [scope.day, scope.region, scope.service, SCOPE_TERMINATOR].join("/");
  const stringToSign = [ALGORITHM, timestamp, scopeText, await sha256Hex(canonical)].join("\n");
  // The signing key is derived for each request: four HMACs cost less than a cache of keys would have to justify.
  let key = utf8(`AWS4${secretAccessKey}`);
  for (const part of [scope.day, scope.region, scope.service, SCOPE_TERMINATOR]) {
    key = await hmac("SHA-256", key, part);
  }
  return hmac("SHA-256", key, stringToSign);
}
