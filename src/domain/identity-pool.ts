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
 * UpdateIdentityPool replaces every setting, as the live service does. The developer provider name alone stays once it
 * is set (API reference, CreateIdentityPool): the developer's users are known by it.
 */
export function replaceSettings(
  current: IdentityPoolSettings,
  settings: IdentityPoolSettings,
): Result<IdentityPoolSettings> {
  const { developerProviderName } = current;
  if (developerProviderName === undefined) return ok(settings);
  if (settings.developerProviderName !== undefined && settings.developerProviderName !== developerProviderName) {
    return err(
      serviceError("InvalidParameterException", "The developer provider name cannot be changed once it is set."),
    );
  }
  return ok({ ...settings, developerProviderName });
}
