/**
 * ImportIdentities, an extension of this service: takes up to 100 lines of an import file into a pool, and says of each what
 * became of it. Idempotent: a call that was cut short is made again, whole.
 */
import { err, ok, type Result } from "../domain/errors.ts";
import type { IdentityPoolId } from "../domain/identifiers.ts";
import type { ImportedIdentity } from "../domain/imported-identity.ts";
import { identityPoolNotFound, type Refusal } from "../domain/refusals.ts";
import { writeEvent } from "../log/write.ts";
import { shardOf } from "../pools/directory-shards.ts";
import type { ExtensionInputOf, ExtensionOutputOf } from "../protocol/extensions.ts";
import { identityPoolIdOfInput, poolRefusal, type SignedContext } from "./context.ts";
import { idNamedBy, type ImportLine, readLine } from "./import-lines.ts";
import { GONE, type Judged, restoreLine } from "./restore-line.ts";

type Output = ExtensionOutputOf<"ImportIdentities">;

export async function importIdentities(
  input: ExtensionInputOf<"ImportIdentities">,
  context: SignedContext,
): Promise<Result<Output>> {
  const identityPoolId = identityPoolIdOfInput(input.IdentityPoolId);
  const refusal = poolRefusal(context, identityPoolId);
  if (refusal !== null) return refusal;
  const pool = await context.objects.readPool(identityPoolId);
  if (pool === null) return err(identityPoolNotFound(identityPoolId));
  const isOfAllPools = context.caller.credential.pools === "*";
  const lines = input.Identities.map((json): Result<ImportLine, string> => {
    const line = readLine(json, context.config.region);
    return line.ok && namesHashes(line.value) && !isOfAllPools ? err(HASHES_OF_ALL_POOLS) : line;
  });
  const listed = lines.flatMap((line) => (line.ok && line.value.kind === "listed" ? [line.value.identity] : []));
  const verdicts = await importListed(context, identityPoolId, listed);
  if (verdicts === null) return err(identityPoolNotFound(identityPoolId));
  const judged = await Promise.all(
    lines.map(async (line): Promise<Judged> => {
      if (!line.ok) return { Verdict: "invalid", Reason: line.error };
      if (line.value.kind === "listed") return verdicts.get(line.value.identity) ?? GONE;
      return await orBusy(restoreLine(line.value, pool, context));
    }),
  );
  return ok({
    Results: judged.map((verdict, index) => ({ IdentityId: idNamedBy(input.Identities[index]), ...verdict })),
  });
}

/** One line that somebody is in the way of, or whose objects do not answer, is to be sent again; the others are done. */
async function orBusy(restoring: Promise<Result<Judged, Refusal>>): Promise<Judged> {
  try {
    const restored = await restoring;
    if (restored.ok) return restored.value;
    if (restored.error.kind === "participant-unreachable") return UNANSWERED;
    return { Verdict: "busy", Reason: "The identity or a login of the line is being changed: send the line again." };
  } catch (cause) {
    return unanswered(cause);
  }
}

const UNANSWERED: Judged = { Verdict: "busy", Reason: "What the line is about did not answer: send the line again." };

function unanswered(cause: unknown): Judged {
  writeEvent({ event: "object-call-failed", kind: "import", cause: String(cause) });
  return UNANSWERED;
}

/** A hash shows nobody of which pool it is: by it a credential of one pool could take the logins of another (T89). */
const HASHES_OF_ALL_POOLS = "Hashes of logins are taken from a credential of all identity pools alone.";

function namesHashes(line: ImportLine): boolean {
  return line.kind === "login" || (line.kind === "restored" && (line.identity.loginIds ?? []).length > 0);
}

/** A shard at a time for all of its rows, which are busy where it does not answer; null where the pool was deleted meanwhile. */
async function importListed(
  { objects, config }: SignedContext,
  identityPoolId: IdentityPoolId,
  identities: readonly ImportedIdentity[],
): Promise<ReadonlyMap<ImportedIdentity, Judged> | null> {
  if (identities.length === 0) return new Map();
  // Before the first row, so that none is in a list that nobody looks into.
  await objects.poolDirectory(config.region).noteImports(identityPoolId);
  const pool = await objects.shardedPool(identityPoolId);
  const shards = Map.groupBy(identities, ({ identityId }) => shardOf(pool, identityId));
  const judged = await Promise.all(
    [...shards].map(async ([shard, rows]) => {
      try {
        const verdicts = await objects.directoryShard(shard).importIdentities(rows);
        return verdicts?.map(
          (verdict, index) => [rows[index], verdict === "gone" ? GONE : { Verdict: verdict }] as const,
        );
      } catch (cause) {
        return rows.map((row) => [row, unanswered(cause)] as const);
      }
    }),
  );
  const known = new Map<ImportedIdentity, Judged>();
  for (const pairs of judged) {
    if (pairs === undefined) return null;
    for (const [row, result] of pairs) if (row !== undefined) known.set(row, result);
  }
  return known;
}
