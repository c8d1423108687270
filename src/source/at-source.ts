/** What is changed at a source because it was changed here: a login unlinked, once; an identity deleted, until it succeeds. */
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import type { PoolSource } from "../domain/pool-source.ts";
import { canonicalName } from "../domain/provider-name.ts";
import type { DeleteAtSource, Reply } from "../linking/messages.ts";
import { askSource, type SourceTools } from "./ask-source.ts";
import { causeOf } from "./source-answer.ts";

/**
 * The call of a client that was done here, made again at the source: a stolen login would still open the door there. Never rejects;
 * a failure is logged, and that is all.
 */
export async function unlinkAtSource(
  { identityPoolId: sourcePoolId, providers }: PoolSource,
  identityId: IdentityId,
  logins: ReadonlyMap<string, string>,
  loginsToRemove: readonly string[],
  tools: SourceTools,
): Promise<void> {
  const isOfSource = (name: string) => providers.includes(canonicalName(name));
  const LoginsToRemove = loginsToRemove.filter(isOfSource);
  if (LoginsToRemove.length === 0) return;
  const Logins = Object.fromEntries([...logins].filter(([name]) => isOfSource(name)));
  const input = { IdentityId: identityId, Logins, LoginsToRemove };
  const answer = await askSource(sourcePoolId, { operation: "UnlinkIdentity", input, identityId }, tools);
  if (!answer.ok) tools.log({ event: "source-not-unlinked", sourcePoolId, cause: causeOf(answer.error) });
}

/** False where it was not deleted, or nobody knows: then the log has why, and it is to be asked again. Never rejects. */
export async function deleteAtSource(
  sourcePoolId: IdentityPoolId,
  identityId: IdentityId,
  tools: SourceTools,
): Promise<boolean> {
  const input = { IdentityIdsToDelete: [identityId] };
  const answer = await askSource(sourcePoolId, { operation: "DeleteIdentities", input, isSigned: true }, tools);
  const unprocessed = answer.ok ? answer.value.get("UnprocessedIdentityIds") : [];
  const isRefused = Array.isArray(unprocessed) && unprocessed.length > 0;
  if (answer.ok && !isRefused) return true;
  tools.log({ event: "source-not-deleted", sourcePoolId, cause: answer.ok ? "unprocessed" : causeOf(answer.error) });
  return false;
}

/** Nobody need be told where the pool has no source any more, or no credential of it. */
export async function tellSource(
  { identityId }: DeleteAtSource,
  pool: IdentityPool | null,
  tools: SourceTools,
): Promise<Reply> {
  const sourcePoolId = pool?.source?.identityPoolId;
  if (sourcePoolId === undefined || !tools.credentials.has(sourcePoolId)) return { kind: "deleted-at-source" };
  const deleted = await deleteAtSource(sourcePoolId, identityId, tools);
  return { kind: deleted ? "deleted-at-source" : "failed" };
}
