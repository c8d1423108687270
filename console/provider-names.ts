/** Names of the providers that a pool has, as its logins are named by them. Pure. */
import type { OutputOf } from "./wire.ts";

type Pool = Pick<
  OutputOf<"DescribeIdentityPool">,
  "SupportedLoginProviders" | "CognitoIdentityProviders" | "OpenIdConnectProviderARNs" | "SamlProviderARNs"
>;

/** Those whose login tokens clients of the pool bring, each once; of a pool that is not known none. */
export function providerNamesOf(pool: Pool | null): readonly string[] {
  const names = [
    ...Object.keys(pool?.SupportedLoginProviders ?? {}),
    ...(pool?.CognitoIdentityProviders ?? []).map(({ ProviderName = "" }) => ProviderName),
    ...(pool?.OpenIdConnectProviderARNs ?? []).map((arn) => arn.replace(/^.*:oidc-provider\//, "")),
    ...(pool?.SamlProviderARNs ?? []),
  ];
  return [...new Set(names)];
}
