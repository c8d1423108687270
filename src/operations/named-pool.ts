/** The identity pool that a signed operation names, which may not be there: read and changed in its object. */
import { err, ok, type Result } from "../domain/errors.ts";
import type { IdentityPoolId } from "../domain/identifiers.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import { identityPoolNotFound } from "../domain/refusals.ts";
import type { PoolChange } from "../pools/pool-changes.ts";
import type { SignedContext } from "./context.ts";

/** As it is stored, past what this isolate remembers; ResourceNotFoundException where there is no such pool, also below. */
export async function readNamedPool(
  { objects }: SignedContext,
  identityPoolId: IdentityPoolId,
): Promise<Result<IdentityPool>> {
  const pool = await objects.identityPool(identityPoolId).read();
  return pool === null ? err(identityPoolNotFound(identityPoolId)) : ok(pool);
}

/** One change of it, which this isolate sees at once. */
export async function changePool(
  { objects, caller }: SignedContext,
  identityPoolId: IdentityPoolId,
  change: PoolChange,
): Promise<Result<undefined>> {
  const changed = await objects.identityPool(identityPoolId).change(change, caller.callKey);
  objects.forgetPool(identityPoolId);
  if (changed === null) return err(identityPoolNotFound(identityPoolId));
  return changed.ok ? ok(undefined) : err(changed.error);
}
