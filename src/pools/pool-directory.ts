/** Ids and names of the identity pools of one region. Fed by the pools themselves; read by ListIdentityPools alone. */
import { type IdentityPoolId, parseIdentityPoolId } from "../domain/identifiers.ts";

export type PoolListing = { readonly identityPoolId: IdentityPoolId; readonly name: string };

/** The directory of pools is one object a region, named by it: the part of a pool id before the colon. */
export function poolDirectoryOf(identityPoolId: IdentityPoolId): string {
  return identityPoolId.slice(0, identityPoolId.indexOf(":"));
}

/** What the directory asks of the object that it lives in. Each change is one storage step, and may throw. */
export type PoolRows = {
  set(identityPoolId: IdentityPoolId, name: string): void;
  delete(identityPoolId: IdentityPoolId): void;
  /** At most `limit` rows after `after`, in the order of their ids; of those in `among` alone, unless that is null. */
  after(
    after: string,
    limit: number,
    among: readonly string[] | null,
  ): readonly { readonly identityPoolId: string; readonly name: string }[];
};

export class PoolDirectory {
  readonly #rows: PoolRows;

  constructor(rows: PoolRows) {
    this.#rows = rows;
  }

  /** Idempotent; `name` null takes the pool out. */
  update(identityPoolId: IdentityPoolId, name: string | null): void {
    if (name === null) this.#rows.delete(identityPoolId);
    else this.#rows.set(identityPoolId, name);
  }

  /** At most `limit` pools after `after`, in the order of their ids; of those in `among` alone, unless that is null. */
  page(after: string, limit: number, among: readonly string[] | null = null): readonly PoolListing[] {
    return this.#rows.after(after, limit, among).flatMap(({ identityPoolId, name }) => {
      const parsed = parseIdentityPoolId(identityPoolId);
      return parsed === undefined ? [] : [{ identityPoolId: parsed, name }];
    });
  }
}
