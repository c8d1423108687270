/** UnlinkIdentity, and the administration of single identities: DescribeIdentity, DeleteIdentities. */
import { allowsPool } from "../domain/admin-credential.ts";
import { err, ok, type Result } from "../domain/errors.ts";
import { callKeyOf } from "../domain/identity.ts";
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import { identityNotFound, withWords } from "../domain/refusals.ts";
import { canonicalName } from "../domain/provider-name.ts";
import type { InputOf, OutputOf } from "../protocol/shapes.ts";
import { type Attempt, changed, untilAnswered } from "../linking/contention.ts";
import { shardOf } from "../pools/directory-shards.ts";
import { chargedFor, identityIdOfInput, type OperationContext, poolRefusal, type SignedContext } from "./context.ts";
import { type DescribedIdentity, describedAs } from "./described-identity.ts";
import { findImported } from "./imported-identities.ts";

export async function unlinkIdentity(
  input: InputOf<"UnlinkIdentity">,
  context: OperationContext,
): Promise<Result<undefined>> {
  const identityId = identityIdOfInput(input.IdentityId);
  const { Logins: logins } = input;
  const providerNames = input.LoginsToRemove.map(canonicalName);
  const client = chargedFor(context, logins);
  const callKey = await callKeyOf(context.call, providerNames);
  const unlinked = await untilAnswered(context, async () => {
    const identity = context.objects.identity(identityId);
    const reply = await identity.unlink(identityId, logins, providerNames, client, callKey);
    if (reply.trace !== undefined) context.note?.(reply.trace);
    if (reply.kind === "done" && reply.source !== undefined) {
      context.unlinkAtSource(reply.source, identityId, logins, input.LoginsToRemove);
    }
    return changed(reply);
  });
  if (unlinked.ok) context.note?.({ effect: "unlinked" });
  return withWords(unlinked);
}

export async function describeIdentity(
  input: InputOf<"DescribeIdentity">,
  context: SignedContext,
): Promise<Result<OutputOf<"DescribeIdentity">>> {
  const identityId = identityIdOfInput(input.IdentityId);
  const described = await describeAnywhere(identityId, context);
  if (described === null) return err(identityNotFound(identityId));
  const { identityPoolId, description } = described;
  context.note?.({ identityPoolId });
  const refusal = poolRefusal(context, identityPoolId);
  if (refusal !== null) return refusal;
  // An identity goes with its pool, even while the sweep that deletes it is still under way.
  const pool = await context.objects.readPool(identityPoolId);
  return pool === null ? err(identityNotFound(identityId)) : ok(describedAs(description));
}

/** As the identity says itself, or as it was imported, where it never lived here. */
async function describeAnywhere(
  identityId: IdentityId,
  context: SignedContext,
): Promise<{ readonly identityPoolId: IdentityPoolId; readonly description: DescribedIdentity } | null> {
  const described = await context.objects.identity(identityId).describe();
  if (described !== null) return described;
  const imported = await findImported(context, identityId);
  // A row that outlives its identity for a moment, while that tells the list of its end.
  const isSpent = imported !== null && (await context.objects.identity(identityId).describeInFull()) !== null;
  return imported === null || isSpent
    ? null
    : { identityPoolId: imported.identityPoolId, description: imported.identity };
}

export async function deleteIdentities(
  input: InputOf<"DeleteIdentities">,
  context: SignedContext,
): Promise<Result<OutputOf<"DeleteIdentities">>> {
  const identityIds = [...new Set(input.IdentityIdsToDelete)].map(identityIdOfInput);
  const results = await Promise.all(identityIds.map(async (identityId) => await deleteIdentity(context, identityId)));
  return ok({ UnprocessedIdentityIds: results.flatMap((result) => result ?? []) });
}

type Unprocessed = { readonly IdentityId: string; readonly ErrorCode: "AccessDenied" | "InternalServerError" };

/** Null when the identity is gone: an identity that never was there has been deleted, too. */
async function deleteIdentity(context: SignedContext, identityId: IdentityId): Promise<Unprocessed | null> {
  const { pools } = context.caller.credential;
  try {
    const removed = await untilAnswered(context, async () => {
      const reply = await context.objects.identity(identityId).remove(identityId, pools);
      if (reply.trace !== undefined) context.note?.(reply.trace);
      const isUnknown = reply.kind === "done" && reply.isUnknown === true;
      return isUnknown ? await buryUnknown(context, identityId) : changed(reply);
    });
    if (removed.ok) {
      context.note?.({ effect: "deleted" });
      return null;
    }
    const isDenied = removed.error.kind === "pool-not-allowed";
    return { IdentityId: identityId, ErrorCode: isDenied ? "AccessDenied" : "InternalServerError" };
  } catch {
    // One identity that cannot be reached must not hide what became of the others.
    return { IdentityId: identityId, ErrorCode: "InternalServerError" };
  }
}

/** One that never lived here and still may come is not to do so any more; one that nobody knows has been deleted, too. */
async function buryUnknown(context: SignedContext, identityId: IdentityId): Promise<Attempt<undefined>> {
  const imported = await findImported(context, identityId);
  if (imported === null) return await buryUnlisted(context, identityId);
  const { identityPoolId } = imported;
  context.note?.({ identityPoolId });
  if (!allowsPool(context.caller.credential, identityPoolId)) return err({ kind: "pool-not-allowed" });
  const { objects } = context;
  const buried = changed(await objects.identity(identityId).bury(identityId, identityPoolId));
  if (!("ok" in buried) || !buried.ok) return buried;
  // By the identity's own word, too, should this be the last that is heard of the call; but whoever lists it now is to miss it.
  const shard = shardOf(await objects.shardedPool(identityPoolId), identityId);
  await objects.directoryShard(shard).update("remove", identityId, "adopted");
  return buried;
}

/** A source may name it for its logins: of which pool it is, nobody but its user can prove, and in each it is dead. */
async function buryUnlisted(context: SignedContext, identityId: IdentityId): Promise<Attempt<undefined>> {
  const { objects, config, caller } = context;
  if (!identityId.startsWith(`${config.region}:`)) return ok(undefined);
  const pools = await objects.readSourcedPools(config.region);
  const pool = pools.find(({ identityPoolId }) => allowsPool(caller.credential, identityPoolId));
  return pool === undefined
    ? ok(undefined)
    : changed(await objects.identity(identityId).bury(identityId, pool.identityPoolId));
}
