/** The shards of a pool that was made without a number of them, as the objects make it by themselves: sixteen. */
import type { IdentityId, IdentityPoolId } from "../../src/domain/identifiers.ts";
import { FIRST_SHARDS, shardNames, shardOf, shardOfLogin } from "../../src/pools/directory-shards.ts";

export const DIRECTORY_SHARDS = FIRST_SHARDS;

export function directoryShard(identityPoolId: IdentityPoolId, shard: number): string {
  return shardNames({ identityPoolId, shards: FIRST_SHARDS })[shard] ?? "";
}

export function directoryShardOf(identityPoolId: IdentityPoolId, identityId: IdentityId): string {
  return shardOf({ identityPoolId, shards: FIRST_SHARDS }, identityId);
}

export function directoryShardOfLogin(identityPoolId: IdentityPoolId, loginId: string): string {
  return shardOfLogin({ identityPoolId, shards: FIRST_SHARDS }, loginId);
}
