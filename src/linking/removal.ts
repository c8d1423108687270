/**
 * What takes logins from an identity, as pure transitions of its record: unlinking and deletion. Each is one storage step and
 * its own linearization point; the logins that it lets go are owed a release. Never touches an identity that stands still.
 */
import { withCall } from "../domain/done-calls.ts";
import { holds, type LinkedLogin } from "../domain/identity.ts";
import { MAX_LINKED_LOGINS } from "../domain/login.ts";
import { freezeOf } from "./absorption.ts";
import { type IdentityRecord, wasDone, wasUnlinked } from "./identity-record.ts";
import { type Fact, factsOf, withFacts } from "./life.ts";
import type { Busy } from "./messages.ts";
import type { LinkRefusal } from "./link-order.ts";

/** A transaction or a freeze that must end before the identity may change in another way. */
export function obstacleOf(record: IdentityRecord): Busy | null {
  return freezeOf(record) ?? (record.transaction === null ? null : { kind: "busy" });
}

/** `signed-only`: a developer's users are among what is to go, of whom no login token says anything (T32). */
export type UnlinkRefusal = LinkRefusal | { readonly kind: "signed-only" };

/**
 * Unlinks logins by a proof of one of the identity's own, which must be among `fresh` where there is anything to unlink; the
 * identity's write is the linearization point. Once done, the call of that key unlinks nothing more: what was linked since
 * stays. Its proof is judged like any other.
 */
export function unlink(
  record: IdentityRecord,
  proofs: readonly string[],
  providerNames: readonly string[],
  now: number,
  fresh: readonly string[] = proofs,
  callKey: string | null = null,
): IdentityRecord | UnlinkRefusal {
  const obstacle = obstacleOf(record);
  if (obstacle !== null) return obstacle;
  const named = record.logins.filter((login) => providerNames.includes(login.providerName));
  const removed = wasDone(record, callKey, now) ? [] : named;
  const isProved = proofs.some((loginId) => holds(record, loginId));
  // The retry of a call that was done: same proof, nothing left to remove.
  const isRepeat = removed.length === 0 && proofs.some((loginId) => wasUnlinked(record, loginId, now));
  if (!isProved && !isRepeat) return { kind: "stale" };
  if (removed.some((login) => login.isDeveloper === true)) return { kind: "signed-only" };
  if (removed.length > 0 && !fresh.some((loginId) => holds(record, loginId))) return { kind: "proof-too-old" };
  return done(without(record, removed, now), callKey, now);
}

/** Unlinks one developer user, once for each call as above: the signed call is the proof. */
export function unlinkDeveloperUser(
  record: IdentityRecord,
  loginId: string,
  now: number,
  callKey: string | null = null,
): IdentityRecord | LinkRefusal {
  const obstacle = obstacleOf(record);
  if (obstacle !== null) return obstacle;
  if (wasDone(record, callKey, now)) return record;
  const removed = record.logins.filter((login) => login.isDeveloper === true && login.loginId === loginId);
  // The retry of a call that was done.
  const isRepeat = wasUnlinked(record, loginId, now);
  return removed.length > 0 || isRepeat ? done(without(record, removed, now), callKey, now) : { kind: "stale" };
}

function without(record: IdentityRecord, removed: readonly LinkedLogin[], now: number): IdentityRecord {
  if (removed.length === 0) return record;
  const logins = record.logins.filter((login) => !removed.includes(login));
  const remembered = removed.map(({ loginId }) => ({ loginId, at: now }));
  const kind = logins.length === 0 ? "closed" : "linked";
  const left: IdentityRecord = {
    ...record,
    logins,
    modifiedAt: now,
    standing: { kind },
    releases: [...record.releases, ...removed],
    unlinked: [...record.unlinked, ...remembered].slice(-MAX_LINKED_LOGINS),
  };
  const end: readonly Fact[] = kind === "closed" ? [{ kind }] : [];
  return withFacts(left, [...factsOf("unlinked", removed), ...end], now);
}

/** Remembers the call, also one that found nothing to remove. An identity that no login can join any more need not. */
function done(record: IdentityRecord, callKey: string | null, now: number): IdentityRecord {
  const { standing, unlinkCalls } = record;
  if (callKey === null || standing.kind !== "linked" || wasDone(record, callKey, now)) return record;
  return { ...record, unlinkCalls: withCall(unlinkCalls, callKey, now) };
}

/** Deletes the identity: a tombstone stays, its logins are released, the directory hears of it. */
export function remove(record: IdentityRecord, now: number): IdentityRecord | LinkRefusal {
  if (record.standing.kind === "deleted") return record;
  const obstacle = obstacleOf(record);
  if (obstacle !== null) return obstacle;
  const { unlinkCalls: _, ...rest } = record;
  const tombstone: IdentityRecord = {
    ...rest,
    standing: { kind: "deleted" },
    logins: [],
    modifiedAt: now,
    releases: [...record.releases, ...record.logins],
    unlinked: [],
    listing: "to-remove",
  };
  return withFacts(tombstone, [{ kind: "deleted" }], now);
}
