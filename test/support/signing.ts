/** The isolate's signer as tests of one isolate hold it: all their requests are one, and what is left for later goes on. */
import type { JSONWebKeySet } from "jose";
import { createSigner, type KeyRingStub, type Signer } from "../../src/keys/signer.ts";
import { openerOf } from "../../src/keys/token-signature.ts";
import { jwksResponse } from "../../src/token/metadata.ts";

/** What it holds lives as long as the terms say, to the second. */
export function signerOver(
  keyRing: () => KeyRingStub,
  keyEncryptionKey: string,
  later: (work: Promise<unknown>) => void = () => {},
): Signer {
  return createSigner(openerOf(keyEncryptionKey), () => 0)({ keyRing, later });
}

/** The published set, as a relying party fetches it. */
export async function jwksOf(signer: Signer): Promise<JSONWebKeySet> {
  const keys = await signer.publishedKeys(Math.floor(Date.now() / 1000));
  if (!keys.ok) throw new Error(keys.error.reason ?? keys.error.message);
  return jwksResponse(keys.value).json();
}
