/** What a single record of an identity may be, and small facts about requests: the judge's rules that need no history. */
import type { IdentityId } from "../../src/domain/identifiers.ts";
import type { LinkedLogin } from "../../src/domain/identity.ts";
import { MAX_LINKED_LOGINS, type VerifiedLogin } from "../../src/domain/login.ts";
import type { StoredRecord } from "../../src/linking/first-record.ts";
import { DEVELOPER } from "./settings.ts";

/** Logins of these providers, or with these ids, are to go. */
export type UnlinkRequest = {
  readonly identityId: IdentityId;
  readonly proofs: readonly string[];
  readonly providerNames: readonly string[];
  readonly loginIds: readonly string[];
};

export function isToGo(request: UnlinkRequest, { loginId, providerName }: LinkedLogin): boolean {
  return request.providerNames.includes(providerName) || request.loginIds.includes(loginId);
}

export function idsOf(logins: readonly { readonly loginId: string }[]): string {
  return logins.map(({ loginId }) => loginId).join();
}

/**
 * Invariant one-user-of-a-provider: one user of each public provider; developer users may be several, and say that they
 * are. Null when all is well.
 */
export function mixUpOf(logins: readonly LinkedLogin[]): string | null {
  const publicLogins = logins.filter((login) => login.isDeveloper !== true);
  const providers = new Set(publicLogins.map((login) => login.providerName));
  const loginIds = new Set(logins.map(({ loginId }) => loginId));
  if (providers.size !== publicLogins.length || loginIds.size !== logins.length || logins.length > MAX_LINKED_LOGINS) {
    return "has two logins of one provider, or too many";
  }
  const wrong = logins.find(({ providerName, isDeveloper, subject }) => {
    return providerName === DEVELOPER ? isDeveloper !== true || subject === undefined : isDeveloper === true;
  });
  return wrong === undefined ? null : `takes ${wrong.loginId} for what it is not`;
}

/**
 * Invariants no-way-back and names-what-was-verified: why a record does not bear a grant to these logins; null when it
 * does.
 */
export function objectionTo(
  identityId: IdentityId,
  record: StoredRecord | null,
  logins: readonly VerifiedLogin[],
): string | null {
  if (record === null) return `names-what-was-verified: ${identityId} granted and is not there`;
  if (record.isDisabled === true) return `disabled-is-stopped: ${identityId} granted and is disabled`;
  const isGuest = record.standing.kind === "guest" && logins.length === 0;
  const isLinked = record.standing.kind === "linked" && logins.length > 0;
  if (!isGuest && !isLinked)
    return `no-way-back: ${identityId} granted to ${logins.length} logins and is ${record.standing.kind}`;
  const missing = logins.find(({ loginId }) => !record.logins.some((login) => login.loginId === loginId));
  return missing === undefined ? null : `names-what-was-verified: ${identityId} granted without ${missing.loginId}`;
}

/** Whether who owns what may be another after a step: most steps only note that somebody has heard. */
export function isOwnershipChanged(before: StoredRecord | null, after: StoredRecord | null): boolean {
  return (
    before?.logins !== after?.logins ||
    before?.freeze !== after?.freeze ||
    before?.transaction?.id !== after?.transaction?.id ||
    before?.transaction?.phase !== after?.transaction?.phase
  );
}
