/** The isolate's signer as tests of one isolate hold it: all their requests are one, and what is left for later goes on. */
import { createSigner, type KeyRingStub, type Signer } from "../../src/keys/signer.ts";
import { openerOf } from "../../src/keys/token-signature.ts";

/** What it holds lives as long as the terms say, to the second. */
export function signerOver(
  keyRing: () => KeyRingStub,
  keyEncryptionKey: string,
  later: (work: Promise<unknown>) => void = () => {},
): Signer {
  return createSigner(openerOf(keyEncryptionKey), () => 0)({ keyRing, later });
}
