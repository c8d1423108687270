/**
 * Developer-authenticated identities: a backend with a credential vouches for its own users. GetOpenIdTokenForDeveloperIdentity,
 * LookupDeveloperIdentity, MergeDeveloperIdentities, UnlinkDeveloperIdentity. A developer user is a login whose provider is the
 * pool's developer provider; the signature of the call is its proof, and nothing else is taken on the caller's word.
 */
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import { DEVELOPER_TOKEN_LIFETIME_SECONDS, type Grant } from "../domain/grant.ts";
import { callKeyOf } from "../domain/identity.ts";
import type { IdentityId } from "../domain/identifiers.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import { developerLoginIdOf, type VerifiedLogin } from "../domain/login.ts";
import { type PrincipalTags, tagsWith } from "../domain/principal-tags.ts";
import { errorOf, identityPoolNotFound, type Refusal, withWords } from "../domain/refusals.ts";
import { remembering } from "../linking/adoption.ts";
import { bringTogether } from "../linking/bring-together.ts";
import { changed, untilAnswered } from "../linking/contention.ts";
import { findUserWithOthers, mergeUsers, usersOf } from "../linking/developer-users.ts";
import { obtainGrant } from "../linking/obtain-grant.ts";
import type { SourceParty, Sources } from "../linking/source.ts";
import type { InputOf, OutputOf } from "../protocol/shapes.ts";
import { mint } from "../token/mint.ts";
import { identityIdOfInput, identityPoolIdOfInput, poolRefusal, type SignedContext } from "./context.ts";
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
  // Beside all that decides whether there is a token to sign, as in GetOpenIdToken.
  const signing = context.signer.begin(context.now());
  const pool = await poolOf(input, context);
  if (!pool.ok) return pool;
  const verified = await verifiedLoginsOf(pool.value, input.Logins, context);
  if (!verified.ok) return verified;
  const { logins, mappedTags } = verified.value;
  const granted = await obtainDeveloperGrant(input, pool.value, logins, context);
  if (!granted.ok) return withWords(granted);
  const grant: Grant = {
    ...granted.value,
    lifetimeSeconds: input.TokenDuration ?? pool.value.tokenSeconds ?? DEVELOPER_TOKEN_LIFETIME_SECONDS,
    principalTags: tagsWith(Object.fromEntries(input.PrincipalTags ?? []), mappedTags),
  };
  const stamp = { issuer: context.config.issuer, now: context.now(), jti: context.newUuid() };
  const token = await mint(grant, stamp, signing, context.now);
  if (!token.ok) return token;
  context.note?.({ effect: "minted" });
  return ok({ IdentityId: grant.identityId, Token: token.value });
}

type DeveloperLogins = {
  readonly logins: readonly [VerifiedLogin, ...VerifiedLogin[]];
  /** What the pool maps of the public logins' claims. */
  readonly mappedTags: PrincipalTags;
};

/** The developer's login first, then the public ones of the map: those are verified as in any other call. */
async function verifiedLoginsOf(
  pool: IdentityPool,
  presented: ReadonlyMap<string, string>,
  context: SignedContext,
): Promise<Result<DeveloperLogins>> {
  const { developerProviderName = "" } = pool;
  const userIdentifier = presented.get(developerProviderName);
  if (userIdentifier === undefined) return err(WRONG_DEVELOPER_PROVIDER);
  if (userIdentifier.length > MAX_USER_IDENTIFIER_LENGTH) return err(LONG_USER_IDENTIFIER);
  const publicLogins = new Map([...presented].filter(([providerName]) => providerName !== developerProviderName));
  context.note?.({ providerNames: [developerProviderName] });
  const verified = await context.verifyForGrant(pool, publicLogins, { flow: "basic" });
  if (!verified.ok) return verified;
  const { access } = verified.value;
  if (!access.ok) return err(errorOf(access.error));
  const developerLogin = await developerLoginOf(context, pool, developerProviderName, userIdentifier);
  return ok({ logins: [developerLogin, ...verified.value.logins], mappedTags: access.value.principalTags ?? {} });
}

async function obtainDeveloperGrant(
  input: InputOf<"GetOpenIdTokenForDeveloperIdentity">,
  pool: IdentityPool,
  logins: readonly [VerifiedLogin, ...VerifiedLogin[]],
  context: SignedContext,
): Promise<Result<Grant, Refusal>> {
  const { identityPoolId } = pool;
  const source = context.sourceOf(pool, input.Logins);
  if (input.IdentityId === undefined) {
    const memory = remembering(pool);
    return await bringTogether(context, { identityPoolId, logins, mints: true, ...memory, ...(source && { source }) });
  }
  const identityId = identityIdOfInput(input.IdentityId);
  const pinned = logins[0].loginId;
  const ask = async (named: IdentityId) =>
    await context.objects.identity(named).grantVerified(named, identityPoolId, logins, context.call);
  const sources: Sources = {
    of: async () => await Promise.resolve(source),
    meet: async () => await Promise.resolve(ok(knowsUser(source, logins) ? { identityPoolId, logins, source } : null)),
  };
  return await obtainGrant(context, identityId, context.call, ask, { pinned, sources });
}

/** Of an id that is none here only a source with the developer's own users can know. */
function knowsUser(
  source: SourceParty | null,
  [user]: readonly [VerifiedLogin, ...VerifiedLogin[]],
): source is SourceParty {
  return source?.settings.providers.includes(user.providerName) === true;
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
      ? await findUserWithOthers(
          context,
          identityPoolId,
          await developerLoginOf(context, pool.value, developerProviderName, userIdentifier ?? ""),
        )
      : await usersOf(context, identityPoolId, named);
  if (!found.ok) return withWords(found);
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
  const destination = await developerLoginOf(context, pool.value, developerProviderName, destinationUser);
  const source = await developerLoginOf(context, pool.value, developerProviderName, sourceUser);
  const users = { destination, source, ...remembering(pool.value) };
  const merged = await mergeUsers(context, identityPoolId, users, (identityIds) => context.note?.({ identityIds }));
  if (!merged.ok) return withWords(merged);
  context.note?.({ effect: "merged" });
  return ok({ IdentityId: merged.value });
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
  const loginId = await developerLoginIdOf(
    identityPoolId,
    developerProviderName,
    input.DeveloperUserIdentifier,
    context.hash,
  );
  // By the call's own id, which not every SDK signs: all that it can do is to leave the identity as it is.
  const callKey = await callKeyOf(context.call, [loginId]);
  const unlinked = await untilAnswered(context, async () => {
    const identity = context.objects.identity(identityId);
    return changed(await identity.unlinkDeveloperUser(identityId, identityPoolId, loginId, callKey));
  });
  if (unlinked.ok) context.note?.({ effect: "unlinked" });
  return withWords(unlinked);
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
  { hash }: Pick<SignedContext, "hash">,
  { identityPoolId }: IdentityPool,
  providerName: string,
  subject: string,
): Promise<VerifiedLogin> {
  const loginId = await developerLoginIdOf(identityPoolId, providerName, subject, hash);
  const amr = [providerName, `${providerName}:${identityPoolId}:${subject}`];
  return { providerName, subject, loginId, isDeveloper: true, amr };
}
