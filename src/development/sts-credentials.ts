/**
 * Credentials of the development STS. What they are of stands in the session token, under a MAC: nothing is stored, and whoever has
 * the key can check them again. They open nothing but GetCallerIdentity.
 */
import { decodeBase64url, encodeBase64url } from "../domain/base64url.ts";
import { textOf, utf8 } from "../domain/bytes.ts";
import { hmac, sha256Hex } from "../domain/digest.ts";
import { err, ok, type Result } from "../domain/errors.ts";
import { parseAuthorizationHeader, parseTimestamp } from "../protocol/authorization-header.ts";
import { computeSignature } from "../protocol/canonical-request.ts";
import type { Credentials } from "../sts/sts-answer.ts";
import type { StsRefusal } from "./sts-xml.ts";

/** Who has been given credentials. */
export type Session = { readonly roleArn: string; readonly sessionName: string };

/** What stands in a session token. */
type Given = Session & { readonly accessKeyId: string; readonly expiresAt: number };

/** A signed request, as it arrived. */
export type SignedCall = {
  readonly path: string;
  readonly headers: Headers;
  readonly body: string;
};

const UNKNOWN: StsRefusal = {
  status: 403,
  code: "InvalidClientTokenId",
  message: "The security token included in the request is invalid",
};
const EXPIRED: StsRefusal = {
  status: 403,
  code: "ExpiredToken",
  message: "The security token included in the request is expired",
};
const MISMATCH: StsRefusal = {
  status: 403,
  code: "SignatureDoesNotMatch",
  message:
    "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
};
/** How far a signature's date may be from our clock, in seconds. */
const WINDOW_SECONDS = 900;

async function macOf(key: string, purpose: "token" | "secret", payload: string): Promise<Uint8Array> {
  return await hmac("SHA-256", utf8(key), `${purpose} ${payload}`);
}

async function secretOf(key: string, payload: string): Promise<string> {
  return (await macOf(key, "secret", payload)).toBase64().slice(0, 40);
}

/** `ASIA` and sixteen characters, as AWS names temporary keys. */
function newAccessKeyId(): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const drawn = crypto.getRandomValues(new Uint8Array(16));
  return `ASIA${Array.from(drawn, (byte) => letters.charAt(byte % 32)).join("")}`;
}

/** `expiresAt`: epoch seconds. */
export async function giveCredentials(session: Session, expiresAt: number, key: string): Promise<Credentials> {
  const accessKeyId = newAccessKeyId();
  const payload = encodeBase64url(utf8(JSON.stringify({ ...session, accessKeyId, expiresAt } satisfies Given)));
  return {
    accessKeyId,
    secretAccessKey: await secretOf(key, payload),
    sessionToken: `${payload}.${encodeBase64url(await macOf(key, "token", payload))}`,
    expiresAt,
  };
}

/** What a session token of ours says; undefined where it is none. */
async function readSessionToken(payload: string, mac: string, key: string): Promise<Given | undefined> {
  const given = decodeBase64url(mac);
  const expected = await macOf(key, "token", payload);
  const isOurs = given?.length === expected.length && crypto.subtle.timingSafeEqual(given, expected);
  // What has our MAC was written above.
  return isOurs ? (JSON.parse(textOf(decodeBase64url(payload) ?? utf8("")) ?? "") as Given) : undefined;
}

/** Whose credentials signed the call. `now`: epoch seconds. */
export async function sessionOf(call: SignedCall, key: string, now: number): Promise<Result<Session, StsRefusal>> {
  const authorization = parseAuthorizationHeader(call.headers.get("authorization") ?? "");
  const [payload = "", mac = ""] = (call.headers.get("x-amz-security-token") ?? "").split(".");
  const given = await readSessionToken(payload, mac, key);
  if (authorization === undefined || given?.accessKeyId !== authorization.accessKeyId) return err(UNKNOWN);
  const { roleArn, sessionName, expiresAt } = given;
  if (expiresAt <= now) return err(EXPIRED);

  const timestamp = call.headers.get("x-amz-date") ?? "";
  const signedAt = parseTimestamp(timestamp) ?? Number.NaN;
  const { service, signedHeaderNames, signature } = authorization;
  const isComplete = ["host", "x-amz-date", "x-amz-security-token"].every((name) => signedHeaderNames.includes(name));
  if (!isComplete || service !== "sts" || !(Math.abs(signedAt - now) <= WINDOW_SECONDS)) return err(MISMATCH);
  const secret = await secretOf(key, payload);
  const computed = await computeSignature(secret, authorization, timestamp, await canonicalOf(call, signedHeaderNames));
  return crypto.subtle.timingSafeEqual(computed, signature) ? ok({ roleArn, sessionName }) : err(MISMATCH);
}

/** Unlike the service, this one is below a path. */
async function canonicalOf({ path, headers, body }: SignedCall, names: readonly string[]): Promise<string> {
  const lines = names.map((name) => `${name}:${(headers.get(name) ?? "").trim().replaceAll(/ +/g, " ")}\n`);
  return ["POST", path, "", lines.join(""), names.join(";"), await sha256Hex(body)].join("\n");
}
