/** Hashes, of which names are made as well: of logins, for their objects, and of identities, for the log. */
import { utf8 } from "./bytes.ts";

/** The hash of a short text: `sha256Hex`, or one that remembers what it gave. */
export type Hash = (text: string) => Promise<string>;

/** Of bytes, or of the UTF-8 bytes of a text. */
export async function sha256(content: string | BufferSource): Promise<Uint8Array> {
  const bytes = typeof content === "string" ? utf8(content) : content;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** `sha256` as 64 hex digits. */
export async function sha256Hex(content: string | BufferSource): Promise<string> {
  return (await sha256(content)).toHex();
}

/** The authentication code of the UTF-8 bytes of a text (RFC 2104). */
export async function hmac(hash: "SHA-1" | "SHA-256", key: BufferSource, text: string): Promise<Uint8Array> {
  const imported = await crypto.subtle.importKey("raw", key, { name: "HMAC", hash }, false, ["sign"]);
  return new Uint8Array(await crypto.subtle.sign("HMAC", imported, utf8(text)));
}
