/**
 * The minted token, in each algorithm, before relying parties that nobody here wrote and that know nothing but the issuer:
 * accepted as it is, and refused after the smallest change.
 */
import { decodeProtectedHeader } from "jose";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { demoPoolId } from "../../src/development/demo-pool.ts";
import { appClient, getId, getOpenIdToken } from "../support/cognito-clients.ts";
import { loginsOf } from "../support/development-sign-in.ts";
import { type Missing, need } from "../support/debian-tools.ts";
import {
  missingPyJwt,
  type Verdict,
  verifyWithAwsJwtVerify,
  verifyWithOpenidClient,
  verifyWithPassportJwt,
  verifyWithPyJwt,
} from "../support/relying-parties.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

const ALGORITHMS = ["RS256", "RS512", "ES256", "EdDSA"] as const;
const audience = demoPoolId("us-east-1");

/** By algorithm; RS256, the default, is the shared service. */
const endpoints = new Map<string, string>([["RS256", inject("endpoint")]]);
const workers: RunningWorker[] = [];
let missing: Missing;

beforeAll(async () => {
  missing = await missingPyJwt();
  for (const algorithm of ALGORITHMS.slice(1)) {
    const worker = await startWorker({ settings: { TOKEN_ALG: algorithm } });
    workers.push(worker);
    endpoints.set(algorithm, worker.endpoint);
  }
  // Three services one after the other, on a machine that may be busy with others.
}, 180_000);

afterAll(async () => {
  await Promise.all(workers.map(async (worker) => await worker.stop()));
});

function endpointOf(algorithm: string): string {
  const endpoint = endpoints.get(algorithm);
  if (endpoint === undefined) throw new Error(`no service signs ${algorithm}`);
  return endpoint;
}

async function mintLinked(endpoint: string) {
  const app = appClient(endpoint);
  const logins = await loginsOf(endpoint, crypto.randomUUID());
  return await getOpenIdToken(app, await getId(app, audience, logins), logins);
}

/** The token with one claim another, under its old header and signature. */
function forge(token: string): string {
  const [header, payload = "", signature] = token.split(".");
  const claims: unknown = JSON.parse(Buffer.from(payload, "base64url").toString());
  const changed = JSON.stringify({ ...(claims as object), sub: `us-east-1:${crypto.randomUUID()}` });
  return `${header}.${Buffer.from(changed).toString("base64url")}.${signature}`;
}

/** The token as a relying party must never take it: unsigned, and saying so. */
function unsign(token: string): string {
  const [, payload] = token.split(".");
  return `${Buffer.from('{"alg":"none","typ":"JWT"}').toString("base64url")}.${payload}.`;
}

function accepted(verdict: Verdict | undefined) {
  if (verdict === undefined || "refusal" in verdict) throw new Error(`refused: ${verdict?.refusal}`);
  return verdict;
}

describe.each(ALGORITHMS)("a token signed with %s", (algorithm) => {
  test("says so in its header and in the discovery document", async () => {
    const endpoint = endpointOf(algorithm);
    const { token } = await mintLinked(endpoint);
    const { kid, ...header } = decodeProtectedHeader(token);
    expect(header).toEqual({ alg: algorithm, typ: "JWT" });
    const metadata: unknown = await (await fetch(`${endpoint}/.well-known/openid-configuration`)).json();
    expect(metadata).toMatchObject({ issuer: endpoint, id_token_signing_alg_values_supported: [algorithm] });
    const keySet: unknown = await (await fetch(`${endpoint}/.well-known/jwks.json`)).json();
    expect(keySet).toMatchObject({
      keys: expect.arrayContaining([expect.objectContaining({ kid, alg: algorithm, use: "sig" })]),
    });
  });

  test("is accepted by openid-client from the discovery document alone", async () => {
    const endpoint = endpointOf(algorithm);
    const { identityId, token } = await mintLinked(endpoint);
    const { claims } = accepted(await verifyWithOpenidClient(endpoint, audience, token));
    expect(claims).toMatchObject({ iss: endpoint, aud: audience, sub: identityId });
  });

  test("is refused by openid-client once it was changed, unsigned, or meant for somebody else", async () => {
    const endpoint = endpointOf(algorithm);
    const { token } = await mintLinked(endpoint);
    const verdicts = [
      await verifyWithOpenidClient(endpoint, audience, forge(token)),
      await verifyWithOpenidClient(endpoint, audience, unsign(token)),
      await verifyWithOpenidClient(endpoint, `us-east-1:${crypto.randomUUID()}`, token),
    ];
    expect(verdicts).toEqual([
      { refusal: expect.stringContaining("signature verification failed") },
      { refusal: expect.stringContaining("alg") },
      { refusal: expect.stringContaining("aud") },
    ]);
  });

  test("is accepted by PyJWT from the discovery document alone, and not once it was changed", async ({ skip }) => {
    need({ skip }, missing);
    const endpoint = endpointOf(algorithm);
    const { identityId, token } = await mintLinked(endpoint);
    const [good, forged, unsigned] = await verifyWithPyJwt(endpoint, audience, [token, forge(token), unsign(token)]);
    expect(accepted(good)).toMatchObject({
      claims: { iss: endpoint, aud: audience, sub: identityId },
      header: { alg: algorithm, typ: "JWT" },
    });
    expect(forged).toEqual({ refusal: "InvalidSignatureError" });
    expect(unsigned).toHaveProperty("refusal");
    const [foreign] = await verifyWithPyJwt(endpoint, `us-east-1:${crypto.randomUUID()}`, [token]);
    expect(foreign).toEqual({ refusal: "InvalidAudienceError" });
  });

  test("is accepted by aws-jwt-verify, and not once it was changed, unsigned, or meant for somebody else", async () => {
    const endpoint = endpointOf(algorithm);
    const { identityId, token } = await mintLinked(endpoint);
    const { claims } = accepted(await verifyWithAwsJwtVerify(endpoint, audience, token));
    expect(claims).toMatchObject({ iss: endpoint, aud: audience, sub: identityId });
    const verdicts = [
      await verifyWithAwsJwtVerify(endpoint, audience, forge(token)),
      await verifyWithAwsJwtVerify(endpoint, audience, unsign(token)),
      await verifyWithAwsJwtVerify(endpoint, `us-east-1:${crypto.randomUUID()}`, token),
    ];
    expect(verdicts).toEqual([
      { refusal: "JwtInvalidSignatureError" },
      { refusal: expect.stringMatching(/^Jw[kt]/) },
      { refusal: "JwtInvalidAudienceError" },
    ]);
  });
});

// jsonwebtoken, on which passport-jwt stands, knows no EdDSA.
test.each(["RS256", "RS512", "ES256"] as const)(
  "a token signed with %s is accepted by passport-jwt with jwks-rsa",
  async (algorithm) => {
    const endpoint = endpointOf(algorithm);
    const { identityId, token } = await mintLinked(endpoint);
    const { claims } = accepted(await verifyWithPassportJwt(endpoint, audience, token, algorithm));
    expect(claims).toMatchObject({ iss: endpoint, aud: audience, sub: identityId });
    const verdicts = [
      await verifyWithPassportJwt(endpoint, audience, forge(token), algorithm),
      await verifyWithPassportJwt(endpoint, audience, unsign(token), algorithm),
      await verifyWithPassportJwt(endpoint, `us-east-1:${crypto.randomUUID()}`, token, algorithm),
    ];
    expect(verdicts).toEqual([
      { refusal: "invalid signature" },
      { refusal: expect.any(String) },
      { refusal: expect.stringMatching(/^jwt audience invalid/) },
    ]);
  },
);
