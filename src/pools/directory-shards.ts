/**
 * How a pool's list of identities is cut into shards, and which of them has what. A pool keeps the number that it was made with for
 * its whole life: an identity that tells its list twice has to tell the same shard. Pure.
 */
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";

/** By the first hex digit of an identity's random id: pools of 0.1.0, and all of which no number is known. */
export const FIRST_SHARDS = 16;
/** By the first two. */
export const SHARDS_OF_NEW_POOL = 256;

/** A pool, and the number of its shards: 16 or 256. */
export type ShardedPool = { readonly identityPoolId: IdentityPoolId; readonly shards: number };

/**
 * Names of all shards, in the order of their ids. At the end of 256 stand those where objects of 0.1.0 list whoever is born while it
 * is back: they know no number (docs/adr/0085).
 */
export function shardNames({ identityPoolId, shards }: ShardedPool): readonly string[] {
  const first = namesOf(identityPoolId, FIRST_SHARDS);
  return shards === FIRST_SHARDS ? first : [...namesOf(identityPoolId, shards), ...first];
}

/** Name of the shard that lists the identity. */
export function shardOf({ identityPoolId, shards }: ShardedPool, identityId: IdentityId): string {
  return shardName(identityPoolId, shards, indexOf(identityId.slice(identityId.indexOf(":") + 1), shards));
}

/** Name of the shard that knows that the login is free. */
export function shardOfLogin({ identityPoolId, shards }: ShardedPool, loginId: string): string {
  return shardName(identityPoolId, shards, indexOf(loginId, shards));
}

/** Whether the id is of such a form that an import list of the region could have it. */
export function isListable(region: string, identityId: IdentityId): boolean {
  return (
    identityId.startsWith(`${region}:`) && !Number.isNaN(indexOf(identityId.slice(region.length + 1), FIRST_SHARDS))
  );
}

/** What is of 256 shards is named so that its rows can be told from those of 16: the forms of their keys differ. */
const IN_256 = "/256/";

/** The region of a shard whose rows have ids as bytes; null where they are text, as in the first release. */
export function regionOfBytes(name: string): string | null {
  return name.includes(IN_256) ? name.slice(0, name.indexOf(":")) : null;
}

function namesOf(identityPoolId: IdentityPoolId, shards: number): readonly string[] {
  return Array.from({ length: shards }, (_, index) => shardName(identityPoolId, shards, index));
}

function shardName(identityPoolId: IdentityPoolId, shards: number, index: number): string {
  return shards === FIRST_SHARDS
    ? `${identityPoolId}/${index}`
    : `${identityPoolId}${IN_256}${index.toString(16).padStart(2, "0")}`;
}

function indexOf(hex: string, shards: number): number {
  return Number.parseInt(hex.slice(0, shards === FIRST_SHARDS ? 1 : 2), 16);
}
