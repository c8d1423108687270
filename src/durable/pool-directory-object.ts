/** A place for the directory of one region's pools (pools/pool-directory.ts): its tables, one of the listed pools and one of the ended. */
import { DurableObject } from "cloudflare:workers";
import type { IdentityPoolId } from "../domain/identifiers.ts";
import { PoolDirectory, type PoolListing } from "../pools/pool-directory.ts";

export class PoolDirectoryObject extends DurableObject<Env> {
  readonly #directory: PoolDirectory;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { sql } = ctx.storage;
    makeTables(sql);
    this.#directory = new PoolDirectory({
      set: (identityPoolId, name, revision) => {
        const statement = `INSERT INTO pool(identity_pool_id, name, revision) VALUES (?, ?, ?)
          ON CONFLICT DO UPDATE SET name = excluded.name, revision = excluded.revision`;
        sql.exec(statement, identityPoolId, name, revision);
      },
      end: (identityPoolId) => {
        // With no await between them they are stored together or not at all.
        sql.exec("DELETE FROM pool WHERE identity_pool_id = ?", identityPoolId);
        sql.exec("INSERT INTO ended_pool(identity_pool_id) VALUES (?)", identityPoolId);
      },
      hasEnded: (identityPoolId) =>
        sql.exec("SELECT 1 FROM ended_pool WHERE identity_pool_id = ?", identityPoolId).toArray().length > 0,
      revisionOf: (identityPoolId) => {
        const query = "SELECT revision FROM pool WHERE identity_pool_id = ?";
        return sql.exec<{ revision: number }>(query, identityPoolId).toArray()[0]?.revision ?? null;
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

  update(identityPoolId: IdentityPoolId, name: string | null, revision?: number): void {
    this.#directory.update(identityPoolId, name, revision);
  }

  async page(after: string, limit: number, among: readonly string[] | null = null): Promise<readonly PoolListing[]> {
    return this.#directory.page(after, limit, among);
  }
}

/** A directory of the release before has a table without revisions, and knows of no pool that ended. */
function makeTables(sql: SqlStorage): void {
  sql.exec(`CREATE TABLE IF NOT EXISTS pool(
    identity_pool_id TEXT PRIMARY KEY, name TEXT NOT NULL, revision INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID`);
  const columns = sql.exec<{ name: string }>("PRAGMA table_info(pool)").toArray();
  if (!columns.some(({ name }) => name === "revision"))
    sql.exec("ALTER TABLE pool ADD COLUMN revision INTEGER NOT NULL DEFAULT 0");
  sql.exec("CREATE TABLE IF NOT EXISTS ended_pool(identity_pool_id TEXT PRIMARY KEY) WITHOUT ROWID");
}
