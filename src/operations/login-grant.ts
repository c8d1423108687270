/** What login tokens, or none, are worth at the identity that a call names, for an OpenID token or for credentials. */
import type { Result } from "../domain/errors.ts";
import type { Grant } from "../domain/grant.ts";
import type { GrantWish } from "../domain/grant-access.ts";
import type { IdentityId } from "../domain/identifiers.ts";
import type { Refusal } from "../domain/refusals.ts";
import { obtainGrant } from "../linking/obtain-grant.ts";
import { chargedFor, type OperationContext } from "./context.ts";
import { sourcesFor } from "./sources.ts";

/** One object call for a returning user. */
export async function grantByLogins(
  identityId: IdentityId,
  logins: ReadonlyMap<string, string>,
  wish: GrantWish,
  context: OperationContext,
): Promise<Result<Grant, Refusal>> {
  const { call, objects, note } = context;
  const client = chargedFor(context, logins);
  return await obtainGrant(
    context,
    identityId,
    call,
    async (named, verified) => {
      if (verified !== null) {
        return await objects.identity(named).grantVerified(named, verified.identityPoolId, verified.logins, call);
      }
      const reply = await objects.grant(named, logins, call, wish.flow, client, wish.customRoleArn);
      if (reply.trace !== undefined) note?.(reply.trace);
      return reply;
    },
    { sources: sourcesFor(context, logins, wish) },
  );
}
