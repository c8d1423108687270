/** What an identity's object permits the Worker to mint: the evidence of one request. Pure data, holds no login token. */
import type { IdentityId, IdentityPoolId } from "./identifiers.ts";
import type { VerifiedLogin } from "./login.ts";

/** What a call is given beside its logins, decided by them once (grant-access.ts) and carried along wherever the call goes. */
export type GrantAccess = {
  /** Tag name to value: what a developer gave, and what the pool maps of the logins' claims. */
  readonly principalTags?: Readonly<Record<string, string>>;
  /** The one role that AWS credentials are given for; absent where a token alone is wanted. */
  readonly roleArn?: string;
  /** What the pool sets for its tokens, in place of the lifetime that a grant begins with; absent where it sets none. */
  readonly lifetimeSeconds?: number;
};

export type Grant = GrantAccess & {
  readonly identityId: IdentityId;
  /** The pool of the identity's own record, never one that the request names (T37). */
  readonly identityPoolId: IdentityPoolId;
  /** The logins whose tokens this very call verified (invariant names-what-was-verified); empty is a guest. */
  readonly logins: readonly VerifiedLogin[];
  /** Seconds from signing to expiry: `TOKEN_LIFETIME_SECONDS`, what the pool sets, or what a developer asked for. */
  readonly lifetimeSeconds: number;
};

/** Lifetime of a token of GetOpenIdToken where its pool sets none, in seconds (T42; API reference, GetOpenIdToken). */
export const TOKEN_LIFETIME_SECONDS = 600;
/** Shortest lifetime that a pool may set, in seconds: STS and others still have the time to take it. The longest is the one above. */
export const SHORTEST_POOL_LIFETIME_SECONDS = 60;
/** Lifetime of a token of GetOpenIdTokenForDeveloperIdentity that asks for none, in seconds (API reference). */
export const DEVELOPER_TOKEN_LIFETIME_SECONDS = 900;
/** Longest lifetime that a developer may ask for, in seconds (service model, TokenDuration). */
export const LONGEST_TOKEN_LIFETIME_SECONDS = 86_400;
