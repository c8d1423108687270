/** What becomes of a line that says more than a list of Cognito's can: an identity, a login that nobody has, or one that is gone. */
import { err, ok, type Result } from "../domain/errors.ts";
import type { IdentityId } from "../domain/identifiers.ts";
import { type IdentityPool, publicNamesOf } from "../domain/identity-pool.ts";
import { developerLoginIdOf, type Login, loginIdOf } from "../domain/login.ts";
import { canonicalName } from "../domain/provider-name.ts";
import type { Refusal } from "../domain/refusals.ts";
import { providersAtSource } from "../linking/adoption.ts";
import { type Attempt, LOOK_AGAIN, untilAnswered } from "../linking/contention.ts";
import { healOwners } from "../linking/login-owners.ts";
import type { RestoreConflict, RestoreOrder } from "../linking/restoration.ts";
import { shardOfLogin } from "../pools/directory-shards.ts";
import type { ExtensionOutputOf } from "../protocol/extensions.ts";
import type { SignedContext } from "./context.ts";
import type { ImportLine, RestoredIdentity } from "./import-lines.ts";

/** Without the id, which the line has said itself. */
export type Judged = Omit<ExtensionOutputOf<"ImportIdentities">["Results"][number], "IdentityId">;

export const GONE: Judged = { Verdict: "gone", Reason: "The identity was deleted here." };

/** Fails where somebody was in the way for too long, or an object did not answer: the line is to be sent again. */
export async function restoreLine(
  line: Exclude<ImportLine, { readonly kind: "listed" }>,
  pool: IdentityPool,
  context: SignedContext,
): Promise<Result<Judged, Refusal>> {
  switch (line.kind) {
    case "login":
      return ok(await restoreLogin(line, pool, context));
    case "gone": {
      const standing = { kind: "deleted" } as const;
      return await restore(orderOf(line.identityId, pool, standing, { origin: "source" }), "imported", context);
    }
    case "restored": {
      const standing = await standingOf(line.identity, pool, context);
      if (!standing.ok) return ok({ Verdict: "invalid", Reason: standing.error });
      return await restore(orderOf(line.identity.identityId, pool, standing.value, line.identity), "adopted", context);
    }
  }
}

async function restoreLogin(
  { loginId, providerName }: { readonly loginId: string; readonly providerName: string },
  { identityPoolId }: IdentityPool,
  { objects }: SignedContext,
): Promise<Judged> {
  const { isSettled } = await objects.importedLogin(loginId).view(loginId);
  if (isSettled !== true) await objects.importedLogin(loginId).remember(loginId);
  // Also where it was: the call before may have ended between the two.
  const shard = shardOfLogin(await objects.shardedPool(identityPoolId), loginId);
  await objects.directoryShard(shard).keepFreed({ loginId, providerName });
  return { Verdict: isSettled === true ? "unchanged" : "imported" };
}

function orderOf(
  identityId: IdentityId,
  pool: IdentityPool,
  standing: RestoreOrder["standing"],
  { origin = "source", createdAt, barred = [], disabled }: Partial<RestoredIdentity>,
): RestoreOrder {
  // Who comes from a source is never asked about there again, also where the pool has its source only later.
  const remembers = origin === "source" || providersAtSource(pool) !== null;
  return {
    identityId,
    identityPoolId: pool.identityPoolId,
    standing,
    restores: {
      origin,
      ...(createdAt !== undefined && { createdAt }),
      barred: [...new Set(barred.map(canonicalName))],
      ...(disabled === true && { isDisabled: true }),
    },
    ...(remembers && { remembers }),
  };
}

/** How the identity stands, with its logins as their objects are named; or what is wrong with them. */
async function standingOf(
  { standing, developerUsers = [], links = [], loginIds = [] }: RestoredIdentity,
  pool: IdentityPool,
  { hash }: SignedContext,
): Promise<Result<RestoreOrder["standing"], string>> {
  if (standing.kind !== "linked") return ok(standing);
  const { identityPoolId, developerProviderName } = pool;
  if (developerUsers.length > 0 && developerProviderName === undefined) {
    return err("The identity pool has no developer provider, and so no developerUsers.");
  }
  const known = new Set(publicNamesOf(pool).map(canonicalName));
  if (links.some(({ providerName }) => !known.has(canonicalName(providerName)))) {
    return err("A provider of links is none of the identity pool's.");
  }
  if (loginIds.some(({ providerName }) => providerName === developerProviderName)) {
    return err("The users of the developer provider are developerUsers, by their names.");
  }
  const hashed = await Promise.all([
    ...developerUsers.map(async (subject): Promise<Login> => {
      const providerName = developerProviderName ?? "";
      const loginId = await developerLoginIdOf(identityPoolId, providerName, subject, hash);
      return { providerName, subject, loginId, isDeveloper: true };
    }),
    ...links.map(async ({ providerName, subject }): Promise<Login> => {
      const name = canonicalName(providerName);
      return { providerName: name, loginId: await loginIdOf(identityPoolId, name, subject, hash) };
    }),
  ]);
  const given = loginIds.map(({ providerName, loginId }): Login => {
    return { providerName: canonicalName(providerName), loginId };
  });
  const byId = new Map([...hashed, ...given].map((login) => [login.loginId, login]));
  return ok({ kind: "linked", logins: [...byId.values()] });
}

async function restore(
  order: RestoreOrder,
  made: "imported" | "adopted",
  context: SignedContext,
): Promise<Result<Judged, Refusal>> {
  return await untilAnswered(context, async (): Promise<Attempt<Judged>> => {
    const reply = await context.objects.importedIdentity(order.identityId).restore(order);
    switch (reply.kind) {
      case "adopted":
        return ok({ Verdict: made });
      case "unchanged":
        return ok({ Verdict: "unchanged" });
      case "gone":
        return ok(GONE);
      case "conflict":
        return ok({ Verdict: "conflict", Reason: reasonOf(reply.conflict) });
      case "elsewhere":
        if (await healOwners(context, reply.owners)) return LOOK_AGAIN;
        return ok({ Verdict: "conflict", Reason: "A login of the line is another identity's here." });
      case "unreachable":
        return err({ kind: "participant-unreachable" });
      case "busy":
        return reply;
    }
  });
}

function reasonOf(conflict: RestoreConflict): string {
  switch (conflict.kind) {
    case "other-pool":
      return "The id is an identity's of another identity pool.";
    case "stands-otherwise":
      return "The identity lives here, and stands otherwise than the line says.";
    case "disabled":
      return "The identity is disabled here, and gains no login.";
    case "not-disabled":
      return "The identity lives here, and is not disabled as the line says: DisableIdentity stops it.";
    case "provider":
      return conflict.providerName === null
        ? "With the logins of the line the identity would have too many."
        : `The identity has another user of ${conflict.providerName}, or bars the provider.`;
  }
}
