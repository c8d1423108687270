/**
 * The users of a developer provider: whose identity they are, and how two of them come to be one. Their logins are vouched for
 * by the signed call that names them.
 */
import { err, ok, type Result } from "../domain/errors.ts";
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import type { VerifiedLogin } from "../domain/login.ts";
import type { Refusal } from "../domain/refusals.ts";
import { type Attempt, untilAnswered } from "./contention.ts";
import { ownerOf } from "./login-owners.ts";
import type { LinkOrder } from "./link-order.ts";
import type { Parties } from "./parties.ts";

export type Users = { readonly identityId: IdentityId; readonly userIdentifiers: readonly string[] };

/** All users of an identity, as they are at one moment. */
export async function usersOf(
  parties: Parties,
  identityPoolId: IdentityPoolId,
  identityId: IdentityId,
): Promise<Result<Users, Refusal>> {
  const users = await parties.objects.identity(identityId).developerUsers(identityPoolId);
  return users === null ? err({ kind: "identity-not-found", identityId }) : ok({ identityId, ...users });
}

/** The identity of a user and all its users, of one moment: between two looks the user may leave it. */
export async function findUserWithOthers(
  parties: Parties,
  identityPoolId: IdentityPoolId,
  user: VerifiedLogin,
): Promise<Result<Users, Refusal>> {
  return await untilAnswered(parties, async (): Promise<Attempt<Users>> => {
    const owner = await findUser(parties, user);
    if (!owner.ok) return owner;
    const users = await usersOf(parties, identityPoolId, owner.value);
    return users.ok && users.value.userIdentifiers.includes(user.subject) ? users : { kind: "busy" };
  });
}

type MergingUsers = Pick<LinkOrder, "remembers"> & {
  readonly destination: VerifiedLogin;
  readonly source: VerifiedLogin;
};

/** The identity of `destination` absorbs the one of `source`. `onFound` is told of both before anything is changed. */
export async function mergeUsers(
  parties: Parties,
  identityPoolId: IdentityPoolId,
  { destination, source, ...memory }: MergingUsers,
  onFound: (identityIds: readonly IdentityId[]) => void,
): Promise<Result<IdentityId, Refusal>> {
  const logins = [destination, source];
  return await untilAnswered(parties, async (): Promise<Attempt<IdentityId>> => {
    const found = await findUser(parties, destination);
    if (!found.ok) return found;
    const absorbed = await findUser(parties, source);
    if (!absorbed.ok) return absorbed;
    const identityId = found.value;
    onFound([identityId, absorbed.value]);
    if (absorbed.value === identityId) {
      // Two looks are two moments: whether it holds both users at once, the identity alone can say.
      const users = await usersOf(parties, identityPoolId, identityId);
      const isMerged = users.ok && logins.every(({ subject }) => users.value.userIdentifiers.includes(subject));
      // Also the retry of a merge that was done.
      return isMerged ? ok(identityId) : { kind: "busy" };
    }
    const absorb = [absorbed.value];
    const order = { identityId, identityPoolId, logins, absorb, guest: null, isBirth: false, ...memory };
    const reply = await parties.objects.identity(identityId).link(order, logins, false);
    if (reply.kind === "linked") return ok(identityId);
    if (reply.kind === "conflict") return err({ kind: "login-conflict", providerName: reply.providerName });
    if (reply.kind === "unreachable") return err({ kind: "participant-unreachable" });
    if (reply.kind === "forbidden" && reply.refusal !== undefined) return err(reply.refusal);
    // One of the two has changed, or is about to: look again who they are.
    return reply.kind === "busy" ? reply : { kind: "busy" };
  });
}

async function findUser(parties: Parties, { loginId }: VerifiedLogin): Promise<Result<IdentityId, Refusal>> {
  const owner = await ownerOf(parties, loginId);
  if (!owner.ok) return owner;
  return owner.value === null ? err({ kind: "developer-user-not-found" }) : ok(owner.value);
}
