/**
 * Which identity a call with logins ends at, and what becomes of the others: F4, F7 and F11. A linked login beats a guest, which
 * is seen; of several linked identities the named one wins, and else the oldest, which is not published.
 */
import { conflict, forbidden, loginsDoNotMatch } from "./cognito-error.ts";
import type { CognitoStore, Identity, Login, Pool } from "./cognito-store.ts";

function isSame(one: Login, other: Login): boolean {
  return one.providerName === other.providerName && one.subject === other.subject;
}

/** All of these logins belong to the identity that is answered, when this returns; nothing has changed when it throws. */
export function bringTogether(
  store: CognitoStore,
  pool: Pool,
  named: Identity | undefined,
  logins: readonly Login[],
): Identity {
  if (named?.standing === "disabled" || named?.standing === "closed") throw forbidden(named.identityId);
  const owners = [
    ...new Set(
      logins
        .map((login) => store.ownerOf(pool.IdentityPoolId, login)?.identityId)
        .filter((owner) => owner !== undefined),
    ),
  ].flatMap((identityId) => store.identity(identityId) ?? []);
  const oldest = owners.toSorted((one, other) => one.createdAt - other.createdAt)[0];
  if (named?.standing === "linked" && !owners.some(({ identityId }) => identityId === named.identityId)) {
    throw loginsDoNotMatch();
  }
  const survivor = named?.standing === "linked" ? named : (oldest ?? named);
  const absorbed = [...owners, ...(named === undefined ? [] : [named])].filter(
    ({ identityId }) => identityId !== survivor?.identityId,
  );
  const all = united(pool, [...(survivor?.logins ?? []), ...absorbed.flatMap((other) => other.logins), ...logins]);
  return settle(store, survivor ?? store.born(pool.IdentityPoolId), absorbed, all);
}

/** One user of each public provider; of the developer provider there may be several. */
function united(pool: Pool, logins: readonly Login[]): readonly Login[] {
  const all: Login[] = [];
  for (const login of logins) {
    if (all.some((other) => isSame(login, other))) continue;
    const isTaken = all.some(({ providerName }) => providerName === login.providerName);
    if (isTaken && login.providerName !== pool.DeveloperProviderName) throw conflict(login.providerName);
    all.push({ providerName: login.providerName, subject: login.subject });
  }
  return all;
}

function settle(
  store: CognitoStore,
  survivor: Identity,
  absorbed: readonly Identity[],
  logins: readonly Login[],
): Identity {
  if (absorbed.length === 0 && logins.length === survivor.logins.length) return survivor;
  const linked: Identity = { ...survivor, standing: "linked", logins };
  const disabled = absorbed.map((other): Identity => ({
    ...other,
    standing: "disabled",
    mergedInto: survivor.identityId,
    logins: [],
  }));
  store.change(...disabled, linked);
  return linked;
}

/** The second's logins and the first's are the second's; the first is disabled. */
export function merge(store: CognitoStore, pool: Pool, source: Identity, destination: Identity): Identity {
  if (source.identityId === destination.identityId) return destination;
  return settle(store, destination, [source], united(pool, [...destination.logins, ...source.logins]));
}

/** An identity that loses its last login is no guest again: nobody has access to it. */
export function unlink(store: CognitoStore, identity: Identity, isUnlinked: (login: Login) => boolean): void {
  const logins = identity.logins.filter((login) => !isUnlinked(login));
  if (logins.length === identity.logins.length) return;
  store.change({ ...identity, logins, standing: logins.length === 0 ? "closed" : "linked" });
}
