/**
 * The other side of a merge, as pure transitions of a record: an identity stands still for the coordinator that absorbs it,
 * hands over its logins, and is merged or free again once that one has decided. Decides nothing itself.
 */
import { holds, isVisible } from "../domain/identity.ts";
import { refusalOfDisabled } from "../domain/mint-rules.ts";
import type { IdentityRecord } from "./identity-record.ts";
import { withFacts } from "./life.ts";
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
  const { transactionId, coordinator } = message;
  if (record === null || !isVisible(record) || record.identityPoolId !== message.identityPoolId) {
    return { record, reply: { kind: "unsuitable" } };
  }
  if (record.freeze?.transactionId === transactionId)
    return { record, reply: { kind: "frozen", logins: record.logins } };
  const busy = freezeOf(record);
  if (busy !== null) return { record, reply: busy };
  // Two coordinators that meet: neither waits for the other, so that no cycle can form.
  if (record.transaction !== null) return { record, reply: { kind: "busy" } };
  const isProved = message.loginIds.some((loginId) => holds(record, loginId));
  const { kind } = record.standing;
  const isSuitable = message.isGuest ? kind === "guest" : kind === "linked" && isProved;
  if (!isSuitable) return { record, reply: { kind: "unsuitable" } };
  const refusal = refusalOfDisabled(record);
  if (refusal !== null) return { record, reply: { kind: "unsuitable", refusal } };
  const { freshIds = message.loginIds } = message;
  if (kind === "linked" && !freshIds.some((loginId) => holds(record, loginId))) {
    return { record, reply: { kind: "proof-too-old" } };
  }
  const call = message.callId === undefined ? {} : { callId: message.callId };
  const frozen = { ...record, freeze: { transactionId, coordinator, since: now, ...call } };
  return { record: frozen, reply: { kind: "frozen", logins: record.logins } };
}

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
  return withFacts(merged, [{ kind: "merged", other: into }], decidedAt);
}
