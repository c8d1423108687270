/**
 * One identity pool: its settings, and the sweep that takes its identities along when it is deleted. Its directory entry
 * follows by an outbox, so that a crash between the two leaves nothing behind.
 */
import { ok, type Result } from "../domain/errors.ts";
import type { IdentityPoolId } from "../domain/identifiers.ts";
import type { IdentityPool, IdentityPoolSettings } from "../domain/identity-pool.ts";
import type { UpstreamPolicy } from "../outbound/upstream-policy.ts";
import { DIRECTORY_SHARDS, directoryShard } from "../pools/identity-directory.ts";
import { poolDirectoryOf } from "../pools/pool-directory.ts";
import { formerNamesWith, replaceSettings } from "../pools/pool-settings.ts";
import { ConfiguredObject } from "./configured-object.ts";
import { type SealedSecrets, sealSecrets, withoutSecrets, withSecrets } from "./pool-secrets.ts";
import { ofKnownVersion } from "./stored-record.ts";

const RECORD_KEY = "pool";
/** How long a crash may keep the directory, or an orphaned identity, waiting. */
const RETRY_MS = 10_000;
/** Identities that are deleted at once, and how often in one alarm: a bounded piece of work, repeated until none is left. */
const SWEEP_BATCH = 50;
const SWEEP_BATCHES = 40;

type PoolRecord = {
  readonly version: 1;
  /** Without the values that are in `sealed`. */
  readonly pool: IdentityPool;
  readonly sealed?: SealedSecrets;
  readonly state: "live" | "deleted";
  /** The call that deleted it, so that its repeat is answered as the first one was. */
  readonly deletedBy?: string | null;
  /** Names of public providers that it had, while no developer provider is named: pools/pool-settings.ts. */
  readonly formerNames?: readonly string[];
  /** Whether the directory of pools has heard of the latest name, or of the end. */
  readonly isListed: boolean;
  /** Directory shards that hold no identity any more; only meaningful once deleted. */
  readonly sweptShards: number;
};

export class IdentityPoolObject extends ConfiguredObject {
  #record: PoolRecord | null;
  /** The pool with its secrets, of the record that it was opened for. */
  #opened: { readonly record: PoolRecord; readonly pool: IdentityPool } | null = null;

  constructor(ctx: DurableObjectState, env: Env, upstreams?: UpstreamPolicy) {
    super(ctx, env, upstreams);
    this.#record = ofKnownVersion(ctx.storage.kv.get<PoolRecord>(RECORD_KEY), RECORD_KEY);
  }

  /** Null when the pool does not exist, or no longer. */
  async read(): Promise<IdentityPool | null> {
    const record = this.#record;
    if (record?.state !== "live") return null;
    if (record.sealed === undefined) return record.pool;
    if (this.#opened?.record !== record) {
      const pool = await withSecrets(record.pool, record.sealed, this.config.keyEncryptionKey);
      this.#opened = { record, pool };
      return pool;
    }
    return this.#opened.pool;
  }

  /** Creates the pool. One that is there already stays as it is, and one that was deleted stays deleted (null). */
  async create(identityPoolId: IdentityPoolId, settings: IdentityPoolSettings): Promise<IdentityPool | null> {
    const sealed = await sealSecrets(identityPoolId, settings, this.config.keyEncryptionKey);
    return this.#record === null ? await this.#put(identityPoolId, settings, sealed) : await this.read();
  }

  /** Creates the pool under its id, or replaces the settings of a live one; a deleted pool stays deleted. */
  async put(identityPoolId: IdentityPoolId, settings: IdentityPoolSettings): Promise<IdentityPool | null> {
    return await this.#put(
      identityPoolId,
      settings,
      await sealSecrets(identityPoolId, settings, this.config.keyEncryptionKey),
    );
  }

  /** What is sealed is sealed before: between a look at the record and its storing there is no wait. */
  async #put(
    identityPoolId: IdentityPoolId,
    settings: IdentityPoolSettings,
    sealed: SealedSecrets | null,
  ): Promise<IdentityPool | null> {
    if (this.#record?.state === "deleted") return null;
    const formerNames = this.#formerNames();
    await this.#save({
      version: 1,
      pool: { ...withoutSecrets(settings, sealed), identityPoolId },
      ...(sealed !== null && { sealed }),
      state: "live",
      ...(formerNames.length > 0 && settings.developerProviderName === undefined && { formerNames }),
      isListed: false,
      sweptShards: 0,
    });
    await this.#listSoon();
    return { ...settings, identityPoolId };
  }

  /** Replaces the settings of a live pool; null when there is none. */
  async update(settings: IdentityPoolSettings): Promise<Result<IdentityPool> | null> {
    if (this.#record === null) return null;
    const { identityPoolId } = this.#record.pool;
    const sealed = await sealSecrets(identityPoolId, settings, this.config.keyEncryptionKey);
    if (this.#record?.state !== "live") return null;
    const current = this.#record.pool;
    const replaced = replaceSettings(current, settings, this.#formerNames());
    if (!replaced.ok) return replaced;
    const pool = await this.#put(identityPoolId, replaced.value, sealed);
    return pool === null ? null : ok(pool);
  }

  /**
   * From this step on the pool is gone; its identities follow. False when there was none, or another request deleted it:
   * `callKey` is the same for one that comes again, and null when nothing tells.
   */
  async remove(callKey: string | null): Promise<boolean> {
    if (this.#record?.state === "deleted") return callKey !== null && this.#record.deletedBy === callKey;
    if (this.#record === null) return false;
    const { sealed: _, ...record } = this.#record;
    await this.#save({ ...record, state: "deleted", isListed: false, deletedBy: callKey });
    await this.#listSoon();
    return true;
  }

  override async alarm(): Promise<void> {
    try {
      await this.#list();
      await this.#sweep();
    } catch (error) {
      console.error({ message: "a pool could not be settled yet", cause: String(error) });
    }
    if (!this.#isAtRest()) await this.ctx.storage.setAlarm(Date.now() + RETRY_MS);
  }

  #formerNames(): readonly string[] {
    return this.#record === null ? [] : formerNamesWith(this.#record.formerNames ?? [], this.#record.pool);
  }

  #isAtRest(): boolean {
    if (this.#record === null) return true;
    const { isListed, state, sweptShards } = this.#record;
    return isListed && (state === "live" || sweptShards === DIRECTORY_SHARDS);
  }

  /** One storage step: the record, and the alarm that carries on should this life end here. */
  async #save(record: PoolRecord): Promise<void> {
    // Memory follows the disk: what could not be stored has not happened.
    this.ctx.storage.kv.put(RECORD_KEY, record);
    this.#record = record;
    if (this.#isAtRest()) await this.ctx.storage.deleteAlarm();
    else await this.ctx.storage.setAlarm(Date.now() + (record.state === "deleted" ? 0 : RETRY_MS));
  }

  /** At once where the directory answers. Where it does not, the change holds all the same, and the alarm tells it. */
  async #listSoon(): Promise<void> {
    try {
      await this.#list();
    } catch (error) {
      console.warn({ message: "the directory of pools could not be told yet", cause: String(error) });
    }
  }

  async #list(): Promise<void> {
    const record = this.#record;
    if (record === null || record.isListed) return;
    const { identityPoolId, name } = record.pool;
    const directory = this.env.POOL_DIRECTORY.getByName(poolDirectoryOf(identityPoolId));
    await directory.update(identityPoolId, record.state === "live" ? name : null);
    // Another change may have come meanwhile: then its own call tells the directory, too.
    if (this.#record === record) await this.#save({ ...record, isListed: true });
  }

  /** Deletes the identities of a deleted pool, shard by shard. Its own record stays: the id is never used again. */
  async #sweep(): Promise<void> {
    for (let batch = 0; batch < SWEEP_BATCHES; batch++) {
      const record = this.#record;
      if (record?.state !== "deleted") return;
      if (record.sweptShards === DIRECTORY_SHARDS) return;
      const remaining = await this.#sweepShard(directoryShard(record.pool.identityPoolId, record.sweptShards));
      if (remaining === "busy") return;
      if (remaining === "empty") await this.#save({ ...record, sweptShards: record.sweptShards + 1 });
    }
  }

  async #sweepShard(name: string): Promise<"empty" | "more" | "busy"> {
    const shard = this.env.IDENTITY_DIRECTORY.getByName(name);
    await shard.close();
    const identityIds = await shard.page("", SWEEP_BATCH);
    const removals = identityIds.map(async (identityId) => {
      const { kind } = await this.env.IDENTITY.getByName(identityId).remove(identityId, "*");
      // Taken off here as well as by the identity's own outbox: an entry that came late has no identity to do it.
      if (kind !== "busy") await this.env.IDENTITY_DIRECTORY.getByName(name).update("remove", identityId);
      return kind;
    });
    const kinds = await Promise.all(removals);
    if (kinds.includes("busy")) return "busy";
    return kinds.length === 0 ? "empty" : "more";
  }
}
