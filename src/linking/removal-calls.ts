/** What takes logins from an identity, or ends it, as its calls: UnlinkIdentity, UnlinkDeveloperIdentity, DeleteIdentities. */
import { isVisible } from "../domain/identity.ts";
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import { freshOnes } from "../domain/link-proof.ts";
import type { VerifiedLogin } from "../domain/login.ts";
import { judgeStanding, refusalOfDisabled } from "../domain/mint-rules.ts";
import { inWords, refused } from "../domain/refusals.ts";
import { type Providers, withMemory } from "./adoption.ts";
import { type ChangeReply, change, type IdentityParts } from "./identity-calls.ts";
import { type IdentityRecord, newRecord } from "./identity-record.ts";
import type { Busy } from "./messages.ts";
import { obstacleOf, remove, unlink, unlinkDeveloperUser as withoutDeveloperUser } from "./removal.ts";

/**
 * UnlinkIdentity with verified logins. Draws as a mint does, also where nothing is left to remove, since each such call may
 * have cost a provider a question; and for nobody who has proved nothing (T48).
 */
export async function unlinkLogins(
  parts: IdentityParts,
  identityId: IdentityId,
  logins: readonly VerifiedLogin[],
  providerNames: readonly string[],
  callKey: string | null,
  atSource: Providers,
): Promise<ChangeReply> {
  const { host } = parts;
  const loginIds = logins.map(({ loginId }) => loginId);
  return await change(parts, (record) => {
    if (record === null || !isVisible(record)) return refused({ kind: "identity-not-found", identityId });
    const disabled = refusalOfDisabled(record);
    if (disabled !== null) return refused(disabled);
    const now = host.now();
    const fresh = freshOnes(logins, host.proofRule ?? null, now);
    const result = unlink(record, loginIds, providerNames, now, fresh, callKey);
    const refusal = "kind" in result ? result.kind : null;
    const isProved = refusal === null || refusal === "signed-only" || refusal === "proof-too-old";
    const limited = isProved ? host.limit.draw() : null;
    if (limited !== null) return inWords(limited);
    if (!("kind" in result)) return withMemory(record, result, providerNames, atSource);
    if (result.kind === "busy") return result;
    if (result.kind === "signed-only") return refused({ kind: "developer-users-stay" });
    if (result.kind === "proof-too-old") return refused({ kind: "proof-too-old" });
    const current = judgeStanding(record, identityId);
    return refused(current.ok ? { kind: "logins-do-not-match" } : current.error);
  });
}

/** UnlinkDeveloperIdentity: the signed call vouches for the developer user. */
export async function unlinkDeveloperUser(
  parts: IdentityParts,
  identityId: IdentityId,
  loginId: string,
  callKey: string | null,
  atSource: Providers,
): Promise<ChangeReply> {
  return await change(parts, (record) => {
    if (record === null || !isVisible(record)) return refused({ kind: "identity-not-found", identityId });
    const disabled = refusalOfDisabled(record);
    if (disabled !== null) return refused(disabled);
    const result = withoutDeveloperUser(record, loginId, parts.host.now(), callKey);
    if (!("kind" in result)) {
      const names = record.logins.flatMap((login) => (login.loginId === loginId ? login.providerName : []));
      return withMemory(record, result, names, atSource);
    }
    if (result.kind === "busy") return result;
    return refused(
      result.kind === "stale" ? { kind: "developer-user-not-found" } : { kind: "identity-not-found", identityId },
    );
  });
}

/** DeleteIdentities, for one identity; idempotent. `allowedPools` are those of the caller's credential. */
export async function removeIdentity(
  parts: IdentityParts,
  identityId: IdentityId,
  allowedPools: readonly string[] | "*",
  atSource: Providers,
): Promise<ChangeReply> {
  return await change(parts, (record) => {
    if (record === null) return { kind: "done", isUnknown: true };
    if (allowedPools !== "*" && !allowedPools.includes(record.identityPoolId)) {
      return refused({ kind: "pool-not-allowed" });
    }
    if (record.standing.kind === "unborn") return obstacleToBurying(record) ?? { kind: "done", isUnknown: true };
    const result = remove(record, parts.host.now());
    if (!("kind" in result)) return owedToSource(record, withMemory(record, result, [], atSource), atSource);
    return result.kind === "busy" ? result : refused({ kind: "identity-not-found", identityId });
  });
}

/** What was born at a source, and is deleted in a pool that has or had one, is to go there, too: whether it can be told, is seen then. */
function owedToSource(before: IdentityRecord, after: IdentityRecord, atSource: Providers): IdentityRecord {
  const isOwed = after !== before && after.origin === "source" && atSource !== null;
  return isOwed ? { ...after, isOwedToSource: true } : after;
}

/**
 * Sees to it that an id which the source or an import names never lives here: a tombstone of it stays for ever. Deletes the identity
 * that has it already. Idempotent.
 */
export async function bury(
  parts: IdentityParts,
  identityId: IdentityId,
  identityPoolId: IdentityPoolId,
): Promise<ChangeReply> {
  return await change(parts, (record) => {
    const now = parts.host.now();
    const named = record ?? newRecord(identityId, identityPoolId, { kind: "unborn" }, now, "source");
    if (named.identityPoolId !== identityPoolId) return refused({ kind: "identity-not-found", identityId });
    const obstacle = obstacleToBurying(named);
    if (obstacle !== null) return obstacle;
    const result = remove(named, now);
    if (!("kind" in result)) return owedToSource(named, withMemory(named, result, [], []), []);
    return result.kind === "busy" ? result : refused({ kind: "identity-not-found", identityId });
  });
}

/** One that a call is about to adopt, or to restore, lives the next moment, and its id is known. */
function obstacleToBurying(record: IdentityRecord): Busy | null {
  return record.standing.kind === "unborn" ? obstacleOf(record) : null;
}
