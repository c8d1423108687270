/**
 * The one object that owns the signing keys: a place for the key ring (keys/key-ring-actor.ts), which decides all that
 * happens here, with its storage, its alarm and its clock.
 */
import type { Result } from "../domain/errors.ts";
import type { PublishedKeys, SigningKey } from "../keys/key-ring.ts";
import {
  type EmergencyRotation,
  KeyRingActor,
  LEAST_ALARM_INTERVAL_SECONDS,
  type Rotation,
  type RotationOrder,
} from "../keys/key-ring-actor.ts";
import type { KeyRingReport } from "../keys/key-ring-report.ts";
import { keyMaterialUnder } from "../keys/signing-key.ts";
import { ConfiguredObject } from "./configured-object.ts";
import { writeEvent } from "../log/write.ts";

const RECORD_KEY = "key-ring";
const ROTATIONS_KEY = "rotations";
const SECONDS_PER_DAY = 86_400;

export class KeyRingObject extends ConfiguredObject {
  /** Epoch seconds. An own property, since methods of the prototype could be called over RPC. */
  protected readonly now: () => number = () => Math.floor(Date.now() / 1000);

  readonly #ring = new KeyRingActor({
    now: () => this.now(),
    settings: () => ({
      algorithm: this.config.tokenAlgorithm,
      rotationSeconds: Math.round(this.config.keyRotationDays * SECONDS_PER_DAY),
    }),
    ...keyMaterialUnder(() => this.config),
    loadRecord: () => this.ctx.storage.kv.get<unknown>(RECORD_KEY),
    loadRotations: () => this.ctx.storage.kv.get<readonly Rotation[]>(ROTATIONS_KEY),
    save: ({ record, rotations, wakeAt }) => {
      // With no await between them they are stored together or not at all.
      this.ctx.storage.kv.put(RECORD_KEY, record);
      if (rotations !== undefined) this.ctx.storage.kv.put(ROTATIONS_KEY, rotations);
      if (wakeAt !== undefined) void this.#setAlarm(wakeAt);
    },
    alarmAt: async () => {
      const alarmMs = await this.ctx.storage.getAlarm();
      return alarmMs === null ? null : alarmMs / 1000;
    },
    setAlarm: async (at) => await this.#setAlarm(at),
    log: writeEvent,
  });

  async signingKey(): Promise<Result<SigningKey>> {
    return await this.#ring.signingKey();
  }

  async publishedKeys(): Promise<Result<PublishedKeys>> {
    return await this.#ring.publishedKeys();
  }

  async describe(): Promise<KeyRingReport> {
    return await this.#ring.describe();
  }

  async rotateNow(order: RotationOrder = {}): Promise<Result<EmergencyRotation>> {
    return await this.#ring.rotateNow(order);
  }

  override async alarm(): Promise<void> {
    await this.#ring.alarm();
  }

  async #setAlarm(at: number): Promise<void> {
    await this.ctx.storage.setAlarm(Math.max(at * 1000, Date.now() + LEAST_ALARM_INTERVAL_SECONDS * 1000));
  }
}
