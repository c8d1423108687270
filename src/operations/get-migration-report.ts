/** GetMigrationReport, an extension of this service: how far the users of a pool have come over from its source. It changes nothing. */
import { ok, type Result } from "../domain/errors.ts";
import type { ShardCounts } from "../durable/shard-tables.ts";
import { shardNames } from "../pools/directory-shards.ts";
import type { ExtensionInputOf, ExtensionOutputOf } from "../protocol/extensions.ts";
import { identityPoolIdOfInput, poolRefusal, type SignedContext } from "./context.ts";
import { readNamedPool } from "./named-pool.ts";
import { sourceAs } from "./set-identity-pool-source.ts";

/** Who was changed at Cognito within so many seconds may still come: 90 days. */
const LATELY_SECONDS = 90 * 86_400;

const ASKED_NOBODY = {
  asksToday: { ok: 0, notFound: 0, throttled: 0, failed: 0 },
  problems: [],
  conflicts: 0,
  barred: 0,
};

/** Each shard of the pool's list counts its rows, which takes as long as it has rows. */
export async function getMigrationReport(
  { IdentityPoolId }: ExtensionInputOf<"GetMigrationReport">,
  context: SignedContext,
): Promise<Result<ExtensionOutputOf<"GetMigrationReport">>> {
  const identityPoolId = identityPoolIdOfInput(IdentityPoolId);
  const refusal = poolRefusal(context, identityPoolId);
  if (refusal !== null) return refusal;
  const pool = await readNamedPool(context, identityPoolId);
  if (!pool.ok) return pool;
  const { objects } = context;
  const { source } = pool.value;
  const since = context.now() - LATELY_SECONDS;
  const names = shardNames(await objects.shardedPool(identityPoolId));
  const counting = names.map(async (name) => await objects.directoryShard(name).counts(since));
  const asked = source === undefined ? ASKED_NOBODY : await objects.source(source.identityPoolId).counts();
  const shards = await Promise.all(counting);
  const sumOf = (name: keyof ShardCounts) => shards.reduce((sum, counts) => sum + counts[name], 0);
  return ok({
    ...(source !== undefined && { Source: sourceAs(source) }),
    Imported: sumOf("imported"),
    Adopted: sumOf("adopted"),
    GuestsAdopted: sumOf("adoptedGuests"),
    Unclaimed: sumOf("unclaimed"),
    UnclaimedLately: sumOf("unclaimedLately"),
    Barred: asked.barred,
    BornHere: sumOf("bornHere"),
    Conflicts: asked.conflicts,
    AsksToday: asked.asksToday,
    Misconfigured: asked.problems,
  });
}
