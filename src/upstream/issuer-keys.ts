/** Where a verifier gets an issuer's keys from: the contract only. The isolate's cache and the issuer's object stand behind it. */
import type { Result } from "../domain/errors.ts";
import type { KeyRefusalReason } from "./refusal.ts";
import type { SignatureAlgorithm } from "./signature.ts";

export type KeyRequest = {
  /** The issuer that the pool's provider row stands for; never one that a token names (T4). */
  readonly issuer: string;
  readonly algorithm: SignatureAlgorithm;
  /** `kid` of the token's header, for equality alone (T5). */
  readonly kid: string | undefined;
  /** Whether this key made the token's signature. Asked about one key of a set, and never about another one beside it. */
  readonly isSigner: (key: CryptoKey) => boolean | Promise<boolean>;
  /** Told when the answer had to be fetched from the issuer. */
  readonly onFetch?: (() => void) | undefined;
};

export interface IssuerKeys {
  /**
   * The one key that fits and made the signature. What the known set refuses is judged once more by a newer one where the
   * issuer may be asked for it: a key may be new, may have replaced another under the same kid, or have lost its double.
   */
  find(request: KeyRequest): Promise<Result<CryptoKey, KeyRefusalReason>>;
}
