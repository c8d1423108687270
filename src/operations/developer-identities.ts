/**
 * Developer-authenticated identities: a backend with a credential vouches for its own users. GetOpenIdTokenForDeveloperIdentity,
 * LookupDeveloperIdentity, MergeDeveloperIdentities, UnlinkDeveloperIdentity. A developer user is a login whose provider is the
 * pool's developer provider; the signature of the call is its proof, and nothing else is taken on the caller's word.
 */
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import { DEVELOPER_TOKEN_LIFETIME_SECONDS, type Grant } from "../domain/grant.ts";
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import { developerLoginIdOf, type VerifiedLogin } from "../domain/login.ts";
import {
  errorOf,
  identityNotFound,
  identityPoolNotFound,
  type Refusal,
  refusalIn,
  withWords,
} from "../domain/refusals.ts";
import type { InputOf, OutputOf } from "../protocol/shapes.ts";
import { mint } from "../token/mint.ts";
import { configuredNames } from "../providers/pool-providers.ts";
import { verifyLogins } from "../providers/verify-logins.ts";
import { CONTENDED, giveWay, MAX_ATTEMPTS, whileBusy } from "../linking/contention.ts";
import { identityIdOfInput, identityPoolIdOfInput, poolRefusal, type SignedContext } from "./context.ts";
import { obtainGrant } from "../linking/obtain-grant.ts";
import { linkLogins } from "../linking/bring-together.ts";
import { decodePageToken, encodePageToken, INVALID_PAGE_TOKEN } from "./page-token.ts";

/** Longest developer user identifier, in characters (service model); the value of a `Logins` map may be longer. */
const MAX_USER_IDENTIFIER_LENGTH = 1024;
/** A page of LookupDeveloperIdentity that names no size: the largest that one may ask for. */
const DEFAULT_PAGE_SIZE = 60;

const WRONG_DEVELOPER_PROVIDER = serviceError(
  "InvalidParameterException",
  "This identity pool does not support the specified developer provider",
);
const LONG_USER_IDENTIFIER = serviceError(
  "InvalidParameterException",
  `The developer user identifier must have at most ${MAX_USER_IDENTIFIER_LENGTH} characters.`,
);
const NOTHING_TO_LOOK_UP = serviceError(
  "InvalidParameterException",
  "Either IdentityId or DeveloperUserIdentifier must be given.",
);
const NOT_A_PAIR = serviceError(
  "ResourceConflictException",
  "The developer user identifier is not linked to the given identity.",
);

export async function getOpenIdTokenForDeveloperIdentity(
  input: InputOf<"GetOpenIdTokenForDeveloperIdentity">,
  context: SignedContext,
): Promise<Result<OutputOf<"GetOpenIdTokenForDeveloperIdentity">>> {
  const pool = await poolOf(input, context);
  if (!pool.ok) return pool;
  const logins = await verifiedLoginsOf(pool.value, input.Logins, context);
  if (!logins.ok) return logins;
  const granted = await obtainDeveloperGrant(input, pool.value, logins.value, context);
  if (!granted.ok) return withWords(granted);
  const grant: Grant = {
    ...granted.value,
    lifetimeSeconds: input.TokenDuration ?? DEVELOPER_TOKEN_LIFETIME_SECONDS,
    principalTags: Object.fromEntries(input.PrincipalTags ?? []),
  };
  const stamp = { issuer: context.config.issuer, now: context.now(), jti: context.newUuid() };
  const token = await mint(grant, stamp, context.signer);
  return token.ok ? ok({ IdentityId: grant.identityId, Token: token.value }) : token;
}

/** The developer's login first, then the public ones of the map: those are verified as in any other call. */
async function verifiedLoginsOf(
  pool: IdentityPool,
  presented: ReadonlyMap<string, string>,
  context: SignedContext,
): Promise<Result<readonly [VerifiedLogin, ...VerifiedLogin[]]>> {
  const { developerProviderName = "" } = pool;
  const userIdentifier = presented.get(developerProviderName);
  if (userIdentifier === undefined) return err(WRONG_DEVELOPER_PROVIDER);
  if (userIdentifier.length > MAX_USER_IDENTIFIER_LENGTH) return err(LONG_USER_IDENTIFIER);
  const publicLogins = new Map([...presented].filter(([providerName]) => providerName !== developerProviderName));
  const configured = configuredNames(pool, context.config.oidcProviders, publicLogins.keys());
  context.note?.({ providerNames: [developerProviderName, ...configured] });
  const verified = await verifyLogins(pool, publicLogins, {
    config: context.config,
    now: Math.floor(context.now()),
    issuerKeys: context.issuerKeys,
    onFetch: () => context.note?.({ upstreamFetches: 1 }),
    admitQuestion: async () => await context.admitQuestion(),
  });
  if (!verified.ok) return verified;
  return ok([await developerLoginOf(pool, developerProviderName, userIdentifier), ...verified.value]);
}

async function obtainDeveloperGrant(
  input: InputOf<"GetOpenIdTokenForDeveloperIdentity">,
  { identityPoolId }: IdentityPool,
  logins: readonly [VerifiedLogin, ...VerifiedLogin[]],
  context: SignedContext,
): Promise<Result<Grant, Refusal>> {
  if (input.IdentityId === undefined) {
    return (await linkLogins(context, { identityPoolId, logins, named: null, mints: true })) ?? err(CONTENDED);
  }
  const identityId = identityIdOfInput(input.IdentityId);
  const pinned = logins[0].loginId;
  const ask = async (named: IdentityId) =>
    await context.objects.identity(named).grantVerified(named, identityPoolId, logins, context.call);
  const granted = await obtainGrant(context, identityId, context.call, ask, pinned);
  if (granted.ok || granted.error.kind !== "logins-do-not-match") return granted;
  // None of the logins is the identity's. Where that is because the user already has another one, the caller is told so.
  const owner = await ownerOf(context, pinned);
  const isElsewhere = owner.ok && owner.value !== null && owner.value !== identityId;
  return isElsewhere ? err({ kind: "developer-user-registered" }) : granted;
}

export async function lookupDeveloperIdentity(
  input: InputOf<"LookupDeveloperIdentity">,
  context: SignedContext,
): Promise<Result<OutputOf<"LookupDeveloperIdentity">>> {
  const pool = await poolOf(input, context);
  if (!pool.ok) return pool;
  const { identityPoolId, developerProviderName } = pool.value;
  const { DeveloperUserIdentifier: userIdentifier, MaxResults: size = DEFAULT_PAGE_SIZE } = input;
  const named = input.IdentityId === undefined ? undefined : identityIdOfInput(input.IdentityId);
  if (named === undefined && userIdentifier === undefined) return err(NOTHING_TO_LOOK_UP);
  if (developerProviderName === undefined) return err(WRONG_DEVELOPER_PROVIDER);

  const found =
    named === undefined
      ? await findUserWithOthers(pool.value, developerProviderName, userIdentifier ?? "", context)
      : await usersOf(identityPoolId, named, context);
  if (!found.ok) return found;
  const { identityId, userIdentifiers } = found.value;
  if (named !== undefined && userIdentifier !== undefined) {
    if (!userIdentifiers.includes(userIdentifier)) return err(NOT_A_PAIR);
    // The answer is the request, verified.
    return ok({ IdentityId: identityId, DeveloperUserIdentifierList: [userIdentifier] });
  }

  const listing = `developer-users ${identityId}`;
  const [after] =
    input.NextToken === undefined ? [""] : ((await decodePageToken(listing, input.NextToken, context.config)) ?? []);
  if (typeof after !== "string") return err(INVALID_PAGE_TOKEN);
  const rest = userIdentifiers.filter((user) => user > after);
  const page = rest.slice(0, size);
  const last = page.at(-1);
  return ok({
    IdentityId: identityId,
    DeveloperUserIdentifierList: page,
    ...(rest.length > page.length &&
      last !== undefined && { NextToken: await encodePageToken(listing, [last], context.config) }),
  });
}

/** The destination's identity absorbs the source's, whatever MERGE_POLICY says: this call asks for nothing else. */
export async function mergeDeveloperIdentities(
  input: InputOf<"MergeDeveloperIdentities">,
  context: SignedContext,
): Promise<Result<OutputOf<"MergeDeveloperIdentities">>> {
  const pool = await poolOf(input, context);
  if (!pool.ok) return pool;
  const { identityPoolId, developerProviderName } = pool.value;
  if (developerProviderName !== input.DeveloperProviderName) return err(WRONG_DEVELOPER_PROVIDER);
  const { DestinationUserIdentifier: destinationUser, SourceUserIdentifier: sourceUser } = input;
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const destination = await findUser(pool.value, developerProviderName, destinationUser, context);
    if (!destination.ok) return destination;
    const source = await findUser(pool.value, developerProviderName, sourceUser, context);
    if (!source.ok) return source;
    context.note?.({ identityIds: [destination.value, source.value] });
    if (source.value === destination.value) {
      // Two looks are two moments: whether it holds both users at once, the identity alone can say.
      const users = await usersOf(identityPoolId, destination.value, context);
      const isMerged =
        users.ok && [destinationUser, sourceUser].every((user) => users.value.userIdentifiers.includes(user));
      // Also the retry of a merge that was done.
      if (isMerged) return ok({ IdentityId: destination.value });
      await giveWay(context, attempt, undefined);
      continue;
    }
    const logins = await Promise.all(
      [destinationUser, sourceUser].map(
        async (user) => await developerLoginOf(pool.value, developerProviderName, user),
      ),
    );
    const identityId = destination.value;
    const order = { identityId, identityPoolId, logins, absorb: [source.value], guest: null, isBirth: false };
    const reply = await context.objects.identity(identityId).link(order, logins, false);
    if (reply.kind === "linked") return ok({ IdentityId: identityId });
    if (reply.kind === "conflict") return err(errorOf({ kind: "login-conflict", providerName: reply.providerName }));
    if (reply.kind === "unreachable") return err(errorOf({ kind: "participant-unreachable" }));
    // One of the two has changed, or is about to: look again who they are.
    await giveWay(context, attempt, reply.kind === "busy" ? reply.holder : undefined);
  }
  return err(errorOf(CONTENDED));
}

export async function unlinkDeveloperIdentity(
  input: InputOf<"UnlinkDeveloperIdentity">,
  context: SignedContext,
): Promise<Result<undefined>> {
  const pool = await poolOf(input, context);
  if (!pool.ok) return pool;
  const { identityPoolId, developerProviderName } = pool.value;
  if (developerProviderName !== input.DeveloperProviderName) return err(WRONG_DEVELOPER_PROVIDER);
  const identityId = identityIdOfInput(input.IdentityId);
  const loginId = await developerLoginIdOf(identityPoolId, developerProviderName, input.DeveloperUserIdentifier);
  const reply = await whileBusy(
    context,
    async () => await context.objects.identity(identityId).unlinkDeveloperUser(identityId, identityPoolId, loginId),
  );
  if (reply === null) return err(errorOf(CONTENDED));
  return reply.kind === "done" ? ok(undefined) : err(errorOf(refusalIn(reply)));
}

async function poolOf(
  { IdentityPoolId }: { readonly IdentityPoolId: string },
  context: SignedContext,
): Promise<Result<IdentityPool>> {
  const identityPoolId = identityPoolIdOfInput(IdentityPoolId);
  const refusal = poolRefusal(context, identityPoolId);
  if (refusal !== null) return refusal;
  const pool = await context.objects.readPool(identityPoolId);
  return pool === null ? err(identityPoolNotFound(identityPoolId)) : ok(pool);
}

async function developerLoginOf(
  { identityPoolId }: IdentityPool,
  providerName: string,
  subject: string,
): Promise<VerifiedLogin> {
  const loginId = await developerLoginIdOf(identityPoolId, providerName, subject);
  const amr = [providerName, `${providerName}:${identityPoolId}:${subject}`];
  return { providerName, subject, loginId, isDeveloper: true, amr };
}

async function findUser(
  pool: IdentityPool,
  providerName: string,
  userIdentifier: string,
  context: SignedContext,
): Promise<Result<IdentityId>> {
  const owner = await ownerOf(context, await developerLoginIdOf(pool.identityPoolId, providerName, userIdentifier));
  if (!owner.ok) return withWords(owner);
  return owner.value === null ? err(errorOf({ kind: "developer-user-not-found" })) : ok(owner.value);
}

type Users = { readonly identityId: IdentityId; readonly userIdentifiers: readonly string[] };

/** All users of an identity, as they are at one moment. */
async function usersOf(
  identityPoolId: IdentityPoolId,
  identityId: IdentityId,
  context: SignedContext,
): Promise<Result<Users>> {
  const users = await context.objects.identity(identityId).developerUsers(identityPoolId);
  return users === null ? err(identityNotFound(identityId)) : ok({ identityId, ...users });
}

/** The identity of a user and all its users, of one moment: between two looks the user may leave it. */
async function findUserWithOthers(
  pool: IdentityPool,
  providerName: string,
  userIdentifier: string,
  context: SignedContext,
): Promise<Result<Users>> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const owner = await findUser(pool, providerName, userIdentifier, context);
    if (!owner.ok) return owner;
    const users = await usersOf(pool.identityPoolId, owner.value, context);
    if (users.ok && users.value.userIdentifiers.includes(userIdentifier)) return users;
    await giveWay(context, attempt, undefined);
  }
  return err(errorOf(CONTENDED));
}

/** The identity that a login is linked to, by that identity's own word; null when it is free. */
async function ownerOf(context: SignedContext, loginId: string): Promise<Result<IdentityId | null, Refusal>> {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
    const { owner, holder } = await context.objects.login(loginId).view(loginId);
    if (holder !== null) {
      await giveWay(context, attempt, holder);
      continue;
    }
    if (owner === null) return ok(null);
    const { identityId, linkId } = owner;
    const reply = await context.objects
      .identity(identityId)
      .confirmOwner({ kind: "confirm-owner", identityId, loginId, linkId });
    if (reply.kind === "ownership" && reply.owns) return ok(identityId);
    if (reply.kind !== "ownership")
      await giveWay(context, attempt, reply.kind === "contended" ? reply.holder : undefined);
  }
  return err(CONTENDED);
}
