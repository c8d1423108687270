/** The ids of a Cognito pool as they were listed, and what of them is still to do. Lives in the migration's memory. */
import type { IdentityDescription } from "@aws-sdk/client-cognito-identity";
import type { ImportLine } from "./import-lines.ts";
import type { Memory } from "./memory.ts";

export type IdsTable = {
  /** Seen in the list of all: as disabled until it is seen among the enabled ones, too. */
  list(entries: readonly IdentityDescription[]): void;
  /** Seen in the list without those that are disabled. */
  enable(entries: readonly IdentityDescription[]): void;
  /** Of those that were listed and not imported since. */
  unimported(most: number): readonly ImportLine[];
  markImported(identityIds: readonly string[]): void;
  /** Enabled ones with this provider, behind the id `after`, whose developer users were not looked up since they were listed. */
  unasked(providerName: string | null, after: string, most: number): readonly string[];
  markAsked(identityIds: readonly string[]): void;
  /** All are to be looked up again. */
  forgetAsked(): void;
  counts(): { readonly ids: number; readonly disabled: number; readonly unimported: number };
  /** `isAll`: also of those that were asked about. */
  countUnasked(providerName: string | null, isAll?: boolean): number;
};

const SCHEMA = `CREATE TABLE IF NOT EXISTS ids (
  identity_id TEXT PRIMARY KEY,
  providers TEXT NOT NULL,
  created_at INTEGER,
  modified_at INTEGER,
  is_enabled INTEGER NOT NULL,
  is_imported INTEGER NOT NULL DEFAULT 0,
  is_asked INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ids_unimported ON ids (identity_id) WHERE is_imported = 0;`;

export function idsTable({ database }: Memory): IdsTable {
  database.exec(SCHEMA);
  const put = (isEnabled: 0 | 1) =>
    database.prepare(`INSERT INTO ids (identity_id, providers, created_at, modified_at, is_enabled) VALUES (?, ?, ?, ?, ${isEnabled})
      ON CONFLICT DO UPDATE SET providers = excluded.providers, created_at = excluded.created_at,
        modified_at = excluded.modified_at, is_enabled = excluded.is_enabled, is_imported = 0,
        is_asked = is_asked AND modified_at IS excluded.modified_at`);
  const [putDisabled, putEnabled] = [put(0), put(1)];
  const rowOf = ({ IdentityId = "", Logins = [], CreationDate, LastModifiedDate }: IdentityDescription) =>
    [IdentityId, JSON.stringify(Logins), secondsOf(CreationDate), secondsOf(LastModifiedDate)] as const;
  const imported = database.prepare("UPDATE ids SET is_imported = 1 WHERE identity_id = ?");
  const asked = database.prepare("UPDATE ids SET is_asked = 1 WHERE identity_id = ?");
  const HAS_PROVIDER = "(?1 IS NULL OR EXISTS (SELECT 1 FROM json_each(providers) WHERE value = ?1))";
  return {
    list(entries) {
      for (const entry of entries) putDisabled.run(...rowOf(entry));
    },
    enable(entries) {
      for (const entry of entries) putEnabled.run(...rowOf(entry));
    },
    unimported(most) {
      const rows = database.prepare("SELECT * FROM ids WHERE is_imported = 0 LIMIT ?").all(most);
      return rows.map((row) => ({
        identityId: row["identity_id"],
        providers: JSON.parse(String(row["providers"])),
        ...(row["created_at"] !== null && { createdAt: row["created_at"] }),
        ...(row["modified_at"] !== null && { modifiedAt: row["modified_at"] }),
        ...(row["is_enabled"] === 0 && { standing: "disabled" }),
      }));
    },
    markImported(identityIds) {
      for (const identityId of identityIds) imported.run(identityId);
    },
    unasked(providerName, after, most) {
      const rows = database
        .prepare(
          `SELECT identity_id FROM ids WHERE identity_id > ?2 AND is_asked = 0 AND is_enabled = 1 AND ${HAS_PROVIDER}
            ORDER BY identity_id LIMIT ?3`,
        )
        .all(providerName, after, most);
      return rows.map((row) => String(row["identity_id"]));
    },
    markAsked(identityIds) {
      for (const identityId of identityIds) asked.run(identityId);
    },
    forgetAsked() {
      database.exec("UPDATE ids SET is_asked = 0");
    },
    counts() {
      const row = database
        .prepare("SELECT COUNT(*) AS ids, SUM(is_enabled = 0) AS disabled, SUM(is_imported = 0) AS unimported FROM ids")
        .get();
      return {
        ids: Number(row?.["ids"]),
        disabled: Number(row?.["disabled"]),
        unimported: Number(row?.["unimported"]),
      };
    },
    countUnasked(providerName, isAll = false) {
      const row = database
        .prepare(
          `SELECT COUNT(*) AS ids FROM ids WHERE (is_asked = 0 OR ?2 = 1) AND is_enabled = 1 AND ${HAS_PROVIDER}`,
        )
        .get(providerName, isAll ? 1 : 0);
      return Number(row?.["ids"]);
    },
  };
}

/** The wire has seconds; null where the list has no date. */
function secondsOf(date: Date | undefined): number | null {
  return date === undefined ? null : Math.floor(date.getTime() / 1000);
}
