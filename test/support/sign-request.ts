// A second signer of requests, which shares no line with the verifier: what it signs is right for AWS, so that a refusal
// is the work of the rule under test and not of a signature that never matched.
import { expect } from "vitest";
import { verifySignature } from "../../src/protocol/sigv4.ts";

export const secret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
export const credentials = [
  { accessKeyId: "other", secretAccessKey: "the secret of another key", operations: "*", pools: "*" },
  { accessKeyId: "AKIDEXAMPLE", secretAccessKey: secret, operations: ["CreateIdentityPool"], pools: "*" },
] as const;

export const timestamp = "20261122T202538Z";
export const now = Date.UTC(2026, 10, 22, 20, 25, 38) / 1000;
export const poolInput = '{"IdentityPoolName": "x", "AllowUnauthenticatedIdentities": true}';

/** Everything that a signer decides; each test changes what it is about. */
type Signing = {
  method: string;
  url: string;
  headers: Record<string, string>;
  /** Headers to sign; all of them, sorted, when absent. */
  signed?: readonly string[];
  body: string;
  accessKeyId: string;
  secret: string;
  day: string;
  region: string;
  service: string;
  terminator: string;
};

export const ordinary: Signing = {
  method: "POST",
  url: "https://identity.example.com/",
  headers: {
    host: "identity.example.com",
    "content-type": "application/x-amz-json-1.1",
    "x-amz-date": timestamp,
    "x-amz-target": "AWSCognitoIdentityService.CreateIdentityPool",
  },
  body: poolInput,
  accessKeyId: "AKIDEXAMPLE",
  secret,
  day: "20261122",
  region: "us-east-1",
  service: "cognito-identity",
  terminator: "aws4_request",
};

export function encode(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

async function hmac(key: Uint8Array, text: string): Promise<Uint8Array> {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, encode(text)));
}

export async function sha256(text: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", encode(text))).toHex();
}

/** A second signer, which shares no line with the verifier: what it signs is right for AWS, so a refusal is the rule's. */
export async function sign(changes: Partial<Signing> = {}) {
  const signing = { ...ordinary, ...changes };
  const { method, headers, body } = signing;
  const url = new URL(signing.url);
  const names = signing.signed ?? Object.keys(headers).toSorted();
  const valueOf = new Map(Object.entries(headers));
  const values = names.map((name) => `${name}:${(valueOf.get(name) ?? "").trim().split(/\s+/).join(" ")}\n`).join("");
  const canonical = `${method}\n${url.pathname}\n${url.search.slice(1)}\n${values}\n${names.join(";")}\n${await sha256(body)}`;
  const scope = `${signing.day}/${signing.region}/${signing.service}/${signing.terminator}`;
  const date = await hmac(encode(`AWS4${signing.secret}`), signing.day);
  const key = await hmac(await hmac(await hmac(date, signing.region), signing.service), signing.terminator);
  const text = `AWS4-HMAC-SHA256\n${headers["x-amz-date"]}\n${scope}\n${await sha256(canonical)}`;
  const signature = (await hmac(key, text)).toHex();
  const credential = `Credential=${signing.accessKeyId}/${scope}`;
  const authorization = `AWS4-HMAC-SHA256 ${credential}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return { method, url, headers: new Headers({ ...headers, authorization }), body: encode(body), signature };
}

export type Request = { method: string; url: URL; headers: Headers; body: Uint8Array };

export function verify(request: Request, changes: { now?: number; region?: string; operation?: string } = {}) {
  return verifySignature({
    operation: "CreateIdentityPool",
    credentials,
    region: "us-east-1",
    now,
    ...request,
    ...changes,
  });
}

export function withHeaders(request: Request, changes: Record<string, string | undefined>): Request {
  const headers = new Headers(request.headers);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) headers.delete(name);
    else headers.set(name, value);
  }
  return { ...request, headers };
}

export function refusal(type: string, message: unknown = expect.any(String)) {
  return { ok: false, error: { type, message } };
}

export const mismatch = refusal(
  "InvalidSignatureException",
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
);
export const unrecognized = refusal(
  "UnrecognizedClientException",
  "The security token included in the request is invalid.",
);
