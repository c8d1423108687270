/**
 * What a local service has on disk, read from its SQLite files while it runs or after it has ended: the one look at all
 * objects at once, which nothing in the product has. Changes nothing.
 */
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { deserialize } from "node:v8";
import type { IdentityRecord } from "../../src/linking/identity-record.ts";
import type { LoginState } from "../../src/linking/participant.ts";

export type StoredLogin = LoginState & { readonly loginId: string };

export type StoredState = {
  readonly identities: readonly IdentityRecord[];
  readonly logins: readonly StoredLogin[];
  /** Identity ids in all directories. */
  readonly listed: ReadonlySet<string>;
};

const OBJECT_FILE = /^[0-9a-f]{64}\.sqlite$/;

function filesOf(stateFolder: string, className: string): readonly string[] {
  const folder = join(stateFolder, "objects/do", `edgepool-${className}`);
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => (OBJECT_FILE.test(name) ? [join(folder, name)] : []));
}

/**
 * The rows of a table; none where the object has never made it, or has erased everything. Read from a copy, so that no lock
 * of this reader is ever in the service's way; the log comes first, since a page that it holds may reach the file meanwhile,
 * and then is the same page.
 */
function rowsOf(file: string, table: string, columns: string): readonly Record<string, unknown>[] {
  return readCopy(file, (database) => {
    return tablesOf(database).includes(table) ? database.prepare(`SELECT ${columns} FROM ${table}`).all() : [];
  });
}

function tablesOf(database: DatabaseSync): readonly string[] {
  return database
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table'")
    .all()
    .map((row) => String(row["name"]));
}

function readCopy<T>(file: string, read: (database: DatabaseSync) => T): T {
  const folder = mkdtempSync(join(tmpdir(), "edgepool-read-"));
  const copy = join(folder, "copy.sqlite");
  if (existsSync(`${file}-wal`)) copyFileSync(`${file}-wal`, `${copy}-wal`);
  copyFileSync(file, copy);
  const database = new DatabaseSync(copy);
  try {
    return read(database);
  } finally {
    database.close();
    rmSync(folder, { recursive: true });
  }
}

/** Every row of every object, whatever it is for: `class/file table row`. An object that has stored nothing has none. */
export function everyRow(stateFolder: string): readonly string[] {
  const root = join(stateFolder, "objects/do");
  return readdirSync(root).flatMap((folder) =>
    filesOf(stateFolder, folder.replace(/^edgepool-/, "")).flatMap((file) =>
      readCopy(file, (database) => rowsIn(database).map((row) => `${file.slice(root.length + 1)} ${row}`)),
    ),
  );
}

function rowsIn(database: DatabaseSync): readonly string[] {
  return tablesOf(database).flatMap((table) => {
    const all = database.prepare(`SELECT * FROM "${table}"`);
    // An alarm is an instant in nanoseconds, which no number of JavaScript's holds exactly.
    all.setReadBigInts(true);
    return all.all().map((row) => `${table} ${Object.values(row).map(String).join()}`);
  });
}

/** The values that objects of a class keep under a key. The runtime stores them in V8's own format, which Node reads. */
function valuesOf(stateFolder: string, className: string, key: string): readonly unknown[] {
  return filesOf(stateFolder, className).flatMap((file) => valuesIn(file, key));
}

function valuesIn(file: string, key: string): readonly unknown[] {
  return rowsOf(file, "_cf_KV", "key, value").flatMap((row) =>
    row["key"] === key && row["value"] instanceof Uint8Array ? [deserialize(row["value"]) as unknown] : [],
  );
}

/** As a shard of 256 keeps them: the 16 bytes of the id's UUID. */
function idOfBytes(region: string, bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString("hex");
  return `${region}:${[hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-")}`;
}

/** Throws when a file changes under its reader's hands: then the service is not at rest. */
export function readStoredState(stateFolder: string): StoredState {
  const listed = filesOf(stateFolder, "IdentityDirectoryObject").flatMap((file) => {
    const [region] = valuesIn(file, "region");
    return rowsOf(file, "identity", "identity_id").map(({ identity_id: id }) =>
      id instanceof Uint8Array ? idOfBytes(String(region), id) : String(id),
    );
  });
  return {
    // Written by the service itself, whose own types these are.
    identities: valuesOf(stateFolder, "IdentityObject", "identity") as IdentityRecord[],
    logins: valuesOf(stateFolder, "LoginObject", "login") as StoredLogin[],
    listed: new Set(listed),
  };
}
