/**
 * The rules of our own keys, judged at every storage step of the ring and at every signature: no key signs before everybody
 * can have heard of it (invariant published-before-it-signs), an isolate signs with what it has asked for (invariant
 * no-stale-key), and an emergency drops one key for one order, for good (invariant one-drop-an-order). What relying parties
 * make of it is judged by RelyingParties.
 */
import { CACHE_TERMS, JWKS_MAX_AGE_SECONDS, type KeyRing, publishedKeysOf } from "../../src/keys/key-ring.ts";
import type { EmergencyRotation, Rotation } from "../../src/keys/key-ring-actor.ts";
import type { Network } from "./network.ts";
import type { Life } from "./slots.ts";

/** A key set without a key may be served for the cache life of an isolate, and then be held for max-age. */
const EVERYBODY_KNOWS_AFTER_MS = (CACHE_TERMS.useForSeconds + JWKS_MAX_AGE_SECONDS) * 1000;

type Referee = Pick<Network, "nowMs" | "violate" | "coverage">;

export class KeyJudge {
  readonly droppedAtMs = new Map<string, number>();
  readonly forcedAtMs = new Map<string, number>();
  readonly #network: Referee;
  readonly #publishedAtMs: Map<string, number>;
  readonly #everActive: Set<string | undefined>;
  /** What operators have ordered, and of which they were told that it is done. */
  readonly #orders = new Set<string>();
  readonly #acknowledged = new Set<string>();
  /** Orders that the ring has carried out, by its own names of them. */
  readonly #carriedOut = new Set<string>();
  #isForceOrdered = false;

  constructor(network: Referee, ring: KeyRing) {
    this.#network = network;
    this.#everActive = new Set([ring.active?.kid]);
    const known = [...(ring.active === undefined ? [] : [ring.active]), ...ring.next];
    this.#publishedAtMs = new Map(known.map(({ kid, publishedAt }) => [kid, publishedAt * 1000]));
  }

  ordered(orderId: string, isForced: boolean): void {
    if (this.#orders.has(orderId) && this.droppedAtMs.size >= this.#orders.size) {
      this.#network.coverage.hit("F11 an order to rotate comes again after it was carried out");
    }
    this.#orders.add(orderId);
    this.#isForceOrdered ||= isForced;
  }

  /** The one who ordered it hears that it is done, while the ring is this. */
  acknowledged(orderId: string, { kid, droppedKids }: EmergencyRotation, ring: KeyRing): void {
    this.#acknowledged.add(orderId);
    if (this.#acknowledged.size > this.#carriedOut.size)
      this.#violate(`one-drop-an-order: ${orderId} is said to be carried out`);
    const kept = kidsOf(ring).find((one) => droppedKids.includes(one));
    if (kept !== undefined) this.#violate(`one-drop-an-order: ${kept} is said to be dropped, and is published`);
    if (!this.hasSigned(kid)) this.#violate(`one-drop-an-order: ${kid} is said to sign, and never did`);
  }

  stored(before: KeyRing, after: KeyRing, rotations: readonly Pick<Rotation, "orderId">[]): void {
    const { nowMs } = this.#network;
    const [earlier, later] = [kidsOf(before), kidsOf(after)];
    for (const { orderId } of rotations) {
      if (this.#carriedOut.has(orderId)) continue;
      this.#carriedOut.add(orderId);
      // An order that meets a ring whose active key another has just dropped finds nothing to drop.
      if (later.includes(before.active?.kid ?? ""))
        this.#violate(`one-drop-an-order: ${before.active?.kid} outlives an order to drop it`);
    }
    for (const kid of later.filter((one) => !earlier.includes(one))) {
      if (this.#publishedAtMs.has(kid)) this.#violate(`one-drop-an-order: ${kid} was published, was not, and is again`);
      this.#publishedAtMs.set(kid, nowMs);
    }
    for (const kid of earlier.filter((one) => !later.includes(one))) {
      if (kid === before.active?.kid) this.#dropped(kid);
      else if (before.next.some((key) => key.kid === kid))
        this.#violate(`published-before-it-signs: ${kid} is gone before it ever signed`);
    }
    const { active } = after;
    if (active === undefined || active.kid === before.active?.kid) return;
    this.#everActive.add(active.kid);
    if (nowMs - (this.#publishedAtMs.get(active.kid) ?? nowMs) >= EVERYBODY_KNOWS_AFTER_MS) return;
    const isEmergency = !later.includes(before.active?.kid ?? "");
    if (isEmergency && this.#isForceOrdered) this.forcedAtMs.set(active.kid, nowMs);
    else this.#violate(`published-before-it-signs: ${active.kid} signs before everybody can have heard of it`);
  }

  /** Whether the stored ring ever had it sign. */
  hasSigned(kid: string): boolean {
    return this.#everActive.has(kid);
  }

  #dropped(kid: string): void {
    this.droppedAtMs.set(kid, this.#network.nowMs);
    if (this.droppedAtMs.size > this.#orders.size)
      this.#violate(`one-drop-an-order: ${kid} is dropped, and nobody has ordered it`);
  }

  #violate(words: string): void {
    this.#network.violate(words);
  }
}

function kidsOf(ring: KeyRing): readonly string[] {
  return publishedKeysOf(ring).map(({ kid }) => kid);
}

/** What one isolate has heard of the ring: how long it may sign with which key. */
export class LeaseJudge {
  readonly #network: Referee;
  readonly #ring: Pick<KeyJudge, "droppedAtMs" | "hasSigned">;
  /** When the last question was asked that the ring answered with this key. */
  readonly #askedAtMs = new Map<string, number>();
  readonly #answered = new WeakMap<Life, string>();
  readonly #refused = new WeakSet<Life>();
  /** When the newest question was asked that the isolate knew an answer to, as a request began to look for its key. */
  readonly #newestAtMs = new WeakMap<Life, number>();

  constructor(network: Referee, ring: Pick<KeyJudge, "droppedAtMs" | "hasSigned">) {
    this.#network = network;
    this.#ring = ring;
  }

  answered(life: Life, kid: string, askedAtMs: number): void {
    if (!this.#ring.hasSigned(kid))
      this.#network.violate(`published-before-it-signs: the ring answers with ${kid}, which it has not stored`);
    this.#answered.set(life, kid);
    this.#askedAtMs.set(kid, Math.max(askedAtMs, this.#askedAtMs.get(kid) ?? 0));
  }

  began(life: Life): void {
    this.#newestAtMs.set(life, Math.max(0, ...this.#askedAtMs.values()));
  }

  /** A question of this request got no answer. */
  failed(life: Life): void {
    this.#refused.add(life);
  }

  /** The key is chosen now, for a signature that follows. */
  chosen(life: Life, kid: string): void {
    const askedAtMs = this.#askedAtMs.get(kid) ?? 0;
    const ageMs = this.#network.nowMs - askedAtMs;
    if (this.#ring.droppedAtMs.has(kid)) this.#network.coverage.hit("F11 an isolate signs with a key that was dropped");
    // The answer to its own question is as new as a request can have it, however long it took.
    if (this.#answered.get(life) === kid) return;
    const isOutdated = askedAtMs < (this.#newestAtMs.get(life) ?? 0);
    if (isOutdated) this.#network.violate(`no-stale-key: signs with ${kid}, and has heard of another key since`);
    if (ageMs <= CACHE_TERMS.refreshAfterSeconds * 1000) return;
    const isExcused = this.#refused.has(life) && ageMs <= CACHE_TERMS.useForSeconds * 1000;
    if (!isExcused) this.#network.violate(`no-stale-key: signs with ${kid}, which was last asked for ${ageMs} ms ago`);
  }
}
