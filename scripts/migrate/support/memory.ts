/**
 * What a migration remembers between its runs, in one SQLite file for each pool. A page and the place where the next one begins are
 * stored in one transaction, so that a kill at any moment loses nothing that was stored.
 */
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

export const DEFAULT_FOLDER = ".edgepool-migrate";

export type Memory = {
  readonly database: DatabaseSync;
  /** Beside the memory, for what a person may read. */
  fileOf(name: string): string;
  /** What the step stored last; undefined when nothing. */
  progress(step: string): unknown;
  keep(step: string, progress: object): void;
  forget(step: string): void;
  /** All or nothing of what `work` stores. */
  together<Value>(work: () => Value): Value;
  close(): void;
};

/**
 * `folder` is made, and closed to other users: a list of ids is nobody else's. `endpoint` is Edgepool's: what one deployment has taken,
 * another has not.
 */
export function openMemory(folder: string, identityPoolId: string, endpoint: string): Memory {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const owner = `${identityPoolId}_${URL.parse(endpoint)?.host ?? ""}`.replaceAll(":", "_");
  const fileOf = (name: string) => join(folder, `${owner}.${name}`);
  const file = fileOf("sqlite");
  const database = new DatabaseSync(file);
  chmodSync(file, 0o600);
  database.exec(
    "PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS progress (step TEXT PRIMARY KEY, state TEXT NOT NULL)",
  );
  const read = database.prepare("SELECT state FROM progress WHERE step = ?");
  const write = database.prepare("INSERT OR REPLACE INTO progress VALUES (?, ?)");
  const remove = database.prepare("DELETE FROM progress WHERE step = ?");
  return {
    database,
    fileOf,
    progress(step) {
      const row = read.get(step);
      return row === undefined ? undefined : JSON.parse(String(row["state"]));
    },
    keep(step, progress) {
      write.run(step, JSON.stringify(progress));
    },
    forget(step) {
      remove.run(step);
    },
    together(work) {
      database.exec("BEGIN IMMEDIATE");
      try {
        const value = work();
        database.exec("COMMIT");
        return value;
      } catch (error) {
        database.exec("ROLLBACK");
        throw error;
      }
    },
    close() {
      database.close();
    },
  };
}
