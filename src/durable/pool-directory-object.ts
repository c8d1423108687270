/** Ids and names of the identity pools of one region. Fed by the pools themselves; read by ListIdentityPools alone. */
import { DurableObject } from "cloudflare:workers";
import { type IdentityPoolId, parseIdentityPoolId } from "../domain/identifiers.ts";

export type PoolListing = { readonly identityPoolId: IdentityPoolId; readonly name: string };

export class PoolDirectoryObject extends DurableObject<Env> {
  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    ctx.storage.sql.exec(
      "CREATE TABLE IF NOT EXISTS pool(identity_pool_id TEXT PRIMARY KEY, name TEXT NOT NULL) WITHOUT ROWID",
    );
  }

  /** Idempotent; `name` null takes the pool out. */
  update(identityPoolId: IdentityPoolId, name: string | null): void {
    const { sql } = this.ctx.storage;
    if (name === null) {
      sql.exec("DELETE FROM pool WHERE identity_pool_id = ?", identityPoolId);
    } else {
      sql.exec(
        "INSERT INTO pool(identity_pool_id, name) VALUES (?, ?) ON CONFLICT DO UPDATE SET name = excluded.name",
        identityPoolId,
        name,
      );
    }
  }

  /** At most `limit` pools after `after`, in the order of their ids; of those in `among` alone, unless that is null. */
  page(after: string, limit: number, among: readonly string[] | null = null): readonly PoolListing[] {
    const rows = this.ctx.storage.sql
      .exec<{ identity_pool_id: string; name: string }>(
        `SELECT identity_pool_id, name FROM pool
         WHERE identity_pool_id > ? AND (? IS NULL OR identity_pool_id IN (SELECT value FROM json_each(?)))
         ORDER BY identity_pool_id LIMIT ?`,
        after,
        ...[among, among].map((ids) => (ids === null ? null : JSON.stringify(ids))),
        limit,
      )
      .toArray();
    return rows.flatMap((row) => {
      const identityPoolId = parseIdentityPoolId(row.identity_pool_id);
      return identityPoolId === undefined ? [] : [{ identityPoolId, name: row.name }];
    });
  }
}
