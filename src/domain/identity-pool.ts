/** An identity pool: its settings. Pure data; what a provider entry means is decided in upstream/. */
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
