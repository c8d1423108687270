/** An identity pool: its settings. Pure data; what a provider entry means is decided in upstream/. */
import { err, ok, type Result, serviceError } from "./errors.ts";
import type { IdentityPoolId } from "./identifiers.ts";

export type CognitoIdentityProvider = {
  readonly providerName?: string;
  readonly clientId?: string;
  readonly serverSideTokenCheck?: boolean;
};

export type IdentityPoolSettings = {
  readonly name: string;
  readonly allowsUnauthenticated: boolean;
  /** `false` blocks GetOpenIdToken; absent allows it (behaviour of the live service, aws/aws-cli#7652). */
  readonly allowsClassicFlow?: boolean;
  /** Provider name to client ids, joined by `;`. */
  readonly supportedLoginProviders?: Readonly<Record<string, string>>;
  readonly developerProviderName?: string;
  readonly openIdConnectProviderArns?: readonly string[];
  readonly cognitoIdentityProviders?: readonly CognitoIdentityProvider[];
  readonly samlProviderArns?: readonly string[];
  readonly tags?: Readonly<Record<string, string>>;
};

export type IdentityPool = IdentityPoolSettings & { readonly identityPoolId: IdentityPoolId };

/**
 * Whether users log in by tokens under this name. Never that of the developer provider: its users are vouched for by a signed
 * call alone, which could then vouch for those of the public provider (T21, T32).
 */
export function isPublicProvider(
  { supportedLoginProviders = {}, openIdConnectProviderArns = [], cognitoIdentityProviders = [] }: IdentityPoolSettings,
  name: string,
): boolean {
  return (
    Object.hasOwn(supportedLoginProviders, name) ||
    openIdConnectProviderArns.some((arn) => arn.endsWith(`:oidc-provider/${name}`)) ||
    cognitoIdentityProviders.some(({ providerName }) => providerName === name)
  );
}

const DEVELOPER_NAME_IS_PUBLIC = serviceError(
  "InvalidParameterException",
  "The developer provider name is, or was, the name of another provider of the identity pool.",
);

/**
 * UpdateIdentityPool replaces every setting, as the live service does. The developer provider name alone stays once it
 * is set (API reference, CreateIdentityPool): the developer's users are known by it.
 */
export function replaceSettings(
  current: IdentityPoolSettings,
  settings: IdentityPoolSettings,
): Result<IdentityPoolSettings> {
  const developerProviderName = current.developerProviderName ?? settings.developerProviderName;
  if (developerProviderName === undefined) return ok(settings);
  // Of the settings before as well: who logged in under the name is still known by it.
  if ([current, settings].some((one) => isPublicProvider(one, developerProviderName)))
    return err(DEVELOPER_NAME_IS_PUBLIC);
  if (settings.developerProviderName !== undefined && settings.developerProviderName !== developerProviderName) {
    return err(
      serviceError("InvalidParameterException", "The developer provider name cannot be changed once it is set."),
    );
  }
  return ok({ ...settings, developerProviderName });
}
