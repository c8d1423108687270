/** The table of provider kinds, and which one a provider name belongs to. A new kind is one file and one row here. */
import type { ProviderApis } from "../config.ts";
import { err } from "../domain/errors.ts";
import { canonicalName, isSamlProviderArn, OWN_PROVIDER_NAME } from "../domain/provider-name.ts";
import { amazon } from "./amazon.ts";
import { apple } from "./apple.ts";
import { facebookLimitedLogin } from "./facebook-limited-login.ts";
import { facebook } from "./facebook.ts";
import { google } from "./google.ts";
import { openIdConnect } from "./openid-connect.ts";
import type { ProviderKind } from "./provider.ts";
import type { RefusalReason } from "../domain/login-refusal.ts";
import { twitter } from "./twitter.ts";
import { userPool } from "./user-pool.ts";

/** A kind that has no tokens to verify: each of its login tokens is refused for the one reason, unread. */
function refusing(
  owns: (providerName: string) => boolean,
  kind: "own-token" | "saml-not-verified" | "unsupported-provider",
  isVerifiable: boolean,
  /** Whose tokens they are, for an explanation. */
  found: string,
): ProviderKind {
  const reason: RefusalReason = { kind };
  return {
    owns,
    rules: ["verifiable-provider"],
    isVerifiable: () => isVerifiable,
    inspect(_, { tell }) {
      tell?.("verifiable-provider", "a provider whose login tokens this service verifies", found);
      return err(reason);
    },
  };
}

/** A token of this service is no login at any provider: GetCredentialsForIdentity alone takes it. */
const ownToken = refusing((providerName) => providerName === OWN_PROVIDER_NAME, "own-token", false, "this service");

/** No assertion is verified: docs/adr/0020. A pool may name the provider, since pools of the live service do. */
const saml = refusing(isSamlProviderArn, "saml-not-verified", true, "a SAML provider");

/** Closed by its owner in 2017. A pool may name it, as above. */
const digits = refusing(
  (providerName) => providerName === "www.digits.com",
  "unsupported-provider",
  true,
  "Digits, which is closed",
);

/** Rows of names that are known. Every other name is an OpenID Connect issuer. */
const PROVIDER_KINDS: readonly ProviderKind[] = [
  ownToken,
  saml,
  digits,
  google,
  apple,
  userPool,
  facebook,
  facebookLimitedLogin,
  amazon,
  twitter,
];

/** Whether the name is one that a kind of its own stands for, whatever a pool says. */
export function isKnownProvider(providerName: string): boolean {
  return PROVIDER_KINDS.some((kind) => kind.owns(providerName));
}

/** Whether logins under these names, in any spelling, may cost a provider a question: ID tokens do not, as a rule. */
export function mayAskProviders(providerNames: Iterable<string>, providerApis: ProviderApis): boolean {
  for (const spelling of providerNames) {
    const name = canonicalName(spelling);
    if (providerKindOf(name).asksApi?.(name, providerApis) === true) return true;
  }
  return false;
}

/** Whether a pool's value for the provider is more than client ids, which are no secret. */
export function holdsSecret(providerName: string): boolean {
  return providerKindOf(canonicalName(providerName)).clientsOf !== undefined;
}

export function providerKindOf(providerName: string): ProviderKind {
  return PROVIDER_KINDS.find((kind) => kind.owns(providerName)) ?? openIdConnect;
}
