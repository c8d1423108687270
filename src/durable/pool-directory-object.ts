/** A place for the directory of one region's pools (pools/pool-directory.ts): its table. */
import { DurableObject } from "cloudflare:workers";
import type { IdentityPoolId } from "../domain/identifiers.ts";
import { PoolDirectory, type PoolListing } from "../pools/pool-directory.ts";

export class PoolDirectoryObject extends DurableObject<Env> {
  readonly #directory: PoolDirectory;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    sql.exec("CREATE TABLE IF NOT EXISTS pool(identity_pool_id TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID");
    this.#directory = new PoolDirectory({
      set: (identityPoolId, name) => {
        const statement =
          "INSERT INTO pool(identity_pool_id, name) VALUES (?, ?) ON CONFLICT DO UPDATE SET name = excluded.name";
        sql.exec(statement, identityPoolId, name);
      },
      delete: (identityPoolId) => {
        sql.exec("DELETE FROM pool WHERE identity_pool_id = ?", identityPoolId);
      },
      after: (after, limit, among) => {
        const query = `SELECT identity_pool_id AS identityPoolId, name FROM pool
          WHERE identity_pool_id > ? AND (? IS NULL OR identity_pool_id IN (SELECT value FROM json_each(?)))
          ORDER BY identity_pool_id LIMIT ?`;
        const ids = among === null ? null : JSON.stringify(among);
        return sql.exec<{ identityPoolId: string; name: string }>(query, after, ids, ids, limit).toArray();
      },
    });
  }

  update(identityPoolId: IdentityPoolId, name: string | null): void {
    this.#directory.update(identityPoolId, name);
  }

  page(after: string, limit: number, among: readonly string[] | null = null): readonly PoolListing[] {
    return this.#directory.page(after, limit, among);
  }
}
