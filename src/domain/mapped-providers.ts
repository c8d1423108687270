/**
 * Which provider a key of a pool's role mappings, or of its principal tag maps, names: a name as in `Logins`, the ARN of an
 * OpenID Connect or SAML provider, and among role mappings `NAME:CLIENT` of a user pool. Pure.
 */
import { clientIdsIn, type IdentityPoolSettings } from "./identity-pool.ts";
import { canonicalName, isUserPool, oidcProviderOf } from "./provider-name.ts";

/**
 * Equal for keys that name the same: for the spellings of one provider, and for its ARN and its `host/path`. The canonical
 * name, of one client of a user pool with `:CLIENT` behind it.
 */
export function providerMeantBy(key: string): string {
  return spellingOf(oidcProviderOf(key) ?? key);
}

/** A key in its one spelling; an ARN stays one. */
function spellingOf(key: string): string {
  const at = key.lastIndexOf(":");
  const name = key.slice(0, Math.max(at, 0));
  return isUserPool(name) ? `${canonicalName(name)}${key.slice(at)}` : canonicalName(key);
}

/** The keys that role mappings of the pool can have, each in its one spelling. */
export function mappingKeysOf(settings: IdentityPoolSettings): readonly string[] {
  return loginsOf(settings).flatMap(({ key, clientIds }) =>
    isUserPool(key) ? clientIds.map((clientId) => `${key}:${clientId}`) : [key],
  );
}

/** The first of these keys of role mappings that names no provider by whose tokens users of the pool log in. */
export function strangerAmong(settings: IdentityPoolSettings, keys: readonly string[]): string | undefined {
  const configured = new Set(mappingKeysOf(settings));
  return keys.find((key) => !configured.has(spellingOf(key)));
}

/** Whether the pool has the provider that this key of a principal tag map names: of a user pool without a client. */
export function hasProvider(settings: IdentityPoolSettings, key: string): boolean {
  return loginsOf(settings).some((login) => login.key === spellingOf(key));
}

/** The first of these keys whose provider an earlier one names already. */
export function repeatedAmong(keys: readonly string[]): string | undefined {
  const meant = keys.map(providerMeantBy);
  return keys.find((_, at) => meant.indexOf(meant[at] ?? "") < at);
}

/**
 * What users of the pool log in by, each in its one spelling. The developer provider is none: nobody's claims speak for its
 * users.
 */
function loginsOf({
  supportedLoginProviders = {},
  openIdConnectProviderArns = [],
  cognitoIdentityProviders = [],
  samlProviderArns = [],
}: IdentityPoolSettings): readonly { readonly key: string; readonly clientIds: readonly string[] }[] {
  return [
    ...Object.entries(supportedLoginProviders).map(([name, value]) => ({
      key: canonicalName(name),
      clientIds: clientIdsIn(value),
    })),
    ...[...openIdConnectProviderArns, ...samlProviderArns].map((arn) => ({ key: spellingOf(arn), clientIds: [] })),
    ...cognitoIdentityProviders.map(({ providerName = "", clientId = "" }) => ({
      key: canonicalName(providerName),
      clientIds: [clientId],
    })),
  ];
}
