/** The keys of the floors, one of each algorithm: made once, before the measured time, since every step begins with a warm-up. */
import { generateKeyPair } from "jose";

const keys = new Map<string, CryptoKeyPair>();

export async function keysFor(algorithm: string): Promise<CryptoKeyPair> {
  const known = keys.get(algorithm);
  if (known !== undefined) return known;
  const pair = await generateKeyPair(algorithm, { extractable: false, modulusLength: 2048 });
  keys.set(algorithm, pair);
  return pair;
}
