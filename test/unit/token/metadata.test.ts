import { allowInsecureRequests, customFetch, discovery } from "openid-client";
import { describe, expect, it } from "vitest";
import type { PublishedKey } from "../../../src/keys/key-ring.ts";
import {
  DISCOVERY_PATH,
  JWKS_PATH,
  jwksResponse,
  metadataUnavailableResponse,
  openIdConfigurationResponse,
} from "../../../src/token/metadata.ts";

const issuer = "https://identity.example.com";
const keys: readonly PublishedKey[] = [
  { kid: "rsa", alg: "RS256", publicJwk: { kty: "RSA", n: "AQ", e: "AQAB" } },
  { kid: "rsa2", alg: "RS256", publicJwk: { kty: "RSA", n: "AQ", e: "AQAB" } },
  { kid: "ec", alg: "ES256", publicJwk: { kty: "EC", crv: "P-256", x: "x", y: "y" } },
  { kid: "ed", alg: "EdDSA", publicJwk: { kty: "OKP", crv: "Ed25519", x: "x" } },
];

describe("jwksResponse", () => {
  it("publishes each key by its public members, its use, algorithm and kid", async () => {
    expect(await jwksResponse(keys).json()).toEqual({
      keys: [
        { kty: "RSA", n: "AQ", e: "AQAB", alg: "RS256", use: "sig", kid: "rsa" },
        { kty: "RSA", n: "AQ", e: "AQAB", alg: "RS256", use: "sig", kid: "rsa2" },
        { kty: "EC", crv: "P-256", x: "x", y: "y", alg: "ES256", use: "sig", kid: "ec" },
        { kty: "OKP", crv: "Ed25519", x: "x", alg: "EdDSA", use: "sig", kid: "ed" },
      ],
    });
  });

  it("drops every member that is not on the list, wherever it comes from (T43)", async () => {
    const leaky = keys.map((key) => ({
      ...key,
      d: "leak",
      sealed: { ciphertext: "leak" },
      publicJwk: { ...key.publicJwk, d: "leak", p: "leak", k: "leak", ext: true, key_ops: ["sign"] },
    }));
    expect(await jwksResponse(leaky).text()).toBe(await jwksResponse(keys).text());
  });

  it("may be held for five minutes by anybody, and read from any origin", () => {
    for (const response of [jwksResponse(keys), openIdConfigurationResponse(issuer, keys)]) {
      expect(Object.fromEntries(response.headers)).toEqual({
        "access-control-allow-origin": "*",
        "cache-control": "public, max-age=300",
        "content-type": "application/json",
        "x-content-type-options": "nosniff",
      });
    }
  });
});

describe("openIdConfigurationResponse", () => {
  it("names this issuer, its JWKS, and the algorithms of the published keys once each", async () => {
    expect(await openIdConfigurationResponse(issuer, keys).json()).toEqual({
      issuer,
      jwks_uri: `${issuer}${JWKS_PATH}`,
      authorization_endpoint: `${issuer}/authorize`,
      response_types_supported: ["id_token"],
      grant_types_supported: ["implicit"],
      subject_types_supported: ["public"],
      id_token_signing_alg_values_supported: ["RS256", "ES256", "EdDSA"],
      claims_supported: ["sub", "aud", "amr", "https://aws.amazon.com/tags", "iss", "exp", "iat", "jti"],
    });
  });

  it("is accepted by openid-client's discovery", async () => {
    const asked: string[] = [];
    const configuration = await discovery(new URL(issuer), "us-east-1:pool", undefined, undefined, {
      [customFetch]: async (url) => {
        asked.push(url);
        return openIdConfigurationResponse(issuer, keys);
      },
    });
    expect(asked).toEqual([`${issuer}${DISCOVERY_PATH}`]);
    expect(configuration.serverMetadata()).toMatchObject({ issuer, jwks_uri: `${issuer}/.well-known/jwks.json` });
    expect(configuration.serverMetadata().supportsPKCE()).toBe(false);
  });

  it("of another issuer is refused by openid-client", async () => {
    await expect(
      discovery(new URL(issuer), "us-east-1:pool", undefined, undefined, {
        [customFetch]: async () => openIdConfigurationResponse("https://identity.example.org", keys),
        execute: [allowInsecureRequests],
      }),
    ).rejects.toThrow();
  });
});

describe("metadataUnavailableResponse", () => {
  it("is never cached", () => {
    const response = metadataUnavailableResponse();
    expect(response.status).toBe(503);
    expect(response.headers.get("cache-control")).toBe("no-store");
  });
});
