/** The invariants of a service at rest, judged on everything that it stores: docs/ARCHITECTURE.md and docs/reliability.md. */
import { isAtRest } from "../../src/linking/identity-record.ts";
import type { StoredState } from "../support/stored-state.ts";

/** What is still open: transactions, freezes, reservations, messages that are owed. */
export function pendingIn({ identities, logins }: StoredState): readonly string[] {
  return [
    ...identities.filter((record) => !isAtRest(record)).map((record) => `identity ${record.identityId}`),
    ...logins.filter((login) => login.reservation !== null).map((login) => `login ${login.loginId}`),
  ];
}

/**
 * What contradicts invariants one-owner, both-sides-agree, no-trace-of-an-abort, no-orphans, no-way-back and
 * one-user-of-a-provider at rest; empty when all is in order.
 */
export function contradictionsIn({ identities, logins, listed }: StoredState): readonly string[] {
  const found: string[] = [];
  const holdersOf = new Map<string, string[]>();
  for (const { identityId, standing, logins: held } of identities) {
    if ((standing.kind === "linked") !== held.length > 0) {
      found.push(`${identityId} is ${standing.kind} and holds ${held.length} logins`);
    }
    if (standing.kind === "unborn") found.push(`${identityId} was never born, and is still there`);
    if (new Set(held.map((login) => login.providerName)).size !== held.length) {
      found.push(`${identityId} holds two users of one provider`);
    }
    for (const { loginId } of held) holdersOf.set(loginId, [...(holdersOf.get(loginId) ?? []), identityId]);
    const isShown = standing.kind !== "deleted" && standing.kind !== "unborn";
    if (isShown !== listed.has(identityId)) found.push(`${identityId} is ${standing.kind} and listed: ${!isShown}`);
  }
  const ownerOf = new Map(logins.map(({ loginId, owner }) => [loginId, owner?.identityId ?? null]));
  for (const [loginId, holders] of holdersOf) {
    if (holders.length > 1) found.push(`login ${loginId} has the owners ${holders.join(" and ")}`);
    const owner = ownerOf.get(loginId) ?? null;
    if (owner !== holders[0]) found.push(`login ${loginId} is held by ${holders[0]} and says that it is ${owner}'s`);
  }
  for (const [loginId, owner] of ownerOf) {
    if (owner !== null && !holdersOf.has(loginId))
      found.push(`login ${loginId} says that it is ${owner}'s, which lacks it`);
  }
  const known = new Set(identities.map(({ identityId }) => identityId as string));
  for (const identityId of listed) if (!known.has(identityId)) found.push(`${identityId} is listed and is not there`);
  return found;
}
