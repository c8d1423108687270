/** The claims of an OpenID token: built from a grant, then held against it once more. Pure; signs nothing. */
import {
  type Grant,
  LONGEST_TOKEN_LIFETIME_SECONDS,
  SHORTEST_POOL_LIFETIME_SECONDS,
  TOKEN_LIFETIME_SECONDS,
} from "./grant.ts";
import { MAX_LINKED_LOGINS, type VerifiedLogin } from "./login.ts";
import { AUTHENTICATED_AMR, GUEST_AMR, isAmrWord } from "./provider-name.ts";

/** Claim of the principal tags: the name that AWS reads session tags from. */
export const TAGS_CLAIM = "https://aws.amazon.com/tags";

/** In the order of the live service's tokens, `jti` last. */
export type OpenIdClaims = {
  readonly sub: string;
  readonly aud: string;
  readonly amr: readonly string[];
  readonly [TAGS_CLAIM]?: { readonly principal_tags: Readonly<Record<string, readonly string[]>> };
  readonly iss: string;
  readonly exp: number;
  readonly iat: number;
  readonly jti: string;
};

/** What a token takes from the moment of its minting. */
export type MintStamp = {
  readonly issuer: string;
  /** Epoch seconds, read after the grant has come back: the expiry is counted from signing (T42). */
  readonly now: number;
  /** Random, so that a relying party can notice a replay. */
  readonly jti: string;
};

/** Everything that a token may say; nothing else of a login is ever minted (T42). */
export const CLAIM_NAMES = ["sub", "aud", "amr", TAGS_CLAIM, "iss", "exp", "iat", "jti"] as const;

/** Claims of the token that `grant` permits. `now` is rounded down: the claims are whole seconds. */
export function claimsOf(grant: Grant, stamp: MintStamp): OpenIdClaims {
  return claimsFor(grant, stamp, grant.lifetimeSeconds);
}

/** The same for a token of another life. */
export function claimsFor(grant: Grant, stamp: MintStamp, lifetimeSeconds: number): OpenIdClaims {
  const issuedAt = Math.floor(stamp.now);
  // fromEntries makes own properties, so that a tag named `__proto__` is a tag like any other (T39).
  const tags = Object.entries(grant.principalTags ?? {}).map(([tag, value]) => [tag, [value]] as const);
  const amr =
    grant.logins.length === 0 ? [GUEST_AMR] : [AUTHENTICATED_AMR, ...grant.logins.flatMap((login) => login.amr)];
  const granted = { sub: grant.identityId, aud: grant.identityPoolId, amr };
  const stamped = { iss: stamp.issuer, exp: issuedAt + lifetimeSeconds, iat: issuedAt, jti: stamp.jti };
  return tags.length === 0
    ? { ...granted, ...stamped }
    : { ...granted, [TAGS_CLAIM]: { principal_tags: Object.fromEntries(tags) }, ...stamped };
}

/** A developer's login names its pool in the long form: `provider:pool:user`. No client of a provider is called like a pool. */
function namesPool(login: VerifiedLogin, grant: Grant): boolean {
  return login.amr[1] === `${login.providerName}:${grant.identityPoolId}:${login.subject}`;
}

function lintLifetime(claims: OpenIdClaims, grant: Grant): string | undefined {
  const lifetimeSeconds = claims.exp - claims.iat;
  if (lifetimeSeconds !== grant.lifetimeSeconds) return "exp - iat is not the granted lifetime";
  if (!Number.isInteger(lifetimeSeconds) || lifetimeSeconds < 1) return "the lifetime is not a whole number of seconds";
  if (lifetimeSeconds > LONGEST_TOKEN_LIFETIME_SECONDS) return "the lifetime outlives the published keys";
  // Only a developer may choose any lifetime; without a developer's login it is what a pool may set, ten minutes at most (T42).
  const isOfPool = lifetimeSeconds >= SHORTEST_POOL_LIFETIME_SECONDS && lifetimeSeconds <= TOKEN_LIFETIME_SECONDS;
  if (!isOfPool && !grant.logins.some((login) => namesPool(login, grant))) {
    return "the lifetime is not the one of a token without a developer's login";
  }
  return undefined;
}

/**
 * Invariant names-what-was-verified: `amr` says `unauthenticated` alone, or `authenticated` and then exactly the verified
 * logins, each by its pair.
 */
function lintAmr(claims: OpenIdClaims, grant: Grant): string | undefined {
  const [first, ...entries] = claims.amr;
  if (grant.logins.length === 0) {
    return first === GUEST_AMR && entries.length === 0 ? undefined : "amr of a guest is not unauthenticated alone";
  }
  if (first !== AUTHENTICATED_AMR) return "amr does not begin with authenticated";
  if (entries.length !== 2 * grant.logins.length) return "amr does not name each verified login by one pair";
  if (grant.logins.length > MAX_LINKED_LOGINS) return "amr names more logins than an identity can have";
  for (const [index, login] of grant.logins.entries()) {
    const providerName = entries[2 * index];
    const longForm = entries[2 * index + 1];
    if (providerName !== login.providerName || providerName === "") return "amr names a provider that was not verified";
    if (isAmrWord(providerName)) return "amr names a provider by a word of its own";
    // Who vouches is told by the form: a developer does for a user of the pool, a provider for one of a client.
    if (login.isDeveloper === true && !namesPool(login, grant)) return "amr names a developer's user as a provider's";
    // Every long form ends in the subject, whatever the provider writes before it.
    if (longForm !== login.amr[1] || longForm?.endsWith(`:${login.subject}`) !== true) {
      return "amr names a subject that was not verified";
    }
  }
  // Two subjects of one provider cannot belong to one identity (T41).
  const providers = new Set(grant.logins.map((login) => login.providerName));
  return providers.size === grant.logins.length ? undefined : "amr names one provider twice";
}

function lintTags(claims: OpenIdClaims, grant: Grant): string | undefined {
  const granted = Object.entries(grant.principalTags ?? {});
  if (granted.length === 0) return claims[TAGS_CLAIM] === undefined ? undefined : "tags that were not granted";
  // A key beside them could pass the tags on to the next role (`transitive_tag_keys`).
  const { principal_tags: claimed = {}, ...others } = claims[TAGS_CLAIM] ?? {};
  const minted = Object.entries(claimed);
  const isSame =
    Object.keys(others).length === 0 &&
    minted.length === granted.length &&
    minted.every(([tag, values], index) => {
      const [grantedTag, grantedValue] = granted[index] ?? [];
      return tag === grantedTag && values.length === 1 && values[0] === grantedValue;
    });
  return isSame ? undefined : "tags other than those granted";
}

/**
 * The last look before signing (Boulder's pre-issuance lint): what is wrong with `claims` as a token of `grant`, or
 * undefined. It repeats the rules rather than the code of `claimsOf`, and its answer holds no value of a claim.
 */
export function lintClaims(claims: OpenIdClaims, grant: Grant, stamp: MintStamp): string | undefined {
  const names: readonly string[] = CLAIM_NAMES;
  if (!Object.keys(claims).every((name) => names.includes(name))) return "a claim that no token has";
  return lintEvidence(claims, grant, stamp) ?? lintLifetime(claims, grant);
}

/** What every token of a grant says, however long it lives and whatever it says besides. */
export function lintEvidence(claims: OpenIdClaims, grant: Grant, stamp: MintStamp): string | undefined {
  if (claims.sub !== grant.identityId || claims.sub === "") return "sub is not the identity id";
  if (claims.aud !== grant.identityPoolId || claims.aud.length === 0) return "aud is not the identity pool id";
  if (claims.iss !== stamp.issuer || claims.iss === "") return "iss is not this issuer";
  if (claims.jti !== stamp.jti || claims.jti === "") return "jti is missing";
  if (!Number.isSafeInteger(claims.iat) || claims.iat > stamp.now || claims.iat <= stamp.now - 1) {
    return "iat is not the instant of signing";
  }
  return lintAmr(claims, grant) ?? lintTags(claims, grant);
}
