/**
 * Where an issuer's keys are found: at an address that is known here, at one that the setting OIDC_PROVIDERS gives, or by
 * discovery. Decided by the issuer alone, and never by a token (T4). Pure.
 */
import { isUserPool } from "../domain/provider-name.ts";

export type KeySource = {
  /** Whether the address is that of the key set, or that of a discovery document. */
  readonly kind: "keys" | "discovery";
  /** https; it may have a query, which an administrator gave it. */
  readonly address: string;
};

/**
 * What the large providers document beside their discovery, and have kept for years. A discovery document may change under a
 * running service: Apple's once named another issuer than its tokens did, and nobody could sign in.
 */
const KNOWN_KEYS: ReadonlyMap<string, string> = new Map([
  ["https://accounts.google.com", "https://www.googleapis.com/oauth2/v3/certs"],
  ["https://appleid.apple.com", "https://appleid.apple.com/auth/keys"],
  ["https://www.facebook.com", "https://www.facebook.com/.well-known/oauth/openid/jwks/"],
]);

/** The key set of a provider that is known here. A user pool has one under each of its issuers. */
export function knownKeysOf(issuer: string): string | undefined {
  const isPool = issuer.startsWith("https://") && isUserPool(issuer.slice("https://".length));
  return isPool ? `${issuer}/.well-known/jwks.json` : KNOWN_KEYS.get(issuer);
}

/** OpenID Connect Discovery 1.0, section 4.1: a terminating slash is removed before the suffix is put on. */
export function discoveryOf(issuer: string): string {
  return `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
}

/** `configured`: by issuer, from the setting. */
export function keySourceOf(issuer: string, configured: ReadonlyMap<string, KeySource>): KeySource {
  const known = knownKeysOf(issuer);
  if (known !== undefined) return { kind: "keys", address: known };
  return configured.get(issuer) ?? { kind: "discovery", address: discoveryOf(issuer) };
}
