/** The signed operations about users of the developer's own: F10. Words that no capture has are the documentation's. */
import { CognitoError, forbidden, invalidParameter, loginsDoNotMatch } from "./cognito-error.ts";
import { amrOf, type Cognito, poolOf, subjectOf } from "./cognito-parts.ts";
import type { Identity, Login, Pool } from "./cognito-store.ts";
import { bringTogether, merge, unlink } from "./link-rules.ts";
import type { PresentedLogin } from "./login-check.ts";
import { pageOf } from "./page.ts";

const DEVELOPER_TOKEN_SECONDS = 900;
const DEFAULT_PAGE = 60;

export async function getOpenIdTokenForDeveloperIdentity(
  cognito: Cognito,
  input: {
    readonly IdentityPoolId: string;
    readonly IdentityId?: string;
    readonly Logins: Readonly<Record<string, string>>;
    readonly TokenDuration?: number;
  },
): Promise<object> {
  const { store, loginCheck, tokens } = cognito;
  const pool = poolOf(store.pool(input.IdentityPoolId), input.IdentityPoolId);
  const { [pool.DeveloperProviderName ?? ""]: user, ...others } = input.Logins;
  if (user === undefined) throw unsupportedDeveloper();
  const logins = [developerLogin(pool, user), ...(await loginCheck.verify(pool, others))];
  const named = input.IdentityId === undefined ? undefined : subjectOf(cognito, input.IdentityId).identity;
  if (named !== undefined) requireFit(cognito, pool, named, user);
  const identity = bringTogether(store, pool, named, logins);
  const lifetime = input.TokenDuration ?? DEVELOPER_TOKEN_SECONDS;
  return { IdentityId: identity.identityId, Token: await tokens.mint(identity, amrOf(logins), lifetime) };
}

export function lookupDeveloperIdentity(
  cognito: Cognito,
  input: {
    readonly IdentityPoolId: string;
    readonly IdentityId?: string;
    readonly DeveloperUserIdentifier?: string;
    readonly MaxResults?: number;
    readonly NextToken?: string;
  },
): object {
  const pool = poolOf(cognito.store.pool(input.IdentityPoolId), input.IdentityPoolId);
  const { IdentityId, DeveloperUserIdentifier } = input;
  if (IdentityId === undefined && DeveloperUserIdentifier === undefined) {
    throw invalidParameter("Either an identity id or a developer user identifier is needed.");
  }
  const owner = DeveloperUserIdentifier === undefined ? undefined : ownerOf(cognito, pool, DeveloperUserIdentifier);
  if (IdentityId !== undefined && owner !== undefined && owner.identityId !== IdentityId) {
    throw new CognitoError("ResourceConflictException", "The developer user is linked to another identity.");
  }
  const { identity } = owner === undefined ? subjectOf(cognito, IdentityId ?? "") : { identity: owner };
  if (identity.identityPoolId !== pool.IdentityPoolId) throw loginsDoNotMatch();
  const users = identity.logins.flatMap(({ providerName, subject }) =>
    providerName === pool.DeveloperProviderName ? [subject] : [],
  );
  const { items, next } = pageOf(users, (name) => name, input.MaxResults ?? DEFAULT_PAGE, input.NextToken);
  return { IdentityId: identity.identityId, DeveloperUserIdentifierList: items, ...next };
}

export function mergeDeveloperIdentities(
  cognito: Cognito,
  input: {
    readonly IdentityPoolId: string;
    readonly DeveloperProviderName: string;
    readonly SourceUserIdentifier: string;
    readonly DestinationUserIdentifier: string;
  },
): object {
  const pool = developerPool(cognito, input);
  const source = ownerOf(cognito, pool, input.SourceUserIdentifier);
  const destination = ownerOf(cognito, pool, input.DestinationUserIdentifier);
  return { IdentityId: merge(cognito.store, pool, source, destination).identityId };
}

export function unlinkDeveloperIdentity(
  cognito: Cognito,
  input: {
    readonly IdentityPoolId: string;
    readonly IdentityId: string;
    readonly DeveloperProviderName: string;
    readonly DeveloperUserIdentifier: string;
  },
): void {
  const pool = developerPool(cognito, input);
  const { identity } = subjectOf(cognito, input.IdentityId);
  const owner = ownerOf(cognito, pool, input.DeveloperUserIdentifier);
  if (owner.identityId !== identity.identityId) throw loginsDoNotMatch();
  const unlinked = developerLogin(pool, input.DeveloperUserIdentifier);
  unlink(cognito.store, identity, (login) => isLogin(login, unlinked));
}

function isLogin(one: Login, other: Login): boolean {
  return one.providerName === other.providerName && one.subject === other.subject;
}

function developerLogin(pool: Pool, user: string): PresentedLogin {
  const providerName = pool.DeveloperProviderName ?? "";
  return { providerName, subject: user, longForm: `${providerName}:${pool.IdentityPoolId}:${user}` };
}

function unsupportedDeveloper(): CognitoError {
  return invalidParameter("This identity pool does not support the specified developer provider");
}

function developerPool(
  { store }: Cognito,
  input: { readonly IdentityPoolId: string; readonly DeveloperProviderName: string },
): Pool {
  const pool = poolOf(store.pool(input.IdentityPoolId), input.IdentityPoolId);
  if (pool.DeveloperProviderName !== input.DeveloperProviderName) throw unsupportedDeveloper();
  return pool;
}

function ownerOf({ store }: Cognito, pool: Pool, user: string): Identity {
  const owner = store.ownerOf(pool.IdentityPoolId, developerLogin(pool, user));
  if (owner === undefined) throw new CognitoError("ResourceNotFoundException", `Developer user '${user}' not found.`);
  return owner;
}

function requireFit({ store }: Cognito, pool: Pool, named: Identity, user: string): void {
  if (named.identityPoolId !== pool.IdentityPoolId) throw loginsDoNotMatch();
  if (named.standing === "disabled" || named.standing === "closed") throw forbidden(named.identityId);
  const owner = store.ownerOf(pool.IdentityPoolId, developerLogin(pool, user));
  if (owner !== undefined && owner.identityId !== named.identityId) {
    throw new CognitoError(
      "DeveloperUserAlreadyRegisteredException",
      "The provided developer user identifier is already registered with Cognito under a different identity ID.",
    );
  }
}
