/** ListIdentities: who lives in a pool, by their own word, and who was imported and has not come yet. */
import { err, ok, type Result } from "../domain/errors.ts";
import type { IdentityDescription } from "../domain/identity.ts";
import type { IdentityId } from "../domain/identifiers.ts";
import { identityPoolNotFound } from "../domain/refusals.ts";
import { shardNames } from "../pools/directory-shards.ts";
import { idOf, type ListEntry } from "../pools/identity-directory.ts";
import type { InputOf, OutputOf } from "../protocol/shapes.ts";
import { identityPoolIdOfInput, type OperationContext, poolRefusal, type SignedContext } from "./context.ts";
import { type DescribedIdentity, describedAs } from "./described-identity.ts";
import { decodePageToken, encodePageToken, INVALID_PAGE_TOKEN } from "./page-token.ts";
import { type Place, readOn, type Shards, type Walked } from "./shard-walk.ts";

/**
 * Calls to objects after which a page goes out as it is. The last round may add 272 shards and 61 identities, each asked and
 * taken out: so a request stays below the 1,000 calls that the platform grants.
 */
const MAX_CALLS = 500;

/** An identity that lives here, or one of the import list that nobody has claimed. */
type Listed = { readonly description: DescribedIdentity; readonly place: Place<string> };

export async function listIdentities(
  input: InputOf<"ListIdentities">,
  context: SignedContext,
): Promise<Result<OutputOf<"ListIdentities">>> {
  const identityPoolId = identityPoolIdOfInput(input.IdentityPoolId);
  const refusal = poolRefusal(context, identityPoolId);
  if (refusal !== null) return refusal;
  const { config, objects } = context;
  const [pool, sharded] = await Promise.all([objects.readPool(identityPoolId), objects.shardedPool(identityPoolId)]);
  if (pool === null) return err(identityPoolNotFound(identityPoolId));
  const start =
    input.NextToken === undefined ? [0, ""] : await decodePageToken(identityPoolId, input.NextToken, config);
  const [firstShard, firstAfter] = start ?? [];
  if (typeof firstShard !== "number" || typeof firstAfter !== "string") return err(INVALID_PAGE_TOKEN);

  const names = shardNames(sharded);
  const shards: Shards<ListEntry, string> = {
    count: names.length,
    beginning: "",
    read: async ({ shard, position }, limit) =>
      await objects.directoryShard(names[shard] ?? "").page(position, limit, "imported-too"),
    positionOf: idOf,
  };
  const wanted = input.MaxResults;
  const found: Listed[] = [];
  let at: Place<string> | null = { shard: firstShard, position: firstAfter };
  // One more than is asked for says whether another page is worth a token.
  for (let calls = 0; at !== null && found.length <= wanted && calls < MAX_CALLS;) {
    const read: Walked<ListEntry, string> = await readOn(shards, at, wanted + 1 - found.length);
    const described = await Promise.all(
      read.found.map(async ({ entry, place }) => {
        const description =
          typeof entry === "string" ? await describeListed(context, names[place.shard] ?? "", entry) : entry;
        return { description, place };
      }),
    );
    for (const { description, place } of described) {
      const isHidden = description === null || (input.HideDisabled === true && description.isDisabled);
      if (!isHidden) found.push({ description, place });
    }
    calls += read.asked + described.length + described.filter(({ description }) => description === null).length;
    at = read.next;
  }
  const page = found.slice(0, wanted);
  // A page that the bound on calls cut short goes on where they ended.
  const next = found.length > wanted ? page.at(-1)?.place : at;
  return ok({
    IdentityPoolId: identityPoolId,
    Identities: page.map(({ description }) => describedAs(description)),
    ...(next && { NextToken: await encodePageToken(identityPoolId, [next.shard, next.position], config) }),
  });
}

/** What the identity says of itself. An entry without an identity is a leftover of a message that came late: taken out. */
async function describeListed(
  context: OperationContext,
  shardName: string,
  identityId: IdentityId,
): Promise<IdentityDescription | null> {
  const described = await context.objects.identity(identityId).describe();
  if (described !== null) return described.description;
  await context.objects.directoryShard(shardName).update("remove", identityId);
  return null;
}
