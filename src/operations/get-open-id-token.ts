/** GetOpenIdToken: a known identity, and the logins that its user signed in with, become an OpenID token of ten minutes. */
import { ok, type Result } from "../domain/errors.ts";
import { withWords } from "../domain/refusals.ts";
import type { InputOf, OutputOf } from "../protocol/shapes.ts";
import { mint } from "../token/mint.ts";
import { identityIdOfInput, type OperationContext, traceOfGrant } from "./context.ts";
import { grantByLogins } from "./login-grant.ts";

export async function getOpenIdToken(
  input: InputOf<"GetOpenIdToken">,
  context: OperationContext,
): Promise<Result<OutputOf<"GetOpenIdToken">>> {
  const identityId = identityIdOfInput(input.IdentityId);
  const logins = input.Logins ?? new Map<string, string>();
  // Beside the grant: whether there is a key to sign with, is told only to whom a token is granted.
  const signing = context.signer.begin(context.now());
  const granted = await grantByLogins(identityId, logins, { flow: "basic" }, context);
  if (!granted.ok) return withWords(granted);
  context.note?.(traceOfGrant(granted.value));
  // Everything is stored and settled before the signature: from here on nothing can fail but the signing itself.
  const stamp = { issuer: context.config.issuer, now: context.now(), jti: context.newUuid() };
  const token = await mint(granted.value, stamp, signing, context.now);
  if (!token.ok) return token;
  context.note?.({ effect: "minted" });
  // The identity may be another than the one that was asked for: the owner of a login that came with a guest.
  return ok({ IdentityId: granted.value.identityId, Token: token.value });
}
