/** GetId: the identity of the logins that are presented, made on first sight; or a new guest. */
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import { identityIdOf } from "../domain/identifiers.ts";
import { errorOf, identityPoolNotFound, withWords } from "../domain/refusals.ts";
import type { InputOf, OutputOf } from "../protocol/shapes.ts";
import { identityPoolIdOfInput, type OperationContext } from "./context.ts";
import { bringTogether } from "../linking/bring-together.ts";

export async function getId(input: InputOf<"GetId">, context: OperationContext): Promise<Result<OutputOf<"GetId">>> {
  const identityPoolId = identityPoolIdOfInput(input.IdentityPoolId);
  const pool = await context.objects.readPool(identityPoolId);
  if (pool === null) return err(identityPoolNotFound(identityPoolId));
  const logins = input.Logins ?? new Map<string, string>();
  if (logins.size === 0) {
    if (!pool.allowsUnauthenticated) return err(errorOf({ kind: "guests-not-supported" }));
    const identityId = identityIdOf(context.config.region, context.newUuid());
    const created = await context.objects.identity(identityId).createGuest(identityId, identityPoolId);
    if (!created) return err(serviceError("InternalErrorException", "Internal error", "identity-id-collision"));
    context.note?.({ effect: "created-guest" });
    return ok({ IdentityId: identityId });
  }
  const verified = await context.verifyLogins(pool, logins);
  if (!verified.ok) return verified;
  const linked = await bringTogether(context, { identityPoolId, logins: verified.value, mints: false });
  return linked.ok ? ok({ IdentityId: linked.value.identityId }) : withWords(linked);
}
