/** The pools at Cognito that a call may have to ask: that of its own pool, or of the pool that an id is of which is none here. */
import { err, ok, type Result } from "../domain/errors.ts";
import type { GrantWish } from "../domain/grant-access.ts";
import type { IdentityId } from "../domain/identifiers.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import { permitsFlow } from "../domain/mint-rules.ts";
import { canonicalName } from "../domain/provider-name.ts";
import type { Refusal } from "../domain/refusals.ts";
import type { Met, SourceParty, Sources } from "../linking/source.ts";
import { isListable, shardOf } from "../pools/directory-shards.ts";
import type { OperationContext } from "./context.ts";

type Tokens = ReadonlyMap<string, string>;
type Candidate = { readonly pool: IdentityPool; readonly source: SourceParty };

/** As a call without a signature asks them, which names no pool. */
export function sourcesFor(context: OperationContext, tokens: Tokens, wish: GrantWish): Sources {
  return {
    of: async (identityPoolId) => {
      const pool = await context.objects.readPool(identityPoolId);
      return pool && context.sourceOf(pool, tokens);
    },
    meet: async (identityId) => await meet(context, identityId, tokens, wish),
  };
}

/** The one pool that the id may be of, and the logins as they are verified there: a login that is none is shown to nobody. */
async function meet(
  context: OperationContext,
  identityId: IdentityId,
  tokens: Tokens,
  wish: GrantWish,
): Promise<Result<Met | null, Refusal>> {
  if (!isListable(context.config.region, identityId)) return ok(null);
  const candidates = await candidatesFor(context, identityId, tokens);
  if (!candidates.ok) return candidates;
  const judged = await Promise.all(
    candidates.value.map(async (candidate) => await metAt(context, candidate, tokens, wish)),
  );
  const [first, ...others] = judged.flatMap((met) => (met.ok ? [met.value] : []));
  if (first === undefined) return judged[0] ?? ok(null);
  return others.length === 0 ? ok(first) : await located(identityId, [first, ...others]);
}

/** Sourced pools that have all of the providers; the one of them whose import list has the id, where there is one. */
async function candidatesFor(
  context: OperationContext,
  identityId: IdentityId,
  tokens: Tokens,
): Promise<Result<readonly Candidate[], Refusal>> {
  const pools = await context.objects.readSourcedPools(context.config.region);
  const sourced = pools.flatMap((pool): Candidate[] => {
    const source = context.sourceOf(pool, tokens);
    return source === null ? [] : [{ pool, source }];
  });
  const names = [...tokens.keys()].map(canonicalName);
  const possible = sourced.filter(({ source: { settings } }) =>
    names.every((name) => settings.providers.includes(name)),
  );
  const [only] = possible;
  if (possible.length === 1 && only?.source.settings.unknownIds === "ask") return ok(possible);
  // Up to a hundred lists, for an id that a stranger may have made up (T86). One costs no more than the id's own object.
  const charged = possible.length > 1 ? await context.chargeForLists() : null;
  if (charged !== null) return err({ kind: "worded", error: charged });
  const areImported = await Promise.all(possible.map(async ({ pool }) => await isImported(context, pool, identityId)));
  const imported = possible.filter((_, index) => areImported[index]);
  return ok(imported.length > 0 ? imported : possible.filter(({ source }) => source.settings.unknownIds === "ask"));
}

async function isImported(
  { objects }: OperationContext,
  { identityPoolId }: IdentityPool,
  identityId: IdentityId,
): Promise<boolean> {
  const shard = shardOf(await objects.shardedPool(identityPoolId), identityId);
  return (await objects.directoryShard(shard).findImported(identityId)) !== null;
}

async function metAt(
  context: OperationContext,
  { pool, source }: Candidate,
  tokens: Tokens,
  wish: GrantWish,
): Promise<Result<Met, Refusal>> {
  const { identityPoolId } = pool;
  const permitted = permitsFlow(wish.flow, pool, tokens.keys());
  if (!permitted.ok) return permitted;
  if (tokens.size === 0) {
    return pool.allowsUnauthenticated
      ? ok({ identityPoolId, logins: [], source })
      : err({ kind: "guests-not-supported" });
  }
  const verified = await context.verifyForGrant(pool, tokens, wish);
  if (!verified.ok) return err({ kind: "worded", error: verified.error });
  const { logins, access } = verified.value;
  return access.ok ? ok({ ...access.value, identityPoolId, logins, source }) : access;
}

/** Several pools could have it: the source's token says which one has. */
async function located(
  identityId: IdentityId,
  candidates: readonly [Met, ...(readonly Met[])],
): Promise<Result<Met | null, Refusal>> {
  const proving = candidates.filter(({ source }) => source.settings.proof === "open-id-token");
  const [first] = proving;
  if (first === undefined) return ok(null);
  const among = proving.map(({ source }) => source.settings.identityPoolId);
  const found = await first.source.locate(identityId, among);
  if (!found.ok) return found;
  const met = proving.find(({ source }) => source.settings.identityPoolId === found.value.sourcePoolId);
  if (met === undefined) return ok(null);
  const { source } = met;
  // It has answered the very question that is to come, and none about an id that this one turns out to be merged into.
  const ask: SourceParty["ask"] = async (asked, logins) =>
    asked === identityId ? ok(found.value.identityId) : await source.ask(asked, logins);
  return ok({ ...met, source: { ...source, ask } });
}
