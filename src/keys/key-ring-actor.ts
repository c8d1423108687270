/**
 * The key ring as an actor: on each call and by alarm it takes the steps that are due (key-ring.ts decides them), makes the
 * keys that are missing, and carries out an operator's order to rotate. It keeps nothing in memory but the key being made,
 * answers with no private key in the clear, and never replaces a ring that it cannot read or unseal unless it is forced to.
 */
import type { KeyRingEvent } from "../log/events.ts";
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import type { TokenAlgorithm } from "../domain/token-algorithm.ts";
import {
  type Advance,
  advance,
  CACHE_TERMS,
  dropActive,
  EMPTY_RING,
  type FreshKey,
  type KeyRing,
  type KeyRingSettings,
  type PublishedKeys,
  publishedKeysOf,
  type SealedKey,
  type SigningKey,
} from "./key-ring.ts";
import { type KeyRingReport, reportOf } from "./key-ring-report.ts";
import { decodeKeyRingRecord, encodeKeyRingRecord, type KeyRingRecord } from "./key-ring-record.ts";

export type EmergencyRotation = {
  /** The key that signs from now on. */
  readonly kid: string;
  /** Keys that were published and no longer are. */
  readonly droppedKids: readonly string[];
};

/** `orderId` is the same for an order and its replay, and for no other. */
export type RotationOrder = { readonly force?: boolean; readonly orderId?: string };
/** An emergency rotation that was carried out at `at`, epoch seconds, and the keys that were published until then. */
export type Rotation = { readonly orderId: string; readonly publishedBefore: readonly string[]; readonly at: number };

/** One storage step: all of it is stored, with the alarm, or nothing is. */
export type KeyRingStep = {
  /** The record as it is to lie in storage. */
  readonly record: unknown;
  /** Absent: those that are stored stay. */
  readonly rotations?: readonly Rotation[];
  /** As of `setAlarm`; absent: the alarm stays as it is. */
  readonly wakeAt?: number;
};

/** What the actor asks of the object that it lives in. Instants are epoch seconds. */
export type KeyRingHost = {
  now(): number;
  settings(): KeyRingSettings;
  /** Makes a key outside any storage step. May throw. */
  makeKey(algorithm: TokenAlgorithm): Promise<FreshKey>;
  /** Names the key encryption key that `makeKey` seals under, and tells nothing of it. */
  keyEncryptionKeyId(): Promise<string>;
  /** Names the one that is set beside it, while it is changed; null where there is none. */
  otherKeyEncryptionKeyId(): Promise<string | null>;
  /** A key that is sealed under the other one, sealed under that of `makeKey`. May throw. */
  sealAnew(key: Sealed): Promise<SealedKey>;
  /** What lies in storage; undefined when nothing does. */
  loadRecord(): unknown;
  loadRotations(): readonly Rotation[] | undefined;
  save(step: KeyRingStep): void;
  alarmAt(): Promise<number | null>;
  /** In place of the alarm that is set: at `at`, and not within LEAST_ALARM_INTERVAL_SECONDS. */
  setAlarm(at: number): Promise<void>;
  log(event: KeyRingEvent): void;
};

/** Least time between two alarms: an object clock that stands still must not become a busy loop (F10). */
export const LEAST_ALARM_INTERVAL_SECONDS = 60;
/** When to try again after an alarm that failed, in seconds; the platform's own six tries end after minutes. */
const ALARM_RETRY_SECONDS = 600;
/** How long an order is remembered, in seconds: a signature is good for 300 before and after its date, and clocks are wrong. */
const ROTATION_MEMORY_SECONDS = 1800;
/** Most keys made in one call: the first of all and its successor, and one more where the world moved meanwhile. */
const MAX_KEYS_PER_CALL = 3;

/** A key as it rests. */
type Sealed = Pick<SigningKey, "kid" | "alg" | "sealed">;

function refuse(reason: string): Result<never> {
  return err(serviceError("InternalErrorException", "An internal error occurred.", reason));
}

export class KeyRingActor {
  readonly #host: KeyRingHost;
  /** The key being made: calls share it, so that a cold start makes one key and not one a call. */
  #making: Promise<string | undefined> | undefined;

  constructor(host: KeyRingHost) {
    this.#host = host;
  }

  /** The sealed key to sign with. Fails with InternalErrorException when the ring cannot be read or unsealed. */
  async signingKey(): Promise<Result<SigningKey>> {
    const ring = await this.#bringUpToDate();
    if (!ring.ok) return ring;
    if (ring.value.active === undefined) return refuse("the key ring has no active key");
    const { kid, alg, sealed } = ring.value.active;
    return ok({ kid, alg, sealed, ...CACHE_TERMS });
  }

  /** Every key that a relying party needs. Answers under a wrong KEY_ENCRYPTION_KEY too: living tokens stay verifiable. */
  async publishedKeys(): Promise<Result<PublishedKeys>> {
    const current = await this.#bringUpToDate();
    if (current.ok) return ok({ keys: publishedKeysOf(current.value), ...CACHE_TERMS });
    const record = this.#load();
    if (!record.ok || record.value === undefined) return current;
    return ok({ keys: publishedKeysOf(record.value.ring), ...CACHE_TERMS });
  }

  /** The ring as it lies in storage, and what is wrong with it: takes no step, also one that is due, and makes no key. */
  async describe(): Promise<KeyRingReport> {
    const names = { own: await this.#host.keyEncryptionKeyId(), other: await this.#host.otherKeyEncryptionKeyId() };
    return reportOf(this.#load(), this.#host.settings(), names, this.#host.now());
  }

  /**
   * Emergency rotation: the active key leaves the JWKS at once and a published one signs. Isolates follow within
   * KEY_CACHE_REFRESH_SECONDS. Refused with TooManyRequestsException while no other key has been published long enough.
   * `force` does not wait for that; and where KEY_ENCRYPTION_KEY was replaced or the record is damaged, it drops every
   * key and starts anew, which ends all living tokens. An order that comes again under its `orderId` changes nothing, and
   * is answered as the ring is by then (T44).
   */
  async rotateNow({ force = false, orderId }: RotationOrder = {}): Promise<Result<EmergencyRotation>> {
    const own = await this.#host.keyEncryptionKeyId();
    const other = await this.#host.otherKeyEncryptionKeyId();
    // What is due is done first, so that an emergency meets the ring as a request would.
    const current = await this.#bringUpToDate();
    // From here to the write nothing awaits: what is dropped is what is active now.
    const now = this.#host.now();
    const rotations = this.#host.loadRotations() ?? [];
    const earlier = rotations.find((rotation) => rotation.orderId === orderId);
    if (orderId !== undefined && earlier !== undefined) return await this.#answerRotation(earlier.publishedBefore);
    const record = this.#load();
    const before = record.ok ? (record.value?.ring ?? EMPTY_RING) : EMPTY_RING;
    // A ring that could not be sealed anew rests under the other one, and is no worse for it.
    const sealedUnder = record.ok && record.value?.sealedUnder === other ? other : own;
    const isReadable = record.ok && record.value?.sealedUnder === sealedUnder;
    if (!isReadable && !force) return current.ok ? refuse("the key ring has no active key") : current;
    const dropped = isReadable ? dropActive(before, now, this.#host.settings(), force) : ok(EMPTY_RING);
    if (!dropped.ok) {
      const { retryAfterSeconds } = dropped.error;
      const reason = `no other key will have been published long enough for ${retryAfterSeconds} s; force to rotate now`;
      return err({ ...serviceError("TooManyRequestsException", "Rate exceeded", reason), retryAfterSeconds });
    }
    const publishedBefore = publishedKeysOf(before).map((key) => key.kid);
    const recent = rotations.filter(({ at }) => Math.abs(now - at) < ROTATION_MEMORY_SECONDS);
    // In one step with the rotation itself, or an order that comes again after a crash would drop a second key.
    const remembered = orderId === undefined ? {} : { rotations: [...recent, { orderId, publishedBefore, at: now }] };
    this.#save({ sealedUnder, ring: dropped.value }, remembered);
    return await this.#answerRotation(publishedBefore);
  }

  /** Never throws: the platform gives up an alarm after six failures. Safe to run twice, late, or together with a call. */
  async alarm(): Promise<void> {
    let problem: string | undefined;
    try {
      const current = await this.#bringUpToDate();
      problem = current.ok ? undefined : current.error.reason;
    } catch (cause) {
      problem = String(cause);
    }
    if (problem === undefined) return;
    this.#host.log({ event: "key-ring-alarm-failed", reason: problem });
    await this.#host.setAlarm(this.#host.now() + ALARM_RETRY_SECONDS);
  }

  async #answerRotation(publishedBefore: readonly string[]): Promise<Result<EmergencyRotation>> {
    const after = await this.#bringUpToDate();
    if (!after.ok) return after;
    if (after.value.active === undefined) return refuse("the key ring has no active key");
    const published = new Set(publishedKeysOf(after.value).map((key) => key.kid));
    return ok({ kid: after.value.active.kid, droppedKids: publishedBefore.filter((kid) => !published.has(kid)) });
  }

  /** Takes every step that is due and makes the keys that are missing; the ring as it is then. */
  async #bringUpToDate(): Promise<Result<KeyRing>> {
    const sealedUnder = await this.#host.keyEncryptionKeyId();
    const unsealed = await this.#sealAnew(sealedUnder);
    if (unsealed !== null) {
      // Isolates open it by either key: it still signs, and takes no step meanwhile.
      await this.#ensureAlarm(this.#host.now() + ALARM_RETRY_SECONDS);
      return ok(unsealed);
    }
    for (let made = 0; ; made++) {
      const step = this.#step(sealedUnder);
      if (!step.ok) return step;
      if (step.value.wanted === undefined) {
        await this.#ensureAlarm(step.value.wakeAt);
        return ok(step.value.ring);
      }
      const problem = made < MAX_KEYS_PER_CALL ? await this.#make(step.value.wanted, sealedUnder) : "too many attempts";
      if (problem === undefined) continue;
      this.#host.log({ event: "key-ring-key-not-made", reason: problem });
      if (step.value.ring.active === undefined) return refuse(`no signing key could be made: ${problem}`);
      // The ring still signs; the missing successor is tried again by alarm and by every call.
      await this.#ensureAlarm(this.#host.now() + ALARM_RETRY_SECONDS);
      return ok(step.value.ring);
    }
  }

  /**
   * A ring that rests under the other key encryption key is sealed under the one that is set: in one step, and with the same keys under
   * the same ids. Where that fails the ring stays as it is, which is what is returned then, and the next call tries again.
   */
  async #sealAnew(sealedUnder: string): Promise<KeyRing | null> {
    const other = await this.#host.otherKeyEncryptionKeyId();
    if (other === null) return null;
    const before = this.#load();
    if (!before.ok || before.value?.sealedUnder !== other) return null;
    const { ring } = before.value;
    const anew = async <K extends Sealed>(key: K): Promise<K> => ({ ...key, sealed: await this.#host.sealAnew(key) });
    try {
      const next = await Promise.all(ring.next.map(async (key) => await anew(key)));
      const active = ring.active === undefined ? {} : { active: await anew(ring.active) };
      const now = this.#load();
      // Whatever has changed the ring meanwhile has sealed it anew before.
      const isSame = now.ok && JSON.stringify(now.value) === JSON.stringify(before.value);
      if (isSame) this.#save({ sealedUnder, ring: { ...ring, ...active, next } }, {});
      return null;
    } catch (cause) {
      this.#host.log({ event: "key-ring-not-sealed-anew", reason: String(cause) });
      return ring;
    }
  }

  /** One synchronous storage step: read, decide, write. `offered` is taken only if it is still wanted. */
  #step(sealedUnder: string, offered?: FreshKey): Result<Advance> {
    const record = this.#load();
    if (!record.ok) return record;
    if (record.value !== undefined && record.value.sealedUnder !== sealedUnder) {
      return refuse(
        `KEY_ENCRYPTION_KEY is not the one that the key ring is sealed under (${record.value.sealedUnder}): restore it, or rotate by force`,
      );
    }
    const ring = record.value?.ring ?? EMPTY_RING;
    const step = advance(ring, this.#host.now(), this.#host.settings(), offered);
    if (step.ring !== ring) {
      this.#save({ sealedUnder, ring: step.ring }, step.wakeAt === undefined ? {} : { wakeAt: step.wakeAt });
    }
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
      const step = this.#step(sealedUnder, await this.#host.makeKey(alg));
      return step.ok ? undefined : step.error.reason;
    } catch (cause) {
      return String(cause);
    }
  }

  #load(): Result<KeyRingRecord | undefined> {
    const stored = this.#host.loadRecord();
    if (stored === undefined) return ok(undefined);
    const decoded = decodeKeyRingRecord(stored);
    return decoded.ok ? decoded : refuse(decoded.error);
  }

  #save(record: KeyRingRecord, more: Omit<KeyRingStep, "record">): void {
    this.#host.save({ record: encodeKeyRingRecord(record), ...more });
    const { active, next, retired } = record.ring;
    const keys = { active: active?.kid, next: next.map((key) => key.kid), retired: retired.map((key) => key.kid) };
    this.#host.log({ event: "audit", what: "key-ring-changed", who: "service", outcome: "done", keys });
  }

  /** Re-arms an alarm that was lost, has run, or would come too late; writes nothing when one is set in time. */
  async #ensureAlarm(wakeAt: number | undefined): Promise<void> {
    if (wakeAt === undefined) return;
    const current = await this.#host.alarmAt();
    if (current === null || current > wakeAt + LEAST_ALARM_INTERVAL_SECONDS) await this.#host.setAlarm(wakeAt);
  }
}
