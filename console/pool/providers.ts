/** The providers of a pool, of all kinds, in one list. Pure. */
import type { OutputOf } from "../wire.ts";

export type Pool = OutputOf<"DescribeIdentityPool">;

export type Provider = {
  readonly name: string;
  /** Tells it from all others of the pool. */
  readonly key: string;
  readonly kind: string;
  /** Absent where its client ids are elsewhere, or it has none. */
  readonly clientId?: string;
};

/** Each with what it is known by here: a client id, or where its client ids are. */
export function providersOf(pool: Pool): readonly Provider[] {
  const { SupportedLoginProviders = {}, CognitoIdentityProviders = [] } = pool;
  return [
    ...Object.entries(SupportedLoginProviders).map(([name, clientId]) => ({
      name,
      key: name,
      kind: "login",
      clientId,
    })),
    ...CognitoIdentityProviders.map(({ ProviderName: name = "", ClientId: clientId = "", ServerSideTokenCheck }) => ({
      name,
      key: `${name} ${clientId}`,
      kind: ServerSideTokenCheck === true ? "user pool, checked at AWS" : "user pool",
      clientId,
    })),
    ...(pool.OpenIdConnectProviderARNs ?? []).map((name) => ({ name, key: name, kind: "OpenID Connect" })),
    ...(pool.SamlProviderARNs ?? []).map((name) => ({ name, key: name, kind: "SAML, refused" })),
    ...(pool.DeveloperProviderName === undefined
      ? []
      : [{ name: pool.DeveloperProviderName, key: "developer", kind: "developer" }]),
  ];
}
