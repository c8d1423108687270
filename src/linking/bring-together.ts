/**
 * Brings verified logins together on one identity: looks up who owns them, decides by plan.ts, and has the surviving identity
 * run the link transaction. It verifies nothing and signs nothing.
 */
import { err, ok, type Result } from "../domain/errors.ts";
import type { Grant } from "../domain/grant.ts";
import { type IdentityId, identityIdOf, type IdentityPoolId } from "../domain/identifiers.ts";
import type { VerifiedLogin } from "../domain/login.ts";
import type { Refusal } from "../domain/refusals.ts";
import type { Effect } from "../domain/trace.ts";
import { type Attempt, LOOK_AGAIN, untilAnswered } from "./contention.ts";
import { healOwners } from "./login-owners.ts";
import type { Busy, Holder, Ownership } from "./messages.ts";
import type { Parties } from "./parties.ts";
import type { LoginView } from "./participant.ts";
import { planLink } from "./plan.ts";
import type { LinkOrder } from "./transaction.ts";

type Logins = {
  readonly identityPoolId: IdentityPoolId;
  readonly logins: readonly VerifiedLogin[];
  /** Whether a token is to be minted, which draws on the rate of the identity that it is for. */
  readonly mints: boolean;
};

export type LinkRequest = Logins & {
  /** The identity that the request names; it has drawn on its own rate already. */
  readonly named: { readonly identityId: IdentityId; readonly isGuest: boolean } | null;
  /** Id of the client's call, where it has one. */
  readonly callId?: string | null;
  /** Whose the logins are, as the logins have just told the named identity: the first attempt need not ask them again. */
  readonly owners?: readonly Ownership[];
  /** Login id of a developer user that must be the named identity's own, or nobody's. */
  readonly pinned?: string;
};

type Owned = Ownership & { readonly providerName: string };

/** The grant of the identity that the logins have, or that is born with them, for a call that names none. */
export async function bringTogether(parties: Parties, request: Logins): Promise<Result<Grant, Refusal>> {
  const linked = await linkLogins(parties, { ...request, named: null });
  return "ok" in linked ? linked : err({ kind: "contended" });
}

/** The grant of the surviving identity; busy when the named identity is no longer what it was, and is to be asked again. */
export async function linkLogins(parties: Parties, request: LinkRequest): Promise<Result<Grant, Refusal> | Busy> {
  let drawnBy = request.named?.identityId ?? null;
  let told = request.owners;
  const linked = await untilAnswered(parties, async (): Promise<Attempt<Grant | null>> => {
    const seen = told === undefined || request.pinned !== undefined ? await look(parties, request) : told;
    told = undefined;
    if ("kind" in seen) return seen;
    const planned = await planOf(parties, request, seen);
    if ("kind" in planned) return planned;
    if (!planned.ok) return planned;
    const { order, owned } = planned.value;
    const { identityId } = order;
    const draws = request.mints && drawnBy !== identityId;
    const reply = await parties.objects.identity(identityId).link(order, request.logins, draws);
    if (draws && reply.kind !== "rate-limited") drawnBy = identityId;
    switch (reply.kind) {
      case "linked":
        parties.note?.({ effect: effectOf(order, owned) });
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
        return reply;
      case "elsewhere":
        return LOOK_AGAIN;
      case "stale":
      case "not-found":
      case "forbidden":
        if (reply.kind === "forbidden" && reply.refusal !== undefined) return err(reply.refusal);
        return (await healOwners(parties, owned)) || request.named === null ? LOOK_AGAIN : ok(null);
    }
  });
  if (!linked.ok) return linked;
  return linked.value === null ? { kind: "busy" } : ok(linked.value);
}

type Planned = { readonly order: LinkOrder; readonly owned: readonly Owned[] };

/** Who owns the logins, as they say themselves. */
async function look(parties: Parties, { logins }: LinkRequest): Promise<readonly Ownership[] | Busy> {
  const views = await Promise.all(
    logins.map(async ({ loginId }) => await parties.objects.login(loginId).view(loginId)),
  );
  const holder = holderAmong(views);
  return holder === undefined ? ownedAmong(logins, views) : { kind: "busy", holder };
}

/** Says what is to become of the logins that have these owners. */
async function planOf(parties: Parties, request: LinkRequest, seen: readonly Ownership[]): Promise<Attempt<Planned>> {
  const { identityPoolId, logins, named, pinned, callId } = request;
  const owned = seen.map((ownership): Owned => ({ ...ownership, providerName: providerOf(logins, ownership) }));
  const refuse = async (refusal: Refusal): Promise<Attempt<Planned>> =>
    (await healOwners(parties, owned)) ? LOOK_AGAIN : err(refusal);
  // Decided on the very look at the owners that the plan is made of; what changes since, the order's `pinned` is for.
  const isPinnedElsewhere = owned.some(
    ({ loginId, identityId }) => loginId === pinned && identityId !== named?.identityId,
  );
  if (isPinnedElsewhere) return await refuse({ kind: "developer-user-registered" });
  const plan = planLink(named, await ownersOf(parties, owned), parties.config.mergePolicy);
  if (plan.kind === "conflict") {
    return await refuse({ kind: "login-conflict", providerName: foreignProvider(owned, named?.identityId) });
  }
  const isBirth = plan.kind === "birth";
  const order: LinkOrder = {
    identityId: isBirth ? identityIdOf(parties.config.region, parties.newUuid()) : plan.target,
    identityPoolId,
    logins,
    absorb: isBirth ? [] : plan.absorb,
    guest: named?.isGuest === true ? named.identityId : null,
    isBirth,
    ...(pinned !== undefined && { pinned }),
    ...(typeof callId === "string" && { callId }),
  };
  return ok({ order, owned });
}

/** Undefined where all was together already. */
function effectOf({ isBirth, absorb, logins }: LinkOrder, owned: readonly Owned[]): Effect | undefined {
  if (isBirth) return "created";
  if (absorb.length > 0) return "merged";
  return owned.length < logins.length ? "linked" : undefined;
}

function holderAmong(views: readonly LoginView[]): Holder | undefined {
  return views.find((view) => view.holder !== null)?.holder ?? undefined;
}

function ownedAmong(logins: readonly VerifiedLogin[], views: readonly LoginView[]): readonly Ownership[] {
  return logins.flatMap(({ loginId }, index): Ownership[] => {
    const owner = views[index]?.owner ?? null;
    return owner === null ? [] : [{ ...owner, loginId }];
  });
}

function providerOf(logins: readonly VerifiedLogin[], { loginId }: Ownership): string {
  return logins.find((login) => login.loginId === loginId)?.providerName ?? "";
}

/** Each owner once, the older first: only a merge of several needs to know, so only then are they asked. */
async function ownersOf(parties: Parties, owned: readonly Owned[]): Promise<readonly IdentityId[]> {
  const owners = [...new Set(owned.map(({ identityId }) => identityId))];
  if (owners.length < 2 || parties.config.mergePolicy === "conflict") return owners;
  const aged = await Promise.all(
    owners.map(async (owner) => {
      const described = await parties.objects.identity(owner).describe();
      return { owner, createdAt: described?.description.createdAt ?? Number.POSITIVE_INFINITY };
    }),
  );
  return aged.toSorted((a, b) => a.createdAt - b.createdAt || (a.owner < b.owner ? -1 : 1)).map(({ owner }) => owner);
}

function foreignProvider(owned: readonly Owned[], named: IdentityId | undefined): string {
  const foreign = owned.find(({ identityId }) => identityId !== named) ?? owned[0];
  return foreign?.providerName ?? "";
}
