/**
 * The key ring in the simulated world, which is the product's own (keys/key-ring-actor.ts) over a simulated host, and what
 * relying parties make of it: whoever honours `max-age` can verify every token at every moment of its life (invariant
 * published-while-it-counts). Key material is a name here; nothing is encrypted.
 */
import {
  CACHE_TERMS,
  EMPTY_RING,
  type FreshKey,
  JWKS_MAX_AGE_SECONDS,
  type KeyRing,
  PUBLICATION_LEAD_SECONDS,
} from "../../src/keys/key-ring.ts";
import { KeyRingActor, type KeyRingHost, LEAST_ALARM_INTERVAL_SECONDS } from "../../src/keys/key-ring-actor.ts";
import { decodeKeyRingRecord, encodeKeyRingRecord, type KeyRingRecord } from "../../src/keys/key-ring-record.ts";
import { OLD_KEY, sealedUnder } from "./key-change.ts";
import type { Network } from "./network.ts";
import { type Random } from "../support/random.ts";
import type { Life, Slot } from "./slots.ts";
import type { KeyRingState, Surroundings } from "./surroundings.ts";

export type KeyRingSlot = Slot<KeyRingActor, KeyRingState>;

const ALGORITHM = "ES256";
const ROTATION_SECONDS = 90 * 86_400;
/** How long it takes to make a key. */
const SLOWEST_KEY_MS = 600;
/** And to seal one anew: long enough that an order to rotate comes in between. */
const SLOWEST_SEAL_MS = 3000;
/** How long before a run the key that is next may have been published: some are not ripe yet when they are wanted. */
const AGES_SECONDS = [
  PUBLICATION_LEAD_SECONDS - 800,
  PUBLICATION_LEAD_SECONDS - 5,
  PUBLICATION_LEAD_SECONDS + 60,
] as const;

function keyNamed(kid: string, keyEncryptionKey = OLD_KEY): FreshKey {
  return {
    kid,
    alg: ALGORITHM,
    publicJwk: { kty: "EC", crv: "P-256", x: kid, y: kid },
    sealed: sealedUnder(kid, keyEncryptionKey),
  };
}

/** All schedules begin at one instant: so few rings are there, and nobody changes what is stored but by storing anew. */
const beginnings = new Map<number, KeyRingState>();

/** A ring in the middle of its life. */
export function ringAt(nowSeconds: number, random: Random): KeyRingState {
  const publishedAt = nowSeconds - random.pick(AGES_SECONDS);
  const known = beginnings.get(publishedAt);
  if (known !== undefined) return known;
  const activatedAt = nowSeconds - 86_400;
  const active = { ...keyNamed("present"), publishedAt: activatedAt - PUBLICATION_LEAD_SECONDS, activatedAt };
  const ring = { active, next: [{ ...keyNamed("following"), publishedAt }], retired: [] };
  const state = { record: encodeKeyRingRecord({ sealedUnder: OLD_KEY, ring }), rotations: [] };
  beginnings.set(publishedAt, state);
  return state;
}

const records = new WeakMap<KeyRingState, KeyRingRecord>();

/** Whoever watches asks for it at every signature, and it seldom changes. */
export function ringIn(state: KeyRingState | null): KeyRing {
  return state === null ? EMPTY_RING : recordIn(state).ring;
}

function recordIn(state: KeyRingState): KeyRingRecord {
  const known = records.get(state);
  if (known !== undefined) return known;
  const decoded = decodeKeyRingRecord(state.record);
  if (!decoded.ok) throw new Error(decoded.error);
  records.set(state, decoded.value);
  return decoded.value;
}

/** The first key that does not rest under the key encryption key that the ring names (invariant keys-outlive-their-seal); null: none. */
export function wronglySealedIn(state: KeyRingState): string | null {
  const { ring, sealedUnder: keyEncryptionKey } = recordIn(state);
  const keys = [...(ring.active === undefined ? [] : [ring.active]), ...ring.next];
  const wrong = keys.find(({ kid, sealed }) => sealed.ciphertext !== sealedUnder(kid, keyEncryptionKey).ciphertext);
  return wrong?.kid ?? null;
}

type Host = Pick<Surroundings, "network" | "store" | "newName" | "isRotationDue" | "keyChange">;

export function keyRingOf(world: Host, slot: KeyRingSlot, life: Life): KeyRingActor {
  const { network } = world;
  const arm = (at: number) => {
    const leastMs = network.clockOf(slot) + LEAST_ALARM_INTERVAL_SECONDS * 1000;
    if (life.isAlive) network.setAlarm(slot, Math.max(at * 1000, leastMs));
  };
  // Of the deployment that this life began with.
  const { own, other } = world.keyChange.keysOf("ring");
  const host: KeyRingHost = {
    now: () => Math.floor(network.clockOf(slot) / 1000),
    settings: () => ({ algorithm: ALGORITHM, rotationSeconds: world.isRotationDue ? 0 : ROTATION_SECONDS }),
    async makeKey() {
      await network.sleep(life, 1 + network.streamOf(life).below(SLOWEST_KEY_MS));
      return keyNamed(world.newName("key"), own);
    },
    keyEncryptionKeyId: async () => await Promise.resolve(own),
    otherKeyEncryptionKeyId: async () => await Promise.resolve(other),
    async sealAnew({ kid, sealed }) {
      await network.sleep(life, 1 + network.streamOf(life).below(SLOWEST_SEAL_MS));
      if (other === null || sealed.ciphertext !== sealedUnder(kid, other).ciphertext) throw new Error("a broken seal");
      network.coverage.hit("F25 a key is sealed anew");
      return sealedUnder(kid, own);
    },
    loadRecord: () => slot.stored?.record,
    loadRotations: () => slot.stored?.rotations,
    save({ record, rotations = slot.stored?.rotations ?? [], wakeAt }) {
      world.store(life, slot, { record, rotations }, () => {
        if (wakeAt !== undefined) arm(wakeAt);
      });
    },
    alarmAt: async () => await Promise.resolve(slot.alarmAtMs === null ? null : slot.alarmAtMs / 1000),
    setAlarm: async (at) => await Promise.resolve(arm(at)),
    log: () => {},
  };
  return new KeyRingActor(host);
}

type Token = { readonly kid: string; readonly signedAtMs: number; readonly expiresAtMs: number };
type KeySet = { readonly kids: readonly string[]; readonly servedAtMs: number };
/** Keys of which an operator has willed that those who honour `max-age` may meet tokens that they cannot verify. */
type Exceptions = {
  readonly droppedAtMs: ReadonlyMap<string, number>;
  /** When they began to sign, without that everybody could know of them. */
  readonly forcedAtMs: ReadonlyMap<string, number>;
};

export class RelyingParties {
  readonly #network: Network;
  readonly #exceptions: Exceptions;
  readonly #tokens: Token[] = [];
  readonly #keySets: KeySet[] = [];

  constructor(network: Network, state: KeyRingState, exceptions: Exceptions) {
    this.#network = network;
    this.#exceptions = exceptions;
    const ring = ringIn(state);
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
    const isExcused = this.#exceptions.forcedAtMs.has(kid) || this.#exceptions.droppedAtMs.has(kid);
    if (unaware !== undefined && !isExcused) {
      this.#network.violate(`published-before-it-signs: ${kid} signed, and a key set in use does not have it`);
    }
    this.#tokens.push({ kid, signedAtMs, expiresAtMs: signedAtMs + lifetimeSeconds * 1000 });
  }

  served(kids: readonly string[]): void {
    const { nowMs } = this.#network;
    const orphan = this.#tokens.find((token) => {
      if (token.expiresAtMs <= nowMs || kids.includes(token.kid)) return false;
      const { droppedAtMs, forcedAtMs } = this.#exceptions;
      // The set that an isolate holds may be older than the key for as long as it may be held.
      const isNews = nowMs < (forcedAtMs.get(token.kid) ?? 0) + CACHE_TERMS.useForSeconds * 1000;
      return !isNews && !droppedAtMs.has(token.kid);
    });
    if (orphan !== undefined)
      this.#network.violate(`published-while-it-counts: a living token of ${orphan.kid} finds no key in the set`);
    const last = this.#keySets.at(-1);
    const isSame = last?.kids.join() === kids.join();
    if (!isSame || last.servedAtMs !== nowMs) this.#keySets.push({ kids, servedAtMs: nowMs });
  }
}
