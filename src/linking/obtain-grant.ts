/**
 * What a call that names an identity gets from it: one question to the identity's object, unless its logins have to be brought
 * together from several identities first, or it was merged into another one meanwhile. The Worker's half of linking/.
 */
import { err, ok, type Result } from "../domain/errors.ts";
import type { Grant, GrantAccess } from "../domain/grant.ts";
import { accessIn } from "../domain/grant-access.ts";
import type { IdentityId } from "../domain/identifiers.ts";
import type { ClientCall } from "../domain/identity.ts";
import { type Refusal, refusalIn } from "../domain/refusals.ts";
import { linkLogins } from "./bring-together.ts";
import { LOOK_AGAIN, untilAnswered } from "./contention.ts";
import type { GrantReply, VerifiedLogins } from "./identity-calls.ts";
import { ownerOf } from "./login-owners.ts";
import type { Parties } from "./parties.ts";

/**
 * One call to the identity's object (`ask`), unless its logins have to be brought together from several identities first,
 * or it was merged into another by this very call or beside it, which is then asked. `ask` is told what an attempt before
 * has verified: a provider must not be asked once more for each time that the identity is busy. `pinned` as in a LinkRequest.
 */
export async function obtainGrant(
  parties: Parties,
  requested: IdentityId,
  call: ClientCall,
  ask: (identityId: IdentityId, verified: VerifiedLogins | null) => Promise<GrantReply>,
  pinned?: string,
): Promise<Result<Grant, Refusal>> {
  let identityId = requested;
  let verified: VerifiedLogins | null = null;
  // With the logins, by whoever verified them: who is asked afterwards is told the logins alone.
  let decided: GrantAccess = {};
  const note = (told: VerifiedLogins | undefined): void => {
    if (told === undefined) return;
    const { identityPoolId, logins } = told;
    verified = { identityPoolId, logins };
    decided = { ...decided, ...accessIn(told) };
  };
  const granted = await untilAnswered(parties, async () => {
    const reply = await ask(identityId, verified);
    switch (reply.kind) {
      case "granted":
        if (reply.hasLinked === true) parties.note?.({ effect: "linked" });
        return ok(reply.grant);
      case "refused":
        return err(refusalTo(requested, refusalIn(reply)));
      case "merged":
        identityId = reply.into;
        note(reply.verified);
        return LOOK_AGAIN;
      case "busy":
        note(reply.verified);
        return reply;
      case "to-link": {
        const { identityPoolId, logins, isGuest, owners } = reply;
        note(reply);
        return await linkLogins(parties, {
          identityPoolId,
          logins,
          named: { identityId, isGuest },
          mints: true,
          callId: call.callId,
          ...(owners !== undefined && { owners }),
          ...(pinned !== undefined && { pinned }),
        });
      }
    }
  });
  if (granted.ok) return ok({ ...granted.value, ...decided });
  if (granted.error.kind !== "logins-do-not-match" || pinned === undefined) return granted;
  const isElsewhere = await isOwnedElsewhere(parties, pinned, requested);
  return isElsewhere ? err({ kind: "developer-user-registered" }) : granted;
}

/**
 * A merged identity has sent the call on, whoever made it: one that the other identity refuses must not learn that one's id
 * from the refusal (T38), and is told what a merged identity says of itself.
 */
function refusalTo(requested: IdentityId, refusal: Refusal): Refusal {
  const isOfAnother = "identityId" in refusal && refusal.identityId !== requested;
  return isOfAnother ? { kind: "access-forbidden", identityId: requested } : refusal;
}

/** None of the logins is the identity's. Where that is because the pinned user already has another one, the caller is told so. */
async function isOwnedElsewhere(parties: Parties, loginId: string, identityId: IdentityId): Promise<boolean> {
  const owner = await ownerOf(parties, loginId);
  return owner.ok && owner.value !== null && owner.value !== identityId;
}
