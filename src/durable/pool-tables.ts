/** The tables of the directory of one region's pools. Decides nothing: pools/pool-directory.ts. */
import type { PoolRows } from "../pools/pool-directory.ts";

/** Makes them where they are not there yet. */
export function poolRowsOf(sql: SqlStorage): PoolRows {
  makeTables(sql);
  return {
    set: (identityPoolId, name, revision, hasSource) => {
      const flag = hasSource === undefined ? null : Number(hasSource);
      const statement = `INSERT INTO pool(identity_pool_id, name, revision, has_source) VALUES (?, ?, ?, coalesce(?, 0))
        ON CONFLICT DO UPDATE SET name = excluded.name, revision = excluded.revision, has_source = coalesce(?, has_source)`;
      sql.exec(statement, identityPoolId, name, revision, flag, flag);
    },
    end: (identityPoolId) => {
      // With no await between them they are stored together or not at all.
      sql.exec("DELETE FROM pool WHERE identity_pool_id = ?", identityPoolId);
      sql.exec("DELETE FROM importing_pool WHERE identity_pool_id = ?", identityPoolId);
      sql.exec("INSERT INTO ended_pool(identity_pool_id) VALUES (?)", identityPoolId);
    },
    hasEnded: (identityPoolId) =>
      sql.exec("SELECT 1 FROM ended_pool WHERE identity_pool_id = ?", identityPoolId).toArray().length > 0,
    importing: importingRows(sql),
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
    sourced: (limit) => {
      const query = "SELECT identity_pool_id AS id FROM pool WHERE has_source = 1 ORDER BY identity_pool_id LIMIT ?";
      return sql
        .exec<{ id: string }>(query, limit)
        .toArray()
        .map(({ id }) => id);
    },
  };
}

/** Whether there is a pool, or was one. */
export function hasPools(sql: SqlStorage): boolean {
  return sql.exec("SELECT 1 FROM pool UNION ALL SELECT 1 FROM ended_pool LIMIT 1").toArray().length > 0;
}

function importingRows(sql: SqlStorage): PoolRows["importing"] {
  return {
    has: (id) => sql.exec("SELECT 1 FROM importing_pool WHERE identity_pool_id = ?", id).toArray().length > 0,
    add: (id) => void sql.exec("INSERT INTO importing_pool(identity_pool_id) VALUES (?)", id),
    first: (limit) => {
      const query = "SELECT identity_pool_id AS id FROM importing_pool ORDER BY identity_pool_id LIMIT ?";
      const rows = sql.exec<{ id: string }>(query, limit).toArray();
      return rows.map(({ id }) => id);
    },
  };
}

/** A directory of a release before has a table without revisions or sources, and knows of no pool that ended. */
function makeTables(sql: SqlStorage): void {
  sql.exec(`CREATE TABLE IF NOT EXISTS pool(
    identity_pool_id TEXT PRIMARY KEY, name TEXT NOT NULL, revision INTEGER NOT NULL DEFAULT 0,
    has_source INTEGER NOT NULL DEFAULT 0) WITHOUT ROWID`);
  const columns = sql.exec<{ name: string }>("PRAGMA table_info(pool)").toArray();
  for (const added of ["revision", "has_source"]) {
    if (!columns.some(({ name }) => name === added))
      sql.exec(`ALTER TABLE pool ADD COLUMN ${added} INTEGER NOT NULL DEFAULT 0`);
  }
  // Few have one, and they are asked for whenever an id is met that is none here.
  sql.exec("CREATE INDEX IF NOT EXISTS sourced_pool ON pool(identity_pool_id) WHERE has_source = 1");
  sql.exec("CREATE TABLE IF NOT EXISTS importing_pool(identity_pool_id TEXT PRIMARY KEY) WITHOUT ROWID");
  sql.exec("CREATE TABLE IF NOT EXISTS ended_pool(identity_pool_id TEXT PRIMARY KEY) WITHOUT ROWID");
}
