/**
 * One identity pool as an actor: its settings, its entry in the directory of pools, and the shards of its list, which take
 * its identities along when it is deleted. Directory and shards follow by an outbox, so that a crash between leaves nothing behind.
 */
import { backoffSeconds } from "../domain/backoff.ts";
import { isAmongDone, withCall } from "../domain/done-calls.ts";
import { ok, type Result } from "../domain/errors.ts";
import type { IdentityPoolId } from "../domain/identifiers.ts";
import type { IdentityPool, IdentityPoolSettings } from "../domain/identity-pool.ts";
import { FIRST_SHARDS, shardNames } from "./directory-shards.ts";
import { changedPool, type PoolChange } from "./pool-changes.ts";
import type { PoolHost, PoolRecord } from "./pool-host.ts";
import { formerNamesWith, replaceSettings, withKept } from "./pool-settings.ts";
import { type SealedSecrets, withoutSecrets } from "./sealed-secrets.ts";

export class PoolActor {
  readonly #host: PoolHost;
  #record: PoolRecord | null;
  /** The pool with its secrets, of the record that it was opened for. */
  #opened: { readonly record: PoolRecord; readonly pool: IdentityPool } | null = null;

  constructor(host: PoolHost, record: PoolRecord | null) {
    this.#host = host;
    this.#record = record;
  }

  /** Null when the pool does not exist, or no longer. */
  async read(): Promise<IdentityPool | null> {
    const record = this.#record;
    if (record?.state !== "live") return null;
    if (record.sealed === undefined) return record.pool;
    if (this.#opened?.record === record) return this.#opened.pool;
    const { pool, resealed } = await this.#host.open(record.pool, record.sealed);
    this.#opened = { record, pool };
    if (resealed !== null) this.#sealAnew(record, resealed);
    return pool;
  }

  /** Into how many shards its list is cut, also once it was deleted; null where there never was one. */
  directoryShards(): number | null {
    return this.#record && this.#host.directoryShards();
  }

  /** Creates the pool, with a list of 16 shards or 256. One that is there already stays as it is, and one that was deleted stays deleted (null). */
  async create(
    identityPoolId: IdentityPoolId,
    settings: IdentityPoolSettings,
    shards = FIRST_SHARDS,
  ): Promise<IdentityPool | null> {
    const sealed = await this.#host.seal(identityPoolId, settings);
    return this.#record === null ? await this.#put(identityPoolId, settings, sealed, null, shards) : await this.read();
  }

  /**
   * Creates a pool whose id was chosen by the caller: null where one was ever made under it, unless by this very call, as
   * `callKey` tells.
   */
  async adopt(
    identityPoolId: IdentityPoolId,
    settings: IdentityPoolSettings,
    callKey: string,
    shards = FIRST_SHARDS,
  ): Promise<IdentityPool | null> {
    const sealed = await this.#host.seal(identityPoolId, settings);
    if (this.#record === null) return await this.#put(identityPoolId, settings, sealed, callKey, shards);
    return this.#wasDone(callKey) ? await this.read() : null;
  }

  /** Whatever has changed the record meanwhile has sealed by itself. Where it cannot be stored, the next life tries again. */
  #sealAnew(record: PoolRecord, sealed: SealedSecrets): void {
    if (this.#record !== record) return;
    try {
      this.#save({ ...record, sealed });
    } catch (cause) {
      this.#host.leftOver("its secrets", cause);
    }
  }

  /** Replaces the settings of a live pool; null when there is none. `callKey` as of `remove`, also below. */
  async update(settings: IdentityPoolSettings, callKey: string | null = null): Promise<Result<IdentityPool> | null> {
    if (this.#record === null) return null;
    const { identityPoolId } = this.#record.pool;
    const sealed = await this.#host.seal(identityPoolId, settings);
    if (this.#record.state !== "live") return null;
    if (this.#wasDone(callKey)) {
      const pool = await this.read();
      return pool && ok(pool);
    }
    const replaced = replaceSettings(this.#record.pool, settings, this.#formerNames());
    if (!replaced.ok) return replaced;
    return ok(await this.#put(identityPoolId, replaced.value, sealed, callKey));
  }

  /** Changes what is no setting, or one tag of many; what is sealed stays. Null where there is no live pool. */
  async change(change: PoolChange, callKey: string | null = null): Promise<Result<void> | null> {
    if (this.#record?.state !== "live") return null;
    if (this.#wasDone(callKey)) return ok(undefined);
    const changed = changedPool(this.#record.pool, change);
    if (!changed.ok) return changed;
    const changedBy = withCall(this.#record.changedBy, callKey, this.#host.now());
    const isNews = hasSource(changed.value) !== hasSource(this.#record.pool);
    const untold = isNews ? { isListed: false, revision: this.#nextRevision() } : {};
    this.#save({ ...this.#record, pool: changed.value, changedBy, ...untold });
    // A name that the directory is being told just now is told by whoever changed the record last.
    await this.#list();
    return ok(undefined);
  }

  /**
   * From this step on the pool is gone; its identities follow. False when there was none, or another request deleted it:
   * `callKey` is the same for one that comes again, and null when nothing tells.
   */
  async remove(callKey: string | null): Promise<boolean> {
    if (this.#record?.state === "deleted") return callKey !== null && this.#record.deletedBy === callKey;
    if (this.#record === null) return false;
    const { sealed: _, ...record } = this.#record;
    this.#save({ ...record, state: "deleted", isListed: false, deletedBy: callKey, revision: this.#nextRevision() });
    await this.#list();
    return true;
  }

  /**
   * Goes on with what is left. Never throws: the platform gives up an alarm after six failures. Safe to run twice, late, or
   * together with a call.
   */
  async alarm(): Promise<void> {
    await this.#list();
    await this.#closeShards();
    if (this.#record === null || this.#isAtRest(this.#record)) return;
    const { pool, movedAt = Number.POSITIVE_INFINITY } = this.#record;
    const now = this.#host.now();
    this.#host.setAlarm(now + backoffSeconds(now - movedAt, pool.identityPoolId));
  }

  /** Of no deleted pool. What is sealed is sealed before: between a look at the record and its storing there is no wait. */
  async #put(
    identityPoolId: IdentityPoolId,
    settings: IdentityPoolSettings,
    sealed: SealedSecrets | null,
    callKey: string | null = null,
    shards?: number,
  ): Promise<IdentityPool> {
    const formerNames = this.#formerNames();
    const pool = { ...withKept(this.#record?.pool ?? {}, settings), identityPoolId };
    const record: PoolRecord = {
      version: 1,
      pool: withoutSecrets(pool, sealed),
      ...(sealed !== null && { sealed }),
      state: "live",
      revision: this.#nextRevision(),
      ...(formerNames.length > 0 && settings.developerProviderName === undefined && { formerNames }),
      changedBy: withCall(this.#record?.changedBy, callKey, this.#host.now()),
      isListed: false,
      sweptShards: 0,
    };
    this.#save(record, undefined, shards);
    await this.#list();
    return pool;
  }

  #shardNamesOf({ pool: { identityPoolId } }: PoolRecord): readonly string[] {
    return shardNames({ identityPoolId, shards: this.#host.directoryShards() });
  }

  #isAtRest(record: PoolRecord): boolean {
    const { isListed, state, sweptShards } = record;
    return isListed && (state === "live" || sweptShards >= this.#shardNamesOf(record).length);
  }

  #wasDone(callKey: string | null): boolean {
    return isAmongDone(this.#record?.changedBy, callKey, this.#host.now());
  }

  /** By the clock, in ms, so that it rises also where the record was set back: restored, or stored by a release that knew of none. */
  #nextRevision(): number {
    return Math.max((this.#record?.revision ?? 0) + 1, Math.floor(this.#host.now() * 1000));
  }

  #formerNames(): readonly string[] {
    return this.#record === null ? [] : formerNamesWith(this.#record.formerNames ?? [], this.#record.pool);
  }

  /** One storage step: the record, and the alarm that carries on should this life end here. */
  #save(changed: PoolRecord, movedAt = this.#host.now(), shards?: number): void {
    const now = this.#host.now();
    const record = { ...changed, movedAt };
    const waitSeconds = record.state === "deleted" ? 0 : backoffSeconds(0, record.pool.identityPoolId);
    this.#host.save(record, this.#isAtRest(record) ? null : now + waitSeconds, shards);
    // Memory follows the disk: what could not be stored has not happened.
    this.#record = record;
  }

  /** At once where the directory answers. Where it does not, the change holds all the same, and the alarm tells it. */
  async #list(): Promise<void> {
    const record = this.#record;
    if (record === null || record.isListed) return;
    const { pool, state, revision = 0 } = record;
    try {
      await this.#host.list(pool.identityPoolId, state === "live" ? pool.name : null, revision, hasSource(pool));
      // Another change may have come meanwhile: then its own call tells the directory, too.
      if (this.#record === record) this.#save({ ...record, isListed: true });
    } catch (cause) {
      this.#host.leftOver("its entry in the directory", cause);
    }
  }

  /**
   * Has the shards of a deleted pool delete their identities, all side by side, and notes how many are done. Its own record stays:
   * the id is never used again.
   */
  async #closeShards(): Promise<void> {
    const record = this.#record;
    if (record?.state !== "deleted") return;
    const left = this.#shardNamesOf(record).slice(record.sweptShards);
    const areEmpty = await Promise.all(left.map(async (name) => await this.#closeShard(name)));
    const first = areEmpty.indexOf(false);
    const sweptShards = record.sweptShards + (first < 0 ? left.length : first);
    try {
      // Another run of the alarm may have come further meanwhile.
      if (this.#record !== null && sweptShards > this.#record.sweptShards) this.#save({ ...this.#record, sweptShards });
    } catch (cause) {
      this.#host.leftOver("its identities", cause);
    }
  }

  /** False also where it does not answer: such a shard holds up no other. */
  async #closeShard(name: string): Promise<boolean> {
    try {
      return (await this.#host.closeShard(name)) === true;
    } catch (cause) {
      this.#host.leftOver("its identities", cause);
      return false;
    }
  }
}

function hasSource({ source }: IdentityPool): boolean {
  return source !== undefined;
}
