/** What is changed at a source because it was changed here: a login unlinked, once; an identity deleted, until it succeeds. */
import { err, ok, type Result } from "../domain/errors.ts";
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import type { PoolSource } from "../domain/pool-source.ts";
import { canonicalName } from "../domain/provider-name.ts";
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

/** Never rejects. The error is one of our own words: it was not deleted, or nobody knows. */
export async function deleteAtSource(
  sourcePoolId: IdentityPoolId,
  identityId: IdentityId,
  tools: SourceTools,
): Promise<Result<void, string>> {
  const input = { IdentityIdsToDelete: [identityId] };
  const answer = await askSource(sourcePoolId, { operation: "DeleteIdentities", input, isSigned: true }, tools);
  if (!answer.ok) return err(causeOf(answer.error));
  const unprocessed = answer.value.get("UnprocessedIdentityIds");
  return Array.isArray(unprocessed) && unprocessed.length > 0 ? err("unprocessed") : ok(undefined);
}
