/** The issuer of login tokens: one RSA key, under as many host names as a scenario needs providers. */
import { exportJWK, generateKeyPair, SignJWT } from "jose";

const CLIENT_ID = "bench-client";
/** Longer than any run. */
const LIFETIME = "12h";

export type LoginIssuer = {
  /** The JWKS that bench/upstream-worker.js serves. */
  readonly keySet: string;
  readonly clientId: string;
  /** A login token of `subject` at the provider of that number. */
  sign(provider: number, subject: string): Promise<string>;
};

/** `host/path` of an OpenID Connect provider; numbered from 1. */
export function providerName(provider: number): string {
  return `issuer-${provider}.bench.example`;
}

export async function createLoginIssuer(): Promise<LoginIssuer> {
  const { publicKey, privateKey } = await generateKeyPair("RS256", { modulusLength: 2048, extractable: true });
  const jwk = await exportJWK(publicKey);
  const header = { alg: "RS256", typ: "JWT", kid: "bench-1" };
  return {
    keySet: JSON.stringify({ keys: [{ ...jwk, kid: header.kid, alg: header.alg, use: "sig" }] }),
    clientId: CLIENT_ID,
    sign: async (provider, subject) =>
      await new SignJWT({ email: `${subject}@example.com`, email_verified: true })
        .setProtectedHeader(header)
        .setIssuer(`https://${providerName(provider)}`)
        .setAudience(CLIENT_ID)
        .setSubject(subject)
        .setIssuedAt()
        .setExpirationTime(LIFETIME)
        .sign(privateKey),
  };
}

export function base64url(content: object): string {
  return Buffer.from(JSON.stringify(content)).toString("base64url");
}

/** The same token, with another signature of the right length. */
export function withWrongSignature(token: string): string {
  const start = token.lastIndexOf(".") + 1;
  const swapped = token[start] === "A" ? "B" : "A";
  return token.slice(0, start) + swapped + token.slice(start + 1);
}
