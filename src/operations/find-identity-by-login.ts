/** FindIdentityByLogin, an extension of this service: whose identity a login is. It changes nothing, and asks one object. */
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import { developerLoginIdOf, loginIdOf } from "../domain/login.ts";
import { canonicalName } from "../domain/provider-name.ts";
import { identityPoolNotFound } from "../domain/refusals.ts";
import type { ExtensionInputOf, ExtensionOutputOf } from "../protocol/extensions.ts";
import { identityPoolIdOfInput, poolRefusal, type SignedContext } from "./context.ts";

/** Names neither the provider nor the subject: both are the caller's words, and one of them is a person. */
const NOT_LINKED = serviceError("ResourceNotFoundException", "No identity of the identity pool has this login.");

/**
 * By the login's own object: of a login that was unlinked, or is being linked, a moment ago it may say what was before. The subject
 * goes no further than into a hash.
 */
export async function findIdentityByLogin(
  input: ExtensionInputOf<"FindIdentityByLogin">,
  context: SignedContext,
): Promise<Result<ExtensionOutputOf<"FindIdentityByLogin">>> {
  const identityPoolId = identityPoolIdOfInput(input.IdentityPoolId);
  const refusal = poolRefusal(context, identityPoolId);
  if (refusal !== null) return refusal;
  const pool = await context.objects.readPool(identityPoolId);
  if (pool === null) return err(identityPoolNotFound(identityPoolId));
  const { ProviderName: providerName, Subject: subject } = input;
  const loginId =
    providerName === pool.developerProviderName
      ? await developerLoginIdOf(identityPoolId, providerName, subject, context.hash)
      : await loginIdOf(identityPoolId, canonicalName(providerName), subject, context.hash);
  const { owner, isSettled } = await context.objects.login(loginId).view(loginId);
  return owner === null ? err(NOT_LINKED) : ok({ IdentityId: owner.identityId, IsSettled: isSettled === true });
}
