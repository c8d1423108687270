/**
 * Brings verified logins together on one identity: looks up who owns them, decides by plan.ts, and has the
 * surviving identity run the link transaction. GetId and GetOpenIdToken share it; it verifies nothing and signs nothing.
 */
import { err, ok, type Result } from "../domain/errors.ts";
import type { Grant } from "../domain/grant.ts";
import { type IdentityId, identityIdOf, type IdentityPoolId } from "../domain/identifiers.ts";
import type { VerifiedLogin } from "../domain/login.ts";
import type { Refusal } from "../domain/refusals.ts";
import { CONTENDED, giveWay, MAX_ATTEMPTS } from "./contention.ts";
import type { LinkReply } from "./identity-calls.ts";
import type { Holder } from "./messages.ts";
import type { Parties } from "./parties.ts";
import type { LoginView } from "./participant.ts";
import { planLink } from "./plan.ts";

export type LinkRequest = {
  readonly identityPoolId: IdentityPoolId;
  readonly logins: readonly VerifiedLogin[];
  /** The identity that the request names; it has drawn on its own rate already. */
  readonly named: { readonly identityId: IdentityId; readonly isGuest: boolean } | null;
  /** Whether a token is to be minted, which draws on the rate of the identity that it is for. */
  readonly mints: boolean;
  /** Id of the client's call, where it has one. */
  readonly callId?: string | null;
  /** Login id of a developer user that must be the named identity's own, or nobody's. */
  readonly pinned?: string;
};

type Owned = { readonly login: VerifiedLogin; readonly owner: IdentityId; readonly linkId: string };

/** The grant of the surviving identity, or null when the named identity is no longer what it was: ask it again. */
export async function linkLogins(parties: Parties, request: LinkRequest): Promise<Result<Grant, Refusal> | null> {
  const { logins, named } = request;
  let drawnBy = named?.identityId ?? null;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const views = await Promise.all(
      logins.map(async (login) => await parties.objects.login(login.loginId).view(login.loginId)),
    );
    const holder = holderAmong(views);
    if (holder !== undefined) {
      await giveWay(parties, attempt, holder);
      continue;
    }
    const owned = ownedAmong(logins, views);
    if (isPinnedElsewhere(owned, request)) {
      if (await healOwners(parties, owned)) continue;
      return err({ kind: "developer-user-registered" });
    }
    const plan = planLink(named, await ownersOf(parties, owned), parties.config.mergePolicy);
    if (plan.kind === "conflict") {
      if (await healOwners(parties, owned)) continue;
      return err({ kind: "login-conflict", providerName: foreignProvider(owned, named?.identityId) });
    }
    const isBirth = plan.kind === "birth";
    const target = isBirth ? identityIdOf(parties.config.region, parties.newUuid()) : plan.target;
    const order = {
      identityId: target,
      identityPoolId: request.identityPoolId,
      logins,
      absorb: isBirth ? [] : plan.absorb,
      guest: named?.isGuest === true ? named.identityId : null,
      isBirth,
      ...(request.pinned !== undefined && { pinned: request.pinned }),
      ...(typeof request.callId === "string" && { callId: request.callId }),
    };
    const draws = request.mints && drawnBy !== target;
    const reply = await parties.objects.identity(target).link(order, logins, draws);
    if (draws && reply.kind !== "rate-limited") drawnBy = target;
    const verdict = verdictOn(reply);
    if (verdict !== "again") return verdict;
    if (reply.kind === "busy") await giveWay(parties, attempt, reply.holder);
    else if (reply.kind !== "elsewhere" && !(await healOwners(parties, owned)) && named !== null) return null;
  }
  return err(CONTENDED);
}

function holderAmong(views: readonly LoginView[]): Holder | undefined {
  return views.find((view) => view.holder !== null)?.holder ?? undefined;
}

function ownedAmong(logins: readonly VerifiedLogin[], views: readonly LoginView[]): readonly Owned[] {
  return logins.flatMap((login, index): Owned[] => {
    const owner = views[index]?.owner ?? null;
    return owner === null ? [] : [{ login, owner: owner.identityId, linkId: owner.linkId }];
  });
}

/** Each owner once, the older first: only a merge of several needs to know, so only then are they asked. */
async function ownersOf(parties: Parties, owned: readonly Owned[]): Promise<readonly IdentityId[]> {
  const owners = [...new Set(owned.map(({ owner }) => owner))];
  if (owners.length < 2 || parties.config.mergePolicy === "conflict") return owners;
  const aged = await Promise.all(
    owners.map(async (owner) => {
      const described = await parties.objects.identity(owner).describe();
      return { owner, createdAt: described?.description.createdAt ?? Number.POSITIVE_INFINITY };
    }),
  );
  return aged.toSorted((a, b) => a.createdAt - b.createdAt || (a.owner < b.owner ? -1 : 1)).map(({ owner }) => owner);
}

/**
 * Asks each owner whether the login is still its own. One that is not tells the login's object, which had missed it.
 * True when that changed anything, so that another look is worth while.
 */
async function healOwners(parties: Parties, owned: readonly Owned[]): Promise<boolean> {
  const replies = await Promise.all(
    owned.map(async ({ login: { loginId }, owner, linkId }) => {
      return await parties.objects
        .identity(owner)
        .confirmOwner({ kind: "confirm-owner", identityId: owner, loginId, linkId });
    }),
  );
  return replies.some((reply) => reply.kind !== "ownership" || !reply.owns);
}

/** Decided on the very look at the owners that the plan is made of; what changes since, the order's `pinned` is for. */
function isPinnedElsewhere(owned: readonly Owned[], { named, pinned }: LinkRequest): boolean {
  return owned.some(({ login, owner }) => login.loginId === pinned && owner !== named?.identityId);
}

function foreignProvider(owned: readonly Owned[], named: IdentityId | undefined): string {
  const foreign = owned.find(({ owner }) => owner !== named) ?? owned[0];
  return foreign?.login.providerName ?? "";
}

function verdictOn(reply: LinkReply): Result<Grant, Refusal> | "again" {
  switch (reply.kind) {
    case "linked":
      return ok(reply.grant);
    case "rate-limited":
      return err({ kind: "worded", error: reply.error });
    case "conflict":
      return err({ kind: "login-conflict", providerName: reply.providerName });
    case "proof-too-old":
      return err({ kind: "proof-too-old" });
    case "unreachable":
      return err({ kind: "participant-unreachable" });
    case "busy":
    case "elsewhere":
    case "stale":
    case "not-found":
    case "forbidden":
      return "again";
  }
}
