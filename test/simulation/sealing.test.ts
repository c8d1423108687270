/** The seal of the simulation is the platform's: each opens what the other has sealed, and neither what was changed. */
import { expect, it } from "vitest";
import { fillWithNext, fromBase64, SEALING, toBase64 } from "./sealing.ts";

const { subtle } = crypto;
const bytesOf = (text: string) => new TextEncoder().encode(text);
const HKDF = { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info: bytesOf("a purpose") };
const BASE = bytesOf("0123456789abcdef0123456789abcdef");
const parameters = { name: "AES-GCM", iv: fillWithNext(new Uint8Array(12)), additionalData: bytesOf("an owner") };

async function run(method: string, ...args: readonly unknown[]): Promise<unknown> {
  const value: unknown = await Reflect.apply(SEALING[method] ?? Object, undefined, args);
  return value;
}

async function platformKey() {
  const base = await subtle.importKey("raw", BASE, "HKDF", false, ["deriveKey"]);
  return await subtle.deriveKey(HKDF, base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

const ownKey = async () => await run("deriveKey", HKDF, await run("importKey", "raw", BASE));

it("seals as the platform does, and opens what it has sealed", async () => {
  const sealed = new Uint8Array(await subtle.encrypt(parameters, await platformKey(), bytesOf("a text")));
  expect(await run("encrypt", parameters, await ownKey(), bytesOf("a text"))).toEqual(Buffer.from(sealed));
  expect(await run("decrypt", parameters, await ownKey(), sealed)).toEqual(Buffer.from("a text"));
});

it("opens nothing that was changed, or is another's", async () => {
  const sealed = new Uint8Array(await subtle.encrypt(parameters, await platformKey(), bytesOf("a text")));
  const changed = Uint8Array.from(sealed, (byte, index) => (index === 0 ? byte ^ 1 : byte));
  const another = { ...parameters, additionalData: bytesOf("another") };
  await expect(run("decrypt", parameters, await ownKey(), changed)).rejects.toThrow();
  await expect(run("decrypt", another, await ownKey(), sealed)).rejects.toThrow();
});

it("writes and reads bytes strictly, in either alphabet", () => {
  for (const alphabet of ["base64", "base64url"] as const) {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
    expect(fromBase64(toBase64(bytes, { alphabet }), { alphabet })).toEqual(bytes);
  }
  expect(() => fromBase64("AB")).toThrow(SyntaxError);
  expect(() => fromBase64("A!==")).toThrow(SyntaxError);
});
