/** Administration of identity pools: Create, Describe, Update, Delete, List, and AdoptIdentityPool, an extension of this service. */
import { sha256Hex } from "../domain/digest.ts";
import type { Config } from "../config.ts";
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import { identityPoolIdOf, isMadeIn } from "../domain/identifiers.ts";
import type { CognitoIdentityProvider, IdentityPool, IdentityPoolSettings } from "../domain/identity-pool.ts";
import { SHARDS_OF_NEW_POOL } from "../pools/directory-shards.ts";
import { checkPoolLimits } from "../pools/pool-limits.ts";
import { identityPoolNotFound } from "../domain/refusals.ts";
import { allowsPool } from "../domain/admin-credential.ts";
import type { ExtensionInputOf, ExtensionOutputOf } from "../protocol/extensions.ts";
import type { InputOf, OutputOf } from "../protocol/shapes.ts";
import { checkProviders, uncheckedUserPools } from "../providers/pool-providers.ts";
import { identityPoolIdOfInput, poolRefusal, type SignedContext } from "./context.ts";
import { readNamedPool } from "./named-pool.ts";
import { decodePageToken, encodePageToken, INVALID_PAGE_TOKEN } from "./page-token.ts";
import { writeEvent } from "../log/write.ts";

export async function createIdentityPool(
  input: InputOf<"CreateIdentityPool">,
  context: SignedContext,
): Promise<Result<OutputOf<"CreateIdentityPool">>> {
  const { caller, config, objects } = context;
  const settings = settingsOf(input);
  const checked = checkSettings(settings, config);
  if (!checked.ok) return checked;
  const fixed = await context.fixJurisdiction();
  if (!fixed.ok) return fixed;
  const requestKey = caller.callKey ?? caller.signature;
  for (let generation = 0; generation < MAX_GENERATIONS; generation++) {
    const identityPoolId = identityPoolIdOf(config.region, await uuidOf(`${requestKey} ${generation}`));
    const pool = await objects.identityPool(identityPoolId).create(identityPoolId, settings, SHARDS_OF_NEW_POOL);
    // One that was made by this request and deleted since stays deleted: boto3 creates, deletes and creates in a second.
    if (pool !== null) return ok(storedPool(pool, config));
  }
  return err(serviceError("ResourceConflictException", "The identity pools of this request have been deleted."));
}

/** How often pools may be made and deleted by one and the same request. */
const MAX_GENERATIONS = 16;

/** The pool's id comes from the key of the request, so that one that comes again makes nothing: a captured one (T44), or a retry. */
async function uuidOf(requestKey: string): Promise<string> {
  const hex = await sha256Hex(`identity-pool ${requestKey}`);
  // Version 4 and the variant of RFC 9562, as in every other id: the rest is as good as random.
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const ID_IN_USE = serviceError(
  "ResourceConflictException",
  "The identity pool id is in use, or was: an id is never used again.",
);

/** A pool under an id that clients know already, as they knew it at Cognito: they keep what they remember under it. */
export async function adoptIdentityPool(
  input: ExtensionInputOf<"AdoptIdentityPool">,
  context: SignedContext,
): Promise<Result<ExtensionOutputOf<"AdoptIdentityPool">>> {
  const { caller, config, objects } = context;
  const identityPoolId = identityPoolIdOfInput(input.IdentityPoolId);
  const refusal = poolRefusal(context, identityPoolId);
  if (refusal !== null) return refusal;
  const { region } = config;
  if (!isMadeIn(region, identityPoolId)) {
    return err(serviceError("InvalidParameterException", `IdentityPoolId must be '${region}:' and a UUID.`));
  }
  const settings = settingsOf(input);
  const checked = checkSettings(settings, config);
  if (!checked.ok) return checked;
  const fixed = await context.fixJurisdiction();
  if (!fixed.ok) return fixed;
  // What is stored of a call never is its signature (T46).
  const callKey = caller.callKey ?? (await sha256Hex(caller.signature));
  const pool = await objects.identityPool(identityPoolId).adopt(identityPoolId, settings, callKey, SHARDS_OF_NEW_POOL);
  return pool === null ? err(ID_IN_USE) : ok(storedPool(pool, config));
}

export async function describeIdentityPool(
  input: InputOf<"DescribeIdentityPool">,
  context: SignedContext,
): Promise<Result<OutputOf<"DescribeIdentityPool">>> {
  const identityPoolId = identityPoolIdOfInput(input.IdentityPoolId);
  const refusal = poolRefusal(context, identityPoolId);
  if (refusal !== null) return refusal;
  const pool = await readNamedPool(context, identityPoolId);
  return pool.ok ? ok(poolAs(pool.value)) : pool;
}

export async function updateIdentityPool(
  input: InputOf<"UpdateIdentityPool">,
  context: SignedContext,
): Promise<Result<OutputOf<"UpdateIdentityPool">>> {
  const identityPoolId = identityPoolIdOfInput(input.IdentityPoolId);
  const refusal = poolRefusal(context, identityPoolId);
  if (refusal !== null) return refusal;
  // An empty map of tags says that there are to be none, and no map that they stay.
  const settings = { ...settingsOf(input), ...(input.IdentityPoolTags?.size === 0 && { tags: {} }) };
  const checked = checkSettings(settings, context.config);
  if (!checked.ok) return checked;
  const updated = await context.objects.identityPool(identityPoolId).update(settings, context.caller.callKey);
  context.objects.forgetPool(identityPoolId);
  if (updated === null) return err(identityPoolNotFound(identityPoolId));
  return updated.ok ? ok(storedPool(updated.value, context.config)) : err(updated.error);
}

export async function deleteIdentityPool(
  input: InputOf<"DeleteIdentityPool">,
  context: SignedContext,
): Promise<Result<undefined>> {
  const identityPoolId = identityPoolIdOfInput(input.IdentityPoolId);
  const refusal = poolRefusal(context, identityPoolId);
  if (refusal !== null) return refusal;
  const removed = await context.objects.identityPool(identityPoolId).remove(context.caller.callKey);
  context.objects.forgetPool(identityPoolId);
  return removed ? ok(undefined) : err(identityPoolNotFound(identityPoolId));
}

const POOL_LISTING = "identity-pools";

export async function listIdentityPools(
  input: InputOf<"ListIdentityPools">,
  context: SignedContext,
): Promise<Result<OutputOf<"ListIdentityPools">>> {
  const { config, caller, objects } = context;
  const { credential } = caller;
  const start = input.NextToken === undefined ? [""] : await decodePageToken(POOL_LISTING, input.NextToken, config);
  const after = start?.[0];
  if (typeof after !== "string") return err(INVALID_PAGE_TOKEN);
  // A credential that is limited to some pools pages over those alone. One more than is asked for says whether another page
  // is worth a token.
  const among = credential.pools === "*" ? null : credential.pools;
  const listed = await objects.poolDirectory(config.region).page(after, input.MaxResults + 1, among);
  const visible = listed.filter(({ identityPoolId }) => allowsPool(credential, identityPoolId));
  const page = visible.slice(0, input.MaxResults);
  const last = page.at(-1);
  return ok({
    IdentityPools: page.map(({ identityPoolId, name }) => ({
      IdentityPoolId: identityPoolId,
      IdentityPoolName: name,
    })),
    ...(visible.length > page.length &&
      last !== undefined && { NextToken: await encodePageToken(POOL_LISTING, [last.identityPoolId], config) }),
  });
}

function checkSettings(settings: IdentityPoolSettings, config: Config): Result<void> {
  const limited = checkPoolLimits(settings);
  return limited.ok ? checkProviders(settings, config) : limited;
}

/** Members that are empty are as good as absent, so that they are not shown again. */
function settingsOf(input: InputOf<"CreateIdentityPool">): IdentityPoolSettings {
  const providers = input.CognitoIdentityProviders?.map((provider): CognitoIdentityProvider => {
    return {
      ...(provider.ProviderName !== undefined && { providerName: provider.ProviderName }),
      ...(provider.ClientId !== undefined && { clientId: provider.ClientId }),
      ...(provider.ServerSideTokenCheck !== undefined && { serverSideTokenCheck: provider.ServerSideTokenCheck }),
    };
  });
  const { SupportedLoginProviders, OpenIdConnectProviderARNs, SamlProviderARNs, IdentityPoolTags } = input;
  return {
    name: input.IdentityPoolName,
    allowsUnauthenticated: input.AllowUnauthenticatedIdentities,
    ...(input.AllowClassicFlow !== undefined && { allowsClassicFlow: input.AllowClassicFlow }),
    ...(SupportedLoginProviders?.size && { supportedLoginProviders: Object.fromEntries(SupportedLoginProviders) }),
    ...(input.DeveloperProviderName !== undefined && { developerProviderName: input.DeveloperProviderName }),
    ...(OpenIdConnectProviderARNs?.length && { openIdConnectProviderArns: OpenIdConnectProviderARNs }),
    ...(providers?.length && { cognitoIdentityProviders: providers }),
    ...(SamlProviderARNs?.length && { samlProviderArns: SamlProviderARNs }),
    ...(IdentityPoolTags?.size && { tags: Object.fromEntries(IdentityPoolTags) }),
  };
}

/** A check that is not made refuses no pool, since the CDK turns it on by default; the log says it to the operator. */
function storedPool(pool: IdentityPool, { providerApis }: Config): OutputOf<"DescribeIdentityPool"> {
  const userPools = uncheckedUserPools(pool, providerApis);
  if (userPools.length > 0) {
    const { identityPoolId } = pool;
    writeEvent({ event: "server-side-token-check-not-made", identityPoolId, userPools });
  }
  return poolAs(pool);
}

function poolAs(pool: IdentityPool): OutputOf<"DescribeIdentityPool"> {
  return {
    IdentityPoolId: pool.identityPoolId,
    IdentityPoolName: pool.name,
    AllowUnauthenticatedIdentities: pool.allowsUnauthenticated,
    AllowClassicFlow: pool.allowsClassicFlow,
    SupportedLoginProviders: pool.supportedLoginProviders,
    DeveloperProviderName: pool.developerProviderName,
    OpenIdConnectProviderARNs: pool.openIdConnectProviderArns,
    CognitoIdentityProviders: pool.cognitoIdentityProviders?.map((provider) => ({
      ProviderName: provider.providerName,
      ClientId: provider.clientId,
      ServerSideTokenCheck: provider.serverSideTokenCheck,
    })),
    SamlProviderARNs: pool.samlProviderArns,
    IdentityPoolTags: pool.tags,
  };
}
