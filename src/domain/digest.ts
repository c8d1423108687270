/** The one hash that names are made of: of logins, for their objects, and of identities, for the log. */

const encoder = new TextEncoder();

/** The hash of a short text: `sha256Hex`, or one that remembers what it gave. */
export type Hash = (text: string) => Promise<string>;

/** SHA-256 of the UTF-8 bytes of a text, as 64 hex digits. */
export async function sha256Hex(text: string): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", encoder.encode(text))).toHex();
}
