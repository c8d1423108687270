/**
 * What is changed of an identity pool by operations of its own, beside its settings: roles, principal tags, its source, and single tags.
 * Judges what depends on the settings, in the pool's object, as they are just then; all else was judged before. Pure.
 */
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import { TOKEN_LIFETIME_SECONDS } from "../domain/grant.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import {
  hasProvider,
  mappingKeysOf,
  providerMeantBy,
  repeatedAmong,
  strangerAmong,
} from "../domain/mapped-providers.ts";
import { NO_ACCESS, type PoolAccess, type PrincipalTagMap, type RoleSettings } from "../domain/pool-access.ts";
import type { PoolSource } from "../domain/pool-source.ts";
import { quotedName } from "../domain/printable.ts";
import { isTooLarge, MAX_TAGS, TOO_MANY_BYTES } from "./pool-limits.ts";

type Tags = Readonly<Record<string, string>>;

export type PoolChange =
  /** In place of all roles and role mappings that there were. */
  | ({ readonly kind: "roles" } & RoleSettings)
  /** `provider` as the caller spells it; in place of its map, under whichever spelling that is. */
  | { readonly kind: "principal-tags"; readonly provider: string; readonly map: PrincipalTagMap }
  /** In place of the one that there is; null ends it, and the pool remembers that it had one. */
  | { readonly kind: "source"; readonly source: PoolSource | null }
  | { readonly kind: "token-lifetime"; readonly tokenSeconds: number }
  /** Beside the tags that there are, or in their place. */
  | { readonly kind: "tag"; readonly tags: Tags }
  /** Keys that are not there are passed over. */
  | { readonly kind: "untag"; readonly keys: readonly string[] };

/** The pool afterwards; InvalidParameterException where it cannot be so. Idempotent. */
export function changedPool(pool: IdentityPool, change: PoolChange): Result<IdentityPool> {
  const changed = apply(pool, change);
  if (!changed.ok) return changed;
  const { identityPoolId: _, ...settings } = changed.value;
  // LimitExceededException is none that these operations declare.
  return isTooLarge(settings) ? invalid(TOO_MANY_BYTES) : changed;
}

function apply(pool: IdentityPool, change: PoolChange): Result<IdentityPool> {
  switch (change.kind) {
    case "roles":
      return withRoles(pool, change);
    case "principal-tags":
      return withPrincipalTags(pool, change.provider, change.map);
    case "source":
      return ok(withSource(pool, change.source));
    case "token-lifetime": {
      const { tokenSeconds: _, ...rest } = pool;
      const { tokenSeconds } = change;
      return ok(tokenSeconds === TOKEN_LIFETIME_SECONDS ? rest : { ...rest, tokenSeconds });
    }
    case "tag":
      return withTags(pool, { ...pool.tags, ...change.tags });
    case "untag": {
      const left = Object.entries(pool.tags ?? {}).filter(([key]) => !change.keys.includes(key));
      return withTags(pool, Object.fromEntries(left));
    }
  }
}

function withRoles(pool: IdentityPool, { roles, roleMappings }: RoleSettings): Result<IdentityPool> {
  const keys = Object.keys(roleMappings);
  const stranger = strangerAmong(pool, keys);
  if (stranger !== undefined) {
    const message = `(${quotedName(stranger)}) is not a valid RoleMapping ProviderName or is not a configured provider.`;
    return err(serviceError("InvalidParameterException", message, keysText(pool)));
  }
  if (repeatedAmong(keys) !== undefined) return invalid("Duplicate entries at 'roleMappings'.");
  return ok(withAccess(pool, { roles, roleMappings }));
}

/** Most keys that a refusal names. */
const MAX_NAMED_KEYS = 20;

function keysText(pool: IdentityPool): string {
  const keys = mappingKeysOf(pool);
  const named = keys.slice(0, MAX_NAMED_KEYS).map(quotedName).join(", ");
  if (keys.length === 0) return "the pool has no provider to map";
  return `keys for this pool: ${named}${keys.length > MAX_NAMED_KEYS ? ", …" : ""}`;
}

function withPrincipalTags(pool: IdentityPool, provider: string, map: PrincipalTagMap): Result<IdentityPool> {
  if (!hasProvider(pool, provider))
    return invalid(`Invalid provider '${quotedName(provider)}' at 'identityProviderName'.`);
  const { principalTagMaps } = pool.access ?? NO_ACCESS;
  const meant = providerMeantBy(provider);
  const others = Object.entries(principalTagMaps).filter(([key]) => providerMeantBy(key) !== meant);
  return ok(withAccess(pool, { principalTagMaps: Object.fromEntries([...others, [provider, map]]) }));
}

function withAccess(pool: IdentityPool, changed: Partial<PoolAccess>): IdentityPool {
  return { ...pool, access: { ...(pool.access ?? NO_ACCESS), ...changed } };
}

function withSource({ source: before, ...pool }: IdentityPool, source: PoolSource | null): IdentityPool {
  if (source !== null) return { ...pool, source, hadSource: true };
  return before === undefined ? pool : { ...pool, hadSource: true };
}

function withTags(pool: IdentityPool, tags: Tags): Result<IdentityPool> {
  const count = Object.keys(tags).length;
  if (count > MAX_TAGS) return invalid(`An identity pool can have at most ${MAX_TAGS} IdentityPoolTags.`);
  const { tags: _, ...untagged } = pool;
  return ok(count === 0 ? untagged : { ...pool, tags });
}

function invalid(message: string): Result<never> {
  return err(serviceError("InvalidParameterException", message));
}
