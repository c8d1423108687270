/**
 * The one object that owns the signing keys: stores them sealed, and runs the rotation that keys/key-ring.ts decides, on
 * each request and by alarm. Keeps no state in memory, answers with no private key in the clear, and never replaces a ring
 * that it cannot read or unseal unless an operator forces it to.
 */
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import type { TokenAlgorithm } from "../domain/token-algorithm.ts";
import {
  type Advance,
  advance,
  CACHE_TERMS,
  dropActive,
  EMPTY_RING,
  type KeyRing,
  type KeyRingSettings,
  type PublishedKeys,
  publishedKeysOf,
  type SigningKey,
} from "../keys/key-ring.ts";
import { decodeKeyRingRecord, encodeKeyRingRecord, type KeyRingRecord } from "../keys/key-ring-record.ts";
import { keyEncryptionKeyIdOf, makeSigningKey } from "../keys/signing-key.ts";
import { ConfiguredObject } from "./configured-object.ts";

/** Name of the one key ring object. */
export const KEY_RING_NAME = "key-ring";

export type EmergencyRotation = {
  /** The key that signs from now on. */
  readonly kid: string;
  /** Keys that were published and no longer are. */
  readonly droppedKids: readonly string[];
};

/** `orderId` is the same for an order and its replay, and for no other. */
type RotationOrder = { readonly force?: boolean; readonly orderId?: string };
/** An emergency rotation that was carried out, and the keys that were published until then. */
type Rotation = { readonly orderId: string; readonly publishedBefore: readonly string[]; readonly at: number };

const RECORD_KEY = "key-ring";
const ROTATIONS_KEY = "rotations";
/** How long an order is remembered, in seconds: a signature is good for 300 before and after its date, and clocks are wrong. */
const ROTATION_MEMORY_SECONDS = 1800;
const SECONDS_PER_DAY = 86_400;
/** Least time between two alarms, in milliseconds: an object clock that stands still must not become a busy loop (F10). */
const MIN_ALARM_INTERVAL_MS = 60_000;
/** When to try again after an alarm that failed, in milliseconds; the platform's own six tries end after minutes. */
const ALARM_RETRY_MS = 600_000;
/** Most keys made in one request: the first of all and its successor, and one more where the world moved meanwhile. */
const MAX_KEYS_PER_REQUEST = 3;

function refuse(reason: string): Result<never> {
  return err(serviceError("InternalErrorException", "An internal error occurred.", reason));
}

export class KeyRingObject extends ConfiguredObject {
  /** Epoch seconds. An own property, since methods of the prototype could be called over RPC. */
  protected readonly now: () => number = () => Math.floor(Date.now() / 1000);
  /** The key being made: requests of this object share it, so that a cold start makes one key and not one a request. */
  #making: Promise<string | undefined> | undefined;

  /** The sealed key to sign with. Fails with InternalErrorException when the ring cannot be read or unsealed. */
  async signingKey(): Promise<Result<SigningKey>> {
    const ring = await this.#settle();
    if (!ring.ok) return ring;
    if (ring.value.active === undefined) return refuse("the key ring has no active key");
    const { kid, alg, sealed } = ring.value.active;
    return ok({ kid, alg, sealed, ...CACHE_TERMS });
  }

  /** Every key that a relying party needs. Answers under a wrong KEY_ENCRYPTION_KEY too: living tokens stay verifiable. */
  async publishedKeys(): Promise<Result<PublishedKeys>> {
    const settled = await this.#settle();
    if (settled.ok) return ok({ keys: publishedKeysOf(settled.value), ...CACHE_TERMS });
    const record = this.#load();
    if (!record.ok || record.value === undefined) return settled;
    return ok({ keys: publishedKeysOf(record.value.ring), ...CACHE_TERMS });
  }

  /**
   * Emergency rotation: the active key leaves the JWKS at once and a published one signs. Isolates follow within
   * KEY_CACHE_REFRESH_SECONDS. Refused with TooManyRequestsException while no other key has been published long enough.
   * `force` does not wait for that; and where KEY_ENCRYPTION_KEY was replaced or the record is damaged, it drops every
   * key and starts anew, which ends all living tokens. An order that comes again under its `orderId` changes nothing, and
   * is answered as the ring is by then (T44).
   */
  async rotateNow({ force = false, orderId }: RotationOrder = {}): Promise<Result<EmergencyRotation>> {
    const sealedUnder = await keyEncryptionKeyIdOf(this.config.keyEncryptionKey);
    // What is due is done first, so that an emergency meets the ring as a request would.
    const settled = await this.#settle();
    // From here to the write nothing awaits: what is dropped is what is active now.
    const earlier = this.#rotations().find((rotation) => rotation.orderId === orderId);
    if (orderId !== undefined && earlier !== undefined) return await this.#answerRotation(earlier.publishedBefore);
    const record = this.#load();
    const before = record.ok ? (record.value?.ring ?? EMPTY_RING) : EMPTY_RING;
    if (record.ok && record.value?.sealedUnder === sealedUnder) {
      const dropped = dropActive(before, this.now(), this.#settings, force);
      if (!dropped.ok) {
        const { retryAfterSeconds } = dropped.error;
        const reason = `no other key will have been published long enough for ${retryAfterSeconds} s; force to rotate now`;
        return err({ ...serviceError("TooManyRequestsException", "Rate exceeded", reason), retryAfterSeconds });
      }
      this.#save({ sealedUnder, ring: dropped.value }, undefined);
    } else if (force) {
      this.#save({ sealedUnder, ring: EMPTY_RING }, undefined);
    } else {
      return settled.ok ? refuse("the key ring has no active key") : settled;
    }
    const publishedBefore = publishedKeysOf(before).map((key) => key.kid);
    // In the storage step of the rotation itself: nothing was awaited since.
    if (orderId !== undefined) this.#remember({ orderId, publishedBefore, at: this.now() });
    return await this.#answerRotation(publishedBefore);
  }

  async #answerRotation(publishedBefore: readonly string[]): Promise<Result<EmergencyRotation>> {
    const after = await this.#settle();
    if (!after.ok) return after;
    if (after.value.active === undefined) return refuse("the key ring has no active key");
    const published = new Set(publishedKeysOf(after.value).map((key) => key.kid));
    return ok({ kid: after.value.active.kid, droppedKids: publishedBefore.filter((kid) => !published.has(kid)) });
  }

  #rotations(): readonly Rotation[] {
    return this.ctx.storage.kv.get<readonly Rotation[]>(ROTATIONS_KEY) ?? [];
  }

  #remember(rotation: Rotation): void {
    const recent = this.#rotations().filter(({ at }) => Math.abs(rotation.at - at) < ROTATION_MEMORY_SECONDS);
    this.ctx.storage.kv.put(ROTATIONS_KEY, [...recent, rotation]);
  }

  /** Never throws: the platform gives up an alarm after six failures. Safe to run twice, late, or together with a request. */
  override async alarm(): Promise<void> {
    let problem: string | undefined;
    try {
      const settled = await this.#settle();
      problem = settled.ok ? undefined : settled.error.reason;
    } catch (cause) {
      problem = String(cause);
    }
    if (problem === undefined) return;
    console.error(JSON.stringify({ event: "key-ring-alarm-failed", reason: problem }));
    await this.ctx.storage.setAlarm(Date.now() + ALARM_RETRY_MS);
  }

  get #settings(): KeyRingSettings {
    const { tokenAlgorithm, keyRotationDays } = this.config;
    return { algorithm: tokenAlgorithm, rotationSeconds: Math.round(keyRotationDays * SECONDS_PER_DAY) };
  }

  /** Takes every step that is due and makes the keys that are missing; the ring as it is then. */
  async #settle(): Promise<Result<KeyRing>> {
    const sealedUnder = await keyEncryptionKeyIdOf(this.config.keyEncryptionKey);
    for (let made = 0; ; made++) {
      const step = this.#step(sealedUnder);
      if (!step.ok) return step;
      if (step.value.wanted === undefined) {
        await this.#ensureAlarm(step.value.wakeAt);
        return ok(step.value.ring);
      }
      const problem =
        made < MAX_KEYS_PER_REQUEST ? await this.#make(step.value.wanted, sealedUnder) : "too many attempts";
      if (problem === undefined) continue;
      console.error(JSON.stringify({ event: "key-ring-key-not-made", reason: problem }));
      if (step.value.ring.active === undefined) return refuse(`no signing key could be made: ${problem}`);
      // The ring still signs; the missing successor is tried again by alarm and by every request.
      await this.#ensureAlarm(Math.floor((Date.now() + ALARM_RETRY_MS) / 1000));
      return ok(step.value.ring);
    }
  }

  /** One synchronous storage step: read, decide, write. `offered` is taken only if it is still wanted. */
  #step(sealedUnder: string, offered?: Parameters<typeof advance>[3]): Result<Advance> {
    const record = this.#load();
    if (!record.ok) return record;
    if (record.value !== undefined && record.value.sealedUnder !== sealedUnder) {
      return refuse(
        `KEY_ENCRYPTION_KEY is not the one that the key ring is sealed under (${record.value.sealedUnder}): restore it, or rotate by force`,
      );
    }
    const ring = record.value?.ring ?? EMPTY_RING;
    const step = advance(ring, this.now(), this.#settings, offered);
    if (step.ring !== ring) this.#save({ sealedUnder, ring: step.ring }, step.wakeAt);
    return ok(step);
  }

  /** Makes a key outside any storage step and offers it in one; the reason when it failed. */
  async #make(alg: TokenAlgorithm, sealedUnder: string): Promise<string | undefined> {
    this.#making ??= this.#makeAndOffer(alg, sealedUnder).finally(() => {
      this.#making = undefined;
    });
    return this.#making;
  }

  async #makeAndOffer(alg: TokenAlgorithm, sealedUnder: string): Promise<string | undefined> {
    try {
      const fresh = await makeSigningKey(alg, this.config.keyEncryptionKey);
      const step = this.#step(sealedUnder, fresh);
      return step.ok ? undefined : step.error.reason;
    } catch (cause) {
      return String(cause);
    }
  }

  #load(): Result<KeyRingRecord | undefined> {
    const stored = this.ctx.storage.kv.get<unknown>(RECORD_KEY);
    if (stored === undefined) return ok(undefined);
    const decoded = decodeKeyRingRecord(stored);
    return decoded.ok ? decoded : refuse(decoded.error);
  }

  /** Writes record and alarm with no await between them: they are stored together or not at all. */
  #save(record: KeyRingRecord, wakeAt: number | undefined): void {
    this.ctx.storage.kv.put(RECORD_KEY, encodeKeyRingRecord(record));
    if (wakeAt !== undefined) void this.ctx.storage.setAlarm(this.#alarmTimeOf(wakeAt));
    const { active, next, retired } = record.ring;
    const kids = { active: active?.kid, next: next.map((key) => key.kid), retired: retired.map((key) => key.kid) };
    console.log(JSON.stringify({ event: "key-ring-changed", ...kids }));
  }

  #alarmTimeOf(wakeAt: number): number {
    return Math.max(wakeAt * 1000, Date.now() + MIN_ALARM_INTERVAL_MS);
  }

  /** Re-arms an alarm that was lost, has run, or would come too late; writes nothing when one is set in time. */
  async #ensureAlarm(wakeAt: number | undefined): Promise<void> {
    if (wakeAt === undefined) return;
    const wanted = this.#alarmTimeOf(wakeAt);
    const current = await this.ctx.storage.getAlarm();
    if (current === null || current > wanted) await this.ctx.storage.setAlarm(wanted);
  }
}
