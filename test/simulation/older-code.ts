/**
 * A deploy leaves old and new code on the same storage (F12): an object may wake up in either. What the release before knew
 * nothing of is taken out of what such a life stores and says: the call that a merge repeats, the date of its commit, and
 * all that version 2 has of a life. It reads both versions, as the release before a new form has to, and writes the first.
 */
import type { StoredRecord } from "../../src/linking/first-record.ts";
import type { IdentityRecord } from "../../src/linking/identity-record.ts";
import type { Message } from "../../src/linking/messages.ts";

/** The record as that release would have written it. */
export function olderRecord(record: IdentityRecord): StoredRecord {
  const { freeze, standing, life: _life, told: _told, origin: _origin, barred: _barred, ...rest } = record;
  return {
    ...rest,
    version: 1,
    standing: standing.kind === "merged" ? { kind: "merged", into: standing.into } : standing,
    freeze:
      freeze === null
        ? null
        : { transactionId: freeze.transactionId, coordinator: freeze.coordinator, since: freeze.since },
  };
}

/** The message as that release would have sent it. */
export function olderMessage(message: Message): Message {
  if (message.kind === "freeze") {
    const { callId: _, ...rest } = message;
    return rest;
  }
  if (message.kind === "settle") {
    const { decidedAt: _, ...rest } = message;
    return rest;
  }
  return message;
}
