/** The two public documents of the issuer: discovery (OpenID Connect Discovery 1.0 section 3) and JWKS (RFC 7517). */
import { JWKS_MAX_AGE_SECONDS, type PublishedKey } from "../keys/key-ring.ts";
import { CLAIM_NAMES } from "../domain/open-id-claims.ts";

/** Path of the JWKS that the discovery document names. */
export const JWKS_PATH = "/.well-known/jwks.json";
/** Path that Cognito's relying parties have built in. */
export const COGNITO_JWKS_PATH = "/.well-known/jwks_uri";
export const DISCOVERY_PATH = "/.well-known/openid-configuration";
/** Path of the authorization endpoint that the standard demands of every issuer, and behind which there is nothing. */
export const AUTHORIZATION_PATH = "/authorize";

/** From an allow list, so that no other member of a key can ever be published (T43). */
function jwkOf({ kid, alg, publicJwk }: PublishedKey) {
  const usage = { alg, use: "sig", kid };
  switch (publicJwk.kty) {
    case "RSA":
      return { kty: publicJwk.kty, n: publicJwk.n, e: publicJwk.e, ...usage };
    case "EC":
      return { kty: publicJwk.kty, crv: publicJwk.crv, x: publicJwk.x, y: publicJwk.y, ...usage };
    case "OKP":
      return { kty: publicJwk.kty, crv: publicJwk.crv, x: publicJwk.x, ...usage };
  }
}

function documentOf(body: unknown): Response {
  return new Response(JSON.stringify(body), {
    headers: {
      "content-type": "application/json",
      // Both documents age alike: the algorithms of one are those of the keys in the other.
      "cache-control": `public, max-age=${JWKS_MAX_AGE_SECONDS}`,
      "access-control-allow-origin": "*",
      "x-content-type-options": "nosniff",
    },
  });
}

/** The JWKS of the published keys, in the order given. */
export function jwksResponse(keys: readonly PublishedKey[]): Response {
  return documentOf({ keys: keys.map(jwkOf) });
}

/** The discovery document of `issuer`, an origin without a trailing slash. */
export function openIdConfigurationResponse(issuer: string, keys: readonly PublishedKey[]): Response {
  return documentOf({
    issuer,
    jwks_uri: `${issuer}${JWKS_PATH}`,
    // Required by the standard, and as an address: relying parties refuse the document of an issuer without one, or with a
    // URN. Tokens come from the API alone, so that it answers whoever is sent there with a sentence.
    authorization_endpoint: `${issuer}${AUTHORIZATION_PATH}`,
    response_types_supported: ["id_token"],
    // Of a document without it a token endpoint is expected, too (RFC 8414, section 2).
    grant_types_supported: ["implicit"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: [...new Set(keys.map((key) => key.alg))],
    claims_supported: CLAIM_NAMES,
  });
}

/** Answer in place of either document when there is no key set: never cached, so that it ends with its cause. */
export function metadataUnavailableResponse(): Response {
  return new Response(null, {
    status: 503,
    headers: { "cache-control": "no-store", "access-control-allow-origin": "*", "retry-after": "5" },
  });
}
