/**
 * Signs in the isolate with a leased key, and holds the published set. One signer lives as long as its isolate: the key is
 * imported once, not once a token. Never signs with a key past its lease, and holds no private key that can be exported.
 */
import { CompactSign } from "jose";
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import type { OpenIdClaims } from "../domain/open-id-claims.ts";
import type { CacheTerms, PublishedKey, PublishedKeys, SigningKey } from "./key-ring.ts";
import { createLease } from "./lease.ts";
import { unsealSigningKey } from "./signing-key.ts";

/** What the signer asks of the KeyRingObject. */
export type KeyRingStub = {
  signingKey(): Promise<Result<SigningKey>>;
  publishedKeys(): Promise<Result<PublishedKeys>>;
};

export type Signer = {
  /** The claims as a signed token; `now` is epoch seconds and judges the lease alone. Fails with InternalErrorException. */
  sign(claims: OpenIdClaims, now: number): Promise<Result<string>>;
  /** The keys to publish, active first. Fails with InternalErrorException. */
  publishedKeys(now: number): Promise<Result<readonly PublishedKey[]>>;
  /** What is held is asked for again: the key ring was changed through this isolate. */
  forget(): void;
};

type HeldKey = {
  readonly sealedAs: string;
  readonly header: { alg: string; typ: string; kid: string };
  readonly key: CryptoKey;
};

const encoder = new TextEncoder();

function termsOf({ refreshAfterSeconds, useForSeconds }: CacheTerms): CacheTerms {
  return { refreshAfterSeconds, useForSeconds };
}

async function hold(signingKey: SigningKey, keyEncryptionKey: string): Promise<Result<HeldKey>> {
  const { kid, alg, sealed } = signingKey;
  try {
    const key = await unsealSigningKey(signingKey, keyEncryptionKey);
    return ok({ sealedAs: sealed.ciphertext, header: { alg, typ: "JWT", kid }, key });
  } catch {
    // WebCrypto says no more than that the tag does not match; its text is left out, the kid is what an operator needs.
    const reason = `signing key ${kid} cannot be unsealed: this Worker's KEY_ENCRYPTION_KEY is not the key ring's`;
    return err(serviceError("InternalErrorException", "An internal error occurred.", reason));
  }
}

/**
 * `keyRing` makes a stub for each call: a stub that saw an infrastructure failure stays broken, and one made in a request
 * belongs to that request.
 */
export function createSigner(keyRing: () => KeyRingStub, keyEncryptionKey: string): Signer {
  const leaseSigningKey = () =>
    createLease<HeldKey>(async (held) => {
      const answer = await keyRing().signingKey();
      if (!answer.ok) return answer;
      const isSame = held !== undefined && held.sealedAs === answer.value.sealed.ciphertext;
      const next = isSame ? ok(held) : await hold(answer.value, keyEncryptionKey);
      return next.ok ? ok({ value: next.value, terms: termsOf(answer.value) }) : next;
    });
  const leasePublishedKeys = () =>
    createLease<readonly PublishedKey[]>(async () => {
      const answer = await keyRing().publishedKeys();
      return answer.ok ? ok({ value: answer.value.keys, terms: termsOf(answer.value) }) : answer;
    });
  let signingKey = leaseSigningKey();
  let publishedKeys = leasePublishedKeys();
  return {
    async sign(claims, now) {
      const held = await signingKey(now);
      if (!held.ok) return held;
      const { header, key } = held.value;
      return ok(await new CompactSign(encoder.encode(JSON.stringify(claims))).setProtectedHeader(header).sign(key));
    },
    publishedKeys: async (now) => await publishedKeys(now),
    forget() {
      signingKey = leaseSigningKey();
      publishedKeys = leasePublishedKeys();
    },
  };
}
