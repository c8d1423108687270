/**
 * Ids and names of the identity pools of one region. Fed by the pools themselves, whose messages may come late or again, so
 * that an older one never wins over a newer; read by ListIdentityPools, and for the pools that have a source.
 */
import { type IdentityPoolId, parseIdentityPoolId } from "../domain/identifiers.ts";
import { MAX_SOURCED_POOLS } from "../domain/pool-source.ts";

/** Most import lists that one id is looked up in. */
const MAX_IMPORTING_POOLS = 100;

export type PoolListing = { readonly identityPoolId: IdentityPoolId; readonly name: string };

/** The directory of pools is one object a region, named by it: the part of a pool id before the colon. */
export function poolDirectoryOf(identityPoolId: IdentityPoolId): string {
  return identityPoolId.slice(0, identityPoolId.indexOf(":"));
}

/** What the directory asks of the object that it lives in. Each change is one storage step, and may throw. */
export type PoolRows = {
  /** Undefined leaves it as it is whether the pool has a source. */
  set(identityPoolId: IdentityPoolId, name: string, revision: number, hasSource: boolean | undefined): void;
  /** Takes it out for good. The mark that stays is no row that a page has to pass by. */
  end(identityPoolId: IdentityPoolId): void;
  hasEnded(identityPoolId: IdentityPoolId): boolean;
  /** Marks a pool that has an import list. */
  importing: {
    has(identityPoolId: IdentityPoolId): boolean;
    add(identityPoolId: IdentityPoolId): void;
    /** At most `limit`, in the order of their ids. */
    first(limit: number): readonly string[];
  };
  /** Null when it is not listed. */
  revisionOf(identityPoolId: IdentityPoolId): number | null;
  /** At most `limit` rows after `after`, in the order of their ids; of those in `among` alone, unless that is null. */
  after(
    after: string,
    limit: number,
    among: readonly string[] | null,
  ): readonly { readonly identityPoolId: string; readonly name: string }[];
  /** Ids of at most `limit` pools with a source, in their order. */
  sourced(limit: number): readonly string[];
};

export class PoolDirectory {
  readonly #rows: PoolRows;

  constructor(rows: PoolRows) {
    this.#rows = rows;
  }

  /**
   * Idempotent. A `revision` that is older than the one it knows changes nothing, and `name` null ends the pool: its id is
   * never used again, so that no name of it counts from then on. A pool of the release before sends no revision, which is
   * older than any, or does not say whether it has a source, which it then has if it had.
   */
  update(identityPoolId: IdentityPoolId, name: string | null, revision = 0, hasSource?: boolean): void {
    if (this.#rows.hasEnded(identityPoolId)) return;
    if (name === null) return this.#rows.end(identityPoolId);
    if (revision >= (this.#rows.revisionOf(identityPoolId) ?? 0))
      this.#rows.set(identityPoolId, name, revision, hasSource);
  }

  /** The pool has an import list from now on, or had one; before its first row is written. Idempotent. */
  noteImports(identityPoolId: IdentityPoolId): void {
    const { importing } = this.#rows;
    if (!this.#rows.hasEnded(identityPoolId) && !importing.has(identityPoolId)) importing.add(identityPoolId);
  }

  /** Pools that may have an import list. */
  importing(): readonly IdentityPoolId[] {
    return this.#rows.importing.first(MAX_IMPORTING_POOLS).flatMap((id) => parseIdentityPoolId(id) ?? []);
  }

  /** At most `limit` pools after `after`, in the order of their ids; of those in `among` alone, unless that is null. */
  page(after: string, limit: number, among: readonly string[] | null = null): readonly PoolListing[] {
    return this.#rows.after(after, limit, among).flatMap(({ identityPoolId, name }) => {
      const parsed = parseIdentityPoolId(identityPoolId);
      return parsed === undefined ? [] : [{ identityPoolId: parsed, name }];
    });
  }

  /** The pools with a source, in the order of their ids. */
  sourced(): readonly IdentityPoolId[] {
    return this.#rows.sourced(MAX_SOURCED_POOLS).flatMap((id) => parseIdentityPoolId(id) ?? []);
  }
}
