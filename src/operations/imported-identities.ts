/** Identities of the import lists, which no object of their own knows: by an id alone, in whichever pool it is listed. */
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import type { ImportedIdentity } from "../domain/imported-identity.ts";
import { noneBefore } from "../domain/release-before.ts";
import { isListable, shardOf } from "../pools/directory-shards.ts";
import type { OperationContext } from "./context.ts";

export type FoundImported = { readonly identityPoolId: IdentityPoolId; readonly identity: ImportedIdentity };

/** For an id that its own object knows nothing of. Null where no import list has it; asks nobody where there is none. */
export async function findImported(
  { objects, config }: OperationContext,
  identityId: IdentityId,
): Promise<FoundImported | null> {
  if (!isListable(config.region, identityId)) return null;
  const pools = await noneBefore(objects.poolDirectory(config.region).importing());
  const found = await Promise.all(
    pools.map(async (identityPoolId): Promise<FoundImported | null> => {
      const shard = shardOf(await objects.shardedPool(identityPoolId), identityId);
      const identity = await objects.directoryShard(shard).findImported(identityId);
      return identity && { identityPoolId, identity };
    }),
  );
  return found.find((one) => one !== null) ?? null;
}
