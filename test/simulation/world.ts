/** One simulated installation: pools, their directories, logins and identities over one network, and the judge that watches. */
import type { IdentityId, IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../src/domain/identity-pool.ts";
import type { KeptKeySet } from "../../src/key-sets/kept-key-set.ts";
import type { StoredRecord } from "../../src/linking/first-record.ts";
import type { IdentityRecord } from "../../src/linking/identity-record.ts";
import type { Message, Release, Reply } from "../../src/linking/messages.ts";
import type { LoginRecord } from "../../src/linking/login-actor.ts";
import type { Bucket } from "../../src/limits/rate-limit.ts";
import type { KeyRingActor } from "../../src/keys/key-ring-actor.ts";
import { directoryShardOf, directoryShardOfLogin } from "../support/first-shards.ts";
import type { PoolRecord } from "../../src/pools/pool-host.ts";
import type { FaultPlan } from "./faults.ts";
import type { FileLine } from "./line-plans.ts";
import { Isolate } from "./isolate.ts";
import { Judge } from "./judge.ts";
import { KeyChange } from "./key-change.ts";
import { KeyJudge } from "./key-judge.ts";
import { KeySets } from "./key-sets.ts";
import { keyRingOf, type KeyRingSlot, RelyingParties, ringAt, ringIn, wronglySealedIn } from "./keys.ts";
import { Network } from "./network.ts";
import { IdentityNode, type IdentitySlot } from "./nodes.ts";
import { LoginNode, type LoginSlot } from "./login-node.ts";
import { Observer } from "./observer.ts";
import { olderMessage, olderRecord } from "./older-code.ts";
import { hashedLoginOf, loginOf, poolOfLogin } from "./logins.ts";
import { Pools } from "./pools.ts";
import type { LoginOf } from "./requests.ts";
import type { SourcePlan } from "./source-races.ts";
import type { Cognito } from "./simulated-cognito.ts";
import { Sources } from "./sources.ts";
import { sourceToolsOf } from "./source-tools.ts";
import { tellSource } from "../../src/source/at-source.ts";
import { streamOf } from "../support/random.ts";
import { type Alarmed, type AnySlot, type Life, lifeOf, NetworkFailure, type Slot, StorageFailure } from "./slots.ts";
import type { KeyRingState, Surroundings } from "./surroundings.ts";
import { shortly } from "./trace.ts";

const DISK_FULL = new StorageFailure("the storage is full");

export type Installation = {
  readonly mergePolicy: "conflict" | "merge";
  readonly source?: SourcePlan | null;
  /** Whether anybody imports: then ids are of the form that lines of a file have. */
  readonly hasTransfers?: boolean;
  /** Of another deployment, from which it is restored. */
  readonly cognito?: Cognito | null;
};

export class World implements Surroundings {
  readonly network: Network;
  readonly judge: Judge;
  readonly observer: Observer;
  readonly mergePolicy: "conflict" | "merge";
  readonly identities = new Map<string, IdentitySlot>();
  readonly logins = new Map<string, LoginSlot>();
  readonly pools: Pools;
  /** Cognito, where a pool takes over one there. */
  readonly sources: Sources | null;
  readonly keyRing: KeyRingSlot;
  readonly isolates: readonly [Isolate, Isolate];
  readonly keyJudge: KeyJudge;
  readonly keyChange = new KeyChange();
  readonly relyingParties: RelyingParties;
  isRotationDue = false;
  /** What an operator has written down last of the pool. */
  file: readonly FileLine[] = [];
  readonly newUuid: () => string;
  readonly #seed: number;
  #keySets: KeySets | null = null;
  readonly #buckets = new Map<string, Bucket>();
  readonly #lastDraws = new Map<string, number>();
  readonly #names = new Map<string, number>();

  constructor(
    plan: FaultPlan,
    isTracing: boolean,
    { mergePolicy, source = null, hasTransfers = false, cognito = null }: Installation,
  ) {
    this.network = new Network(plan, isTracing);
    // Lines of a file name things as production does; all others by names that are quick to compare.
    this.login = hasTransfers ? hashedLoginOf : loginOf;
    this.newUuid = () => (hasTransfers ? uuidOf(this.newName("")) : this.newName(""));
    this.#seed = plan.seed;
    this.mergePolicy = mergePolicy;
    this.judge = new Judge(this);
    this.observer = new Observer(this);
    this.network.isNewCodeAlone = source !== null || hasTransfers;
    this.sources = source === null ? null : new Sources(this, source, plan.seed, cognito);
    // An operator's lines may say otherwise than the source.
    this.judge.imports.isUsed = hasTransfers;
    if (hasTransfers) this.sources?.arrivals.sourceChanged();
    this.pools = new Pools(this);
    if (cognito === null) this.pools.import(this.sources?.listed ?? []);
    const ring = ringAt(this.network.nowMs / 1000, streamOf(plan.seed, "keys"));
    this.keyRing = this.network.addSlot<KeyRingActor, KeyRingState>("key-ring", "key ring", (slot, life) => {
      return keyRingOf(this, slot, life);
    });
    this.keyRing.stored = ring;
    this.keyJudge = new KeyJudge(this.network, ringIn(ring));
    this.relyingParties = new RelyingParties(this.network, ring, this.keyJudge);
    this.isolates = [
      new Isolate(this, "isolate 1", streamOf(plan.seed, "isolate 1")),
      new Isolate(this, "isolate 2", streamOf(plan.seed, "isolate 2")),
    ];
    this.network.onDeath = (slot) => this.observer.died(slot);
  }

  /** t1, t2, …: unique, short to read, and equal in every run of the seed. */
  newName(letter: string): string {
    const count = (this.#names.get(letter) ?? 0) + 1;
    this.#names.set(letter, count);
    return `${letter}${count}`;
  }

  /** Of an issuer that is there once somebody has asked for its keys. */
  get keySets(): KeySets {
    return (this.#keySets ??= new KeySets(this, this.#seed));
  }

  get keptKeySet(): KeptKeySet | null {
    return this.#keySets?.stored ?? null;
  }

  rotateKeys(): void {
    this.isRotationDue = true;
    this.network.note(() => "the operator shortens the life of keys");
    // The ring's own alarm would come to it; here it is at once, while a signature is being made.
    void this.network
      .call(lifeOf("operator"), this.keyRing, "rotate", async (node) => await node.alarm())
      .catch(() => {});
  }

  identity(identityId: IdentityId): IdentitySlot {
    let slot = this.identities.get(identityId);
    if (slot === undefined) {
      slot = this.network.addSlot<IdentityNode, StoredRecord>(
        identityId,
        "identity",
        (own, life) => new IdentityNode(this, own, life),
      );
      this.identities.set(identityId, slot);
    }
    return slot;
  }

  loginSlot(loginId: string): LoginSlot {
    let slot = this.logins.get(loginId);
    if (slot === undefined) {
      slot = this.network.addSlot<LoginNode, LoginRecord>(
        loginId,
        "login",
        (own, life) => new LoginNode(this, own, life),
      );
      this.logins.set(loginId, slot);
    }
    return slot;
  }

  readonly login: LoginOf;
  readonly poolOf = poolOfLogin;

  woke(slot: { readonly name: string; readonly stored: unknown }, life: Life): void {
    this.observer.woke(slot.name, life);
  }

  async readPool(life: Life, identityPoolId: IdentityPoolId): Promise<IdentityPool | null> {
    return await this.isolates[0].readPool(life, identityPoolId);
  }

  store<N extends Alarmed, S>(life: Life, slot: Slot<N, S>, value: S | null, arm: () => void): void {
    const { network } = this;
    if (!life.isAlive) return;
    const before = slot.stored;
    if (network.faults.strikes("storage-throws")) {
      network.note(() => `${slot.name} cannot store ${shortly(value)}`);
      this.observer.storageThrew(slot);
      throw DISK_FULL;
    }
    if (network.faults.strikes("crash-before-save")) {
      this.observer.diedBeforeSave(slot, before, value);
      network.kill(life);
      return;
    }
    slot.stored = value;
    arm();
    if (value === null) this.#buckets.delete(slot.name);
    network.note(() => `${slot.name} stores ${shortly(value)}`);
    this.observer.stored(slot, before, value, life);
    if (slot.name === this.keyRing.name) this.#keysChanged(before);
    else if (slot.kind === "pool") this.judge.pools.poolStored(slot.name, before as PoolRecord, value as PoolRecord);
    else this.judge.stored(slot.name, before, value);
    this.sources?.stored(slot, before, value);
    if (network.faults.strikes("crash-after-save")) {
      this.observer.diedAfterSave(slot, before, value);
      network.kill(life);
    }
  }

  /** A storage step of the alarm alone. */
  storeAlarm(life: Life, slot: AnySlot, mayFail: boolean, arm: () => void): void {
    const { network } = this;
    if (!life.isAlive) return;
    if (mayFail && network.faults.strikes("storage-throws")) {
      this.observer.storageThrew(slot);
      throw DISK_FULL;
    }
    if (network.faults.strikes("crash-before-save")) return network.kill(life);
    arm();
    if (network.faults.strikes("crash-after-save")) network.kill(life);
  }

  #keysChanged(before: unknown): void {
    const { stored } = this.keyRing;
    const wrong = stored === null ? null : wronglySealedIn(stored);
    if (wrong !== null)
      this.network.violate(`keys-outlive-their-seal: ${wrong} rests under another key than the ring says`);
    this.keyJudge.stored(ringIn(before as KeyRingState | null), ringIn(stored), stored?.rotations ?? []);
  }

  /** The record of an identity, as the code of this life writes it. */
  storeRecord<N extends Alarmed>(
    life: Life,
    slot: Slot<N, StoredRecord>,
    record: IdentityRecord | null,
    arm: () => void,
  ): void {
    this.store(life, slot, life.isOlder && record !== null ? olderRecord(record) : record, arm);
  }

  /** True time of the last draw of any life; long ago when there was none. */
  lastDrawMs(name: string): number {
    return this.#lastDraws.get(name) ?? Number.NEGATIVE_INFINITY;
  }

  drew(life: Life, name: string): void {
    const { network } = this;
    this.#lastDraws.set(name, network.nowMs);
    this.judge.rates.drew(name, network.nowMs);
    if (!network.faults.strikes("limiter-lost")) return;
    network.coverage.hit("F16 a limiter is lost after a draw");
    network.after(0, () => network.kill(life));
  }

  bucketOf(name: string): Bucket | null {
    return this.#buckets.get(name) ?? null;
  }

  storeBucket(life: Life, name: string, bucket: Bucket): void {
    const { network } = this;
    if (!life.isAlive) return;
    if (network.faults.strikes("storage-throws")) {
      network.coverage.hit("F8 a limiter's storage throws");
      network.note(() => `${name} cannot keep its bucket`);
      throw DISK_FULL;
    }
    if (network.faults.strikes("crash-before-save")) {
      network.kill(life);
      return;
    }
    this.#buckets.set(name, bucket);
    network.note(() => `${name} keeps its bucket: ${shortly(bucket)}`);
    if (network.faults.strikes("crash-after-save")) network.kill(life);
  }

  /** A message from an object: a call that failed is a reply, as IdentityObject has it. */
  async deliver(life: Life, message: Message): Promise<Reply> {
    this.observer.sent(message);
    try {
      return await this.#route(life, life.isOlder ? olderMessage(message) : message);
    } catch (error) {
      if (error instanceof NetworkFailure) return { kind: "failed" };
      throw error;
    }
  }

  /** Where it can be listed as free for good. */
  async #keepFreed(life: Life, { loginId, freed }: Release): Promise<void> {
    if (freed === undefined) return;
    const { identityPoolId, providerName } = freed;
    const shard = this.pools.shard(directoryShardOfLogin(identityPoolId, loginId));
    await this.network.call(life, shard, `keep freed ${loginId}`, (node) => node.keepFreed({ loginId, providerName }));
  }

  async #route(life: Life, message: Message): Promise<Reply> {
    const { network } = this;
    switch (message.kind) {
      case "reserve":
        return await network.call(life, this.loginSlot(message.loginId), `reserve ${message.transactionId}`, (node) => {
          return node.reserve(message);
        });
      case "release":
        await network.call(life, this.loginSlot(message.loginId), `release ${message.linkId}`, async (node) => {
          await node.release(message);
        });
        await this.#keepFreed(life, message);
        return { kind: "released" };
      case "freeze":
        return await network.call(
          life,
          this.identity(message.identityId),
          `freeze ${message.transactionId}`,
          (node) => {
            return node.freeze(message);
          },
        );
      case "settle": {
        const { participant, transactionId, outcome } = message;
        const label = `settle ${transactionId} ${outcome}`;
        await (participant.kind === "login"
          ? network.call(life, this.loginSlot(participant.loginId), label, (node) => node.settle(message))
          : network.call(life, this.identity(participant.identityId), label, (node) => node.settle(message)));
        return { kind: "settled" };
      }
      case "confirm-owner":
        return await network.call(life, this.identity(message.identityId), `confirm ${message.loginId}`, (node) => {
          return node.confirmOwner(message);
        });
      case "ask-outcome": {
        const label = `outcome of ${message.transactionId}`;
        const coordinator = this.identity(message.coordinator);
        return {
          kind: "outcome",
          outcome: await network.call(life, coordinator, label, (node) => node.outcome(message)),
        };
      }
      case "delete-at-source": {
        if (this.sources === null) return { kind: "deleted-at-source" };
        const pool = await this.readPool(life, message.identityPoolId);
        return await tellSource(message, pool, sourceToolsOf(this.sources, life, network.nowMs));
      }
      case "update-listing": {
        const { change, identityId, identityPoolId, origin } = message;
        const shard = this.pools.shard(directoryShardOf(identityPoolId, identityId));
        const update = await network.call(life, shard, `${change} ${identityId}`, (node) => {
          return node.update(change, identityId, origin);
        });
        return { kind: "listing", ...update };
      }
    }
  }
}

/** With another first digit for each: it lies in another shard of the list. Cognito's own differ in the fourth group. */
function uuidOf(name: string): string {
  const count = Number(name);
  return `${(count % 16).toString(16)}0000000-0000-4000-a000-${name.padStart(12, "0")}`;
}
