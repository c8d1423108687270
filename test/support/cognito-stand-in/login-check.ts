/** Login tokens, verified as the live service does and refused in its words. The issuers are those of the tests. */
import { compactVerify, createRemoteJWKSet, decodeJwt, errors, type JWTPayload, type JWTVerifyGetKey } from "jose";
import { CognitoError, notAuthorized } from "./cognito-error.ts";
import type { Login, Pool } from "./cognito-store.ts";

/** A login whose token was good, and its second entry in `amr`. */
export type PresentedLogin = Login & { readonly longForm: string };

const OWN_NAME = "cognito-identity.amazonaws.com";
const OIDC_ARN = /^arn:aws:iam::\d+:oidc-provider\/(.+)$/;

type Configured = {
  /** Client ids, one of which a token has to be for; undefined: IAM knows them. */
  readonly clientIds?: readonly string[];
  /** What a token for another client is told. */
  readonly otherClient: string;
  readonly longForm: (subject: string, audience: string) => string;
};

const UNSUPPORTED = "Token is not from a supported provider of this identity pool.";

function configuredIn(pool: Pool, name: string): Configured | undefined {
  const { SupportedLoginProviders = {}, CognitoIdentityProviders = [], OpenIdConnectProviderARNs = [] } = pool;
  const clientId = Object.hasOwn(SupportedLoginProviders, name) ? SupportedLoginProviders[name] : undefined;
  if (clientId !== undefined) {
    return {
      clientIds: [clientId],
      otherClient: "Invalid login token. Incorrect token audience.",
      longForm: (subject, audience) => `${name}:${audience}:${subject}`,
    };
  }
  const userPools = CognitoIdentityProviders.filter(({ ProviderName }) => ProviderName === name);
  if (userPools.length > 0) {
    return {
      clientIds: userPools.flatMap(({ ClientId }) => ClientId ?? []),
      otherClient: UNSUPPORTED,
      longForm: (subject) => `${name}:CognitoSignIn:${subject}`,
    };
  }
  const arn = OpenIdConnectProviderARNs.find((candidate) => OIDC_ARN.exec(candidate)?.[1] === name);
  return arn === undefined ? undefined : { otherClient: UNSUPPORTED, longForm: (subject) => `${arn}:OIDC:${subject}` };
}

export function hasProviders(pool: Pool): boolean {
  const { SupportedLoginProviders = {}, CognitoIdentityProviders = [] } = pool;
  const { OpenIdConnectProviderARNs = [], SamlProviderARNs = [], DeveloperProviderName = "" } = pool;
  return (
    Object.keys(SupportedLoginProviders).length > 0 ||
    [CognitoIdentityProviders, OpenIdConnectProviderARNs, SamlProviderARNs, DeveloperProviderName].some(
      ({ length }) => length > 0,
    )
  );
}

export class LoginCheck {
  /** Issuer without its scheme to the address of whoever stands in for it; loopback needs none. */
  readonly #issuers: Readonly<Record<string, string>>;
  readonly #keys = new Map<string, Promise<JWTVerifyGetKey>>();

  constructor(issuers: Readonly<Record<string, string>> = {}) {
    this.#issuers = issuers;
  }

  /** Every one of them, or the first refusal. */
  async verify(pool: Pool, logins: Readonly<Record<string, string>>): Promise<readonly PresentedLogin[]> {
    return await Promise.all(Object.entries(logins).map(async ([name, token]) => await this.#one(pool, name, token)));
  }

  async #one(pool: Pool, name: string, token: string): Promise<PresentedLogin> {
    if (name === OWN_NAME) throw notAuthorized("Invalid login token. Can't pass in a Cognito token.");
    if (!hasProviders(pool)) {
      throw notAuthorized(`Identity pool - ${pool.IdentityPoolId} does not have identity providers configured.`);
    }
    const configured = configuredIn(pool, name);
    if (configured === undefined) throw notAuthorized(UNSUPPORTED);
    const claims = claimsOf(token);
    if (claims.iss?.replace(/^https?:\/\//, "") !== name) {
      throw notAuthorized("Invalid login token. Issuer doesn't match providerName");
    }
    const audiences = [claims.aud ?? []].flat();
    if (audiences.length === 0) throw notAuthorized("Invalid login token. Missing a required claim: aud");
    const audience = audiences.find((candidate) => configured.clientIds?.includes(candidate) ?? true);
    if (audience === undefined) throw notAuthorized(configured.otherClient);
    const now = Math.floor(Date.now() / 1000);
    if (claims.exp === undefined || now >= claims.exp) {
      throw notAuthorized(`Invalid login token. Token expired: ${now} >= ${claims.exp}`);
    }
    await this.#verifySignature(name, token);
    const subject = claims.sub ?? "";
    return { providerName: name, subject, longForm: configured.longForm(subject, audience) };
  }

  async #verifySignature(name: string, token: string): Promise<void> {
    try {
      await compactVerify(token, await this.#keysOf(name));
    } catch (error) {
      if (error instanceof errors.JWSSignatureVerificationFailed || error instanceof errors.JWKSNoMatchingKey) {
        throw notAuthorized("Invalid login token. Couldn't verify signed token.");
      }
      this.#keys.delete(name);
      throw new CognitoError("ExternalServiceException", "The provider does not answer.");
    }
  }

  async #keysOf(name: string): Promise<JWTVerifyGetKey> {
    const known = this.#keys.get(name) ?? this.#discover(name);
    this.#keys.set(name, known);
    return await known;
  }

  async #discover(name: string): Promise<JWTVerifyGetKey> {
    const isLoopback = /^(127\.0\.0\.1|localhost)[:/]/.test(name);
    const address = this.#issuers[name] ?? `${isLoopback ? "http" : "https"}://${name}`;
    const answer = await fetch(`${address}/.well-known/openid-configuration`);
    const { issuer, jwks_uri } = (await answer.json()) as { issuer: string; jwks_uri: string };
    return createRemoteJWKSet(new URL(jwks_uri.replace(issuer, address)));
  }
}

function claimsOf(token: string): JWTPayload {
  try {
    return decodeJwt(token);
  } catch {
    throw notAuthorized("Invalid login token. Not a valid OpenId Connect identity token.");
  }
}
