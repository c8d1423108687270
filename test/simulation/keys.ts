/**
 * The key ring's object over the pure rules of keys/key-ring.ts, and what relying parties make of it: whoever honours
 * `max-age` can verify every token at every moment of its life (K1). Key material is a name here; nothing is encrypted.
 */
import {
  advance,
  CACHE_TERMS,
  type CacheTerms,
  type FreshKey,
  JWKS_MAX_AGE_SECONDS,
  type KeyRing,
  PUBLICATION_LEAD_SECONDS,
  publishedKeysOf,
} from "../../src/keys/key-ring.ts";
import type { Network } from "./network.ts";
import { type Random } from "./random.ts";
import type { Life, Slot } from "./slots.ts";
import type { Surroundings } from "./surroundings.ts";

/** `rotationSeconds` is a setting, and no fact of the ring: an operator may shorten it at any time. */
export type KeyRingState = { readonly ring: KeyRing };
export type KeyRingSlot = Slot<KeyRingNode, KeyRingState>;

const ALGORITHM = "ES256";
const ROTATION_SECONDS = 90 * 86_400;
/** How long before a run the key that is next may have been published: some are not ripe yet when they are wanted. */
const AGES_SECONDS = [
  PUBLICATION_LEAD_SECONDS - 800,
  PUBLICATION_LEAD_SECONDS - 5,
  PUBLICATION_LEAD_SECONDS + 60,
] as const;

function keyNamed(kid: string): FreshKey {
  return {
    kid,
    alg: ALGORITHM,
    publicJwk: { kty: "EC", crv: "P-256", x: kid, y: kid },
    sealed: { iv: "", ciphertext: kid },
  };
}

/** A ring in the middle of its life. */
export function ringAt(nowSeconds: number, random: Random): KeyRingState {
  const activatedAt = nowSeconds - 86_400;
  const publishedAt = nowSeconds - random.pick([...AGES_SECONDS]);
  const active = { ...keyNamed("key1"), publishedAt: activatedAt - PUBLICATION_LEAD_SECONDS, activatedAt };
  return { ring: { active, next: [{ ...keyNamed("key2"), publishedAt }], retired: [] } };
}

export class KeyRingNode {
  readonly #world: Pick<Surroundings, "network" | "store" | "newName" | "isRotationDue">;
  readonly #slot: KeyRingSlot;
  readonly #life: Life;

  constructor(world: Surroundings, slot: KeyRingSlot, life: Life) {
    this.#world = world;
    this.#slot = slot;
    this.#life = life;
  }

  signingKey(): CacheTerms & { readonly kid: string } {
    const { active } = this.#settle();
    if (active === undefined) throw new Error("the key ring has no active key");
    return { kid: active.kid, ...CACHE_TERMS };
  }

  publishedKeys(): CacheTerms & { readonly kids: readonly string[] } {
    return { kids: publishedKeysOf(this.#settle()).map(({ kid }) => kid), ...CACHE_TERMS };
  }

  async alarm(): Promise<void> {
    this.#settle();
  }

  #settle(): KeyRing {
    const settings = {
      algorithm: ALGORITHM,
      rotationSeconds: this.#world.isRotationDue ? 0 : ROTATION_SECONDS,
    } as const;
    const now = Math.floor(this.#world.network.clockOf(this.#slot) / 1000);
    const before = this.#slot.stored?.ring ?? { next: [], retired: [] };
    let step = advance(before, now, settings);
    if (step.wanted !== undefined) step = advance(step.ring, now, settings, keyNamed(this.#world.newName("key")));
    if (step.ring !== before) this.#world.store(this.#life, this.#slot, { ring: step.ring }, () => {});
    return step.ring;
  }
}

type Token = { readonly kid: string; readonly signedAtMs: number; readonly expiresAtMs: number };
type KeySet = { readonly kids: readonly string[]; readonly servedAtMs: number };

export class RelyingParties {
  readonly #network: Network;
  readonly #tokens: Token[] = [];
  readonly #keySets: KeySet[] = [];

  constructor(network: Network, { ring }: KeyRingState) {
    this.#network = network;
    // The last set that an isolate may have served without the key that is next: from its cache, ten minutes old.
    for (const { publishedAt } of ring.next) {
      const servedAtMs = (publishedAt + CACHE_TERMS.useForSeconds) * 1000 - 1;
      if (servedAtMs < network.nowMs) this.#keySets.push({ kids: [ring.active?.kid ?? ""], servedAtMs });
    }
  }

  signed(kid: string, lifetimeSeconds: number): void {
    const signedAtMs = this.#network.nowMs;
    const unaware = this.#keySets.find((set) => {
      return set.servedAtMs + JWKS_MAX_AGE_SECONDS * 1000 > signedAtMs && !set.kids.includes(kid);
    });
    if (unaware !== undefined) this.#network.violate(`K1: ${kid} signed, and a key set in use does not have it`);
    this.#tokens.push({ kid, signedAtMs, expiresAtMs: signedAtMs + lifetimeSeconds * 1000 });
  }

  served(kids: readonly string[]): void {
    const { nowMs } = this.#network;
    const orphan = this.#tokens.find((token) => token.expiresAtMs > nowMs && !kids.includes(token.kid));
    if (orphan !== undefined) this.#network.violate(`K1: a living token of ${orphan.kid} finds no key in the set`);
    const last = this.#keySets.at(-1);
    const isSame = last?.kids.join() === kids.join();
    if (!isSame || last.servedAtMs !== nowMs) this.#keySets.push({ kids, servedAtMs: nowMs });
  }
}
