/** SetPrincipalTagAttributeMap and GetPrincipalTagAttributeMap: which claims of a provider's login tokens become tags of a session. */
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import { providerMeantBy } from "../domain/mapped-providers.ts";
import { checkPrincipalTags, NO_ACCESS, type PrincipalTagMap } from "../domain/pool-access.ts";
import type { InputOf, OutputOf } from "../protocol/shapes.ts";
import { identityPoolIdOfInput, poolRefusal, type SignedContext } from "./context.ts";
import { changePool, readNamedPool } from "./named-pool.ts";

export async function setPrincipalTagAttributeMap(
  input: InputOf<"SetPrincipalTagAttributeMap">,
  context: SignedContext,
): Promise<Result<OutputOf<"SetPrincipalTagAttributeMap">>> {
  const identityPoolId = identityPoolIdOfInput(input.IdentityPoolId);
  const refusal = poolRefusal(context, identityPoolId);
  if (refusal !== null) return refusal;
  const { IdentityProviderName: provider, UseDefaults: useDefaults = false, PrincipalTags = [] } = input;
  const map = { useDefaults, principalTags: Object.fromEntries(PrincipalTags) };
  const checked = checkPrincipalTags(map);
  if (!checked.ok) return checked;
  const changed = await changePool(context, identityPoolId, { kind: "principal-tags", provider, map });
  return changed.ok ? ok(shown(identityPoolId, provider, map)) : changed;
}

export async function getPrincipalTagAttributeMap(
  input: InputOf<"GetPrincipalTagAttributeMap">,
  context: SignedContext,
): Promise<Result<OutputOf<"GetPrincipalTagAttributeMap">>> {
  const identityPoolId = identityPoolIdOfInput(input.IdentityPoolId);
  const refusal = poolRefusal(context, identityPoolId);
  if (refusal !== null) return refusal;
  const pool = await readNamedPool(context, identityPoolId);
  if (!pool.ok) return pool;
  const { principalTagMaps } = pool.value.access ?? NO_ACCESS;
  const meant = providerMeantBy(input.IdentityProviderName);
  const found = Object.entries(principalTagMaps).find(([provider]) => providerMeantBy(provider) === meant);
  // So that Terraform takes it for one that is gone.
  if (found === undefined) {
    const message = "The identity pool has no principal tag attribute map of this provider.";
    return err(serviceError("ResourceNotFoundException", message));
  }
  return ok(shown(identityPoolId, ...found));
}

function shown(IdentityPoolId: string, IdentityProviderName: string, { useDefaults, principalTags }: PrincipalTagMap) {
  return { IdentityPoolId, IdentityProviderName, UseDefaults: useDefaults, PrincipalTags: principalTags };
}
