/** SetTokenLifetime and GetTokenLifetime, extensions of this service: for how long the tokens of a pool are good. */
import { ok, type Result } from "../domain/errors.ts";
import { TOKEN_LIFETIME_SECONDS } from "../domain/grant.ts";
import type { ExtensionInputOf, ExtensionOutputOf } from "../protocol/extensions.ts";
import { identityPoolIdOfInput, poolRefusal, type SignedContext } from "./context.ts";
import { changePool, readNamedPool } from "./named-pool.ts";

type Output = ExtensionOutputOf<"GetTokenLifetime">;

export async function setTokenLifetime(
  { IdentityPoolId, TokenSeconds = TOKEN_LIFETIME_SECONDS }: ExtensionInputOf<"SetTokenLifetime">,
  context: SignedContext,
): Promise<Result<Output>> {
  const identityPoolId = identityPoolIdOfInput(IdentityPoolId);
  const refusal = poolRefusal(context, identityPoolId);
  if (refusal !== null) return refusal;
  const changed = await changePool(context, identityPoolId, { kind: "token-lifetime", tokenSeconds: TokenSeconds });
  return changed.ok ? ok({ IdentityPoolId, TokenSeconds }) : changed;
}

export async function getTokenLifetime(
  { IdentityPoolId }: ExtensionInputOf<"GetTokenLifetime">,
  context: SignedContext,
): Promise<Result<Output>> {
  const identityPoolId = identityPoolIdOfInput(IdentityPoolId);
  const refusal = poolRefusal(context, identityPoolId);
  if (refusal !== null) return refusal;
  const pool = await readNamedPool(context, identityPoolId);
  if (!pool.ok) return pool;
  return ok({ IdentityPoolId, TokenSeconds: pool.value.tokenSeconds ?? TOKEN_LIFETIME_SECONDS });
}
