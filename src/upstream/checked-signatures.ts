/**
 * Signatures that were checked a moment ago and were genuine. That a key made a signature is arithmetic and stays true; all
 * else about a login token (issuer, audience, times, whether its key is still published) is judged anew each time, so no
 * verdict is ever taken over from another token, pool or provider (T15). Holds hashes alone, for as long as the key is used.
 */
import { type SignatureAlgorithm, verifySignature } from "./signature.ts";

/**
 * By key, and by the hash of a whole login token: until when, epoch seconds, its signature need not be checked again. A key
 * that its issuer removes is not found any more, and what was checked with it goes with its import.
 */
const genuine = new WeakMap<CryptoKey, Map<string, number>>();

const LIFE_SECONDS = 60;
/** Most signatures that are remembered for each key: about a hundred bytes each. */
const MAX_REMEMBERED = 1000;

const encoder = new TextEncoder();

export type SignedToken = {
  /** The whole token as it came. */
  readonly token: string;
  readonly signature: Uint8Array;
  readonly signedBytes: Uint8Array;
};

/** `verifySignature`, but once a minute for the same token; a bad one is checked each time. `now` in epoch seconds. */
export async function isGenuine(
  algorithm: SignatureAlgorithm,
  key: CryptoKey,
  { token, signature, signedBytes }: SignedToken,
  now: number,
): Promise<boolean> {
  const digest = await crypto.subtle.digest("SHA-256", encoder.encode(token));
  const name = new Uint8Array(digest).toBase64();
  const until = genuine.get(key)?.get(name);
  // A clock that was set back ends it, too.
  if (until !== undefined && now < until && now >= until - LIFE_SECONDS) return true;
  if (!(await verifySignature(algorithm, key, signature, signedBytes))) return false;
  remember(key, name, now + LIFE_SECONDS);
  return true;
}

function remember(key: CryptoKey, name: string, until: number): void {
  const remembered = genuine.get(key) ?? new Map<string, number>();
  genuine.set(key, remembered);
  // The one that was checked longest ago makes room.
  remembered.delete(name);
  remembered.set(name, until);
  const [oldest] = remembered.keys();
  if (oldest !== undefined && remembered.size > MAX_REMEMBERED) remembered.delete(oldest);
}
