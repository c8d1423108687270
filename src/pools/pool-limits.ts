/** How much an identity pool may hold: its settings are read by every call of its users. Pure. */
import { utf8 } from "../domain/bytes.ts";
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import type { BesideSettings, IdentityPoolSettings } from "../domain/identity-pool.ts";
import { canonicalName } from "../domain/provider-name.ts";
import { isTagKey, isTagText } from "../domain/tag-text.ts";

/** Service model, SupportedLoginProviders. */
const MAX_LOGIN_PROVIDERS = 10;
/** Amazon Cognito, Quotas: user pools of one identity pool, before any increase. */
const MAX_USER_POOL_CLIENTS = 50;
/** IAM quotas: OpenID Connect providers, and SAML providers, of one account. */
const MAX_IAM_PROVIDERS = 100;
/** AWS, Tagging: tags of one resource. */
export const MAX_TAGS = 50;
/** All settings of a pool together, with its roles, its maps of principal tags and its source, in bytes as JSON. */
export const MAX_SETTINGS_BYTES = 65_536;
export const TOO_MANY_BYTES = `The settings of an identity pool can have at most ${MAX_SETTINGS_BYTES} bytes.`;

/** Whether a pool of these settings would be too much to be read by every call of its users. */
export function isTooLarge(settings: IdentityPoolSettings & BesideSettings): boolean {
  return utf8(JSON.stringify(settings)).length > MAX_SETTINGS_BYTES;
}

export const INVALID_TAGS = serviceError(
  "InvalidParameterException",
  "Tag keys and values have letters, digits, spaces and _.:/=+-@ alone, and no key begins with aws:.",
);

export function areTags(tags: Readonly<Record<string, string>>): boolean {
  return Object.entries(tags).every(([key, value]) => isTagKey(key) && isTagText(value));
}

/** LimitExceededException names what is too many or too much, InvalidParameterException a tag that is none, or what is listed twice. */
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
  if (isTooLarge(settings)) return exceeded(TOO_MANY_BYTES);
  if (!areTags(tags)) return err(INVALID_TAGS);
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
