/**
 * ExportIdentities, an extension of this service: all that a pool knows of its identities, page by page and shard by shard, or
 * all that is known of one of them, in the lines that ImportIdentities takes. It changes nothing. Each line is of one instant, and
 * no two of the same.
 */
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import type { ImportedIdentity } from "../domain/imported-identity.ts";
import { identityNotFound, identityPoolNotFound } from "../domain/refusals.ts";
import type { ExportedIdentity } from "../linking/identity-export.ts";
import { shardNames } from "../pools/directory-shards.ts";
import { type ExportEntry, type ExportPosition, exportPositionOf } from "../pools/identity-directory.ts";
import type { ExtensionInputOf, ExtensionOutputOf } from "../protocol/extensions.ts";
import { identityIdOfInput, identityPoolIdOfInput, poolRefusal, type SignedContext } from "./context.ts";
import { findImported } from "./imported-identities.ts";
import { decodePageToken, encodePageToken, INVALID_PAGE_TOKEN } from "./page-token.ts";
import { type Place, readOn, type Shards, type Walked } from "./shard-walk.ts";

type Output = ExtensionOutputOf<"ExportIdentities">;
type Line = Output["Identities"][number];

const NOTHING_TO_EXPORT = serviceError(
  "InvalidParameterException",
  "Either IdentityPoolId or IdentityId must be given.",
);
/** A page that names no size: the largest that one may ask for. */
const DEFAULT_PAGE_SIZE = 100;
/** As of ListIdentities: here the last round may add 272 shards and 100 entries. */
const MAX_CALLS = 500;

export async function exportIdentities(
  input: ExtensionInputOf<"ExportIdentities">,
  context: SignedContext,
): Promise<Result<Output>> {
  const identityPoolId = input.IdentityPoolId === undefined ? undefined : identityPoolIdOfInput(input.IdentityPoolId);
  if (input.IdentityId !== undefined)
    return await exportOne(identityIdOfInput(input.IdentityId), identityPoolId, context);
  return identityPoolId === undefined ? err(NOTHING_TO_EXPORT) : await exportPool(identityPoolId, input, context);
}

async function exportPool(
  identityPoolId: IdentityPoolId,
  { MaxResults: wanted = DEFAULT_PAGE_SIZE, NextToken }: ExtensionInputOf<"ExportIdentities">,
  context: SignedContext,
): Promise<Result<Output>> {
  const refusal = poolRefusal(context, identityPoolId);
  if (refusal !== null) return refusal;
  const { config, objects } = context;
  const [pool, sharded] = await Promise.all([objects.readPool(identityPoolId), objects.shardedPool(identityPoolId)]);
  if (pool === null) return err(identityPoolNotFound(identityPoolId));
  const listing = `export ${identityPoolId}`;
  const start = NextToken === undefined ? [0, 0, ""] : await decodePageToken(listing, NextToken, config);
  const [firstShard, list, after] = start ?? [];
  if (typeof firstShard !== "number" || typeof list !== "number" || typeof after !== "string") {
    return err(INVALID_PAGE_TOKEN);
  }
  const names = shardNames(sharded);
  const shards: Shards<ExportEntry, ExportPosition> = {
    count: names.length,
    beginning: { list: 0, after: "" },
    read: async ({ shard, position }, limit) =>
      await objects.directoryShard(names[shard] ?? "").exportPage(position, limit),
    positionOf: exportPositionOf,
  };
  const lines: Line[] = [];
  let at: Place<ExportPosition> | null = { shard: firstShard, position: { list, after } };
  for (let calls = 0; at !== null && lines.length < wanted && calls < MAX_CALLS;) {
    const read: Walked<ExportEntry, ExportPosition> = await readOn(shards, at, wanted - lines.length);
    const told = await Promise.all(read.found.map(async ({ entry }) => await lineOf(entry, context)));
    lines.push(...told.filter((line) => line !== null));
    calls += read.asked + told.length;
    at = read.next;
  }
  const next = at && [at.shard, at.position.list, at.position.after];
  return ok({
    Identities: lines,
    ...(next && { NextToken: await encodePageToken(listing, next, config) }),
  });
}

/** Null where there is nothing to tell: it has gone since, or the login has an identity again. */
async function lineOf(entry: ExportEntry, { objects }: SignedContext): Promise<Line | null> {
  switch (entry.kind) {
    case "living": {
      const identity = await objects.identity(entry.identityId).exported();
      return identity && lineOfIdentity(identity);
    }
    case "imported":
      return lineOfImported(entry.identity);
    case "freed": {
      const { loginId, providerName } = entry;
      const { owner } = await objects.login(loginId).view(loginId);
      return owner === null ? { kind: "login", loginId, providerName, settled: true } : null;
    }
    case "gone":
      return { kind: "gone", identityId: entry.identityId };
  }
}

/** With its life. Of one that was deleted it says no more than that. */
async function exportOne(
  identityId: IdentityId,
  namedPool: IdentityPoolId | undefined,
  context: SignedContext,
): Promise<Result<Output>> {
  const identity = await context.objects.identity(identityId).exported();
  const imported = identity === null ? await findImported(context, identityId) : null;
  const identityPoolId = (identity ?? imported)?.identityPoolId;
  const isOfNamed = namedPool === undefined || namedPool === identityPoolId;
  if (identityPoolId === undefined || !isOfNamed) return err(identityNotFound(identityId));
  context.note?.({ identityPoolId });
  const refusal = poolRefusal(context, identityPoolId);
  if (refusal !== null) return refusal;
  const line = imported === null ? identity && lineOfIdentity(identity) : lineOfImported(imported.identity);
  const life = identity === null || identity.standing === "deleted" ? {} : { life: identity.life };
  return ok({ Identities: line === null ? [] : [{ ...line, ...life }] });
}

function lineOfIdentity(identity: ExportedIdentity): Line {
  const { identityId, standing } = identity;
  if (standing === "deleted") return { kind: "gone", identityId };
  const { createdAt, modifiedAt, mergedInto, isDisabled, origin, barred } = identity;
  const { providerNames, developerUsers, logins } = identity;
  return {
    kind: "identity",
    identityId,
    createdAt,
    modifiedAt,
    standing,
    origin,
    ...(mergedInto !== undefined && { mergedInto }),
    ...(isDisabled && { disabled: true }),
    ...(providerNames.length > 0 && { providers: providerNames }),
    ...(developerUsers.length > 0 && { developerUsers }),
    ...(logins.length > 0 && { loginIds: logins }),
    ...(barred.length > 0 && { barred }),
  };
}

function lineOfImported({ identityId, providerNames, createdAt, modifiedAt, isDisabled }: ImportedIdentity): Line {
  return {
    kind: "identity",
    identityId,
    ...(createdAt !== null && { createdAt }),
    ...(modifiedAt !== null && { modifiedAt }),
    origin: "source",
    ...(providerNames.length > 0 && { providers: providerNames }),
    ...(isDisabled && { disabled: true }),
  };
}
