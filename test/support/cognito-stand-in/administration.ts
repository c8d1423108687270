/** The signed operations about pools, and those that show and delete identities: F1 to F3. */
import { invalidParameter } from "./cognito-error.ts";
import { type Cognito, poolOf, subjectOf } from "./cognito-parts.ts";
import type { Identity, Pool, PoolRoles, TagMap } from "./cognito-store.ts";
import { pageOf } from "./page.ts";

type OfPool = { readonly IdentityPoolId: string };
type Paged = { readonly MaxResults: number; readonly NextToken?: string };

export function createIdentityPool({ store }: Cognito, input: Omit<Pool, "IdentityPoolId">): object {
  const pool = { IdentityPoolId: `${store.region}:${crypto.randomUUID()}`, ...input };
  store.savePool(pool);
  return pool;
}

export function updateIdentityPool({ store }: Cognito, input: Pool): object {
  const { DeveloperProviderName: before } = poolOf(store.pool(input.IdentityPoolId), input.IdentityPoolId);
  if (before !== undefined && before !== input.DeveloperProviderName) {
    throw invalidParameter("The developer provider name can not be changed.");
  }
  store.savePool(input);
  return input;
}

export function describeIdentityPool({ store }: Cognito, { IdentityPoolId }: OfPool): object {
  return poolOf(store.pool(IdentityPoolId), IdentityPoolId);
}

export function deleteIdentityPool({ store }: Cognito, { IdentityPoolId }: OfPool): void {
  store.deletePool(poolOf(store.pool(IdentityPoolId), IdentityPoolId).IdentityPoolId);
}

export function listIdentityPools({ store }: Cognito, { MaxResults, NextToken }: Paged): object {
  const { items, next } = pageOf(store.pools(), (pool) => pool.IdentityPoolId, MaxResults, NextToken);
  return {
    IdentityPools: items.map(({ IdentityPoolId, IdentityPoolName }) => ({ IdentityPoolId, IdentityPoolName })),
    ...next,
  };
}

export function setIdentityPoolRoles({ store }: Cognito, { IdentityPoolId, ...roles }: OfPool & PoolRoles): void {
  poolOf(store.pool(IdentityPoolId), IdentityPoolId);
  const { tagMaps = {} } = store.rolesOf(IdentityPoolId);
  store.saveRoles(IdentityPoolId, { ...roles, tagMaps });
}

export function getIdentityPoolRoles({ store }: Cognito, { IdentityPoolId }: OfPool): object {
  poolOf(store.pool(IdentityPoolId), IdentityPoolId);
  const { tagMaps: _, ...roles } = store.rolesOf(IdentityPoolId);
  return { IdentityPoolId, ...roles };
}

type OfProvider = OfPool & { readonly IdentityProviderName: string };

export function setPrincipalTagAttributeMap({ store }: Cognito, input: OfProvider & TagMap): object {
  const { IdentityPoolId, IdentityProviderName, ...map } = input;
  poolOf(store.pool(IdentityPoolId), IdentityPoolId);
  const roles = store.rolesOf(IdentityPoolId);
  store.saveRoles(IdentityPoolId, { ...roles, tagMaps: { ...roles.tagMaps, [IdentityProviderName]: map } });
  return input;
}

/** Of a provider that has none the live answer is not known. */
export function getPrincipalTagAttributeMap(
  { store }: Cognito,
  { IdentityPoolId, IdentityProviderName }: OfProvider,
): object {
  poolOf(store.pool(IdentityPoolId), IdentityPoolId);
  return { IdentityPoolId, IdentityProviderName, ...store.rolesOf(IdentityPoolId).tagMaps?.[IdentityProviderName] };
}

/** Names of providers and never a subject; nor whether it is disabled. */
function shown({ identityId, logins, createdAt, modifiedAt }: Identity): object {
  const names = [...new Set(logins.map(({ providerName }) => providerName))];
  return {
    IdentityId: identityId,
    ...(names.length > 0 && { Logins: names }),
    CreationDate: createdAt,
    LastModifiedDate: modifiedAt,
  };
}

export function describeIdentity(cognito: Cognito, { IdentityId }: { readonly IdentityId: string }): object {
  return shown(subjectOf(cognito, IdentityId).identity);
}

export function listIdentities(
  { store }: Cognito,
  { IdentityPoolId, MaxResults, NextToken, HideDisabled = false }: OfPool & Paged & { readonly HideDisabled?: boolean },
): object {
  poolOf(store.pool(IdentityPoolId), IdentityPoolId);
  const all = store.identitiesOf(IdentityPoolId).filter(({ standing }) => !HideDisabled || standing !== "disabled");
  const { items, next } = pageOf(all, ({ identityId }) => identityId, MaxResults, NextToken);
  return { IdentityPoolId, Identities: items.map(shown), ...next };
}

/** An id that nobody has is no failure. */
export function deleteIdentities(
  { store }: Cognito,
  { IdentityIdsToDelete }: { readonly IdentityIdsToDelete: readonly string[] },
): object {
  for (const identityId of IdentityIdsToDelete) store.deleteIdentity(identityId);
  return { UnprocessedIdentityIds: [] };
}
