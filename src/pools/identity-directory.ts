/**
 * One shard of a pool's list of identities. It is fed by the identities themselves, after they have answered, so that it
 * is never in a request's way; and it judges nothing: what an identity is, the identity says. Beside them it has what no
 * identity can say: who was imported and never came, which logins are free for good, and who is dead for good.
 */
import { type IdentityId, parseIdentityId } from "../domain/identifiers.ts";
import type { ImportedIdentity } from "../domain/imported-identity.ts";

/** How an identity came to be here: born, or adopted, as a user or as a guest. */
export type ListedOrigin = "here" | "adopted" | "adopted-guest";

/** An identity that lives here. */
export type ListedRow = {
  readonly origin: ListedOrigin;
  /** Whether it was in the import list, and since when it is there at Cognito, where the list said so. */
  readonly isImported: boolean;
  readonly createdAt: number | null;
};

export type ImportedRow = Omit<ImportedIdentity, "identityId">;

/** A login that an identity let go, and that stays settled: nobody is asked about it again. */
export type FreedLogin = { readonly loginId: string; readonly providerName: string };

/** One table, in the order of its keys. A row that is put replaces the one before. */
export type Rows<Row> = {
  get(key: string): Row | null;
  put(key: string, row: Row): void;
  /** Writes nothing where it is not there, nor where there is no table. */
  delete(key: string): void;
  /** At most `limit` rows after `after`. */
  after(after: string, limit: number): readonly (readonly [key: string, row: Row])[];
};

/** What the shard asks of the object that it lives in. Changes with no wait between them are one storage step, and may throw. */
export type ShardStorage = {
  isClosed(): boolean;
  /** For good; but for the identities that live, all tables go. */
  close(): void;
  readonly listed: Rows<ListedRow>;
  readonly imported: Rows<ImportedRow>;
  readonly freed: Rows<Pick<FreedLogin, "providerName">>;
  /** Adopted identities that were deleted, and imported ones, which never come back. */
  readonly gone: Rows<Readonly<Record<string, never>>>;
};

/** An entry of the list; one that was imported and that nobody has claimed, with all that is known of it. */
export type ListEntry = IdentityId | ImportedIdentity;

/** What became of a row for the import list: `unchanged` also where its identity lives here already. */
export type ImportVerdict = "imported" | "unchanged" | "gone";

/** What an export has to tell of a shard. An identity that lives tells of itself. */
export type ExportEntry =
  | { readonly kind: "living"; readonly identityId: IdentityId }
  | { readonly kind: "imported"; readonly identity: ImportedIdentity }
  | ({ readonly kind: "freed" } & FreedLogin)
  | { readonly kind: "gone"; readonly identityId: IdentityId };

/** How far an export has come: in this of the lists past this key. */
export type ExportPosition = { readonly list: number; readonly after: string };

/** Lists of an export: identities, freed logins, and identities that are gone. */
const EXPORT_LISTS = 3;

export class IdentityDirectory {
  readonly #storage: ShardStorage;

  constructor(storage: ShardStorage) {
    this.#storage = storage;
  }

  /**
   * Adds or removes an identity; idempotent. Nobody is added once the pool was deleted. One that is added late, after it was
   * removed, is taken out by whoever meets the entry and no identity behind it (docs/adr/0058). `createdAt` is what the
   * import list knew of it, whose row this takes the place of. An adopted one that is removed is gone for good.
   */
  update(
    change: "add" | "remove",
    identityId: IdentityId,
    origin: ListedOrigin = "here",
  ): { readonly poolDeleted: boolean; readonly createdAt?: number } {
    if (change === "remove") {
      this.#remove(identityId, origin);
      return { poolDeleted: false };
    }
    const { listed, gone } = this.#storage;
    if (this.#storage.isClosed()) return { poolDeleted: true };
    // A late copy of what was said before its end.
    if (gone.get(identityId) !== null) return { poolDeleted: false };
    const row = listed.get(identityId) ?? this.#claim(identityId, origin);
    return { poolDeleted: false, ...(row.createdAt !== null && { createdAt: row.createdAt }) };
  }

  /** At most `limit` identities after `after`, in the order of their ids: those that live here, and with `list` those to come. */
  page(after: string, limit: number, list: "living" | "imported-too" = "living"): readonly ListEntry[] {
    const living = this.#storage.listed.after(after, limit).flatMap(([key]): ListEntry[] => {
      const identityId = parseIdentityId(key);
      return identityId === undefined ? [] : [identityId];
    });
    if (list === "living") return living;
    const toCome = this.#storage.imported.after(after, limit).flatMap(([key, row]) => importedOf(key, row) ?? []);
    const ordered = [...living, ...toCome].toSorted((one, other) => (idOf(one) < idOf(other) ? -1 : 1));
    return ordered.slice(0, limit);
  }

  /** The row of the import list of an identity that nobody has claimed. */
  findImported(identityId: IdentityId): ImportedIdentity | null {
    const row = this.#storage.imported.get(identityId);
    return row && { identityId, ...row };
  }

  /** Takes rows into the import list, and says of each in order what became of it; null once the pool was deleted. */
  importIdentities(identities: readonly ImportedIdentity[]): readonly ImportVerdict[] | null {
    return this.#storage.isClosed() ? null : identities.map((identity) => this.#import(identity));
  }

  /** Keeps a login in mind that is free for good; idempotent. */
  keepFreed({ loginId, providerName }: FreedLogin): void {
    const { freed } = this.#storage;
    if (!this.#storage.isClosed() && freed.get(loginId) === null) freed.put(loginId, { providerName });
  }

  /** At most `limit` entries of an export behind the position; fewer are the last ones. */
  exportPage({ list, after }: ExportPosition, limit: number): readonly ExportEntry[] {
    const entries: ExportEntry[] = [];
    for (let at = list; at < EXPORT_LISTS && entries.length < limit; at++) {
      entries.push(...this.#exported(at, at === list ? after : "", limit - entries.length));
    }
    return entries;
  }

  /** Identities that were deleted with their pool. */
  takeOut(identityIds: readonly IdentityId[]): void {
    for (const identityId of identityIds) this.#storage.listed.delete(identityId);
  }

  isClosed(): boolean {
    return this.#storage.isClosed();
  }

  /** The pool was deleted. The mark stays, so that an identity that comes late learns of it. */
  close(): void {
    if (!this.#storage.isClosed()) this.#storage.close();
  }

  #remove(identityId: IdentityId, origin: ListedOrigin): void {
    const { listed, imported, gone } = this.#storage;
    listed.delete(identityId);
    if (origin === "here" || this.#storage.isClosed()) return;
    imported.delete(identityId);
    if (gone.get(identityId) === null) gone.put(identityId, {});
  }

  #exported(list: number, after: string, limit: number): readonly ExportEntry[] {
    const { freed, gone } = this.#storage;
    if (list === 0) {
      return this.page(after, limit, "imported-too").map((entry) =>
        typeof entry === "string" ? { kind: "living", identityId: entry } : { kind: "imported", identity: entry },
      );
    }
    if (list === 1) return freed.after(after, limit).map(([loginId, row]) => ({ kind: "freed", loginId, ...row }));
    return gone.after(after, limit).flatMap(([key]) => {
      const identityId = parseIdentityId(key);
      return identityId === undefined ? [] : [{ kind: "gone", identityId }];
    });
  }

  #claim(identityId: IdentityId, origin: ListedOrigin): ListedRow {
    const { listed, imported } = this.#storage;
    const known = imported.get(identityId);
    const row = { origin, isImported: known !== null, createdAt: known?.createdAt ?? null };
    listed.put(identityId, row);
    if (known !== null) imported.delete(identityId);
    return row;
  }

  #import({ identityId, ...row }: ImportedIdentity): ImportVerdict {
    const { listed, imported, gone } = this.#storage;
    if (gone.get(identityId) !== null) return "gone";
    if (listed.get(identityId) !== null) return "unchanged";
    if (JSON.stringify(imported.get(identityId)) === JSON.stringify(row)) return "unchanged";
    imported.put(identityId, row);
    return "imported";
  }
}

/** Where an export goes on behind the entry. */
export function exportPositionOf(entry: ExportEntry): ExportPosition {
  switch (entry.kind) {
    case "living":
      return { list: 0, after: entry.identityId };
    case "imported":
      return { list: 0, after: entry.identity.identityId };
    case "freed":
      return { list: 1, after: entry.loginId };
    case "gone":
      return { list: 2, after: entry.identityId };
  }
}

/** The id of an entry of the list. */
export function idOf(entry: ListEntry): IdentityId {
  return typeof entry === "string" ? entry : entry.identityId;
}

function importedOf(key: string, row: ImportedRow): ImportedIdentity | undefined {
  const identityId = parseIdentityId(key);
  return identityId && { identityId, ...row };
}
