/**
 * How young a proof must be that changes who an identity is: the setting LINK_PROOF_MAX_AGE_SECONDS, docs/adr/0030. Pure.
 * A stolen login token mints until it expires; by this it links and unlinks for a few minutes only.
 */
import type { Login } from "./login.ts";

/** Null: any proof will do, as at the live service. */
export type ProofRule = { readonly maxAgeSeconds: number; readonly clockSkewSeconds: number } | null;

/** A login that a request has proved, as far as its age goes. */
export type Proof = Pick<Login, "loginId" | "isDeveloper"> & {
  /** Epoch seconds at which the proof was issued; absent: nobody has said. */
  readonly issuedAt?: number;
};

/**
 * Login ids of the proofs that are young enough at `now`, in epoch seconds. A developer's signed call is made now. A proof of
 * unknown age is not.
 */
export function freshOnes(proofs: readonly Proof[], rule: ProofRule, now: number): readonly string[] {
  const fresh = proofs.filter(({ isDeveloper, issuedAt }) => {
    if (rule === null || isDeveloper === true) return true;
    return issuedAt !== undefined && now - issuedAt <= rule.maxAgeSeconds + rule.clockSkewSeconds;
  });
  return fresh.map(({ loginId }) => loginId);
}
