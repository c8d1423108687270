/** An identity pool: its settings. Pure data; what a provider entry means is decided in providers/. */
import { err, ok, type Result, serviceError } from "./errors.ts";
import type { IdentityPoolId } from "./identifiers.ts";
import { foldProviderName } from "./provider-name.ts";

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
 * Whether users log in by tokens under this name, or one that is meant as it is. Never that of the developer provider: a
 * signed call alone vouches for its users, and `amr` would say that the public provider had (T21, T32).
 */
export function isPublicProvider(settings: IdentityPoolSettings, name: string): boolean {
  const folded = foldProviderName(name);
  return publicNamesOf(settings).some((publicName) => foldProviderName(publicName) === folded);
}

const OIDC_PROVIDER = /:oidc-provider\/(.+)$/;

function publicNamesOf({
  supportedLoginProviders = {},
  openIdConnectProviderArns = [],
  cognitoIdentityProviders = [],
}: IdentityPoolSettings): readonly string[] {
  return [
    ...Object.keys(supportedLoginProviders),
    ...openIdConnectProviderArns.flatMap((arn) => OIDC_PROVIDER.exec(arn)?.[1] ?? []),
    ...cognitoIdentityProviders.flatMap(({ providerName }) => providerName ?? []),
  ];
}

/** Most names that a pool keeps of public providers that it had. One that had more can name no developer provider. */
export const MAX_FORMER_NAMES = 200;

/**
 * The names, folded, that no developer provider of the pool may bear any more: `former`, and those of the public providers
 * in `settings`. Names with a path are left out, since a developer provider has none (service model).
 */
export function formerNamesWith(former: readonly string[], settings: IdentityPoolSettings): readonly string[] {
  const names = publicNamesOf(settings)
    .map(foldProviderName)
    .filter((name) => !name.includes("/"));
  return [...new Set([...former, ...names])].slice(0, MAX_FORMER_NAMES);
}

const DEVELOPER_NAME_IS_PUBLIC = serviceError(
  "InvalidParameterException",
  "The developer provider name is, or was, the name of another provider of the identity pool.",
);

/**
 * UpdateIdentityPool replaces every setting, as the live service does. The developer provider name alone stays once it
 * is set (API reference, CreateIdentityPool): the developer's users are known by it. `formerNames` are those of
 * `formerNamesWith`, of all settings before.
 */
export function replaceSettings(
  current: IdentityPoolSettings,
  settings: IdentityPoolSettings,
  formerNames: readonly string[] = [],
): Result<IdentityPoolSettings> {
  const developerProviderName = current.developerProviderName ?? settings.developerProviderName;
  if (developerProviderName === undefined) return ok(settings);
  // Of the settings before as well: relying parties know who logged in under the name by it.
  const isNew = current.developerProviderName === undefined;
  const wasPublic =
    formerNames.length >= MAX_FORMER_NAMES || formerNames.includes(foldProviderName(developerProviderName));
  if ((isNew && wasPublic) || [current, settings].some((one) => isPublicProvider(one, developerProviderName)))
    return err(DEVELOPER_NAME_IS_PUBLIC);
  if (settings.developerProviderName !== undefined && settings.developerProviderName !== developerProviderName) {
    return err(
      serviceError("InvalidParameterException", "The developer provider name cannot be changed once it is set."),
    );
  }
  return ok({ ...settings, developerProviderName });
}
