/** Where the identities of a pool come from that are not born here: an identity pool at Amazon Cognito, while users move. Pure. */
import type { IdentityPoolId } from "./identifiers.ts";

export type PoolSource = {
  /** The identity pool at Cognito; of this region. */
  readonly identityPoolId: IdentityPoolId;
  /** How Cognito proves that logins are an identity's: by an OpenID token, or by credentials and then GetId. */
  readonly proof: "open-id-token" | "credentials";
  /** Where a guest is born. */
  readonly guests: "source" | "local";
  /** Whether Cognito is asked about every id that is not known here, or about imported ones alone. */
  readonly unknownIds: "ask" | "imported";
  /** Names of the providers (also the developer provider's) that the source has, each once, by the provider's one name; none for guests alone. */
  readonly providers: readonly string[];
};

/** Most providers of an identity pool: known ones, user pools, OpenID Connect and SAML providers, and a developer provider. */
export const MAX_SOURCE_PROVIDERS = 10 + 50 + 100 + 100 + 1;

/** Most pools with a source at once: a call about an unknown id may have to tell among them. */
export const MAX_SOURCED_POOLS = 100;

const UUID = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}";
/** Its region becomes part of a host name: nothing but a region fits (T23). */
const AMAZON_IDENTITY_POOL_ID = new RegExp(`^[a-z]{2}(-[a-z]{1,16}){1,2}-\\d{1,2}:${UUID}$`);

/** Whether Amazon Cognito could have made this id of an identity pool. */
export function isAmazonPoolId(text: string): boolean {
  return AMAZON_IDENTITY_POOL_ID.test(text);
}
