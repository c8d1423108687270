/**
 * How a provider is named: the key of a `Logins` map, `host/path` of an issuer. Some providers have several spellings, and
 * each of them is ONE provider, with one name in logins, tokens and records. Everything else is told apart byte for byte, but
 * for what a person, or a relying party, could take one for another. Pure.
 */

/**
 * Amazon's user pools. Each has two issuers (API reference, IssuerConfigurationType): the original one, and the updated one,
 * which its keys are published under in several regions.
 */
const USER_POOL =
  /^(issuer-)?(cognito-idp\.[a-z0-9-]{1,32}\.amazonaws\.com(\.cn)?\/[a-z0-9-]{1,32}_[A-Za-z0-9]{1,64})$/;

/** Under which a client brings a token of this service, as it does at the live one. */
export const OWN_PROVIDER_NAME = "cognito-identity.amazonaws.com";

/** Known names that no issuer has, and so no slash either: their login tokens are no ID tokens. */
const NO_ISSUERS: ReadonlySet<string> = new Set([
  "graph.facebook.com",
  "www.amazon.com",
  "api.twitter.com",
  "www.digits.com",
  OWN_PROVIDER_NAME,
]);

/**
 * The one name of the provider that `name` is a spelling of: without the one slash that an issuer may end in, and of a user
 * pool the original name. Two slashes are no spelling of anything, and stay (T16). Idempotent.
 */
export function canonicalName(name: string): string {
  if (!name.endsWith("/")) return USER_POOL.exec(name)?.[2] ?? name;
  const withoutSlash = name.slice(0, -1);
  return withoutSlash.endsWith("/") || NO_ISSUERS.has(withoutSlash) ? name : canonicalName(withoutSlash);
}

/** Decided by the name alone, however a pool registers it: T14 must hold for a user pool in every case. */
export function isUserPool(name: string): boolean {
  return USER_POOL.test(canonicalName(name));
}

/** The two issuers of a user pool, the original one first; of any other issuer that one alone. */
export function issuersOf(issuer: string): readonly string[] {
  const name = issuer.startsWith("https://") ? canonicalName(issuer.slice("https://".length)) : "";
  return USER_POOL.test(name) ? [`https://${name}`, `https://issuer-${name}`] : [issuer];
}

/** T16: one slash at the end of an issuer is the one difference that is forgiven; `issuer` has none. A bare name is no issuer. */
export function isSameIssuer(claimed: unknown, issuer: string): boolean {
  return claimed === issuer || (claimed === `${issuer}/` && issuer.includes("://"));
}

/** What `amr` says of a guest, and before the providers of everybody else. */
export const GUEST_AMR = "unauthenticated";
export const AUTHENTICATED_AMR = "authenticated";

/**
 * The name as it is meant: hosts have no case, and a dot or slash at an end changes nothing of whom it names. For
 * comparing names in settings alone: a login is looked up under its name byte for byte (T40).
 */
export function foldProviderName(name: string): string {
  return name.toLowerCase().replaceAll(/^[./]+|[./]+$/g, "");
}

/** Whether `amr` would say something else than the name of a provider by it. */
export function isAmrWord(name: string): boolean {
  return [GUEST_AMR, AUTHENTICATED_AMR].includes(foldProviderName(name));
}

const SAML_PROVIDER_ARN = /^arn:aws[a-z-]*:iam::\d{12}:saml-provider\//;

/** A SAML provider is named by the ARN that it has in the customer's account. */
export function isSamlProviderArn(name: string): boolean {
  return SAML_PROVIDER_ARN.test(name);
}

const OIDC_PROVIDER_ARN = /^arn:aws[a-z-]*:iam::\d{12}:oidc-provider\/(.+)$/;

/** The provider that an ARN of an OpenID Connect provider names, as it spells it; undefined: it is no such ARN. */
export function oidcProviderOf(arn: string): string | undefined {
  return OIDC_PROVIDER_ARN.exec(arn)?.[1];
}
