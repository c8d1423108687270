/** The OpenID tokens of Cognito: RS512, `typ` is `JWS`, the claims in the order in which they were seen. */
import { compactVerify, CompactSign, exportJWK, generateKeyPair, importJWK, type JWK } from "jose";
import { notAuthorized } from "./cognito-error.ts";
import type { CognitoStore, Identity } from "./cognito-store.ts";

const ISSUER = "https://cognito-identity.amazonaws.com";
const ARN_CLAIM = `${ISSUER}/identity-pool-arn`;
export const ACCOUNT = "123456789012";
/** GetOpenIdToken's. */
export const TOKEN_SECONDS = 600;

export class OwnTokens {
  readonly #region: string;
  readonly #kid: string;
  readonly #jwk: JWK;

  private constructor(region: string, jwk: JWK) {
    this.#region = region;
    this.#kid = `${region}1`;
    this.#jwk = jwk;
  }

  /** By the key that the store has; a new store is given one. */
  static async of(store: CognitoStore): Promise<OwnTokens> {
    if (store.signingKey === undefined) {
      const { privateKey } = await generateKeyPair("RS512", { extractable: true });
      store.saveSigningKey(await exportJWK(privateKey));
    }
    return new OwnTokens(store.region, store.signingKey ?? {});
  }

  async mint(identity: Identity, amr: readonly string[], lifetimeSeconds: number): Promise<string> {
    const now = Math.floor(Date.now() / 1000);
    const { identityId, identityPoolId } = identity;
    const claims = {
      sub: identityId,
      aud: identityPoolId,
      amr,
      iss: ISSUER,
      [ARN_CLAIM]: `arn:aws:cognito-identity:${this.#region}:${ACCOUNT}:identitypool/${identityPoolId}`,
      exp: now + lifetimeSeconds,
      iat: now,
    };
    return await new CompactSign(new TextEncoder().encode(JSON.stringify(claims)))
      .setProtectedHeader({ kid: this.#kid, typ: "JWS", alg: "RS512" })
      .sign(await importJWK(this.#jwk, "RS512"));
  }

  /** The identity that a token of this service was given to; anything else is refused. */
  async subjectOf(token: string): Promise<string> {
    const key = await importJWK(this.publicJwk(), "RS512");
    const verified = await compactVerify(token, key).catch(() => null);
    if (verified === null) throw notAuthorized("Invalid login token. Not a Cognito token.");
    const { sub, exp } = JSON.parse(new TextDecoder().decode(verified.payload)) as { sub: string; exp: number };
    const now = Math.floor(Date.now() / 1000);
    if (now >= exp) throw notAuthorized(`Invalid login token. Token expired: ${now} >= ${exp}`);
    return sub;
  }

  publicJwk(): JWK {
    const { n = "", e = "" } = this.#jwk;
    return { kty: "RSA", alg: "RS512", use: "sig", kid: this.#kid, n, e };
  }
}
