/** What a simulated object may use of the world that it lives in. */
import type { IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../src/domain/identity-pool.ts";
import type { KeyRingActor, Rotation } from "../../src/keys/key-ring-actor.ts";
import type { VerifiedLogin } from "../../src/domain/login.ts";
import type { StoredRecord } from "../../src/linking/first-record.ts";
import type { IdentityRecord } from "../../src/linking/identity-record.ts";
import type { Message, Reply } from "../../src/linking/messages.ts";
import type { Bucket } from "../../src/limits/rate-limit.ts";
import type { Judge } from "./judge.ts";
import type { KeyChange } from "./key-change.ts";
import type { KeyJudge } from "./key-judge.ts";
import type { Network } from "./network.ts";
import type { Sources } from "./sources.ts";
import type { Alarmed, AnySlot, Life, Slot } from "./slots.ts";

/** What lies in the storage of the key ring's object. */
export type KeyRingState = { readonly record: unknown; readonly rotations: readonly Rotation[] };

export type Surroundings = {
  readonly network: Network;
  readonly judge: Judge;
  readonly mergePolicy: "conflict" | "merge";
  readonly pools: {
    pool(identityPoolId: IdentityPoolId): Slot<Alarmed & { read(): Promise<IdentityPool | null> }, unknown>;
  };
  readonly sources: Sources | null;
  readonly keyRing: Slot<KeyRingActor, KeyRingState>;
  readonly keyJudge: KeyJudge;
  readonly keyChange: KeyChange;
  /** What each isolate signed with last, and published last; null is nothing yet. */
  readonly isolates: readonly { readonly signsWith: string | null; readonly publishes: string | null }[];
  readonly relyingParties: {
    signed(kid: string, lifetimeSeconds: number): void;
    served(kids: readonly string[]): void;
  };
  /** Whether an operator has shortened the time that a key signs, so that the active one is to hand over. */
  readonly isRotationDue: boolean;
  rotateKeys(): void;
  /** Unique, short to read, and equal in every run of the seed. */
  newName(letter: string): string;
  readonly newUuid: () => string;
  readonly login: (identityPoolId: IdentityPoolId, providerName: string, subject: string) => VerifiedLogin;
  readPool(life: Life, identityPoolId: IdentityPoolId): Promise<IdentityPool | null>;
  /** One storage step, on either side of which its object may die; the dead store nothing. Throws what a storage throws. */
  store<N extends Alarmed, S>(life: Life, slot: Slot<N, S>, value: S | null, arm: () => void): void;
  /** The record of an identity, as the code of this life writes it. */
  storeRecord<N extends Alarmed>(
    life: Life,
    slot: Slot<N, StoredRecord>,
    record: IdentityRecord | null,
    arm: () => void,
  ): void;
  /** A storage step of the alarm alone. */
  storeAlarm(life: Life, slot: AnySlot, mayFail: boolean, arm: () => void): void;
  woke(slot: { readonly name: string; readonly stored: unknown }, life: Life): void;
  /** The bucket that an identity's object keeps beside its record. */
  bucketOf(name: string): Bucket | null;
  lastDrawMs(name: string): number;
  /** A token was taken from the bucket of an identity. */
  drew(life: Life, name: string): void;
  storeBucket(life: Life, name: string, bucket: Bucket): void;
  /** A message from an object: a call that failed is a reply, as IdentityObject has it. */
  deliver(life: Life, message: Message): Promise<Reply>;
};
