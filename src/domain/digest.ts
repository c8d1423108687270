/** The one hash that names are made of: of logins, for their objects, and of identities, for the log. */
import { IsolateCache } from "./isolate-cache.ts";

/** Most texts that one isolate remembers: a few hundred bytes each. */
const MAX_REMEMBERED = 1000;

// Not for a stated life: what the hash of a text is never changes.
const remembered = new IsolateCache<string>(MAX_REMEMBERED);

const encoder = new TextEncoder();

/** SHA-256 of the UTF-8 bytes of a short text, as 64 hex digits. */
export async function sha256Hex(text: string): Promise<string> {
  const known = remembered.get(text, 0);
  if (known !== undefined) return known;
  const hex = new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text))).toHex();
  remembered.set(text, hex, 0, Number.POSITIVE_INFINITY);
  return hex;
}
