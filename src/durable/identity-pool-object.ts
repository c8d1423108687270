/** A place for one identity pool (pools/pool-actor.ts): storage, alarm, clock, and the way to its directories and identities. */
import type { Result } from "../domain/errors.ts";
import type { IdentityPool, IdentityPoolSettings } from "../domain/identity-pool.ts";
import { writeEvent } from "../log/write.ts";
import { isolate, type ParseConfig } from "../isolate.ts";
import { PoolActor } from "../pools/pool-actor.ts";
import type { PoolHost, PoolRecord } from "../pools/pool-host.ts";
import type { PoolChange } from "../pools/pool-changes.ts";
import { FIRST_SHARDS } from "../pools/directory-shards.ts";
import { poolDirectoryOf } from "../pools/pool-directory.ts";
import { ConfiguredObject } from "./configured-object.ts";
import { sealSecrets, withSecrets } from "./pool-secrets.ts";
import { ofKnownVersion } from "./stored-record.ts";

const RECORD_KEY = "pool";
/** Beside the record and not in it: 0.1.0 writes that anew, without what it does not know. Not there: 16. */
const SHARDS_KEY = "shards";

export class IdentityPoolObject extends ConfiguredObject {
  readonly #pool: PoolActor;

  constructor(ctx: DurableObjectState, env: Env, parse?: ParseConfig) {
    super(ctx, env, parse);
    const stored = ofKnownVersion(ctx.storage.kv.get<PoolRecord>(RECORD_KEY), RECORD_KEY, [1]);
    this.#pool = new PoolActor(this.#host(), stored);
  }

  async read(): Promise<IdentityPool | null> {
    return await this.#pool.read();
  }
  async create(...call: Parameters<PoolActor["create"]>): Promise<IdentityPool | null> {
    return await this.#pool.create(...call);
  }
  async adopt(...call: Parameters<PoolActor["adopt"]>): Promise<IdentityPool | null> {
    return await this.#pool.adopt(...call);
  }

  async update(settings: IdentityPoolSettings, callKey?: string | null): Promise<Result<IdentityPool> | null> {
    return await this.#pool.update(settings, callKey);
  }
  async change(change: PoolChange, callKey?: string | null): Promise<Result<void> | null> {
    return await this.#pool.change(change, callKey);
  }
  async remove(callKey: string | null): Promise<boolean> {
    return await this.#pool.remove(callKey);
  }
  directoryShards(): number | null {
    return this.#pool.directoryShards();
  }

  override async alarm(): Promise<void> {
    await this.#pool.alarm();
  }

  #host(): PoolHost {
    const objects = () => isolate.stubsOf(this.env);
    const setAlarm = (wakeAt: number) => this.ctx.waitUntil(this.ctx.storage.setAlarm(wakeAt * 1000));
    return {
      now: () => Date.now() / 1000,
      save: (record, wakeAt, shards) => {
        // With no await between them they are stored together or not at all.
        this.ctx.storage.kv.put(RECORD_KEY, record);
        if (shards !== undefined) this.ctx.storage.kv.put(SHARDS_KEY, shards);
        if (wakeAt === null) this.ctx.waitUntil(this.ctx.storage.deleteAlarm());
        else setAlarm(wakeAt);
      },
      directoryShards: () => this.ctx.storage.kv.get<number>(SHARDS_KEY) ?? FIRST_SHARDS,
      setAlarm,
      seal: async (identityPoolId, settings) => await sealSecrets(identityPoolId, settings, this.config),
      open: async (pool, sealed) => await withSecrets(pool, sealed, this.config),
      list: async (identityPoolId, name, revision, hasSource) => {
        await objects()
          .poolDirectory(poolDirectoryOf(identityPoolId))
          .update(identityPoolId, name, revision, hasSource);
      },
      closeShard: async (name) => await objects().directoryShard(name).close(),
      leftOver: (what, cause) => writeEvent({ event: "pool-not-settled", what, cause: String(cause) }),
    };
  }
}
