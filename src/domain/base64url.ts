/** Strict base64url (RFC 7515, section 2): one text for one byte string, and nothing that a lenient decoder forgives. */

const ALPHABET = /^[A-Za-z0-9_-]*$/;

/**
 * The bytes, or undefined. No padding, no white space, no `+` or `/`, no stray bits after the last byte: the platform's
 * own decoders skip some of these, and two texts for one signature would make two tokens of one (T8).
 */
export function decodeBase64url(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!ALPHABET.test(text) || text.length % 4 === 1) return undefined;
  const padded = text + "=".repeat((4 - (text.length % 4)) % 4);
  try {
    return Uint8Array.fromBase64(padded, { alphabet: "base64url", lastChunkHandling: "strict" });
  } catch (error) {
    // Only stray bits are left to complain about, and the decoder says so with a SyntaxError.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function encodeBase64url(bytes: Uint8Array): string {
  return bytes.toBase64({ alphabet: "base64url", omitPadding: true });
}
