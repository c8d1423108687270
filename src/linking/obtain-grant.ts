/**
 * What a call that names an identity gets from it: one question to the identity's object, unless its logins have to be brought
 * together from several identities first, or it was merged into another one meanwhile. The Worker's half of linking/.
 */
import { err, ok, type Result } from "../domain/errors.ts";
import type { Grant, GrantAccess } from "../domain/grant.ts";
import { accessIn } from "../domain/grant-access.ts";
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import type { ClientCall } from "../domain/identity.ts";
import { type Refusal, refusalIn } from "../domain/refusals.ts";
import { linkLogins } from "./bring-together.ts";
import { type Attempt, LOOK_AGAIN, untilAnswered } from "./contention.ts";
import type { GrantReply, VerifiedLogins } from "./identity-calls.ts";
import { ownerOf } from "./login-owners.ts";
import type { Parties } from "./parties.ts";
import { askingOnce, type Met, type SourceParty, type Sources } from "./source.ts";

export type GrantOptions = {
  /** As in a LinkRequest. */
  readonly pinned?: string;
  /** Absent: nobody but this service is asked. */
  readonly sources?: Sources;
};

/**
 * One call to the identity's object (`ask`), unless its logins have to be brought together from several identities first,
 * or it was merged into another by this very call or beside it, which is then asked. `ask` is told what an attempt before
 * has verified: a provider must not be asked once more for each time that the identity is busy. Of an id that is none here a source
 * may know: then it is adopted first.
 */
export async function obtainGrant(
  parties: Parties,
  requested: IdentityId,
  call: ClientCall,
  ask: (identityId: IdentityId, verified: VerifiedLogins | null) => Promise<GrantReply>,
  { pinned, sources }: GrantOptions = {},
): Promise<Result<Grant, Refusal>> {
  const asked = sources === undefined ? undefined : new AskedSources(sources);
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
      case "refused": {
        const met = reply.isUnknown === true && asked !== undefined ? await asked.meet(identityId) : ok(null);
        if (!met.ok) return met;
        if (met.value === null) return err(refusalTo(requested, refusalIn(reply)));
        // A guest is asked again as any other: what he is given has not been decided.
        if (met.value.logins.length > 0) note(met.value);
        return await adopt(parties, identityId, met.value, {
          callId: call.callId,
          ...(pinned !== undefined && { pinned }),
        });
      }
      case "merged":
        identityId = reply.into;
        note(reply.verified);
        return LOOK_AGAIN;
      case "busy":
        note(reply.verified);
        return reply;
      case "to-link": {
        const { identityPoolId, logins, isGuest, owners, origin, remembers, isUnproved } = reply;
        const source = reply.asksSource === true ? ((await asked?.of(identityPoolId)) ?? null) : null;
        note(reply);
        return await linkLogins(parties, {
          identityPoolId,
          logins,
          named: {
            identityId,
            isGuest,
            ...(origin !== undefined && { origin }),
            ...(isUnproved === true && { isUnproved }),
          },
          mints: true,
          callId: call.callId,
          ...(owners !== undefined && { owners }),
          ...(pinned !== undefined && { pinned }),
          ...(source !== null && { source }),
          ...(remembers === true && { remembers }),
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

/** What one call asks of sources, each thing once. */
class AskedSources {
  readonly #sources: Sources;
  #party: SourceParty | null | undefined;
  #met: ReturnType<Sources["meet"]> | undefined;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  async of(identityPoolId: IdentityPoolId): Promise<SourceParty | null> {
    if (this.#party === undefined) {
      const party = await this.#sources.of(identityPoolId);
      this.#party = party && askingOnce(party);
    }
    return this.#party;
  }

  async meet(identityId: IdentityId): ReturnType<Sources["meet"]> {
    this.#met ??= this.#sources.meet(identityId).then((met) => {
      if (met.ok && met.value !== null) this.#party = askingOnce(met.value.source);
      return met.ok && met.value !== null ? ok({ ...met.value, source: this.#party ?? met.value.source }) : met;
    });
    return await this.#met;
  }
}

/** Makes an id of the source's known here, with the logins that it has there or as a guest, which is then asked as any other. */
async function adopt(
  parties: Parties,
  unknown: IdentityId,
  { identityPoolId, logins, source }: Met,
  options: { readonly callId: string | null; readonly pinned?: string },
): Promise<Attempt<Grant>> {
  if (logins.length > 0) {
    const request = { identityPoolId, logins, named: null, unknown, mints: true, source, remembers: true as const };
    return await linkLogins(parties, { ...request, ...options });
  }
  const answer = await source.ask(unknown, "public");
  if (!answer.ok) return answer;
  if (answer.value !== unknown) return err({ kind: "identity-not-found", identityId: unknown });
  // False where another call was faster: it is asked again, whatever it is by now.
  await parties.objects.identity(unknown).createGuest(unknown, identityPoolId, "source");
  return LOOK_AGAIN;
}
