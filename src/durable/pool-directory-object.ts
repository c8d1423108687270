/** A place for the directory of one region's pools (pools/pool-directory.ts): its tables. */
import { DurableObject } from "cloudflare:workers";
import type { IdentityPoolId } from "../domain/identifiers.ts";
import type { Jurisdiction } from "../domain/place.ts";
import { FixedJurisdiction } from "../pools/fixed-jurisdiction.ts";
import { PoolDirectory, type PoolListing } from "../pools/pool-directory.ts";
import { hasPools, poolRowsOf } from "./pool-tables.ts";

const JURISDICTION_KEY = "jurisdiction";

export class PoolDirectoryObject extends DurableObject<Env> {
  readonly #directory: PoolDirectory;
  readonly #fixed: FixedJurisdiction;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    const { kv, sql } = ctx.storage;
    this.#directory = new PoolDirectory(poolRowsOf(sql));
    this.#fixed = new FixedJurisdiction({
      kept: () => kv.get<Jurisdiction>(JURISDICTION_KEY) ?? null,
      keep: (jurisdiction) => kv.put(JURISDICTION_KEY, jurisdiction),
      hasPools: () => hasPools(sql),
    });
  }

  update(identityPoolId: IdentityPoolId, name: string | null, revision?: number, hasSource?: boolean): void {
    this.#directory.update(identityPoolId, name, revision, hasSource);
  }

  noteImports(identityPoolId: IdentityPoolId): void {
    this.#directory.noteImports(identityPoolId);
  }

  importing(): readonly IdentityPoolId[] {
    return this.#directory.importing();
  }

  async page(after: string, limit: number, among: readonly string[] | null = null): Promise<readonly PoolListing[]> {
    return this.#directory.page(after, limit, among);
  }

  async jurisdiction(): Promise<Jurisdiction | null> {
    return this.#fixed.read();
  }

  async fixJurisdiction(wanted: Jurisdiction): Promise<Jurisdiction> {
    return this.#fixed.fix(wanted);
  }

  async sourced(): Promise<readonly IdentityPoolId[]> {
    return this.#directory.sourced();
  }
}
