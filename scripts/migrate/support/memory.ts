/**
 * What a migration remembers between its runs, in one SQLite file for each pool. A page and the place where the next one begins are
 * stored in one transaction, so that a kill at any moment loses nothing that was stored.
 */
import { chmodSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { errcodeOf, SQLITE_BUSY, Stop } from "./stop.ts";

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

/** How long one step waits for another that is just storing something. */
const TIMEOUT_MS = 10_000;

/**
 * `folder` is made, and closed to other users: a list of ids is nobody else's. `endpoint` is Edgepool's: what one deployment has taken,
 * another has not. `runs` is the step that does: a second run of it is stopped while the first is under way: each would go on where the other is.
 */
export function openMemory(folder: string, identityPoolId: string, endpoint: string, runs: string): Memory {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const owner = `${identityPoolId}_${URL.parse(endpoint)?.host ?? ""}`.replaceAll(":", "_");
  const fileOf = (name: string) => join(folder, `${owner}.${name}`);
  const file = fileOf("sqlite");
  const lock = lockOf(fileOf(`${runs}.lock`), runs);
  const database = new DatabaseSync(file, { timeout: TIMEOUT_MS });
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
        // Where the disk is full it has been rolled back already.
        if (database.isTransaction) database.exec("ROLLBACK");
        throw error;
      }
    },
    close() {
      database.close();
      lock.close();
    },
  };
}

/** Held by the operating system, and so for as long as the process lives, however it ends. */
function lockOf(file: string, step: string): DatabaseSync {
  const lock = new DatabaseSync(file);
  try {
    lock.exec("BEGIN EXCLUSIVE");
    return lock;
  } catch (error) {
    lock.close();
    if (errcodeOf(error) !== SQLITE_BUSY) throw error;
    throw new Stop(`another run of ${step} for this pool is under way: wait until it ends, or end it`);
  }
}
