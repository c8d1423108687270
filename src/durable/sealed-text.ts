/**
 * Texts that rest or travel sealed: AES-GCM under a key of their own for each purpose, made from KEY_ENCRYPTION_KEY, and
 * bound to what they belong to. Private keys are sealed by keys/signing-key.ts, as keys.
 */
import type { KeyEncryptionKeys } from "../config.ts";
import { decodeBase64url, encodeBase64url } from "../domain/base64url.ts";
import { textOf, utf8 } from "../domain/bytes.ts";

export type SealedText = { readonly iv: string; readonly ciphertext: string };

/** Bytes of an AES-GCM initialisation vector: NIST SP 800-38D section 8.2.2, random 96 bits. */
const IV_BYTES = 12;

/** A key for each purpose, so that no number of texts of one wears out the random vectors of another, or of the keys. */
async function keyFor(purpose: string, keyEncryptionKey: string): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey("raw", Uint8Array.fromBase64(keyEncryptionKey), "HKDF", false, [
    "deriveKey",
  ]);
  return await crypto.subtle.deriveKey(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: utf8(`edgepool ${purpose}`) },
    base,
    { name: "AES-GCM", length: 256 },
    false,
    ["encrypt", "decrypt"],
  );
}

/** `owner` is what the text belongs to: with another one it does not open. `keyEncryptionKey` is 32 bytes in base64. */
export async function sealText(
  text: string,
  purpose: string,
  owner: readonly string[],
  keyEncryptionKey: string,
): Promise<SealedText> {
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const parameters = { name: "AES-GCM", iv, additionalData: utf8(JSON.stringify(owner)) };
  const sealed = await crypto.subtle.encrypt(parameters, await keyFor(purpose, keyEncryptionKey), utf8(text));
  return { iv: encodeBase64url(iv), ciphertext: encodeBase64url(new Uint8Array(sealed)) };
}

/** Null when the seal is broken: another key, purpose or owner, a changed byte, or no seal at all. */
export async function openText(
  { iv, ciphertext }: SealedText,
  purpose: string,
  owner: readonly string[],
  keyEncryptionKey: string,
): Promise<string | null> {
  const vector = decodeBase64url(iv);
  const sealed = decodeBase64url(ciphertext);
  if (vector === undefined || sealed === undefined) return null;
  try {
    const parameters = { name: "AES-GCM", iv: vector, additionalData: utf8(JSON.stringify(owner)) };
    const opened = await crypto.subtle.decrypt(parameters, await keyFor(purpose, keyEncryptionKey), sealed);
    return textOf(opened) ?? null;
  } catch {
    // Not what was sealed: Web Crypto says nothing more, and there is nothing more to say.
    return null;
  }
}

/** As `openText`, by the key that is set or by the one beside it; which of them it was. */
export async function openByEither(
  sealed: SealedText,
  purpose: string,
  owner: readonly string[],
  { keyEncryptionKey, keyEncryptionKeyOther: other }: KeyEncryptionKeys,
): Promise<{ readonly text: string; readonly isUnderOther: boolean } | null> {
  const text = await openText(sealed, purpose, owner, keyEncryptionKey);
  if (text !== null) return { text, isUnderOther: false };
  const byOther = other === null ? null : await openText(sealed, purpose, owner, other);
  return byOther === null ? null : { text: byOther, isUnderOther: true };
}
