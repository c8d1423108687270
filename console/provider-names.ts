/** Names of the providers that a pool has, as its logins are named by them. Pure. */
import type { OutputOf } from "./wire.ts";

type Pool = Pick<
  OutputOf<"DescribeIdentityPool">,
  "SupportedLoginProviders" | "CognitoIdentityProviders" | "OpenIdConnectProviderARNs" | "DeveloperProviderName"
>;

export function providerNamesOf(pool: Pool): readonly string[] {
  const { CognitoIdentityProviders = [], OpenIdConnectProviderARNs = [], DeveloperProviderName } = pool;
  const names = [
    ...Object.keys(pool.SupportedLoginProviders ?? {}),
    ...CognitoIdentityProviders.map(({ ProviderName }) => ProviderName),
    ...OpenIdConnectProviderARNs.map((arn) => arn.replace(/^.*:oidc-provider\//, "")),
    DeveloperProviderName,
  ];
  return [...new Set(names.filter((name) => name !== undefined))];
}
