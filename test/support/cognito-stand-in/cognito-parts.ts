/** What all operations work on, and what they all need to know of an identity or a pool that is named. */
import { notFound } from "./cognito-error.ts";
import type { CognitoStore, Identity, Pool } from "./cognito-store.ts";
import type { LoginCheck, PresentedLogin } from "./login-check.ts";
import type { OwnTokens } from "./own-tokens.ts";

export type Cognito = {
  readonly store: CognitoStore;
  readonly loginCheck: LoginCheck;
  readonly tokens: OwnTokens;
};

export function amrOf(logins: readonly PresentedLogin[]): readonly string[] {
  return ["authenticated", ...logins.flatMap(({ providerName, longForm }) => [providerName, longForm])];
}

export function subjectOf(
  { store }: Cognito,
  identityId: string,
): { readonly identity: Identity; readonly pool: Pool } {
  const identity = store.identity(identityId);
  if (identity === undefined) throw notFound("Identity", identityId);
  return { identity, pool: poolOf(store.pool(identity.identityPoolId), identity.identityPoolId) };
}

export function poolOf(pool: Pool | undefined, identityPoolId: string): Pool {
  if (pool === undefined) throw notFound("IdentityPool", identityPoolId);
  return pool;
}
