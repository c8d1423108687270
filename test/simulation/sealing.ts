/**
 * What workerd's Web Crypto and byte strings do for a text that is sealed (src/durable/sealed-text.ts), answered within the event
 * that asks: HKDF and AES-GCM as they are, without the threads that would decide the order of things.
 */
import { createCipheriv, createDecipheriv, hkdfSync } from "node:crypto";

type Derivation = { readonly salt: Uint8Array; readonly info: Uint8Array };
type Sealing = { readonly iv: Uint8Array; readonly additionalData: Uint8Array };

const CIPHER = "aes-256-gcm";
const TAG_BYTES = 16;

/** A few keys are ever made here, again and again. */
const keys = new Map<string, Uint8Array>();

function derive({ salt, info }: Derivation, base: Uint8Array): Uint8Array {
  const name = Buffer.concat([base, info]).toString("latin1");
  let key = keys.get(name);
  if (key === undefined) {
    key = new Uint8Array(hkdfSync("sha256", base, salt, info, 32));
    keys.set(name, key);
  }
  return key;
}

function seal({ iv, additionalData }: Sealing, key: Uint8Array, text: Uint8Array): Uint8Array {
  const cipher = createCipheriv(CIPHER, key, iv).setAAD(additionalData);
  return Buffer.concat([cipher.update(text), cipher.final(), cipher.getAuthTag()]);
}

/** Throws where the seal is broken. */
function open({ iv, additionalData }: Sealing, key: Uint8Array, sealed: Uint8Array): Uint8Array {
  const end = sealed.length - TAG_BYTES;
  const decipher = createDecipheriv(CIPHER, key, iv).setAAD(additionalData).setAuthTag(sealed.subarray(end));
  return Buffer.concat([decipher.update(sealed.subarray(0, end)), decipher.final()]);
}

/** Methods of `crypto.subtle`. A key is its bytes. */
export const SEALING: Readonly<Record<string, (...args: never) => Promise<unknown>>> = {
  importKey: async (_format: string, bytes: Uint8Array) => bytes,
  deriveKey: async (derivation: Derivation, base: Uint8Array) => derive(derivation, base),
  encrypt: async (sealing: Sealing, key: Uint8Array, text: Uint8Array) => seal(sealing, key, text),
  decrypt: async (sealing: Sealing, key: Uint8Array, sealed: Uint8Array) => open(sealing, key, sealed),
};

let vectors = 0;

/** In place of chance: bytes that no call has had before. */
export function fillWithNext(bytes: Uint8Array): Uint8Array {
  new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).setUint32(0, ++vectors);
  return bytes;
}

type Base64 = { readonly alphabet?: "base64" | "base64url" };

/** Strict, as sealed texts are read. */
export function fromBase64(text: string, { alphabet = "base64" }: Base64 = {}): Uint8Array {
  const bytes = Buffer.from(text, alphabet);
  if (bytes.toString(alphabet).replaceAll("=", "") !== text.replaceAll("=", "")) throw new SyntaxError("no base64");
  return new Uint8Array(bytes);
}

/** Without padding where the alphabet is that of URLs. */
export function toBase64(bytes: Uint8Array, { alphabet = "base64" }: Base64 = {}): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString(alphabet);
}
