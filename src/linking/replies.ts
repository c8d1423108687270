/** What the replies of others mean: to a transaction that gathers its participants, and to what an identity still owes. Pure. */
import type { IdentityRecord } from "./identity-record.ts";
import type { Message, Reply } from "./messages.ts";
import { remove } from "./removal.ts";
import type { LinkRefusal } from "./link-order.ts";
import { heard } from "./transaction.ts";

/** Whether it took no part, so that it need not hear of the end. One that did not answer may have. */
export function isRefusal(reply: Reply | undefined): boolean {
  return reply !== undefined && reply.kind !== "reserved" && reply.kind !== "frozen" && reply.kind !== "failed";
}

/** The reply that weighs most: a participant that did not answer, one that is taken, one that is not what it was. */
export function obstacleAmong(replies: readonly Reply[]): LinkRefusal | null {
  if (replies.some((reply) => reply.kind === "failed")) return { kind: "unreachable" };
  for (const reply of replies) {
    if (reply.kind === "busy") return reply;
    if (reply.kind === "unsuitable") {
      return reply.refusal === undefined ? { kind: "stale" } : { kind: "forbidden", refusal: reply.refusal };
    }
    if (reply.kind === "proof-too-old") return reply;
  }
  return null;
}

/** The record once `message` was answered: what is no longer owed leaves it. */
export function acknowledge(record: IdentityRecord, message: Message, reply: Reply, now: number): IdentityRecord {
  // Of an abort a participant that cannot be reached hears when it asks: nobody need remember it (presumed abort).
  if (message.kind === "settle" && (reply.kind === "settled" || message.outcome === "aborted")) {
    return heard(record, message.transactionId, message.participant);
  }
  if (message.kind === "release" && reply.kind === "released") {
    const { loginId, linkId } = message;
    return { ...record, releases: record.releases.filter((r) => r.loginId !== loginId || r.linkId !== linkId) };
  }
  if (message.kind === "update-listing" && reply.kind === "listing") {
    if (message.change === "remove") return { ...record, listing: "unlisted" };
    if (record.listing !== "to-add") return record;
    if (reply.poolDeleted) return removeWithPool(record, now);
    const { createdAt = record.createdAt } = reply;
    return { ...record, listing: "listed", createdAt };
  }
  if (message.kind === "delete-at-source" && reply.kind === "deleted-at-source") {
    const { isOwedToSource: _heard, ...told } = record;
    return told;
  }
  return record;
}

/** The pool was deleted while this identity was made, so that it goes with its pool. */
function removeWithPool(record: IdentityRecord, now: number): IdentityRecord {
  const result = remove(record, now);
  // Something else is still open: it stays to be added, and the next delivery meets the deleted pool again.
  return "kind" in result ? record : { ...result, listing: "unlisted" };
}
