/** A place for the directory of one region's pools (pools/pool-directory.ts): its tables. */
import { DurableObject } from "cloudflare:workers";
import type { IdentityPoolId } from "../domain/identifiers.ts";
import { PoolDirectory, type PoolListing } from "../pools/pool-directory.ts";
import { poolRowsOf } from "./pool-tables.ts";

export class PoolDirectoryObject extends DurableObject<Env> {
  readonly #directory: PoolDirectory;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    this.#directory = new PoolDirectory(poolRowsOf(ctx.storage.sql));
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

  async sourced(): Promise<readonly IdentityPoolId[]> {
    return this.#directory.sourced();
  }
}
