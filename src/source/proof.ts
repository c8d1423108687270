/**
 * What an OpenID token of Cognito's proves. It came from Cognito itself, by TLS, so that its claims are read and its signature is
 * not checked (OpenID Connect Core 1.0, section 3.1.3.7, item 6). It goes no further than here. Pure.
 */
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import { AUTHENTICATED_AMR, GUEST_AMR } from "../domain/provider-name.ts";
import { parseLoginToken } from "../jwt/login-token.ts";

/** What must be so for the token to prove anything. */
export type Expected = {
  /** The identity that came with the token. */
  readonly identityId: IdentityId;
  /** Pools that it may be of. No answer of Cognito's but a token tells: somebody else's pool may know the same logins. */
  readonly among: readonly IdentityPoolId[];
  readonly isGuest: boolean;
};

/** The pool that the identity is proven to be of; `not-proven`: of none of these; `not-a-token`: no answer of Cognito's. */
export function provenPool(
  token: unknown,
  { identityId, among, isGuest }: Expected,
): IdentityPoolId | "not-proven" | "not-a-token" {
  const parsed = typeof token === "string" ? parseLoginToken(token) : undefined;
  if (parsed?.ok !== true) return "not-a-token";
  const { claims } = parsed.value;
  const pool = among.find((candidate) => candidate === claims.get("aud"));
  const isAsExpected = claims.get("sub") === identityId && isGuestsAmr(claims.get("amr")) === isGuest;
  return pool !== undefined && isAsExpected ? pool : "not-proven";
}

/** Undefined for what is neither a guest's nor a user's. */
function isGuestsAmr(amr: unknown): boolean | undefined {
  if (!Array.isArray(amr)) return undefined;
  if (amr.length === 1 && amr[0] === GUEST_AMR) return true;
  return amr[0] === AUTHENTICATED_AMR ? false : undefined;
}
