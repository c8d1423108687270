/**
 * ImportIdentities, an extension of this service: takes up to 100 lines of an import file into a pool, and says of each what
 * became of it. Idempotent: a call that was cut short is made again, whole.
 */
import { err, ok, type Result } from "../domain/errors.ts";
import type { IdentityPoolId } from "../domain/identifiers.ts";
import type { ImportedIdentity } from "../domain/imported-identity.ts";
import { identityPoolNotFound } from "../domain/refusals.ts";
import { shardOf } from "../pools/identity-directory.ts";
import type { ExtensionInputOf, ExtensionOutputOf } from "../protocol/extensions.ts";
import { identityPoolIdOfInput, poolRefusal, type SignedContext } from "./context.ts";
import { idNamedBy, readLine } from "./import-lines.ts";

type Output = ExtensionOutputOf<"ImportIdentities">;
type Judged = Omit<Output["Results"][number], "IdentityId">;

const NOT_TAKEN: Judged = {
  Verdict: "invalid",
  Reason: "Only what Cognito lists is taken: an id, its dates, names of its providers, and whether it is disabled.",
};
const GONE: Judged = { Verdict: "gone", Reason: "The identity was deleted here." };

export async function importIdentities(
  input: ExtensionInputOf<"ImportIdentities">,
  context: SignedContext,
): Promise<Result<Output>> {
  const identityPoolId = identityPoolIdOfInput(input.IdentityPoolId);
  const refusal = poolRefusal(context, identityPoolId);
  if (refusal !== null) return refusal;
  if ((await context.objects.readPool(identityPoolId)) === null) return err(identityPoolNotFound(identityPoolId));
  const lines = input.Identities.map((json) => readLine(json, context.config.region));
  const listed = lines.flatMap((line) => (line.ok && line.value.kind === "listed" ? [line.value.identity] : []));
  const verdicts = await importListed(context, identityPoolId, listed);
  if (verdicts === null) return err(identityPoolNotFound(identityPoolId));
  const judged = await Promise.all(
    lines.map(async (line): Promise<Judged> => {
      if (!line.ok) return { Verdict: "invalid", Reason: line.error };
      return line.value.kind === "listed" ? (verdicts.get(line.value.identity) ?? GONE) : NOT_TAKEN;
    }),
  );
  return ok({
    Results: judged.map((result, index) => ({ IdentityId: idNamedBy(input.Identities[index]), ...result })),
  });
}

/** A shard at a time for all of its rows; null where the pool was deleted meanwhile. */
async function importListed(
  { objects, config }: SignedContext,
  identityPoolId: IdentityPoolId,
  identities: readonly ImportedIdentity[],
): Promise<ReadonlyMap<ImportedIdentity, Judged> | null> {
  if (identities.length === 0) return new Map();
  // Before the first row, so that none is in a list that nobody looks into.
  await objects.poolDirectory(config.region).noteImports(identityPoolId);
  const shards = Map.groupBy(identities, ({ identityId }) => shardOf(identityId));
  const judged = await Promise.all(
    [...shards].map(async ([shard, rows]) => {
      const verdicts = await objects.identityDirectory(identityPoolId, shard).importIdentities(rows);
      return verdicts?.map(
        (verdict, index) => [rows[index], verdict === "gone" ? GONE : { Verdict: verdict }] as const,
      );
    }),
  );
  const known = new Map<ImportedIdentity, Judged>();
  for (const pairs of judged) {
    if (pairs === undefined) return null;
    for (const [row, result] of pairs) if (row !== undefined) known.set(row, result);
  }
  return known;
}
