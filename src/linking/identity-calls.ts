/**
 * The calls that the Worker makes to one identity, once its logins are verified: mint, link, unlink, delete. The same code
 * answers in IdentityObject and in the simulation; it stores nothing itself, and judges the record anew after every wait.
 */
import type { ServiceError } from "../domain/errors.ts";
import type { Grant } from "../domain/grant.ts";
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import type { VerifiedLogin } from "../domain/login.ts";
import { grantOf, judgeGuest, judgeLogins, judgeStanding } from "../domain/mint-rules.ts";
import { inWords, type Refused, refused } from "../domain/refusals.ts";
import { type Busy, freezeOf } from "./absorption.ts";
import type { Coordinator, LinkOutcome } from "./coordinator.ts";
import type { LinkOrder } from "./transaction.ts";

/** How often a call waits for another change of the same identity before it tells its caller to come again. */
const MAX_WAITS = 20;

export type GrantReply =
  | { readonly kind: "granted"; readonly grant: Grant }
  | Refused
  /** The logins are good, and some are another identity's: the Worker brings them together. */
  | (VerifiedLogins & { readonly kind: "to-link"; readonly isGuest: boolean })
  /** Absorbed while the call was under way, or by this very call before: the other identity judges it anew. */
  | { readonly kind: "merged"; readonly into: IdentityId }
  /** `verified` where the logins were verified before something was found in the way. */
  | (Busy & { readonly verified?: VerifiedLogins });

/** Good for the call that brought them alone; what the next attempt need not have verified again. */
export type VerifiedLogins = { readonly identityPoolId: IdentityPoolId; readonly logins: readonly VerifiedLogin[] };

export type LinkReply =
  | { readonly kind: "linked"; readonly grant: Grant }
  | { readonly kind: "rate-limited"; readonly error: ServiceError }
  | Exclude<LinkOutcome, { readonly kind: "linked" }>;

export type ChangeReply = { readonly kind: "done" } | Refused | Busy;

/** Draws on the identity's own bucket (limits/rate-limit.ts): the refusal, or null when a token was taken. */
export type DrawForMint = () => ServiceError | null;

function frozen(coordinator: Coordinator): Busy | null {
  return coordinator.record === null ? null : freezeOf(coordinator.record);
}

/** GetOpenIdToken without logins. */
export function grantToGuest(
  coordinator: Coordinator,
  drawForMint: DrawForMint,
  identityId: IdentityId,
  pool: IdentityPool,
): GrantReply {
  const current = judgeStanding(coordinator.record, identityId);
  if (!current.ok) return refused(current.error);
  const busy = frozen(coordinator);
  if (busy !== null) return busy;
  const granted = judgeGuest(current.value, pool);
  if (!granted.ok) return refused(granted.error);
  const limited = drawForMint();
  return limited === null ? { kind: "granted", grant: granted.value } : inWords(limited);
}

/** GetOpenIdToken with verified logins: links those that are free, and writes nothing when all are linked. */
export async function grantToLogins(
  coordinator: Coordinator,
  drawForMint: DrawForMint,
  identityId: IdentityId,
  logins: readonly VerifiedLogin[],
): Promise<GrantReply> {
  for (let wait = 0; wait < MAX_WAITS; wait++) {
    // It was there when the call came in: the merge and the call were under way at the same time.
    const standing = coordinator.record?.standing;
    if (standing?.kind === "merged") return { kind: "merged", into: standing.into };
    const current = judgeStanding(coordinator.record, identityId);
    if (!current.ok) return refused(current.error);
    const { identityPoolId } = current.value;
    const verified = { identityPoolId, logins };
    const busy = frozen(coordinator);
    if (busy !== null) return { ...busy, verified };
    const verdict = judgeLogins(current.value, logins);
    if (verdict.kind === "unproved") return refused(verdict.refusal);
    // Only now is it certain that the identity's own user asks, so that nobody else can drain the bucket (T48).
    const limited = wait === 0 ? drawForMint() : null;
    if (limited !== null) return inWords(limited);
    if (verdict.kind === "granted") return verdict;
    const isGuest = current.value.standing.kind === "guest";
    const outcome = await coordinator.link({
      identityId,
      identityPoolId,
      logins,
      absorb: [],
      guest: null,
      isBirth: false,
    });
    switch (outcome.kind) {
      case "linked":
        return { kind: "granted", grant: grantOf(outcome.record, logins) };
      case "conflict":
        return refused({ kind: "login-conflict", providerName: outcome.providerName });
      case "proof-too-old":
        return refused({ kind: "proof-too-old" });
      case "unreachable":
        return refused({ kind: "participant-unreachable" });
      case "elsewhere":
        return { kind: "to-link", ...verified, isGuest };
      case "busy":
        if (outcome.holder !== undefined) return { ...outcome, verified };
        await coordinator.whenFree();
        break;
      case "stale":
      case "not-found":
      case "forbidden":
        // The record moved between the judgement and the link: the next round says what it is now.
        break;
    }
  }
  return { kind: "busy" };
}

/** Brings logins together here; `drawForMint` when a token is to be minted for this identity and it has not drawn yet. */
export async function linkHere(
  coordinator: Coordinator,
  drawForMint: DrawForMint | null,
  order: LinkOrder,
  logins: readonly VerifiedLogin[],
): Promise<LinkReply> {
  const limited = drawForMint?.() ?? null;
  if (limited !== null) return { kind: "rate-limited", error: limited };
  for (let wait = 0; wait < MAX_WAITS; wait++) {
    const outcome = await coordinator.link(order);
    if (outcome.kind === "linked") return { kind: "linked", grant: grantOf(outcome.record, logins) };
    // A birth that met an obstacle is over: its id was never told to anybody, and the Worker draws another.
    if (outcome.kind !== "busy" || outcome.holder !== undefined || order.isBirth) return outcome;
    await coordinator.whenFree();
  }
  return { kind: "busy" };
}

/**
 * UnlinkIdentity with verified logins. Draws as a mint does, also where nothing is left to remove, since each such call may
 * have cost a provider a question; and for nobody who has proved nothing (T48).
 */
export async function unlinkLogins(
  coordinator: Coordinator,
  drawForMint: DrawForMint,
  identityId: IdentityId,
  logins: readonly VerifiedLogin[],
  providerNames: readonly string[],
): Promise<ChangeReply> {
  return await change(coordinator, () => {
    const refusal = coordinator.unlinkRefusal(logins, providerNames);
    const isProved = refusal === null || refusal.kind === "signed-only" || refusal.kind === "proof-too-old";
    const limited = isProved ? drawForMint() : null;
    if (limited !== null) return inWords(limited);
    const outcome = coordinator.unlink(logins, providerNames);
    if (outcome.kind === "unlinked") return { kind: "done" };
    if (outcome.kind === "not-found") return refused({ kind: "identity-not-found", identityId });
    if (outcome.kind === "busy") return outcome;
    if (outcome.kind === "signed-only") return refused({ kind: "developer-users-stay" });
    if (outcome.kind === "proof-too-old") return refused({ kind: "proof-too-old" });
    const current = judgeStanding(coordinator.record, identityId);
    return refused(current.ok ? { kind: "logins-do-not-match" } : current.error);
  });
}

/** UnlinkDeveloperIdentity: the signed call vouches for the developer user. */
export async function unlinkDeveloperUser(
  coordinator: Coordinator,
  identityId: IdentityId,
  loginId: string,
): Promise<ChangeReply> {
  return await change(coordinator, () => {
    const outcome = coordinator.unlinkDeveloperUser(loginId);
    if (outcome.kind === "unlinked") return { kind: "done" };
    if (outcome.kind === "busy") return outcome;
    return refused(
      outcome.kind === "stale" ? { kind: "developer-user-not-found" } : { kind: "identity-not-found", identityId },
    );
  });
}

/** DeleteIdentities, for one identity; `allowedPools` are those of the caller's credential. */
export async function removeIdentity(
  coordinator: Coordinator,
  identityId: IdentityId,
  allowedPools: readonly string[] | "*",
): Promise<ChangeReply> {
  return await change(coordinator, () => {
    const { record } = coordinator;
    if (record !== null && allowedPools !== "*" && !allowedPools.includes(record.identityPoolId)) {
      return refused({ kind: "pool-not-allowed" });
    }
    const outcome = coordinator.remove();
    if (outcome.kind === "removed") return { kind: "done" };
    return outcome.kind === "busy" ? outcome : refused({ kind: "identity-not-found", identityId });
  });
}

/** Tries a change until no transaction of this identity's own is in its way. */
async function change(coordinator: Coordinator, attempt: () => ChangeReply): Promise<ChangeReply> {
  for (let wait = 0; wait < MAX_WAITS; wait++) {
    const reply = attempt();
    if (reply.kind !== "busy" || reply.holder !== undefined) return reply;
    await coordinator.whenFree();
  }
  return { kind: "busy" };
}
