/** An identity pool: its settings. Pure data; what a provider entry means is decided in providers/. */
import type { IdentityPoolId } from "./identifiers.ts";
import type { PoolAccess } from "./pool-access.ts";
import type { PoolSource } from "./pool-source.ts";
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

export type IdentityPool = IdentityPoolSettings & {
  readonly identityPoolId: IdentityPoolId;
  /** Roles and tags, set by operations of their own; absent where none ever were. */
  readonly access?: PoolAccess;
  /** Set by SetIdentityPoolSource; absent where there is none, or none any more. */
  readonly source?: PoolSource;
  /** For how long its tokens are good, 60 to 600 seconds; absent: 600. Set by SetTokenLifetime. */
  readonly tokenSeconds?: number;
  /** Has, or once had, a source. */
  readonly hadSource?: true;
};

/** What a pool has beside its settings, and keeps when they are replaced. */
export type BesideSettings = Pick<IdentityPool, "access" | "source" | "hadSource" | "tokenSeconds">;

/**
 * Whether users log in by tokens under this name, or one that is meant as it is. Never that of the developer provider: a
 * signed call alone vouches for its users, and `amr` would say that the public provider had (T21, T32).
 */
export function isPublicProvider(settings: IdentityPoolSettings, name: string): boolean {
  const folded = foldProviderName(name);
  return publicNamesOf(settings).some((publicName) => foldProviderName(publicName) === folded);
}

const OIDC_PROVIDER = /:oidc-provider\/(.+)$/;

/** Names of the providers by whose tokens users log in, as the settings spell them. */
export function publicNamesOf({
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

/** The client ids in a value of SupportedLoginProviders: several of one provider are joined by `;`. */
export function clientIdsIn(value: string): readonly string[] {
  return value.split(";").filter((clientId) => clientId !== "");
}
