/** Signature Version 4 of a request, as a stranger to the one in src/ checks it; and what the key that signed may do. */
import { type BinaryLike, createHash, createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { CognitoError } from "./cognito-error.ts";
import { ACCOUNT } from "./own-tokens.ts";

export type Credential = {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Operations that its policy allows; default: all. */
  readonly allows?: readonly string[];
};

const AUTHORIZATION = /^AWS4-HMAC-SHA256 Credential=([^,]+), ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;
const SKEW_MS = 300_000;

function hmac(key: BinaryLike, text: string): Uint8Array {
  return createHmac("sha256", key).update(text).digest();
}

function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

type SignedRequest = {
  readonly operation: string;
  readonly region: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
};

/** Throws what the live service refuses it with. */
export function checkSignature(credentials: readonly Credential[], request: SignedRequest): void {
  const { operation, region, headers, body } = request;
  const { authorization } = headers;
  if (authorization === undefined) {
    throw new CognitoError("MissingAuthenticationTokenException", "Missing Authentication Token");
  }
  const [, scoped = "", signedHeaders = "", signature = ""] = AUTHORIZATION.exec(authorization) ?? [];
  const [accessKeyId = "", day = "", ...scope] = scoped.split("/");
  const credential = credentials.find((known) => known.accessKeyId === accessKeyId);
  if (credential === undefined) {
    throw new CognitoError("UnrecognizedClientException", "The security token included in the request is invalid.");
  }
  const timestamp = String(headers["x-amz-date"]);
  if (scope.join("/") !== `${region}/cognito-identity/aws4_request` || !timestamp.startsWith(day)) {
    throw new CognitoError("InvalidSignatureException", "Credential should be scoped to a valid region.");
  }
  const sentAt = Date.parse(timestamp.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, "$1-$2-$3T$4:$5:$6Z"));
  if (!(Math.abs(Date.now() - sentAt) < SKEW_MS)) {
    throw new CognitoError("InvalidSignatureException", `Signature expired: ${timestamp}`);
  }
  const expected = (host: string | undefined) => {
    const value = (name: string) => (name === "host" ? host : String(headers[name]).trim().replace(/ +/g, " "));
    const lines = signedHeaders.split(";").map((name) => `${name}:${value(name)}\n`);
    const canonical = `POST\n/\n\n${lines.join("")}\n${signedHeaders}\n${sha256(body)}`;
    const text = `AWS4-HMAC-SHA256\n${timestamp}\n${[day, ...scope].join("/")}\n${sha256(canonical)}`;
    const key = scope.reduce(hmac, hmac(`AWS4${credential.secretAccessKey}`, day));
    return createHmac("sha256", key).update(text).digest("hex");
  };
  // Who is led here in place of Cognito has signed for Cognito's own name.
  const hosts = [headers.host, `cognito-identity.${region}.amazonaws.com`];
  if (!hosts.some((host) => expected(host) === signature)) {
    throw new CognitoError(
      "InvalidSignatureException",
      "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details.",
    );
  }
  if (credential.allows !== undefined && !credential.allows.includes(operation)) {
    const user = `arn:aws:iam::${ACCOUNT}:user/${accessKeyId}`;
    const action = `cognito-identity:${operation}`;
    throw new CognitoError(
      "AccessDeniedException",
      `User: ${user} is not authorized to perform: ${action} on resource: arn:aws:cognito-identity:${region}:${ACCOUNT}:identitypool/* because no identity-based policy allows the ${action} action`,
    );
  }
}
