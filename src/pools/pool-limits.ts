/** How much an identity pool may hold: its settings are read by every call of its users. Pure. */
import { utf8 } from "../domain/bytes.ts";
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import type { IdentityPoolSettings } from "../domain/identity-pool.ts";
import { canonicalName } from "../domain/provider-name.ts";

/** Service model, SupportedLoginProviders. */
const MAX_LOGIN_PROVIDERS = 10;
/** Amazon Cognito, Quotas: user pools of one identity pool, before any increase. */
const MAX_USER_POOL_CLIENTS = 50;
/** IAM quotas: OpenID Connect providers, and SAML providers, of one account. */
const MAX_IAM_PROVIDERS = 100;
/** AWS, Tagging: tags of one resource. */
const MAX_TAGS = 50;
/** All settings of a pool together, in bytes as JSON. */
export const MAX_SETTINGS_BYTES = 65_536;

/** LimitExceededException names what is too many or too much, InvalidParameterException where something is listed twice. */
export function checkPoolLimits(settings: IdentityPoolSettings): Result<void> {
  const userPools = settings.cognitoIdentityProviders ?? [];
  const { supportedLoginProviders = {}, openIdConnectProviderArns = [], samlProviderArns = [], tags = {} } = settings;
  const counts: readonly (readonly [string, number, number])[] = [
    ["SupportedLoginProviders", Object.keys(supportedLoginProviders).length, MAX_LOGIN_PROVIDERS],
    ["CognitoIdentityProviders", userPools.length, MAX_USER_POOL_CLIENTS],
    ["OpenIdConnectProviderARNs", openIdConnectProviderArns.length, MAX_IAM_PROVIDERS],
    ["SamlProviderARNs", samlProviderArns.length, MAX_IAM_PROVIDERS],
    ["IdentityPoolTags", Object.keys(tags).length, MAX_TAGS],
  ];
  for (const [member, count, most] of counts) {
    if (count > most) return exceeded(`An identity pool can have at most ${most} ${member}.`);
  }
  if (utf8(JSON.stringify(settings)).length > MAX_SETTINGS_BYTES) {
    return exceeded(`The settings of an identity pool can have at most ${MAX_SETTINGS_BYTES} bytes.`);
  }
  const clients = userPools.map(({ providerName = "", clientId }) =>
    JSON.stringify([canonicalName(providerName), clientId]),
  );
  const lists: readonly (readonly [string, readonly string[]])[] = [
    ["CognitoIdentityProviders", clients],
    ["OpenIdConnectProviderARNs", openIdConnectProviderArns],
    ["SamlProviderARNs", samlProviderArns],
  ];
  const repeated = lists.find(([, entries]) => new Set(entries).size < entries.length);
  if (repeated === undefined) return ok(undefined);
  return err(serviceError("InvalidParameterException", `Duplicate entries at '${repeated[0]}'.`));
}

function exceeded(message: string): Result<never> {
  return err(serviceError("LimitExceededException", message));
}
