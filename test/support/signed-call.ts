/** Calls signed by Signature Version 4 that no SDK would send: other targets, replays, changed parts. */
import { createHash, createHmac } from "node:crypto";
import { LOCAL_CREDENTIAL } from "../../src/development/local-credential.ts";
import { send, type WireAnswer } from "./wire-call.ts";

export type Credential = { readonly accessKeyId: string; readonly secretAccessKey: string };

export type SignedCall = { readonly headers: Readonly<Record<string, string>>; readonly body: string };

export type Signing = {
  readonly credential?: Credential;
  readonly region?: string;
  readonly service?: string;
  /** Default: now. */
  readonly date?: Date;
  /** Sent as `amz-sdk-invocation-id`. */
  readonly callId?: string;
  /** Names of the headers that are signed; default: all. */
  readonly signedHeaders?: readonly string[];
};

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/** `target` is the whole value of X-Amz-Target. */
export function signedCall(endpoint: string, target: string, input: object, signing: Signing = {}): SignedCall {
  const { credential = LOCAL_CREDENTIAL, region = "us-east-1", service = "cognito-identity" } = signing;
  const body = JSON.stringify(input);
  const timestamp = (signing.date ?? new Date()).toISOString().replaceAll(/[-:]|\.\d+/g, "");
  const day = timestamp.slice(0, 8);
  const headers: Record<string, string> = {
    "content-type": "application/x-amz-json-1.1",
    host: new URL(endpoint).host,
    "x-amz-date": timestamp,
    "x-amz-target": target,
    ...(signing.callId !== undefined && { "amz-sdk-invocation-id": signing.callId }),
  };
  const names = (signing.signedHeaders ?? Object.keys(headers)).toSorted();
  const lines = names.map((name) => `${name}:${headers[name] ?? ""}\n`).join("");
  const canonical = `POST\n/\n\n${lines}\n${names.join(";")}\n${sha256(body)}`;
  const scope = `${day}/${region}/${service}/aws4_request`;
  const key = [region, service, "aws4_request"].reduce(hmac, hmac(`AWS4${credential.secretAccessKey}`, day));
  const signature = hmac(key, `AWS4-HMAC-SHA256\n${timestamp}\n${scope}\n${sha256(canonical)}`).toString("hex");
  const authorization = `AWS4-HMAC-SHA256 Credential=${credential.accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  return { headers: { ...headers, authorization }, body };
}

export async function sendSigned(
  endpoint: string,
  target: string,
  input: object,
  signing: Signing = {},
): Promise<WireAnswer> {
  return await send(endpoint, signedCall(endpoint, target, input, signing));
}
