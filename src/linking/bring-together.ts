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
import { type Claim, claimsOf, unseenAmong } from "./claims.ts";
import { type Attempt, LOOK_AGAIN, untilAnswered } from "./contention.ts";
import type { Origin } from "./identity-record.ts";
import { healOwners } from "./login-owners.ts";
import type { Busy, Holder, Ownership } from "./messages.ts";
import type { Parties } from "./parties.ts";
import type { LoginView } from "./participant.ts";
import { planLink } from "./plan.ts";
import type { LinkOrder } from "./link-order.ts";
import { askingOnce, type SourceParty } from "./source.ts";

type Logins = {
  readonly identityPoolId: IdentityPoolId;
  readonly logins: readonly VerifiedLogin[];
  /** Whether a token is to be minted, which draws on the rate of the identity that it is for. */
  readonly mints: boolean;
  /** The pool that has those identities which are not born here, where there is one. It is asked once, however often this is tried. */
  readonly source?: SourceParty;
  /** The pool has or had a source. */
  readonly remembers?: true;
};

export type LinkRequest = Logins & {
  /** The identity that the request names; it has drawn on its own rate already, unless it is unproved. */
  readonly named: Named | null;
  /** An id that the request names, and that is none here: the source is asked whose it is. */
  readonly unknown?: IdentityId;
  /** Id of the client's call, where it has one. */
  readonly callId?: string | null;
  /** Whose the logins are, as the logins have just told the named identity: the first attempt need not ask them again. */
  readonly owners?: readonly Ownership[];
  /** Login id of a developer user that must be the named identity's own, or nobody's. */
  readonly pinned?: string;
};

/** A release before did not tell the origin. `isUnproved`: it has none of the logins, unless the source says so. */
type Named = {
  readonly identityId: IdentityId;
  readonly isGuest: boolean;
  readonly origin?: Origin;
  readonly isUnproved?: true;
};

/** Who has the logins: here, as they say themselves; and at the source, of those that nobody here ever had. */
type Seen = { readonly owned: readonly Ownership[]; readonly claims: readonly Claim[] };

/** The grant of the identity that the logins have, or that is born with them, for a call that names none. */
export async function bringTogether(parties: Parties, request: Logins): Promise<Result<Grant, Refusal>> {
  const { source } = request;
  const once = source !== undefined && { source: askingOnce(source) };
  const linked = await linkLogins(parties, { ...request, ...once, named: null });
  return "ok" in linked ? linked : err({ kind: "contended" });
}

/** The grant of the surviving identity; busy when the named identity is no longer what it was, and is to be asked again. */
export async function linkLogins(parties: Parties, request: LinkRequest): Promise<Result<Grant, Refusal> | Busy> {
  let drawnBy = request.named === null || request.named.isUnproved === true ? null : request.named.identityId;
  let told = request.owners;
  const linked = await untilAnswered(parties, async (): Promise<Attempt<Grant | null>> => {
    const isTold = told !== undefined && request.pinned === undefined && request.source === undefined;
    const seen = isTold ? ok({ owned: told ?? [], claims: [] }) : await look(parties, request);
    told = undefined;
    if ("kind" in seen || !seen.ok) return seen;
    const planned = await planOf(parties, request, seen.value);
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
        if (request.unknown !== undefined) return ok(null);
        return (await healOwners(parties, owned)) || request.named === null ? LOOK_AGAIN : ok(null);
    }
  });
  if (!linked.ok) return linked;
  return linked.value === null ? { kind: "busy" } : ok(linked.value);
}

type Planned = { readonly order: LinkOrder; readonly owned: readonly Ownership[] };

async function look(parties: Parties, request: LinkRequest): Promise<Attempt<Seen>> {
  const { logins, source, unknown = null } = request;
  const views = await Promise.all(
    logins.map(async ({ loginId }) => await parties.objects.login(loginId).view(loginId)),
  );
  const holder = holderAmong(views);
  if (holder !== undefined) return { kind: "busy", holder };
  const owned = ownedAmong(logins, views);
  if (source === undefined) return ok({ owned, claims: [] });
  const claims = await claimsOf(parties, { ...request, source, unknown }, unseenAmong(logins, views, source), owned);
  return "kind" in claims || !claims.ok ? claims : ok({ owned, claims: claims.value });
}

/** Says what is to become of the logins that have these owners. */
async function planOf(parties: Parties, request: LinkRequest, seen: Seen): Promise<Attempt<Planned>> {
  const { identityPoolId, logins, pinned, callId, remembers } = request;
  const { owned, claims } = seen;
  const named = request.named ?? namedBySource(request, claims);
  const refuse = async (refusal: Refusal): Promise<Attempt<Planned>> =>
    (await healOwners(parties, owned)) ? LOOK_AGAIN : err(refusal);
  // Decided on the very look at the owners that the plan is made of; what changes since, the order's `pinned` is for.
  const pinnedTo = [
    ...owned.filter(({ loginId }) => loginId === pinned),
    ...claims.filter(({ adoption }) => pinned !== undefined && adoption.loginIds.includes(pinned)),
  ];
  const isPinnedElsewhere = pinnedTo.some(
    ({ identityId }) => identityId !== (request.named?.identityId ?? request.unknown),
  );
  if (isPinnedElsewhere) return await refuse({ kind: "developer-user-registered" });
  const isProved = [...owned, ...claims].some(({ identityId }) => identityId === named?.identityId);
  if (named?.isUnproved === true && !isProved) return await refuse({ kind: "logins-do-not-match" });
  const plan = planLink(named, await ownersOf(parties, [...owned, ...claims]), parties.config.mergePolicy);
  if (plan.kind === "conflict") {
    if (claims.length > 0) request.source?.count("conflict");
    return await refuse({ kind: "login-conflict", providerName: foreignProvider(request, seen, named?.identityId) });
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
    ...(claims.length > 0 && { adopts: claims.map(({ adoption }) => adoption) }),
    ...(remembers === true && { remembers }),
  };
  return ok({ order, owned });
}

/** The source has given the logins of an unknown id to another one: that absorbs the id, as if it were a guest's. */
function namedBySource({ unknown }: LinkRequest, claims: readonly Claim[]): Named | null {
  const isAnother = unknown !== undefined && !claims.some(({ identityId }) => identityId === unknown);
  return isAnother ? { identityId: unknown, isGuest: true } : null;
}

/** Undefined where all was together already. */
function effectOf({ isBirth, absorb, logins }: LinkOrder, owned: readonly Ownership[]): Effect | undefined {
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

/** Each owner once, the older first: only a merge of several needs to know, so only then are they asked. */
async function ownersOf(
  parties: Parties,
  owned: readonly { readonly identityId: IdentityId }[],
): Promise<readonly IdentityId[]> {
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

/** Of a login that another identity has, here or at the source. */
function foreignProvider({ logins }: LinkRequest, { owned, claims }: Seen, named: IdentityId | undefined): string {
  const all = [
    ...owned,
    ...claims.flatMap(({ identityId, adoption }) => adoption.loginIds.map((loginId) => ({ identityId, loginId }))),
  ];
  const foreign = all.find(({ identityId }) => identityId !== named) ?? all[0];
  return logins.find(({ loginId }) => loginId === foreign?.loginId)?.providerName ?? "";
}
