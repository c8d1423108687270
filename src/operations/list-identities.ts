/** ListIdentities: who lives in a pool, by their own word, and who was imported and has not come yet. */
import { err, ok, type Result } from "../domain/errors.ts";
import type { IdentityDescription } from "../domain/identity.ts";
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import { identityPoolNotFound } from "../domain/refusals.ts";
import { DIRECTORY_SHARDS, idOf } from "../pools/identity-directory.ts";
import type { InputOf, OutputOf } from "../protocol/shapes.ts";
import { identityPoolIdOfInput, type OperationContext, poolRefusal, type SignedContext } from "./context.ts";
import { type DescribedIdentity, describedAs } from "./described-identity.ts";
import { decodePageToken, encodePageToken, INVALID_PAGE_TOKEN } from "./page-token.ts";

/** Identities that one call looks at: more than a page, when disabled ones are hidden, and yet bounded. */
const MAX_LOOKUPS = 500;

/** An identity that lives here, or one of the import list that nobody has claimed. */
type Listed = { readonly description: DescribedIdentity; readonly shard: number };

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
    const entries = await context.objects.identityDirectory(identityPoolId, shard).page(after, asked, "imported-too");
    const described = await Promise.all(
      entries.map(async (entry) => {
        return typeof entry === "string" ? await describeListed(context, identityPoolId, shard, entry) : entry;
      }),
    );
    for (const description of described) {
      const isHidden = description === null || (input.HideDisabled === true && description.isDisabled);
      if (!isHidden) found.push({ description, shard });
    }
    lookups += entries.length;
    const last = entries.length < asked ? undefined : entries.at(-1);
    after = last === undefined ? "" : idOf(last);
    if (last === undefined) shard += 1;
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
