/**
 * The tables of one shard of a pool's list of identities, each made with its first row: a shard that is only read stores
 * nothing (T38). Decides nothing: pools/identity-directory.ts.
 */
import type { FreedLogin, ImportedRow, ListedOrigin, ListedRow, Rows } from "../pools/identity-directory.ts";

type Columns = Readonly<Record<string, SqlStorageValue>>;

/** How a row of a table is written; its key is the first column. */
type Form<Row> = {
  readonly table: string;
  readonly key: string;
  /** The columns beside the key, as they are declared. */
  readonly columns: readonly (readonly [name: string, declared: string])[];
  write(row: Row): Columns;
  read(columns: Columns): Row;
};

const LISTED: Form<ListedRow> = {
  table: "identity",
  key: "identity_id",
  columns: [
    ["origin", "TEXT NOT NULL DEFAULT 'here'"],
    ["is_imported", "INTEGER NOT NULL DEFAULT 0"],
    ["created_at", "REAL"],
  ],
  write: ({ origin, isImported, createdAt }) => ({ origin, is_imported: Number(isImported), created_at: createdAt }),
  read: ({ origin, is_imported: isImported, created_at: createdAt }) => ({
    origin: origin as ListedOrigin,
    isImported: isImported === 1,
    createdAt: numberOf(createdAt),
  }),
};

const IMPORTED: Form<ImportedRow> = {
  table: "imported",
  key: "identity_id",
  columns: [
    ["providers", "TEXT NOT NULL"],
    ["created_at", "REAL"],
    ["modified_at", "REAL"],
    ["is_disabled", "INTEGER NOT NULL"],
  ],
  write: ({ providerNames, createdAt, modifiedAt, isDisabled }) => ({
    providers: JSON.stringify(providerNames),
    created_at: createdAt,
    modified_at: modifiedAt,
    is_disabled: Number(isDisabled),
  }),
  read: ({ providers, created_at: createdAt, modified_at: modifiedAt, is_disabled: isDisabled }) => ({
    providerNames: JSON.parse(textOf(providers)) as readonly string[],
    createdAt: numberOf(createdAt),
    modifiedAt: numberOf(modifiedAt),
    isDisabled: isDisabled === 1,
  }),
};

const FREED: Form<Pick<FreedLogin, "providerName">> = {
  table: "freed",
  key: "login_id",
  columns: [["provider_name", "TEXT NOT NULL"]],
  write: ({ providerName }) => ({ provider_name: providerName }),
  read: ({ provider_name: providerName }) => ({ providerName: textOf(providerName) }),
};

const GONE: Form<Readonly<Record<string, never>>> = {
  table: "gone",
  key: "identity_id",
  columns: [],
  write: () => ({}),
  read: () => ({}),
};

/** What a report counts of a shard. */
export type ShardCounts = {
  /** Of the import list, whether they came or not. */
  readonly imported: number;
  readonly unclaimed: number;
  /** Of the unclaimed those that were changed at Cognito from a given instant on. */
  readonly unclaimedLately: number;
  readonly adopted: number;
  readonly adoptedGuests: number;
  readonly bornHere: number;
  readonly gone: number;
};

export class ShardTables {
  readonly #sql: SqlStorage;
  /** Names of the tables that there are. */
  readonly #made: Set<string>;
  readonly listed: Rows<ListedRow>;
  readonly imported: Rows<ImportedRow>;
  readonly freed: Rows<Pick<FreedLogin, "providerName">>;
  readonly gone: Rows<Readonly<Record<string, never>>>;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
    const made = sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'").toArray();
    this.#made = new Set(made.map(({ name }) => name));
    if (this.#made.has(LISTED.table)) this.#addColumns(LISTED);
    this.listed = this.#rowsOf(LISTED);
    this.imported = this.#rowsOf(IMPORTED);
    this.freed = this.#rowsOf(FREED);
    this.gone = this.#rowsOf(GONE);
  }

  /** All but the identities that live. */
  drop(): void {
    for (const { table } of [IMPORTED, FREED, GONE]) {
      this.#sql.exec(`DROP TABLE IF EXISTS ${table}`);
      this.#made.delete(table);
    }
  }

  /** `since` in epoch seconds. */
  counts(since: number): ShardCounts {
    const count = (table: string, where = "TRUE", ...given: readonly SqlStorageValue[]): number => {
      if (!this.#made.has(table)) return 0;
      return this.#sql.exec<{ n: number }>(`SELECT count(*) AS n FROM ${table} WHERE ${where}`, ...given).one().n;
    };
    const unclaimed = count("imported");
    return {
      imported: unclaimed + count("identity", "is_imported = 1"),
      unclaimed,
      unclaimedLately: count("imported", "modified_at >= ?", since),
      adopted: count("identity", "origin = 'adopted'"),
      adoptedGuests: count("identity", "origin = 'adopted-guest'"),
      bornHere: count("identity", "origin = 'here'"),
      gone: count("gone"),
    };
  }

  /** The table of a release before has the key alone. */
  #addColumns<Row>({ table, columns }: Form<Row>): void {
    const present = this.#sql.exec<{ name: string }>(`PRAGMA table_info(${table})`).toArray();
    for (const [name, declared] of columns) {
      if (!present.some((column) => column.name === name))
        this.#sql.exec(`ALTER TABLE ${table} ADD COLUMN ${name} ${declared}`);
    }
  }

  #make<Row>({ table, key, columns }: Form<Row>): void {
    if (this.#made.has(table)) return;
    const declared = [`${key} TEXT PRIMARY KEY`, ...columns.map((column) => column.join(" "))];
    this.#sql.exec(`CREATE TABLE ${table}(${declared.join(", ")}) WITHOUT ROWID`);
    this.#made.add(table);
  }

  #rowsOf<Row>(form: Form<Row>): Rows<Row> {
    const { table, key } = form;
    const keyOf = (columns: Columns): string => textOf(columns[key]);
    return {
      get: (wanted) => {
        if (!this.#made.has(table)) return null;
        const found = this.#sql.exec(`SELECT * FROM ${table} WHERE ${key} = ?`, wanted).toArray()[0];
        return found === undefined ? null : form.read(found);
      },
      put: (wanted, row) => {
        this.#make(form);
        const written = { [key]: wanted, ...form.write(row) };
        const names = Object.keys(written);
        const places = names.map(() => "?").join(", ");
        const statement = `INSERT OR REPLACE INTO ${table}(${names.join(", ")}) VALUES (${places})`;
        this.#sql.exec(statement, ...Object.values(written));
      },
      delete: (wanted) => {
        if (this.#made.has(table)) this.#sql.exec(`DELETE FROM ${table} WHERE ${key} = ?`, wanted);
      },
      after: (after, limit) => {
        if (!this.#made.has(table)) return [];
        const query = `SELECT * FROM ${table} WHERE ${key} > ? ORDER BY ${key} LIMIT ?`;
        return this.#sql
          .exec(query, after, limit)
          .toArray()
          .map((columns) => [keyOf(columns), form.read(columns)]);
      },
    };
  }
}

function textOf(value: SqlStorageValue | undefined): string {
  return typeof value === "string" ? value : "";
}

function numberOf(value: SqlStorageValue | undefined): number | null {
  return typeof value === "number" ? value : null;
}
