/**
 * The other side of a merge, as pure transitions of a record: an identity stands still for the coordinator that absorbs it,
 * hands over its logins, and is merged or free again once that one has decided. Decides nothing itself.
 */
import { holds, isVisible, type Standing } from "../domain/identity.ts";
import { refusalOfDisabled } from "../domain/mint-rules.ts";
import { beginningOf, type IdentityRecord, newRecord } from "./identity-record.ts";
import { type Fact, withFacts } from "./life.ts";
import type { Busy, Freeze, FreezeReply, Outcome } from "./messages.ts";

/**
 * The absorption that an identity waits for, if any. Its coordinator may have committed already, so that a frozen
 * identity can say nothing about itself before it has asked.
 */
export function freezeOf(record: IdentityRecord): Busy | null {
  if (record.freeze === null) return null;
  const { transactionId, coordinator } = record.freeze;
  const participant = { kind: "identity", identityId: record.identityId } as const;
  return { kind: "busy", holder: { transactionId, coordinator, participant } };
}

/** The other side of `absorb`: stands still until the coordinator has decided, and hands over its logins. */
export function freeze(
  record: IdentityRecord | null,
  message: Freeze,
  now: number,
): { readonly record: IdentityRecord | null; readonly reply: FreezeReply } {
  const { transactionId, coordinator, identityPoolId, vouched } = message;
  const isUnsuitable = { record, reply: { kind: "unsuitable" } } as const;
  const unknown = () => newRecord(message.identityId, identityPoolId, { kind: "unborn" }, now, "source");
  const asked = record ?? (vouched === undefined ? null : unknown());
  if (asked === null || asked.identityPoolId !== identityPoolId || asked.standing.kind === "deleted")
    return isUnsuitable;
  // Nobody is told of one that is about to be born: only the source could name it.
  if (!isVisible(asked) && vouched === undefined) return isUnsuitable;
  if (asked.freeze?.transactionId === transactionId) return { record, reply: frozenReply(asked) };
  const busy = freezeOf(asked);
  if (busy !== null) return { record, reply: busy };
  // Two coordinators that meet: neither waits for the other, so that no cycle can form.
  if (asked.transaction !== null) return { record, reply: { kind: "busy" } };
  const refusal = refusalToFreeze(asked, message);
  if (refusal !== null) return { record, reply: refusal };
  const call = message.callId === undefined ? {} : { callId: message.callId };
  const frozen = { ...asked, freeze: { transactionId, coordinator, since: now, ...call } };
  return { record: frozen, reply: frozenReply(asked) };
}

/** What goes over to the coordinator, should it commit. */
function frozenReply({ logins, barred }: IdentityRecord): FreezeReply {
  return { kind: "frozen", logins, ...(barred.length > 0 && { barred }) };
}

/** Null where it stands still: it is the guest that it was taken for, its own login is proved, or the source's word counts for it. */
function refusalToFreeze(
  record: IdentityRecord,
  { isGuest, loginIds, freshIds = loginIds, vouched }: Freeze,
): FreezeReply | null {
  const { kind } = record.standing;
  const isVouched = vouched !== undefined && !vouched.providerNames.some((name) => record.barred.includes(name));
  const speaks = (loginId: string) => holds(record, loginId) || (isVouched && vouched.loginIds.includes(loginId));
  const isSuitable = kind === "linked" ? !isGuest && loginIds.some(speaks) : isVouched || (isGuest && kind === "guest");
  if (!isSuitable || !ABSORBABLE.has(kind)) return { kind: "unsuitable" };
  const refusal = refusalOfDisabled(record);
  if (refusal !== null) return { kind: "unsuitable", refusal };
  return kind === "linked" && !freshIds.some(speaks) ? { kind: "proof-too-old" } : null;
}

const ABSORBABLE: ReadonlySet<Standing["kind"]> = new Set(["unborn", "guest", "linked"]);

/**
 * The coordinator has decided: merged into it, or free again. A settlement of another transaction changes nothing.
 * The merge is dated by the commit (`decidedAt`): what came in later is another call (identity-record.ts).
 */
export function thaw(
  record: IdentityRecord,
  transactionId: string,
  outcome: Outcome,
  decidedAt: number,
): IdentityRecord {
  if (record.freeze?.transactionId !== transactionId) return record;
  if (outcome === "aborted") return { ...record, freeze: null };
  const { coordinator: into, callId: by } = record.freeze;
  const standing = { kind: "merged", into, ...(by !== undefined && { by }) } as const;
  // Its logins are the coordinator's now: they are handed over, not released.
  const merged: IdentityRecord = { ...record, standing, logins: [], modifiedAt: decidedAt, freeze: null };
  const end: Fact = { kind: "merged", other: into };
  if (record.standing.kind !== "unborn") return withFacts(merged, [end], decidedAt);
  // The source had it, and here it is known from now on as one that is another.
  const known: IdentityRecord = { ...merged, createdAt: decidedAt, listing: "to-add" };
  return withFacts(known, [beginningOf(known), end], decidedAt);
}
