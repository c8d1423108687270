/** Who asks a pool's object into how many shards its list is cut, with the isolate's memory before it. */
import type { IdentityPoolId } from "../domain/identifiers.ts";
import { unlessBefore } from "../domain/release-before.ts";
import { isolate } from "../isolate.ts";
import { FIRST_SHARDS, type ShardedPool } from "../pools/directory-shards.ts";
import type { Stubs } from "./stubs.ts";

/** Also of a pool that was deleted: its identities tell its list of their end. */
export async function shardedPool(
  { identityPool }: Pick<Stubs, "identityPool">,
  identityPoolId: IdentityPoolId,
): Promise<ShardedPool> {
  const known = isolate.directoryShards.get(identityPoolId, 0);
  if (known !== undefined) return { identityPoolId, shards: known };
  const shards = await unlessBefore(identityPool(identityPoolId).directoryShards(), null);
  // Of a pool that is not there yet, or an object of the release before, nothing is remembered.
  if (shards !== null) isolate.directoryShards.set(identityPoolId, shards, 0);
  return { identityPoolId, shards: shards ?? FIRST_SHARDS };
}
