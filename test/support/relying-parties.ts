/**
 * Two relying parties that nobody here wrote, openid-client and PyJWT. Each starts from the issuer's address alone and
 * finds everything else in the discovery document, as any relying party does.
 */
import * as client from "openid-client";
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
