/**
 * Whose logins the source has, for those that nobody here has ever had, and how that identity stands here. The Worker asks, since an
 * object that waited for Cognito would be billed for it.
 */
import { err, ok } from "../domain/errors.ts";
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import type { VerifiedLogin } from "../domain/login.ts";
import type { StandingHere } from "./adoption.ts";
import type { Attempt } from "./contention.ts";
import type { Adoption } from "./link-order.ts";
import type { Ownership } from "./messages.ts";
import type { Parties } from "./parties.ts";
import type { LoginView } from "./participant.ts";
import type { AskedLogins, SourceParty } from "./source.ts";

/** Merges that are followed to the identity that took the place of the one which the source names. */
const MAX_MERGES = 4;

/** An identity that the source names for some of the logins, or the one that it was merged into here. */
export type Claim = { readonly identityId: IdentityId; readonly adoption: Adoption };

export type ClaimRequest = {
  readonly identityPoolId: IdentityPoolId;
  readonly logins: readonly VerifiedLogin[];
  readonly source: SourceParty;
  /** An identity of here that the call names. */
  readonly named: {
    readonly identityId: IdentityId;
    readonly isGuest: boolean;
    readonly origin?: "here" | "source";
  } | null;
  /** An id that the call names and that is none here. */
  readonly unknown: IdentityId | null;
};

/** Logins that no identity here has ever had, of providers that the source has. */
export function unseenAmong(
  logins: readonly VerifiedLogin[],
  views: readonly LoginView[],
  { settings }: SourceParty,
): readonly VerifiedLogin[] {
  return logins.filter(({ providerName }, index) => {
    const view = views[index];
    const isBlank = view?.owner === null && view.holder === null && view.isSettled !== true;
    return isBlank && settings.providers.includes(providerName);
  });
}

/** None where there is nothing to ask about, or where what the source says is of no use here. */
export async function claimsOf(
  parties: Parties,
  request: ClaimRequest,
  unseen: readonly VerifiedLogin[],
  owned: readonly Ownership[],
): Promise<Attempt<readonly Claim[]>> {
  const { named, unknown, source } = request;
  if (unseen.length === 0 && unknown === null) return ok([]);
  const owners = [...new Set(owned.map(({ identityId }) => identityId))];
  const isOfHere = await isAnyOfHere(parties, request, owners);
  if ("kind" in isOfHere || !isOfHere.ok) return isOfHere;
  if (isOfHere.value) return noneOf(unknown);
  // A guest that was born here is nobody to the source, which so cannot prove that it is.
  const asked = unknown ?? (named?.origin === "source" ? named.identityId : null);
  const claims: Claim[] = [];
  for (const group of groupsOf(request, unseen)) {
    const answer = await source.ask(group === "public" ? asked : unknown, group);
    if (!answer.ok) return answer;
    const claim = answer.value === null ? ok(null) : await claimOf(parties, request, answer.value, group, owners);
    if ("kind" in claim || !claim.ok) return claim;
    if (claim.value !== null) claims.push(claim.value);
  }
  return claims.length === 0 ? noneOf(unknown) : ok(claims);
}

/** Of an id that is none here, and that the source does not give to these logins, there is nothing to tell. */
function noneOf(unknown: IdentityId | null): Attempt<readonly Claim[]> {
  return unknown === null ? ok([]) : err({ kind: "identity-not-found", identityId: unknown });
}

/** Whether an identity that was born here is among those that have logins: then the source has no say. */
async function isAnyOfHere(
  parties: Parties,
  { identityPoolId, named }: ClaimRequest,
  owners: readonly IdentityId[],
): Promise<Attempt<boolean>> {
  if (named !== null && !named.isGuest && named.origin !== "source") return ok(true);
  const others = owners.filter((owner) => owner !== named?.identityId);
  const standings = await Promise.all(
    others.map(async (owner) => await parties.objects.identity(owner).standingHere(identityPoolId)),
  );
  const busy = standings.find((standing) => standing.kind === "busy");
  if (busy !== undefined) return busy;
  return ok(standings.some((standing) => standing.kind === "live" && standing.origin === "here"));
}

/** A developer's user is looked up, whatever is presented beside it; all else goes by its tokens. */
function groupsOf({ logins, unknown }: ClaimRequest, unseen: readonly VerifiedLogin[]): readonly AskedLogins[] {
  const asked = unknown === null ? unseen : logins;
  const developer = asked.some(({ isDeveloper }) => isDeveloper === true);
  if (unknown !== null) return [developer ? "developer" : "public"];
  const isPublic = unseen.some(({ isDeveloper }) => isDeveloper !== true);
  return [...(developer ? (["developer"] as const) : []), ...(isPublic ? (["public"] as const) : [])];
}

/** What the source's answer is worth here: null where that identity is none that may be claimed. */
async function claimOf(
  parties: Parties,
  request: ClaimRequest,
  answer: IdentityId,
  group: AskedLogins,
  owners: readonly IdentityId[],
): Promise<Attempt<Claim | null>> {
  const { identityPoolId, logins, source, unknown } = request;
  let identityId = answer;
  for (let merges = 0; merges <= MAX_MERGES; merges++) {
    const standing = await parties.objects.identity(identityId).standingHere(identityPoolId);
    if (standing.kind === "busy") return standing;
    if (standing.kind === "spent" || (!owners.includes(identityId) && barsAny(standing, logins))) {
      source.count("barred");
      return ok(null);
    }
    if (standing.kind === "merged") {
      identityId = standing.into;
      continue;
    }
    const vouched = logins.filter(({ providerName, isDeveloper }) => {
      return source.settings.providers.includes(providerName) && (isDeveloper === true) === (group === "developer");
    });
    const identityIds = unknown === null || unknown === identityId ? [identityId] : [identityId, unknown];
    return ok({ identityId, adoption: { identityIds, loginIds: vouched.map(({ loginId }) => loginId) } });
  }
  return ok(null);
}

/** What it has let go does not come back by the source (invariant never-comes-back). */
function barsAny(standing: StandingHere, logins: readonly VerifiedLogin[]): boolean {
  return standing.kind === "live" && logins.some(({ providerName }) => standing.barred.includes(providerName));
}
