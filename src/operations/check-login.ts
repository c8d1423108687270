/** CheckLogin, an extension of this service: why a login token is accepted or refused, for whoever runs the pool. A read. */
import { ok, type Result } from "../domain/errors.ts";
import { ToldRules } from "../domain/login-rules.ts";
import type { ExtensionInputOf, ExtensionOutputOf } from "../protocol/extensions.ts";
import { rulesFor } from "../providers/verify-logins.ts";
import { identityPoolIdOfInput, poolRefusal, type SignedContext } from "./context.ts";
import { readNamedPool } from "./named-pool.ts";

/** The verdict is that of GetId itself, and the rules are told by it: no second judge could say otherwise. */
export async function checkLogin(
  { IdentityPoolId, Logins }: ExtensionInputOf<"CheckLogin">,
  context: SignedContext,
): Promise<Result<ExtensionOutputOf<"CheckLogin">>> {
  const identityPoolId = identityPoolIdOfInput(IdentityPoolId);
  const refusal = poolRefusal(context, identityPoolId);
  if (refusal !== null) return refusal;
  const pool = await readNamedPool(context, identityPoolId);
  if (!pool.ok) return pool;
  const told = new ToldRules();
  const verified = await context.explainLogins(pool.value, Logins, told.tell);
  const rules = [...Logins.keys()].flatMap(rulesFor);
  return ok({
    Accepted: verified.ok,
    Rules: told.outcomes(verified.ok, rules).map(({ rule, outcome, expected, found }) => {
      return { Rule: rule, Outcome: outcome, Expected: expected, Found: found };
    }),
    ...(!verified.ok && { Exception: verified.error.type, Refusal: verified.error.message }),
  });
}
