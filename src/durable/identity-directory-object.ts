/** A place for one shard of a pool's list of identities (pools/identity-directory.ts): its table, and its closed mark. */
import { DurableObject } from "cloudflare:workers";
import type { IdentityId } from "../domain/identifiers.ts";
import { IdentityDirectory } from "../pools/identity-directory.ts";

const CLOSED_KEY = "closed";

export class IdentityDirectoryObject extends DurableObject<Env> {
  readonly #directory = new IdentityDirectory({
    isClosed: () => this.ctx.storage.kv.get<boolean>(CLOSED_KEY) === true,
    close: () => this.ctx.storage.kv.put(CLOSED_KEY, true),
    add: (identityId) => {
      const { sql } = this.ctx.storage;
      sql.exec("CREATE TABLE IF NOT EXISTS identity(identity_id TEXT PRIMARY KEY) WITHOUT ROWID");
      sql.exec("INSERT INTO identity(identity_id) VALUES (?) ON CONFLICT DO NOTHING", identityId);
    },
    remove: (identityId) => {
      if (this.#hasTable()) this.ctx.storage.sql.exec("DELETE FROM identity WHERE identity_id = ?", identityId);
    },
    idsAfter: (after, limit) => {
      if (!this.#hasTable()) return [];
      const query = "SELECT identity_id FROM identity WHERE identity_id > ? ORDER BY identity_id LIMIT ?";
      const rows = this.ctx.storage.sql.exec<{ identity_id: string }>(query, after, limit).toArray();
      return rows.map((row) => row.identity_id);
    },
  });

  update(change: "add" | "remove", identityId: IdentityId): { readonly poolDeleted: boolean } {
    return this.#directory.update(change, identityId);
  }

  page(after: string, limit: number): readonly IdentityId[] {
    return this.#directory.page(after, limit);
  }

  close(): void {
    this.#directory.close();
  }

  /** A shard that was only ever read stores nothing (T38). */
  #hasTable(): boolean {
    const query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'identity'";
    return this.ctx.storage.sql.exec(query).toArray().length > 0;
  }
}
