/** UnlinkIdentity, and the administration of identities: DescribeIdentity, ListIdentities, DeleteIdentities. */
import { err, ok, type Result } from "../domain/errors.ts";
import { callKeyOf, type IdentityDescription } from "../domain/identity.ts";
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import { identityNotFound, identityPoolNotFound, withWords } from "../domain/refusals.ts";
import { canonicalName } from "../domain/provider-name.ts";
import { DIRECTORY_SHARDS } from "../pools/identity-directory.ts";
import type { InputOf, OutputOf } from "../protocol/shapes.ts";
import { changed, untilAnswered } from "../linking/contention.ts";
import {
  chargedFor,
  identityIdOfInput,
  identityPoolIdOfInput,
  type OperationContext,
  poolRefusal,
  type SignedContext,
} from "./context.ts";
import { decodePageToken, encodePageToken, INVALID_PAGE_TOKEN } from "./page-token.ts";

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
  const described = await context.objects.identity(identityId).describe();
  if (described === null) return err(identityNotFound(identityId));
  context.note?.({ identityPoolId: described.identityPoolId });
  const refusal = poolRefusal(context, described.identityPoolId);
  if (refusal !== null) return refusal;
  // An identity goes with its pool, even while the sweep that deletes it is still under way.
  const pool = await context.objects.readPool(described.identityPoolId);
  return pool === null ? err(identityNotFound(identityId)) : ok(describedAs(described.description));
}

function describedAs(description: IdentityDescription): OutputOf<"DescribeIdentity"> {
  const { identityId, providerNames, createdAt, modifiedAt } = description;
  return {
    IdentityId: identityId,
    ...(providerNames.length > 0 && { Logins: providerNames }),
    CreationDate: createdAt,
    LastModifiedDate: modifiedAt,
  };
}

/** Identities that one call looks at: more than a page, when disabled ones are hidden, and yet bounded. */
const MAX_LOOKUPS = 500;

type Listed = { readonly description: IdentityDescription; readonly shard: number };

export async function listIdentities(
  input: InputOf<"ListIdentities">,
  context: SignedContext,
): Promise<Result<OutputOf<"ListIdentities">>> {
  const identityPoolId = identityPoolIdOfInput(input.IdentityPoolId);
  const refusal = poolRefusal(context, identityPoolId);
  if (refusal !== null) return refusal;
  if ((await context.objects.readPool(identityPoolId)) === null) return err(identityPoolNotFound(identityPoolId));
  const { config } = context;
  const start =
    input.NextToken === undefined ? [0, ""] : await decodePageToken(identityPoolId, input.NextToken, config);
  const [firstShard, firstAfter] = start ?? [];
  if (typeof firstShard !== "number" || typeof firstAfter !== "string") return err(INVALID_PAGE_TOKEN);

  const wanted = input.MaxResults;
  const found: Listed[] = [];
  let shard = firstShard;
  let after = firstAfter;
  // One more than is asked for says whether another page is worth a token.
  for (let lookups = 0; shard < DIRECTORY_SHARDS && found.length <= wanted && lookups < MAX_LOOKUPS;) {
    const asked = wanted + 1 - found.length;
    const identityIds = await context.objects.identityDirectory(identityPoolId, shard).page(after, asked);
    const described = await Promise.all(
      identityIds.map(async (identityId) => await describeListed(context, identityPoolId, shard, identityId)),
    );
    for (const description of described) {
      const isHidden = description === null || (input.HideDisabled === true && description.isDisabled);
      if (!isHidden) found.push({ description, shard });
    }
    lookups += identityIds.length;
    after = identityIds.length < asked ? "" : (identityIds.at(-1) ?? "");
    if (identityIds.length < asked) shard += 1;
  }
  const page = found.slice(0, wanted);
  const last = page.at(-1);
  // A page that the bound on look-ups cut short goes on where the look-ups ended.
  const next =
    found.length > wanted && last !== undefined
      ? [last.shard, last.description.identityId]
      : shard < DIRECTORY_SHARDS
        ? [shard, after]
        : undefined;
  return ok({
    IdentityPoolId: identityPoolId,
    Identities: page.map(({ description }) => describedAs(description)),
    ...(next !== undefined && { NextToken: await encodePageToken(identityPoolId, next, config) }),
  });
}

/** What the identity says of itself. An entry without an identity is a leftover of a message that came late: taken out. */
async function describeListed(
  context: OperationContext,
  identityPoolId: IdentityPoolId,
  shard: number,
  identityId: IdentityId,
): Promise<IdentityDescription | null> {
  const described = await context.objects.identity(identityId).describe();
  if (described !== null) return described.description;
  await context.objects.identityDirectory(identityPoolId, shard).update("remove", identityId);
  return null;
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
      return changed(reply);
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
