/**
 * What must be true once nothing is under way (invariants both-sides-agree, no-trace-of-an-abort, no-orphans and
 * all-comes-to-rest).
 */
import { upgraded } from "../../src/linking/first-record.ts";
import { isAtRest as isRecordAtRest } from "../../src/linking/identity-record.ts";
import type { World } from "./world.ts";

/** The first thing that is not at rest, in words; null when all is. */
export function unrest(world: World): string | null {
  return (
    unrestOfIdentities(world) ??
    unrestOfLogins(world) ??
    unrestOfListing(world) ??
    unrestOfPools(world) ??
    unrestOfImports(world) ??
    unheardLink(world)
  );
}

/** T34: whatever crashes, the audit hears of each link. */
function unheardLink({ judge }: World): string | null {
  const unheard = [...judge.links].find((id) => !judge.audited.has(id));
  return unheard === undefined ? null : `T34: the audit never heard of the link ${unheard}`;
}

function unrestOfIdentities(world: World): string | null {
  for (const [name, { stored: record, alarmAtMs }] of world.identities) {
    if (record === null) {
      if (alarmAtMs !== null) return `${name} is nothing and has an alarm`;
      continue;
    }
    const { kind } = record.standing;
    if (!isRecordAtRest(upgraded(record))) return `no-trace-of-an-abort: ${name} still has something pending`;
    if (kind === "unborn") return `no-orphans: ${name} was never born and is still stored`;
    if (kind !== "deleted" && !world.pools.isLive(record.identityPoolId)) return `${name} outlives its pool`;
    const isKeptForADay = kind === "deleted" && upgraded(record).origin === "here";
    if ((alarmAtMs !== null) !== isKeptForADay) return `${name} is ${kind}, and its alarm is ${alarmAtMs}`;
    for (const { loginId, linkId } of record.logins) {
      const owner = world.logins.get(loginId)?.stored?.owner;
      if (owner?.identityId !== name || owner.linkId !== linkId)
        return `both-sides-agree: ${name} holds ${loginId}, which names ${owner?.identityId}`;
    }
  }
  return null;
}

function unrestOfImports({ judge, pools }: World): string | null {
  if (!judge.imports.isUsed) return null;
  const shards = [...pools.shards.values()].flatMap(({ stored }) => stored ?? []);
  return judge.imports.unrest((identityId) => {
    return shards.some(({ tables }) => tables.imported.has(identityId) || tables.listed.has(identityId));
  });
}

function unrestOfLogins(world: World): string | null {
  for (const [loginId, { stored: state, alarmAtMs }] of world.logins) {
    if (alarmAtMs !== null) return `${loginId} still has an alarm`;
    if (state === null) continue;
    if (state.reservation !== null) return `all-comes-to-rest: ${loginId} is reserved for ever`;
    if (state.owner === null) {
      if (state.settled === true && (world.sources !== null || world.judge.imports.isUsed)) continue;
      return `no-trace-of-an-abort: ${loginId} is nobody's, and is kept in mind`;
    }
    const owner = [...world.identities.values()].find(({ name }) => name === state.owner?.identityId)?.stored ?? null;
    const holds =
      owner?.logins.some((login) => login.loginId === loginId && login.linkId === state.owner?.linkId) ?? false;
    if (!holds) return `both-sides-agree: ${loginId} names ${state.owner?.identityId}, which does not hold it`;
  }
  return null;
}

/** The directory says what the pools are: every live one under its latest name, and no deleted one. */
function unrestOfPools({ pools }: World): string | null {
  const listed = new Map(pools.listed.map(({ identityPoolId, name }) => [identityPoolId, name] as const));
  for (const [identityPoolId, { stored: record }] of pools.slots) {
    const name = record?.state === "live" ? record.pool.name : undefined;
    const known = listed.get(identityPoolId);
    if (known !== name)
      return `lists-are-true: ${identityPoolId} is ${name ?? "deleted"} and listed as ${known ?? "nothing"}`;
    listed.delete(identityPoolId);
  }
  const [unknown] = listed.keys();
  return unknown === undefined ? null : `lists-are-true: ${unknown} is listed, and no pool`;
}

/** Everybody who is there is listed; an entry too many is only a late message's, and says nothing (the identity judges). */
function unrestOfListing(world: World): string | null {
  const listed = new Set<string>(
    [...world.pools.shards.values()].flatMap(({ stored }) => [...(stored?.tables.listed.keys() ?? [])]),
  );
  for (const [name, { stored: record }] of world.identities) {
    const isThere = record !== null && record.standing.kind !== "deleted";
    if (isThere && !listed.has(name)) return `${name} is not listed`;
  }
  return null;
}
