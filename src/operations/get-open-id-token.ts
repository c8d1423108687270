/** GetOpenIdToken: a known identity, and the logins that its user signed in with, become an OpenID token of ten minutes. */
import { err, ok, type Result } from "../domain/errors.ts";
import type { Grant } from "../domain/grant.ts";
import type { IdentityId } from "../domain/identifiers.ts";
import type { ClientCall } from "../domain/identity.ts";
import { type Refusal, refusalIn, withWords } from "../domain/refusals.ts";
import type { Trace } from "../domain/trace.ts";
import type { GrantReply, VerifiedLogins } from "../linking/identity-calls.ts";
import type { InputOf, OutputOf } from "../protocol/shapes.ts";
import { mint } from "../token/mint.ts";
import { CONTENDED, giveWay, MAX_ATTEMPTS } from "./contention.ts";
import { chargedFor, identityIdOfInput, type OperationContext } from "./context.ts";
import { type LinkContext, linkLogins } from "./link-logins.ts";

export async function getOpenIdToken(
  input: InputOf<"GetOpenIdToken">,
  context: OperationContext,
): Promise<Result<OutputOf<"GetOpenIdToken">>> {
  const identityId = identityIdOfInput(input.IdentityId);
  const logins = input.Logins ?? new Map<string, string>();
  const client = chargedFor(context, logins);
  const granted = await obtainGrant(context, identityId, context.call, async (named, verified) => {
    if (verified !== null) {
      const object = context.objects.identity(named);
      return await object.grantVerified(named, verified.identityPoolId, verified.logins, context.call);
    }
    const reply = await context.objects.grant(named, logins, context.call, client);
    if (reply.trace !== undefined) context.note?.(reply.trace);
    return reply;
  });
  if (!granted.ok) return withWords(granted);
  context.note?.(traceOfGrant(granted.value));
  // Everything is stored and settled before the signature: from here on nothing can fail but the signing itself.
  const stamp = { issuer: context.config.issuer, now: context.now(), jti: context.newUuid() };
  const token = await mint(granted.value, stamp, context.signer);
  // The identity may be another than the one that was asked for: the owner of a login that came with a guest.
  return token.ok ? ok({ IdentityId: granted.value.identityId, Token: token.value }) : token;
}

function traceOfGrant({ identityPoolId, logins }: Grant): Trace {
  const providerNames = logins.length === 0 ? undefined : logins.map(({ providerName }) => providerName);
  return { identityPoolId, providerNames };
}

/**
 * A merged identity has sent the call on, whoever made it: one that the other identity refuses must not learn that one's id
 * from the refusal (T38), and is told what a merged identity says of itself.
 */
function refusalTo(requested: IdentityId, refusal: Refusal): Refusal {
  const isOfAnother = "identityId" in refusal && refusal.identityId !== requested;
  return isOfAnother ? { kind: "access-forbidden", identityId: requested } : refusal;
}

/**
 * One call to the identity's object (`ask`), unless its logins have to be brought together from several identities first,
 * or it was merged into another by this very call or beside it, which is then asked. `ask` is told what an attempt before
 * has verified: a provider must not be asked once more for each time that the identity is busy. `pinned` as in a LinkRequest.
 */
export async function obtainGrant(
  context: LinkContext,
  requested: IdentityId,
  call: ClientCall,
  ask: (identityId: IdentityId, verified: VerifiedLogins | null) => Promise<GrantReply>,
  pinned?: string,
): Promise<Result<Grant, Refusal>> {
  let identityId = requested;
  let verified: VerifiedLogins | null = null;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const reply = await ask(identityId, verified);
    switch (reply.kind) {
      case "granted":
        return ok(reply.grant);
      case "refused":
        return err(refusalTo(requested, refusalIn(reply)));
      case "merged":
        identityId = reply.into;
        break;
      case "busy":
        verified = reply.verified ?? verified;
        await giveWay(context, attempt, reply.holder);
        break;
      case "to-link": {
        const { identityPoolId, logins, isGuest } = reply;
        verified = { identityPoolId, logins };
        const linked = await linkLogins(context, {
          ...verified,
          named: { identityId, isGuest },
          mints: true,
          callId: call.callId,
          ...(pinned !== undefined && { pinned }),
        });
        if (linked !== null) return linked;
        // The named identity is no longer what it said it was: it judges again.
        await giveWay(context, attempt, undefined);
      }
    }
  }
  return err(CONTENDED);
}
