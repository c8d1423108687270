/** What a pool's actor keeps, and what the object that it lives in gives to it. */
import type { DoneCall } from "../domain/done-calls.ts";
import type { IdentityPoolId } from "../domain/identifiers.ts";
import type { IdentityPool, IdentityPoolSettings } from "../domain/identity-pool.ts";
import type { SealedSecrets } from "./sealed-secrets.ts";

export type PoolRecord = {
  readonly version: 1;
  /** Without the values that are in `sealed`. */
  readonly pool: IdentityPool;
  readonly sealed?: SealedSecrets;
  readonly state: "live" | "deleted";
  /** The call that deleted it, so that its repeat is answered as the first one was. */
  readonly deletedBy?: string | null;
  /** Which change this is, among those of the pool: each has a larger number than the one before. Absent before there were any: 0. */
  readonly revision?: number;
  /** Names of public providers that it had, while no developer provider is named: pool-settings.ts. */
  readonly formerNames?: readonly string[];
  /** Calls that have changed it of late: domain/done-calls.ts. Absent in a record of the release before. */
  readonly changedBy?: readonly DoneCall[];
  /** Whether the directory of pools has heard of the latest name, of a source that came or went, or of the end. */
  readonly isListed: boolean;
  /** Directory shards that hold no identity any more, from the first on; only meaningful once deleted. */
  readonly sweptShards: number;
  /** When it last came a step further, in epoch seconds: what is left has been waiting since. */
  readonly movedAt?: number;
};

/** What the actor asks of the object that it lives in. Instants are epoch seconds. */
export type PoolHost = {
  now(): number;
  /**
   * One storage step: the record, with the alarm at `wakeAt`, or without one; of a pool that is made, into how many shards its list
   * is cut. Throws where nothing was stored.
   */
  save(record: PoolRecord, wakeAt: number | null, shards?: number): void;
  /** As it was stored; 16 where it never was. */
  directoryShards(): number;
  /** In place of the alarm that is set. */
  setAlarm(wakeAt: number): void;
  /** What is secret in the settings, sealed; null where nothing is. */
  seal(identityPoolId: IdentityPoolId, settings: IdentityPoolSettings): Promise<SealedSecrets | null>;
  /** `resealed` is what is to rest in place of `sealed` from now on, where that is not as it should be. */
  open(
    pool: IdentityPool,
    sealed: SealedSecrets,
  ): Promise<{ readonly pool: IdentityPool; readonly resealed: SealedSecrets | null }>;
  /**
   * Tells the directory of pools its name, or by null that it is gone, and whether it has a source. May fail, or arrive late or
   * twice, as all calls.
   */
  list(identityPoolId: IdentityPoolId, name: string | null, revision: number, hasSource: boolean): Promise<void>;
  /**
   * Tells a shard of its list that the pool was deleted, so that it deletes its identities; whether none is left. May fail as all
   * calls. Nothing of a shard of the release before, which leaves them to the pool: it is asked again.
   */
  closeShard(name: string): Promise<boolean | undefined>;
  /** Something is left for the alarm. */
  leftOver(what: "its entry in the directory" | "its identities" | "its secrets", cause: unknown): void;
};
