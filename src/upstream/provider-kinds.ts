/** The table of provider kinds, and which one a provider name belongs to. A new kind is one file and one row here. */
import { err } from "../domain/errors.ts";
import { apple } from "./apple.ts";
import { google } from "./google.ts";
import { openIdConnect } from "./openid-connect.ts";
import type { ProviderKind } from "./provider.ts";
import type { RefusalReason } from "./refusal.ts";
import { userPool } from "./user-pool.ts";

const SAML_PROVIDER_ARN = /^arn:aws[a-z-]*:iam::\d{12}:saml-provider\//;

export function isSamlProviderArn(providerName: string): boolean {
  return SAML_PROVIDER_ARN.test(providerName);
}

/** A kind that has no tokens to verify: each of its login tokens is refused for the one reason, unread. */
function refusing(
  owns: (providerName: string) => boolean,
  kind: "own-token" | "unsupported-provider",
  isVerifiable: boolean,
): ProviderKind {
  const reason: RefusalReason = { kind };
  return { owns, isVerifiable: () => isVerifiable, inspect: () => err(reason) };
}

/** A token of this service is no login at any provider: GetCredentialsForIdentity alone takes it. */
const ownToken = refusing((providerName) => providerName === "cognito-identity.amazonaws.com", "own-token", false);

/** Providers with tokens of their own kind, which no file here reads yet. A pool may name them: it did in the live service. */
const NOT_READ_YET = new Set(["graph.facebook.com", "www.amazon.com", "api.twitter.com", "www.digits.com"]);
const notReadYet = refusing(
  (providerName) => NOT_READ_YET.has(providerName) || isSamlProviderArn(providerName),
  "unsupported-provider",
  true,
);

/** Rows of names that are known. Every other name is an OpenID Connect issuer. */
const PROVIDER_KINDS: readonly ProviderKind[] = [ownToken, notReadYet, google, apple, userPool];

export function providerKindOf(providerName: string): ProviderKind {
  return PROVIDER_KINDS.find((kind) => kind.owns(providerName)) ?? openIdConnect;
}
