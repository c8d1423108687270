/** What the minted token says, and the two public documents that it is verified by. */
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, jwtVerify } from "jose";
import { describe, expect, inject, test } from "vitest";
import { appClient, getId, getOpenIdToken } from "../support/cognito-clients.ts";
import { loginsOf } from "../support/development-sign-in.ts";

const endpoint = inject("endpoint");
const identityPoolId = inject("identityPoolId");
const providerName = inject("providerName");
const app = appClient(endpoint);

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

async function mintForGuest() {
  return await getOpenIdToken(app, await getId(app, identityPoolId));
}

describe("the token", () => {
  test("of a guest has exactly these claims, for ten minutes", async () => {
    const before = Math.floor(Date.now() / 1000);
    const { identityId, token } = await mintForGuest();
    const claims = decodeJwt(token);
    expect(claims).toEqual({
      sub: identityId,
      aud: identityPoolId,
      amr: ["unauthenticated"],
      iss: endpoint,
      exp: Number(claims.iat) + 600,
      iat: expect.any(Number),
      jti: expect.stringMatching(UUID),
    });
    expect(claims.iat).toBeGreaterThanOrEqual(before);
    expect(claims.iat).toBeLessThanOrEqual(Math.ceil(Date.now() / 1000));
  });

  test("of a user names each login by provider and by client and subject", async () => {
    const logins = await loginsOf(endpoint, "carol");
    const subject = decodeJwt(Object.values(logins).join("")).sub;
    const identityId = await getId(app, identityPoolId, logins);
    const { token } = await getOpenIdToken(app, identityId, logins);
    const claims = decodeJwt(token);
    expect(Object.keys(claims).toSorted()).toEqual(["amr", "aud", "exp", "iat", "iss", "jti", "sub"]);
    expect(claims["amr"]).toEqual(["authenticated", providerName, `${providerName}:edgepool-development:${subject}`]);
    expect(claims.sub).toBe(identityId);
    expect(Number(claims.exp) - Number(claims.iat)).toBe(600);
  });

  test("has a header of algorithm, type and key id, and nothing else", async () => {
    const { token } = await mintForGuest();
    expect(decodeProtectedHeader(token)).toEqual({
      alg: "RS256",
      typ: "JWT",
      kid: expect.stringMatching(/^[\w-]{16}$/),
    });
  });

  test("is another one at each call, so that a relying party can notice a replay", async () => {
    const identityId = await getId(app, identityPoolId);
    const [one, two] = [await getOpenIdToken(app, identityId), await getOpenIdToken(app, identityId)];
    expect(decodeJwt(one.token).jti).not.toBe(decodeJwt(two.token).jti);
  });

  test("names the issuer of the setting, whatever host the client called", async () => {
    const { identityId } = await mintForGuest();
    const byName = appClient(endpoint.replace("127.0.0.1", "localhost"));
    expect(decodeJwt((await getOpenIdToken(byName, identityId)).token).iss).toBe(endpoint);
  });
});

describe("the public documents", () => {
  test("are the discovery document that relying parties ask for, and may be kept for five minutes", async () => {
    const response = await fetch(`${endpoint}/.well-known/openid-configuration`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(response.headers.get("cache-control")).toBe("public, max-age=300");
    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    const metadata: unknown = await response.json();
    expect(metadata).toMatchObject({
      issuer: endpoint,
      jwks_uri: `${endpoint}/.well-known/jwks.json`,
      response_types_supported: ["id_token"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256"],
    });
  });

  test("are a key set at its own path and at Cognito's, with the same public keys and no private member", async () => {
    const [response, cognito] = await Promise.all([
      fetch(`${endpoint}/.well-known/jwks.json`),
      fetch(`${endpoint}/.well-known/jwks_uri`),
    ]);
    expect(response.headers.get("cache-control")).toBe("public, max-age=300");
    const { keys } = (await response.json()) as { keys: Record<string, string>[] };
    expect(await cognito.json()).toEqual({ keys });
    // The signing key, and the one that will follow it.
    expect(keys).toHaveLength(2);
    for (const key of keys) {
      expect(Object.keys(key).toSorted()).toEqual(["alg", "e", "kid", "kty", "n", "use"]);
      expect(key).toMatchObject({ kty: "RSA", alg: "RS256", use: "sig" });
    }
    const { token } = await mintForGuest();
    expect(keys.map((key) => key["kid"])).toContain(decodeProtectedHeader(token).kid);
  });

  test("verify the token at both paths", async () => {
    const { identityId, token } = await mintForGuest();
    for (const path of ["/.well-known/jwks.json", "/.well-known/jwks_uri"]) {
      const keys = createRemoteJWKSet(new URL(endpoint + path));
      const { payload } = await jwtVerify(token, keys, { issuer: endpoint, audience: identityPoolId });
      expect(payload.sub).toBe(identityId);
    }
  });
});
