/**
 * Login tokens that were read and found genuine a moment ago. What a text says, and that a key signed it, stays true whoever
 * asks; all else about a login token (issuer, audience, times, whether its key is still published) is judged anew each time,
 * so no verdict is ever taken over from another token, pool or provider (T15).
 */
import type { IsolateCache } from "../domain/isolate-cache.ts";
import type { Members } from "../domain/json.ts";
import type { LoginToken } from "./login-token.ts";

export type GenuineToken = {
  readonly read: LoginToken;
  /** The import of the key that signed it. A key that its issuer removes is not found any more, and so this is of no use. */
  readonly key: CryptoKey;
};

/** By the whole token: no other one can ever be taken for it, and none is hashed on the way. */
export type GenuineTokens = IsolateCache<GenuineToken>;

/** Longest token that is remembered, in characters, and most claims that it may have. */
const MAX_LENGTH = 4096;
const MAX_CLAIMS = 100;

/** `now` in epoch seconds. */
export function recallToken(tokens: GenuineTokens, token: string, now: number): GenuineToken | undefined {
  return token.length > MAX_LENGTH ? undefined : tokens.get(token, now);
}

/** Of a token whose signature was just checked with `key`, and is good. `now` in epoch seconds. */
export function rememberToken(tokens: GenuineTokens, token: string, genuine: GenuineToken, now: number): void {
  const { header, claims } = genuine.read;
  if (token.length > MAX_LENGTH || claims.size > MAX_CLAIMS || header.size > MAX_CLAIMS) return;
  const read = { ...genuine.read, header: withoutStructures(header), claims: withoutStructures(claims) };
  tokens.set(token, { ...genuine, read }, now);
}

/**
 * What is an object or a list takes many times the room of its text, and no rule looks into one but for the audience: of a
 * token that passed, only that it has such a member can still matter.
 */
function withoutStructures(members: Members): Members {
  return new Map(
    [...members].map(([name, value]) => [name, typeof value === "object" && name !== "aud" ? null : value]),
  );
}
