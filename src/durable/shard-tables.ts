/**
 * The tables of one shard of a pool's list of identities, each made with its first row: a shard that is only read stores
 * nothing (T38). Decides nothing: pools/identity-directory.ts.
 */
import type { FreedLogin, ImportedRow, ListedOrigin, ListedRow, Rows } from "../pools/identity-directory.ts";
import { HASHES_AS_BYTES, idsAsBytes, type KeyForm, TEXT_KEYS } from "./shard-keys.ts";

type Columns = Readonly<Record<string, SqlStorageValue>>;

/** How a row of a table is written; its key is the first column, in a form that the shard has for all of its ids. */
type Form<Row> = {
  readonly table: string;
  readonly key: string;
  /** The columns beside the key, as they are declared. */
  readonly columns: readonly (readonly [name: string, declared: string])[];
  write(row: Row): Columns;
  read(columns: Columns): Row;
};

/** By number where ids are bytes: the first two take no room in a row. */
const ORIGINS: readonly ListedOrigin[] = ["here", "adopted", "adopted-guest"];

function listedForm(areBytes: boolean): Form<ListedRow> {
  return {
    table: "identity",
    key: "identity_id",
    columns: [
      areBytes ? ["origin", "INTEGER NOT NULL"] : ["origin", "TEXT NOT NULL DEFAULT 'here'"],
      ["is_imported", "INTEGER NOT NULL DEFAULT 0"],
      ["created_at", "REAL"],
    ],
    write: ({ origin, isImported, createdAt }) => ({
      origin: areBytes ? ORIGINS.indexOf(origin) : origin,
      is_imported: Number(isImported),
      created_at: createdAt,
    }),
    read: ({ origin, is_imported: isImported, created_at: createdAt }) => ({
      origin: typeof origin === "number" ? (ORIGINS[origin] ?? "here") : (origin as ListedOrigin),
      isImported: isImported === 1,
      createdAt: numberOf(createdAt),
    }),
  };
}

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
  readonly #listed: Form<ListedRow>;
  readonly #keepForm: () => void;
  /** Names of the tables that there are. */
  readonly #made: Set<string>;
  readonly listed: Rows<ListedRow>;
  readonly imported: Rows<ImportedRow>;
  readonly freed: Rows<Pick<FreedLogin, "providerName">>;
  readonly gone: Rows<Readonly<Record<string, never>>>;

  /**
   * `regionOf` is asked for the region of ids that are to rest as bytes, or null for text, given whether there are tables; `keepForm` is called in the step that
   * makes the first table.
   */
  constructor(sql: SqlStorage, regionOf: (hasTables: boolean) => string | null, keepForm: (region: string) => void) {
    this.#sql = sql;
    const made = sql.exec<{ name: string }>("SELECT name FROM sqlite_master WHERE type = 'table'").toArray();
    this.#made = new Set(made.map(({ name }) => name));
    const region = regionOf(this.#made.size > 0);
    this.#keepForm = () => region !== null && keepForm(region);
    const ids = region === null ? TEXT_KEYS : idsAsBytes(region);
    this.#listed = listedForm(region !== null);
    if (this.#made.has(this.#listed.table)) this.#addColumns(this.#listed);
    this.listed = this.#rowsOf(this.#listed, ids);
    this.imported = this.#rowsOf(IMPORTED, ids);
    this.freed = this.#rowsOf(FREED, region === null ? TEXT_KEYS : HASHES_AS_BYTES);
    this.gone = this.#rowsOf(GONE, ids);
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
    const listed = (origin: ListedOrigin): number => {
      const { origin: written = origin } = this.#listed.write({ origin, isImported: false, createdAt: null });
      return count("identity", "origin = ?", written);
    };
    const unclaimed = count("imported");
    return {
      imported: unclaimed + count("identity", "is_imported = 1"),
      unclaimed,
      unclaimedLately: count("imported", "modified_at >= ?", since),
      adopted: listed("adopted"),
      adoptedGuests: listed("adopted-guest"),
      bornHere: listed("here"),
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

  #make<Row>({ table, key, columns }: Form<Row>, { declared: type }: KeyForm): void {
    if (this.#made.has(table)) return;
    if (this.#made.size === 0) this.#keepForm();
    const declared = [`${key} ${type} PRIMARY KEY`, ...columns.map((column) => column.join(" "))];
    this.#sql.exec(`CREATE TABLE ${table}(${declared.join(", ")}) WITHOUT ROWID`);
    this.#made.add(table);
  }

  #rowsOf<Row>(form: Form<Row>, keys: KeyForm): Rows<Row> {
    const { table, key } = form;
    return {
      get: (wanted) => {
        if (!this.#made.has(table)) return null;
        const found = this.#sql.exec(`SELECT * FROM ${table} WHERE ${key} = ?`, keys.write(wanted)).toArray()[0];
        return found === undefined ? null : form.read(found);
      },
      put: (wanted, row) => {
        this.#make(form, keys);
        const written = { [key]: keys.write(wanted), ...form.write(row) };
        const names = Object.keys(written);
        const places = names.map(() => "?").join(", ");
        const statement = `INSERT OR REPLACE INTO ${table}(${names.join(", ")}) VALUES (${places})`;
        this.#sql.exec(statement, ...Object.values(written));
      },
      delete: (wanted) => {
        if (this.#made.has(table)) this.#sql.exec(`DELETE FROM ${table} WHERE ${key} = ?`, keys.write(wanted));
      },
      after: (after, limit) => {
        if (!this.#made.has(table)) return [];
        const query = `SELECT * FROM ${table} WHERE ${key} > ? ORDER BY ${key} LIMIT ?`;
        return this.#sql
          .exec(query, keys.write(after), limit)
          .toArray()
          .map((columns) => [keys.read(columns[key]), form.read(columns)]);
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
