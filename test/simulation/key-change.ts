/**
 * The change of KEY_ENCRYPTION_KEY in three deployments (docs/operations.md): each reaches the key ring and the two isolates one after
 * the other, so that they are never more than one step apart. A key encryption key is a name here, and so is what is sealed under it.
 */
import { err, ok, serviceError } from "../../src/domain/errors.ts";
import type { SealedKey } from "../../src/keys/key-ring.ts";
import type { OpenKey } from "../../src/keys/signer.ts";
import type { Coverage } from "./coverage.ts";
import type { Network } from "./network.ts";

export const OLD_KEY = "the key encryption key";
const NEW_KEY = "the next key encryption key";

export type KeyEncryptionKeys = { readonly own: string; readonly other: string | null };
/** Who has settings of its own. */
export type Party = "ring" | "isolate 1" | "isolate 2";

/** As they are set before the change, and after each of its steps. */
const STEPS: readonly [KeyEncryptionKeys, ...KeyEncryptionKeys[]] = [
  { own: OLD_KEY, other: null },
  { own: OLD_KEY, other: NEW_KEY },
  { own: NEW_KEY, other: OLD_KEY },
  { own: NEW_KEY, other: null },
];

export function sealedUnder(kid: string, keyEncryptionKey: string): SealedKey {
  return { iv: kid, ciphertext: `${kid} under ${keyEncryptionKey}` };
}

export class KeyChange {
  readonly #steps = new Map<Party, number>([
    ["ring", 0],
    ["isolate 1", 0],
    ["isolate 2", 0],
  ]);

  keysOf(party: Party): KeyEncryptionKeys {
    return STEPS[this.#steps.get(party) ?? 0] ?? STEPS[0];
  }

  /** Those that have still to take the step that another has taken; all of them where the next one is due. */
  get waiting(): readonly Party[] {
    const parties = [...this.#steps];
    const furthest = Math.max(...parties.map(([, step]) => step));
    const behind = parties.filter(([, step]) => step < furthest);
    const due = behind.length > 0 || furthest === STEPS.length - 1 ? behind : parties;
    return due.map(([party]) => party);
  }

  /** Whether the step that is due gives up the old key: not before the ring rests under the new one. */
  get givesUpOld(): boolean {
    return this.waiting.some((party) => this.#steps.get(party) === STEPS.length - 2);
  }

  isNew(name: string | undefined): boolean {
    return name === NEW_KEY;
  }

  /** One step on. */
  deploy(party: Party): void {
    this.#steps.set(party, (this.#steps.get(party) ?? 0) + 1);
  }
}

/** A key is a name here, and so is what it signs. What cannot be opened would refuse a token. */
export function openerOf(
  network: Pick<Network, "violate"> & { readonly coverage: Coverage },
  keysNow: () => KeyEncryptionKeys,
): OpenKey {
  return async ({ kid, sealed: { ciphertext } }) => {
    const { own, other } = keysNow();
    const isOwn = ciphertext === sealedUnder(kid, own).ciphertext;
    const isOther = other !== null && ciphertext === sealedUnder(kid, other).ciphertext;
    if (isOther) network.coverage.hit("F25 an isolate opens by the other key encryption key");
    if (isOwn || isOther) return await Promise.resolve(ok(async () => await Promise.resolve(kid)));
    network.violate(`keys-outlive-their-seal: ${ciphertext} is opened with ${own} and ${other}`);
    return err(serviceError("InternalErrorException", "An internal error occurred."));
  };
}
