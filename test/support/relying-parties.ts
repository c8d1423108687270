/**
 * Relying parties that nobody here wrote. openid-client and PyJWT start from the issuer's address alone and find everything
 * else in the discovery document; aws-jwt-verify and passport-jwt know where the keys of an issuer like Cognito are.
 */
import { JwtVerifier } from "aws-jwt-verify";
import { SimpleJwksCache } from "aws-jwt-verify/jwk";
import { passportJwtSecret } from "jwks-rsa";
import * as client from "openid-client";
import { ExtractJwt, Strategy } from "passport-jwt";
import { type Missing, missingPythonModule, runPython } from "./debian-tools.ts";

export type Verdict =
  | { readonly claims: Readonly<Record<string, unknown>>; readonly header: Readonly<Record<string, unknown>> }
  | { readonly refusal: string };

/** Where the library believes the token comes from: the service has no token endpoint of OAuth's, and names none. */
const HAND_OVER = "https://relying-party.example.com/hand-over";

/**
 * openid-client takes tokens from a token endpoint, so that one is played to it; issuer, algorithms, keys and all checks
 * (signature, iss, aud, exp, iat) are the library's own work on what the issuer really publishes.
 */
export async function verifyWithOpenidClient(issuer: string, audience: string, token: string): Promise<Verdict> {
  const discovered = await client.discovery(new URL(issuer), audience, undefined, client.None(), {
    // The service under test is plain http on loopback.
    execute: [client.allowInsecureRequests],
  });
  const server: client.ServerMetadata = { issuer, token_endpoint: HAND_OVER };
  Object.assign(server, discovered.serverMetadata(), { token_endpoint: HAND_OVER });
  const configuration = new client.Configuration(server, audience, undefined, client.None());
  client.allowInsecureRequests(configuration);
  // Without it the signature of a token that comes by TLS would be taken on trust.
  client.enableNonRepudiationChecks(configuration);
  configuration[client.customFetch] = async (url, options) => {
    if (url !== HAND_OVER) return await fetch(url, options as RequestInit);
    return Response.json({ access_token: "unused", token_type: "Bearer", id_token: token });
  };
  try {
    const grant = await client.genericGrantRequest(
      configuration,
      "urn:ietf:params:oauth:grant-type:token-exchange",
      {},
    );
    return { claims: { ...grant.claims() }, header: {} };
  } catch (error) {
    return { refusal: error instanceof Error ? causesOf(error).join(": ") : String(error) };
  }
}

function causesOf(error: Error): readonly string[] {
  return [error.message, ...(error.cause instanceof Error ? causesOf(error.cause) : [])];
}

/**
 * aws-jwt-verify fetches keys by https alone, and the service under test is plain http on loopback: the fetch is replaced,
 * and nothing else. The address of the keys is the one that the library makes from the issuer.
 */
export async function verifyWithAwsJwtVerify(issuer: string, audience: string, token: string): Promise<Verdict> {
  const fetcher = { fetch: async (uri: string) => await (await fetch(uri)).arrayBuffer() };
  const verifier = JwtVerifier.create({ issuer, audience }, { jwksCache: new SimpleJwksCache({ fetcher }) });
  try {
    return { claims: { ...(await verifier.verify(token)) }, header: {} };
  } catch (error) {
    return { refusal: error instanceof Error ? error.constructor.name : String(error) };
  }
}

/** As an Express app has them: the strategy of passport-jwt, with keys by jwks-rsa, before a request with a bearer token. */
export async function verifyWithPassportJwt(
  issuer: string,
  audience: string,
  token: string,
  algorithm: "RS256" | "RS512" | "ES256",
): Promise<Verdict> {
  const { promise, resolve } = Promise.withResolvers<Verdict>();
  const strategy = new Strategy(
    {
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKeyProvider: passportJwtSecret({
        jwksUri: `${issuer}/.well-known/jwks.json`,
        cache: true,
        rateLimit: true,
      }),
      issuer,
      audience,
      algorithms: [algorithm],
    },
    (claims: Readonly<Record<string, unknown>>, done: (error: null, user: object) => void) => done(null, claims),
  );
  // What passport gives a strategy for each request.
  const refuse = (cause: unknown) => resolve({ refusal: cause instanceof Error ? cause.message : String(cause) });
  const outcomes = {
    success: (claims: object) => resolve({ claims: { ...claims }, header: {} }),
    fail: refuse,
    error: refuse,
  };
  const request = { headers: { authorization: `Bearer ${token}` } };
  Object.assign(Object.create(strategy), outcomes).authenticate(request);
  return await promise;
}

export async function missingPyJwt(): Promise<Missing> {
  return await missingPythonModule("jwt, cryptography", "python3-jwt or python3-cryptography");
}

export async function verifyWithPyJwt(
  issuer: string,
  audience: string,
  tokens: readonly string[],
): Promise<readonly Verdict[]> {
  return (await runPython("verify_token.py", { issuer, audience, tokens })) as readonly Verdict[];
}
