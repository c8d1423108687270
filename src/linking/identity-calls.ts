/**
 * What an identity answers once it has admitted a call and its logins are verified: mint, link, unlink, delete. It judges the
 * record anew after every wait.
 */
import type { ServiceError } from "../domain/errors.ts";
import type { Grant, GrantAccess } from "../domain/grant.ts";
import { accessOf, type GrantWish } from "../domain/grant-access.ts";
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import { holds } from "../domain/identity.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import type { PoolSource } from "../domain/pool-source.ts";
import type { VerifiedLogin } from "../domain/login.ts";
import { refusalOf } from "../domain/login-refusal.ts";
import { grantOf, judgeGuest, judgeLogins, judgeStanding } from "../domain/mint-rules.ts";
import type { PrincipalTags } from "../domain/principal-tags.ts";
import { inWords, type Refused, refused } from "../domain/refusals.ts";
import { usersRole } from "../domain/role-choice.ts";
import { freezeOf } from "./absorption.ts";
import { remembering, mayBeAtSource } from "./adoption.ts";
import type { IdentityHost } from "./identity-host.ts";
import type { IdentityRecord, Origin } from "./identity-record.ts";
import type { KeptRecord } from "./kept-record.ts";
import type { LinkOutcome } from "./link-run.ts";
import type { Busy, Ownership } from "./messages.ts";
import type { Links } from "./links.ts";
import type { LinkOrder } from "./link-order.ts";

export type GrantReply =
  /** `hasLinked` where logins were linked for it; a release before does not tell it. */
  | { readonly kind: "granted"; readonly grant: Grant; readonly hasLinked?: true }
  /** `isUnknown`: nothing was ever stored of the identity, so that a source may know it. */
  | (Refused & { readonly isUnknown?: true })
  /**
   * The logins are good, and some are another identity's: the Worker brings them together. `owners` are those of all logins
   * that have one, as the logins say; a release before did not tell them. `asksSource`: nothing was reserved yet, since some of
   * them may be somebody's there; `origin` is the identity's own. `isUnproved`: none of them is the identity's here, so that only the
   * source can say that they are, and nothing was drawn.
   */
  | (VerifiedLogins & {
      readonly kind: "to-link";
      readonly isGuest: boolean;
      readonly owners?: readonly Ownership[];
      readonly asksSource?: true;
      readonly isUnproved?: true;
      readonly origin?: Origin;
      readonly remembers?: true;
    })
  /**
   * Absorbed while the call was under way, or by this very call before: the other identity judges it anew. `verified` as below; a
   * release before did not tell it.
   */
  | { readonly kind: "merged"; readonly into: IdentityId; readonly verified?: VerifiedLogins }
  /** `verified` where the logins were verified before something was found in the way. */
  | (Busy & { readonly verified?: VerifiedLogins });

/**
 * Good for the call that brought them alone; what the next attempt need not have verified again. What they give is decided with them,
 * by the pool and the logins alone: it holds whichever identity turns out to be theirs.
 */
export type VerifiedLogins = GrantAccess & {
  readonly identityPoolId: IdentityPoolId;
  readonly logins: readonly VerifiedLogin[];
};

export type LinkReply =
  | { readonly kind: "linked"; readonly grant: Grant }
  /** Not `refused`, as in other replies: a Worker of the release before would take that for no reply at all. */
  | { readonly kind: "rate-limited"; readonly error: ServiceError }
  | Exclude<LinkOutcome, { readonly kind: "linked" }>;

/** `source` is to be told the same, once. `isUnknown`: nothing was ever stored of it. */
export type ChangeReply =
  | { readonly kind: "done"; readonly source?: PoolSource; readonly isUnknown?: true }
  | Refused
  | Busy;

/** One identity, as its calls use it. */
export type IdentityParts = {
  readonly host: Pick<IdentityHost, "limit" | "now" | "proofRule">;
  readonly kept: KeptRecord;
  readonly links: Links;
};

/** A token or credentials without logins. */
export function grantToGuest(
  { kept, host }: IdentityParts,
  identityId: IdentityId,
  pool: IdentityPool,
  wish: GrantWish,
): GrantReply {
  const current = judgeStanding(kept.value, identityId);
  if (!current.ok) return refused(current.error);
  const granted = judgeGuest(current.value, pool);
  if (!granted.ok) return refused(granted.error);
  const access = accessOf(pool, [], wish);
  if (!access.ok) return refused(access.error);
  const limited = host.limit.draw();
  return limited === null ? { kind: "granted", grant: { ...granted.value, ...access.value } } : inWords(limited);
}

/** A token or credentials with verified logins: links those that are free, and writes nothing when all are linked. */
export async function grantToLogins(
  { kept, links, host }: IdentityParts,
  identityId: IdentityId,
  pool: IdentityPool,
  logins: readonly VerifiedLogin[],
  access: GrantAccess = {},
): Promise<GrantReply> {
  return await links.whenFree(async (count): Promise<GrantReply> => {
    const named = kept.value;
    // It was there when the call came in: the merge and the call were under way at the same time.
    if (named?.standing.kind === "merged") {
      const { identityPoolId, standing } = named;
      return { kind: "merged", into: standing.into, verified: { identityPoolId, logins, ...access } };
    }
    const current = judgeStanding(named, identityId);
    if (!current.ok) return refused(current.error);
    const record = current.value;
    const { identityPoolId } = record;
    const verified = { identityPoolId, logins, ...access };
    const busy = freezeOf(record);
    if (busy !== null) return { ...busy, verified };
    const verdict = judgeLogins(record, logins);
    if (verdict.kind === "unproved") {
      return mayBeAtSource(record, pool, logins)
        ? { ...toAsk(record, pool, verified), isUnproved: true }
        : refused(verdict.refusal);
    }
    // Only now is it certain that the identity's own user asks, so that nobody else can drain the bucket (T48).
    const limited = count === 0 ? host.limit.draw() : null;
    if (limited !== null) return inWords(limited);
    if (verdict.kind === "granted") return { kind: "granted", grant: { ...verdict.grant, ...access } };
    if (mayBeAtSource(record, pool, logins)) return toAsk(record, pool, verified);
    const outcome = await links.link({
      identityId,
      identityPoolId,
      logins,
      absorb: [],
      guest: null,
      isBirth: false,
      ...remembering(pool),
    });
    switch (outcome.kind) {
      case "linked":
        return { kind: "granted", grant: { ...grantOf(outcome.record, logins), ...access }, hasLinked: true };
      case "conflict":
        return refused({ kind: "login-conflict", providerName: outcome.providerName });
      case "proof-too-old":
        return refused({ kind: "proof-too-old" });
      case "unreachable":
        return refused({ kind: "participant-unreachable" });
      case "elsewhere":
        return { ...toLink(record, pool, verified), owners: [...ownedBy(record, logins), ...outcome.owners] };
      case "busy":
        return { ...outcome, verified };
      case "stale":
      case "not-found":
      case "forbidden":
        // The record moved between the judgement and the link: the next attempt says what it is now.
        return { kind: "busy" };
    }
  });
}

type ToLink = Extract<GrantReply, { readonly kind: "to-link" }>;

function toLink({ standing }: IdentityRecord, pool: IdentityPool, verified: VerifiedLogins): ToLink {
  return { kind: "to-link", ...verified, isGuest: standing.kind === "guest", ...remembering(pool) };
}

/** Before anything is reserved: some of the logins may be somebody's at the source. */
function toAsk(record: IdentityRecord, pool: IdentityPool, verified: VerifiedLogins): ToLink {
  return { ...toLink(record, pool, verified), asksSource: true, origin: record.origin };
}

/** Logins of which a token of this service says that they were verified. */
export type OwnProof = {
  readonly identityPoolId: IdentityPoolId;
  /** Of each login those that it can be: domain/own-login.ts. */
  readonly candidates: readonly (readonly VerifiedLogin[])[];
  readonly principalTags: PrincipalTags;
  readonly customRoleArn?: string;
};

/**
 * Credentials for a token of this service. It is held against the record as it is now: of an identity that was merged, closed or
 * deleted since, or that has lost one of the logins, it proves nothing, however long it lives. Nothing is linked by it.
 */
export function grantToOwnProof(
  { kept, host }: IdentityParts,
  identityId: IdentityId,
  pool: IdentityPool,
  { identityPoolId, candidates, principalTags, customRoleArn }: OwnProof,
): GrantReply {
  const current = judgeStanding(kept.value, identityId);
  if (!current.ok) return refused(current.error);
  const record = current.value;
  const held = candidates.map((meant) => meant.find(({ loginId }) => holds(record, loginId)));
  const logins = held.filter((login) => login !== undefined);
  if (record.identityPoolId !== identityPoolId || logins.length === 0 || logins.length < held.length) {
    return inWords(refusalOf({ kind: "not-own-token" }, "own token"));
  }
  const role = usersRole(pool.access, customRoleArn);
  if (!role.ok) return refused(role.error);
  const limited = host.limit.draw();
  if (limited !== null) return inWords(limited);
  const tags = Object.keys(principalTags).length > 0 && { principalTags };
  return { kind: "granted", grant: { ...grantOf(record, logins), roleArn: role.value, ...tags } };
}

/** Those of the logins that the identity holds. */
function ownedBy({ identityId, logins: held }: IdentityRecord, logins: readonly VerifiedLogin[]): readonly Ownership[] {
  return logins.flatMap(({ loginId }) => {
    const linked = held.find((login) => login.loginId === loginId);
    return linked === undefined ? [] : [{ identityId, loginId, linkId: linked.linkId }];
  });
}

/** Brings logins together here; `draws` when a token is to be minted for this identity and it has not drawn yet. */
export async function linkHere(
  { links, host }: IdentityParts,
  order: LinkOrder,
  logins: readonly VerifiedLogin[],
  draws: boolean,
): Promise<LinkReply> {
  const limited = draws ? host.limit.draw() : null;
  if (limited !== null) return { kind: "rate-limited", error: limited };
  const attempt = async (): Promise<LinkReply> => {
    const outcome = await links.link(order);
    return outcome.kind === "linked" ? { kind: "linked", grant: grantOf(outcome.record, logins) } : outcome;
  };
  // A birth that met an obstacle is over: its id was never told to anybody, and the Worker draws another.
  return order.isBirth ? await attempt() : await links.whenFree(attempt);
}

/** Makes a change, in one storage step, as soon as no transaction of this identity's own is in its way. */
export async function change(
  { kept, links }: IdentityParts,
  attempt: (record: IdentityRecord | null) => IdentityRecord | ChangeReply,
): Promise<ChangeReply> {
  return await links.whenFree((): ChangeReply => {
    const result = attempt(kept.value);
    if ("kind" in result) return result;
    if (result !== kept.value) kept.write(result);
    return { kind: "done" };
  });
}
