/** The objects, reached by name: the only way in which code above this folder gets at one. */
import { waitUntil } from "cloudflare:workers";
import type { ClientCall } from "../domain/identity.ts";
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import type { Flow } from "../domain/mint-rules.ts";
import { noneBefore } from "../domain/release-before.ts";
import type { Traced } from "../domain/trace.ts";
import type { GrantReply } from "../linking/identity-calls.ts";
import type { ShardedPool } from "../pools/directory-shards.ts";
import type { ClientAddress } from "../limits/client-limit.ts";
import { AS_TEXT, readGrantReply } from "./identity-rpc.ts";
import { isolate } from "../isolate.ts";
import { poolDirectoryOf } from "../pools/pool-directory.ts";
import { poolReaderOf } from "./pool-reader.ts";
import { shardedPool } from "./sharded-pool.ts";
import type { Stubs } from "./stubs.ts";

export type Objects = Stubs & {
  /**
   * What logins are worth at an identity, as its object judges it. In the enhanced flow the grant has the one role to give credentials
   * for; `customRoleArn` picks it among those that the logins open.
   */
  grant(
    identityId: IdentityId,
    logins: ReadonlyMap<string, string>,
    call: ClientCall,
    flow: Flow,
    client?: ClientAddress,
    customRoleArn?: string,
  ): Promise<Traced<GrantReply>>;
  shardedPool(identityPoolId: IdentityPoolId): Promise<ShardedPool>;
  /** The pool's settings, at most as old as the isolate's memory allows; null when there is none. */
  readPool(identityPoolId: IdentityPoolId): Promise<IdentityPool | null>;
  /** The pools of a region that have a source, each as `readPool` has it. */
  readSourcedPools(region: string): Promise<readonly IdentityPool[]>;
  /** After a change: the next read of this isolate sees it. */
  forgetPool(identityPoolId: IdentityPoolId): void;
};

export function objectsOf(env: Env): Objects {
  // The platform knows which request it is that has to outlive its answer.
  const readPool = poolReaderOf(() => env, waitUntil);
  const stubs = isolate.stubsOf(env);
  return {
    ...stubs,
    grant: async (identityId, logins, call, flow, client, customRoleArn) => {
      const stub = stubs.identity(identityId);
      // Nothing more than is needed travels: `undefined` would, and the basic flow goes without saying.
      if (flow !== "basic") {
        const reply =
          customRoleArn === undefined
            ? await stub.grant(identityId, logins, call, AS_TEXT, client, flow)
            : await stub.grant(identityId, logins, call, AS_TEXT, client, flow, customRoleArn);
        return readGrantReply(reply);
      }
      const reply =
        client === undefined
          ? await stub.grant(identityId, logins, call, AS_TEXT)
          : await stub.grant(identityId, logins, call, AS_TEXT, client);
      return readGrantReply(reply);
    },
    shardedPool: async (identityPoolId) => await shardedPool(stubs, identityPoolId),
    readPool,
    readSourcedPools: async (region) => {
      const ids = await sourcedPoolIds(region, stubs.poolDirectory(region));
      const pools = await Promise.all(ids.map(readPool));
      return pools.flatMap((pool) => (pool?.source === undefined ? [] : pool));
    },
    forgetPool: (identityPoolId) => {
      isolate.pools.forget(identityPoolId);
      isolate.sourcedPools.delete(poolDirectoryOf(identityPoolId));
    },
  };
}

/** As the isolate remembers them, else as the region's directory has them. */
async function sourcedPoolIds(
  region: string,
  directory: ReturnType<Stubs["poolDirectory"]>,
): Promise<readonly IdentityPoolId[]> {
  const now = Date.now() / 1000;
  const known = isolate.sourcedPools.get(region, now);
  if (known !== undefined) return known;
  const ids = await noneBefore(directory.sourced());
  isolate.sourcedPools.set(region, ids, now);
  return ids;
}
