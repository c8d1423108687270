/**
 * One shard of a pool's list of identities. It is fed by the identities themselves, after they have answered, so that it
 * is never in a request's way; and it judges nothing: what an identity is, the identity says.
 */
import { DurableObject } from "cloudflare:workers";
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import { parseIdentityId } from "../domain/identifiers.ts";

const CLOSED_KEY = "closed";

/** Shards of a pool's directory: one for each first hex digit of an identity's random id. */
export const DIRECTORY_SHARDS = 16;

export function directoryShard(identityPoolId: IdentityPoolId, shard: number): string {
  return `${identityPoolId}/${shard}`;
}

export function directoryShardOf(identityPoolId: IdentityPoolId, identityId: IdentityId): string {
  const firstDigit = identityId.charAt(identityId.indexOf(":") + 1);
  return directoryShard(identityPoolId, Number.parseInt(firstDigit, 16) % DIRECTORY_SHARDS);
}

export class IdentityDirectoryObject extends DurableObject<Env> {
  /** Adds or removes an identity; idempotent. Nobody is added once the pool was deleted. */
  update(change: "add" | "remove", identityId: IdentityId): { readonly poolDeleted: boolean } {
    const { sql } = this.ctx.storage;
    if (change === "remove") {
      if (this.#hasTable()) sql.exec("DELETE FROM identity WHERE identity_id = ?", identityId);
      return { poolDeleted: false };
    }
    if (this.ctx.storage.kv.get<boolean>(CLOSED_KEY) === true) return { poolDeleted: true };
    sql.exec("CREATE TABLE IF NOT EXISTS identity(identity_id TEXT PRIMARY KEY) WITHOUT ROWID");
    sql.exec("INSERT INTO identity(identity_id) VALUES (?) ON CONFLICT DO NOTHING", identityId);
    return { poolDeleted: false };
  }

  /** At most `limit` identities after `after`, in the order of their ids. */
  page(after: string, limit: number): readonly IdentityId[] {
    if (!this.#hasTable()) return [];
    const query = "SELECT identity_id FROM identity WHERE identity_id > ? ORDER BY identity_id LIMIT ?";
    const rows = this.ctx.storage.sql.exec<{ identity_id: string }>(query, after, limit).toArray();
    return rows.flatMap((row) => parseIdentityId(row.identity_id) ?? []);
  }

  /** The pool was deleted. The mark stays, so that an identity that comes late learns of it. */
  close(): void {
    this.ctx.storage.kv.put(CLOSED_KEY, true);
  }

  /** A shard that was only ever read stores nothing. */
  #hasTable(): boolean {
    const query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'identity'";
    return this.ctx.storage.sql.exec(query).toArray().length > 0;
  }
}
