/**
 * An identity is made again by an operator's word, as an export told of it, or gains the logins that an import says are its own. What
 * lives here is never set back: a standing that has gone further stays, and so does a bar, a tombstone, an owner of a login. What the
 * line bars is barred from then on, also where its user came before it.
 */
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import { holds } from "../domain/identity.ts";
import type { Login } from "../domain/login.ts";
import { joinedBars, unheldBars } from "./adoption.ts";
import type { IdentityParts } from "./identity-calls.ts";
import { type IdentityRecord, newRecord } from "./identity-record.ts";
import type { LinkOrder, Restored } from "./link-order.ts";
import type { Busy, Ownership } from "./messages.ts";
import { obstacleOf, remove } from "./removal.ts";
import { restoredRecord, type StandingWithoutLogins } from "./restored-record.ts";

export type RestoreOrder = {
  readonly identityId: IdentityId;
  readonly identityPoolId: IdentityPoolId;
  readonly standing:
    | StandingWithoutLogins
    | { readonly kind: "linked"; readonly logins: readonly Login[] }
    /** Never to live here: a tombstone of it stays for ever. */
    | { readonly kind: "deleted" };
  /** Of one that is not known here yet. */
  readonly restores: Restored;
  /** As of a link. */
  readonly remembers?: true;
};

export type RestoreReply =
  | { readonly kind: "adopted" | "unchanged" }
  /** It was deleted here. */
  | { readonly kind: "gone" }
  | { readonly kind: "conflict"; readonly conflict: RestoreConflict }
  /** Logins say that they are others': whether it is still so, the owners alone know. */
  | { readonly kind: "elsewhere"; readonly owners: readonly Ownership[] }
  /** A login's object did not answer, so that nothing was linked. */
  | { readonly kind: "unreachable" }
  | Busy;

export type RestoreConflict =
  /** The id is an identity's of another pool. */
  | { readonly kind: "other-pool" }
  /** It lives here, or is merged into another one than that. */
  | { readonly kind: "stands-otherwise" }
  /** It is disabled here; or is by the line, and came before it: only an operator's own call stops who lives here. */
  | { readonly kind: "disabled" | "not-disabled" }
  /** A second user of the provider, or one that the identity has barred; null: more logins than an identity may have. */
  | { readonly kind: "provider"; readonly providerName: string | null };

/** Idempotent; in one storage step, or in the steps of a link. */
export async function restore(parts: IdentityParts, order: RestoreOrder): Promise<RestoreReply> {
  return await parts.links.whenFree(async (): Promise<RestoreReply> => {
    const record = parts.kept.value;
    if (record === null) return await make(parts, order);
    if (record.identityPoolId !== order.identityPoolId) return conflict({ kind: "other-pool" });
    if (record.standing.kind === "deleted") return { kind: order.standing.kind === "deleted" ? "unchanged" : "gone" };
    const obstacle = obstacleOf(record);
    if (obstacle !== null) return obstacle;
    // Left over by a birth that failed: the next attempt finds nothing.
    if (record.standing.kind === "unborn") return { kind: "busy" };
    const { standing, restores } = order;
    if (restores.isDisabled === true && record.isDisabled !== true) return conflict({ kind: "not-disabled" });
    if (standing.kind === "linked" && isOpen(record)) return await gain(parts, order, standing.logins, record);
    return isBehind(standing, record) ? unchanged(parts, order, record) : conflict({ kind: "stands-otherwise" });
  });
}

async function make(parts: IdentityParts, order: RestoreOrder): Promise<RestoreReply> {
  const { identityId, identityPoolId, standing, restores } = order;
  if (standing.kind === "linked") return await link(parts, order, standing.logins);
  const now = parts.host.now();
  const made =
    standing.kind === "deleted"
      ? remove(newRecord(identityId, identityPoolId, { kind: "unborn" }, now, "source"), now)
      : restoredRecord(identityId, identityPoolId, standing, restores, now);
  if ("kind" in made) return { kind: "busy" };
  parts.kept.write(made);
  return { kind: "adopted" };
}

async function gain(
  parts: IdentityParts,
  order: RestoreOrder,
  logins: readonly Login[],
  record: IdentityRecord,
): Promise<RestoreReply> {
  if (logins.every(({ loginId }) => holds(record, loginId))) return unchanged(parts, order, record);
  if (record.isDisabled === true) return conflict({ kind: "disabled" });
  const barred = logins.find((login) => !holds(record, login.loginId) && record.barred.includes(login.providerName));
  if (barred !== undefined) return conflict({ kind: "provider", providerName: barred.providerName });
  return await link(parts, order, logins);
}

/** But for what the line bars of an identity that can gain logins (invariant never-comes-back). */
function unchanged(parts: IdentityParts, { restores }: RestoreOrder, record: IdentityRecord): RestoreReply {
  const barred = unheldBars(record.logins, joinedBars(record.barred, restores.barred));
  if (isOpen(record) && barred.length > record.barred.length) parts.kept.write({ ...record, barred });
  return { kind: "unchanged" };
}

async function link(parts: IdentityParts, order: RestoreOrder, logins: readonly Login[]): Promise<RestoreReply> {
  const { identityId, identityPoolId, restores, remembers } = order;
  const now = parts.host.now();
  const outcome = await parts.links.link({
    identityId,
    identityPoolId,
    // The operator's word is given now.
    logins: logins.map((login) => ({ ...login, issuedAt: now })),
    absorb: [],
    guest: null,
    isBirth: false,
    adopts: [{ identityIds: [identityId], loginIds: logins.map(({ loginId }) => loginId) }],
    restores,
    ...(remembers === true && { remembers }),
  } satisfies LinkOrder);
  switch (outcome.kind) {
    case "linked":
      return { kind: "adopted" };
    case "conflict":
      return conflict({ kind: "provider", providerName: outcome.providerName });
    case "elsewhere":
    case "unreachable":
    case "busy":
      return outcome;
    case "stale":
    case "not-found":
    case "forbidden":
    case "proof-too-old":
      // The record moved between the judgement and the link: the next attempt says what it is now.
      return { kind: "busy" };
  }
}

/** Whether it can gain logins. */
function isOpen({ standing }: IdentityRecord): boolean {
  return standing.kind === "guest" || standing.kind === "linked";
}

/** Standings move forward alone: what the order tells was so before, or is so. */
function isBehind({ kind, ...told }: RestoreOrder["standing"], { standing }: IdentityRecord): boolean {
  if (kind === "merged") return standing.kind === "merged" && "into" in told && told.into === standing.into;
  return kind === "guest" || standing.kind === kind;
}

function conflict(found: RestoreConflict): RestoreReply {
  return { kind: "conflict", conflict: found };
}
