/** Who owns a login. The login's object may not have heard of the latest, so that the identity it names is the judge. */
import { ok, type Result } from "../domain/errors.ts";
import type { IdentityId } from "../domain/identifiers.ts";
import type { Refusal } from "../domain/refusals.ts";
import { LOOK_AGAIN, untilAnswered } from "./contention.ts";
import type { Ownership, Reply } from "./messages.ts";
import type { Parties } from "./parties.ts";

/** The identity that a login is linked to, by that identity's own word; null when it is free. */
export async function ownerOf(parties: Parties, loginId: string): Promise<Result<IdentityId | null, Refusal>> {
  return await untilAnswered(parties, async () => {
    const { owner, holder } = await parties.objects.login(loginId).view(loginId);
    if (holder !== null) return { kind: "busy", holder };
    if (owner === null) return ok(null);
    const reply = await confirm(parties, { loginId, ...owner });
    if (reply.kind === "busy") return reply;
    if (reply.kind !== "ownership") return { kind: "busy" };
    return reply.owns ? ok(owner.identityId) : LOOK_AGAIN;
  });
}

/**
 * Asks each owner whether the login is still its own. One that is not tells the login's object, which had missed it.
 * True when that changed anything, so that another look is worth while.
 */
export async function healOwners(parties: Parties, owned: readonly Ownership[]): Promise<boolean> {
  const replies = await Promise.all(owned.map(async (ownership) => await confirm(parties, ownership)));
  return replies.some((reply) => reply.kind !== "ownership" || !reply.owns);
}

async function confirm(parties: Parties, { identityId, loginId, linkId }: Ownership): Promise<Reply> {
  const message = { kind: "confirm-owner", identityId, loginId, linkId } as const;
  return await parties.objects.identity(identityId).confirmOwner(message);
}
