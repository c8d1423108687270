/**
 * Two things that workerd gives to the code and that a simulation must own: the hash that names a login, answered within the
 * event that asks for it (threads of the real one would decide the order of things), and the hex form that Node lacks.
 */
import { hash } from "node:crypto";

const names = new Map<string, string>();
const loginIds = new Map<string, string>();

/** Replaces the platform's hash for this process: the same value, without a thread. */
export function ownPlatform(): void {
  Object.defineProperty(crypto.subtle, "digest", {
    configurable: true,
    value: async (_algorithm: string, bytes: Uint8Array) => digest(bytes),
  });
  const { prototype } = Uint8Array;
  if ("toHex" in prototype) return;
  Object.defineProperty(prototype, "toHex", {
    configurable: true,
    value(this: Uint8Array) {
      return hexes.get(this) ?? Buffer.from(this.buffer, this.byteOffset, this.byteLength).toString("hex");
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

/** The login id of a developer user, as domain/login.ts has it: remembered under a name that a trace can show. */
export function developerLoginIdOf(identityPoolId: string, providerName: string, subject: string): string {
  const text = JSON.stringify(["developer", identityPoolId, providerName, subject]);
  let loginId = loginIds.get(text);
  if (loginId === undefined) {
    loginId = hash("sha256", text, "hex");
    loginIds.set(text, loginId);
    names.set(loginId, `${providerName}/${subject}`);
  }
  return loginId;
}

const HASH = /[0-9a-f]{64}/g;

/** A line of a trace, with each hash as the login that it stands for. */
export function readable(line: string): string {
  return line.replaceAll(HASH, (loginId) => names.get(loginId) ?? loginId);
}
