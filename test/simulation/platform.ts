/**
 * What workerd gives to the code and a simulation must own: the hash that names a login and the seal of a text, answered within
 * the event that asks for them (threads of the real ones would decide the order of things), and the forms of bytes that Node lacks.
 */
import { hash } from "node:crypto";
import { fillWithNext, fromBase64, SEALING, toBase64 } from "./sealing.ts";

const names = new Map<string, string>();
const loginIds = new Map<string, string>();

/** Replaces the platform's hash and seal for this process: the same values, without a thread. Its log is dropped: the faults are ours. */
export function ownPlatform(): void {
  console.warn = () => {};
  Object.defineProperty(crypto.subtle, "digest", {
    configurable: true,
    value: async (_algorithm: string, bytes: Uint8Array) => digest(bytes),
  });
  for (const [name, value] of Object.entries(SEALING)) {
    Object.defineProperty(crypto.subtle, name, { configurable: true, value });
  }
  Object.defineProperty(crypto, "getRandomValues", { configurable: true, value: fillWithNext });
  const { prototype } = Uint8Array;
  if ("toHex" in prototype) return;
  Object.defineProperty(prototype, "toHex", {
    configurable: true,
    value(this: Uint8Array) {
      return hexes.get(this) ?? Buffer.from(this.buffer, this.byteOffset, this.byteLength).toString("hex");
    },
  });
  Object.defineProperty(Uint8Array, "fromBase64", { configurable: true, value: fromBase64 });
  Object.defineProperty(prototype, "toBase64", {
    configurable: true,
    value(this: Uint8Array, options: Parameters<typeof toBase64>[1]) {
      return toBase64(this, options);
    },
  });
}

/** Very few texts are ever hashed here, again and again. */
const digests = new Map<string, Uint8Array>();
const hexes = new WeakMap<Uint8Array, string>();

function digest(bytes: Uint8Array): Uint8Array {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).latin1Slice();
  const known = digests.get(text);
  if (known !== undefined) return known;
  const made = hash("sha256", bytes, "buffer");
  digests.set(text, made);
  hexes.set(made, made.toString("hex"));
  return made;
}

/** A login id, as domain/login.ts has it: remembered under a name that a trace can show. */
export function hashOfLogin(parts: readonly string[], name: string): string {
  const text = JSON.stringify(parts);
  let loginId = loginIds.get(text);
  if (loginId === undefined) {
    loginId = hash("sha256", text, "hex");
    loginIds.set(text, loginId);
    names.set(loginId, name);
  }
  return loginId;
}

const HASH = /[0-9a-f]{64}/g;

/** A line of a trace, with each hash as the login that it stands for. */
export function readable(line: string): string {
  return line.replaceAll(HASH, (loginId) => names.get(loginId) ?? loginId);
}
