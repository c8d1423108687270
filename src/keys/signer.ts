/**
 * Signs in the isolate with a leased key, and holds the published set. What it holds lives as long as the isolate: a key is
 * opened once, not once a token. Never signs with a key past its lease.
 */
import { ok, type Result } from "../domain/errors.ts";
import type { OpenIdClaims } from "../domain/open-id-claims.ts";
import type { CacheTerms, PublishedKey, PublishedKeys, SigningKey } from "./key-ring.ts";
import { type Asker, covers, createLease, type Leased } from "./lease.ts";

/** What the signer asks of the KeyRingObject. */
export type KeyRingStub = {
  signingKey(): Promise<Result<SigningKey>>;
  publishedKeys(): Promise<Result<PublishedKeys>>;
};

/** Makes a stub for each question: one that saw an infrastructure failure stays broken, and it belongs to its request. */
export type KeyAsker = Asker & { keyRing(): KeyRingStub };

/** A key that is ready for use. */
export type SignClaims = (claims: OpenIdClaims) => Promise<string>;
/** Fails with InternalErrorException. */
export type OpenKey = (key: SigningKey) => Promise<Result<SignClaims>>;

/** A signature for which the key has been asked already. */
export type Signing = {
  /** The claims as a signed token; `now` is the clock, in epoch seconds, and judges the lease alone. Fails with InternalErrorException. */
  sign(claims: OpenIdClaims, now: () => number): Promise<Result<string>>;
};

/** The isolate's signer in the hands of one request. All instants are epoch seconds. */
export type Signer = {
  /** Asks for the key at once, where none is held, so that the answer comes beside what decides whether to sign at all. */
  begin(now: number): Signing;
  /** Whether there is a key that could sign now; asks for it where none is held. Fails as `sign` would. */
  canSign(now: number): Promise<Result<void>>;
  /** The keys to publish, active first. Fails with InternalErrorException. */
  publishedKeys(now: number): Promise<Result<readonly PublishedKey[]>>;
  /** What is held is asked for again: the key ring was changed through this isolate. */
  forget(): void;
};

type HeldKey = { readonly sealedAs: string; readonly sign: SignClaims };

/** One for an isolate; what it gives is for one request. `random` is uniform in [0, 1). */
export function createSigner(open: OpenKey, random: () => number): (asker: KeyAsker) => Signer {
  const leaseSigningKey = () =>
    createLease<HeldKey, KeyAsker>(async (asker, held) => {
      const answer = await asker.keyRing().signingKey();
      if (!answer.ok) return answer;
      const sealedAs = answer.value.sealed.ciphertext;
      if (held?.sealedAs === sealedAs) return ok(leased(held, answer.value));
      const opened = await open(answer.value);
      return opened.ok ? ok(leased({ sealedAs, sign: opened.value }, answer.value)) : opened;
    }, random);
  const leasePublishedKeys = () =>
    createLease<readonly PublishedKey[], KeyAsker>(async (asker) => {
      const answer = await asker.keyRing().publishedKeys();
      return answer.ok ? ok(leased(answer.value.keys, answer.value)) : answer;
    }, random);
  let signingKey = leaseSigningKey();
  let publishedKeys = leasePublishedKeys();

  return (asker) => ({
    begin(now) {
      const begun = signingKey(now, asker);
      return {
        async sign(claims, clock) {
          const first = await begun;
          if (!first.ok) return first;
          // What came between, or this very answer, may have taken longer than the key is held for.
          const signedAt = clock();
          const held = covers(first.value, signedAt) ? first : await signingKey(signedAt, asker);
          return held.ok ? ok(await held.value.value.sign(claims)) : held;
        },
      };
    },
    async canSign(now) {
      const held = await signingKey(now, asker);
      return held.ok ? ok(undefined) : held;
    },
    async publishedKeys(now) {
      const held = await publishedKeys(now, asker);
      return held.ok ? ok(held.value.value) : held;
    },
    forget() {
      signingKey = leaseSigningKey();
      publishedKeys = leasePublishedKeys();
    },
  });
}

function leased<T>(value: T, { refreshAfterSeconds, useForSeconds }: CacheTerms): Leased<T> {
  return { value, terms: { refreshAfterSeconds, useForSeconds } };
}
