/** What administrators ask of pools: the code of src/operations, run whole, and what the judge must hear of it. */
import { err, ok, type Result } from "../../src/domain/errors.ts";
import type { IdentityId, IdentityPoolId } from "../../src/domain/identifiers.ts";
import { identityPoolNotFound } from "../../src/domain/refusals.ts";
import type { SignedContext } from "../../src/operations/context.ts";
import { listIdentities } from "../../src/operations/identities.ts";
import {
  createIdentityPool,
  deleteIdentityPool,
  describeIdentityPool,
  listIdentityPools,
  updateIdentityPool,
} from "../../src/operations/identity-pools.ts";
import type { Isolate } from "./isolate.ts";
import type { Request } from "./requests.ts";
import { DEVELOPER, SECRETS } from "./settings.ts";
import type { World } from "./world.ts";

type Administration = {
  readonly world: Pick<World, "network" | "judge">;
  readonly isolate: Pick<Isolate, "changedPool">;
  readonly context: SignedContext;
};
type Answer = Result<IdentityId | null>;
type PoolRequest = Extract<Request, { readonly kind: "administer" }>;

/** More than any list of the simulation has. */
const MOST_PAGES = 200;

export async function servePool(administration: Administration, request: PoolRequest): Promise<Answer> {
  const { world, isolate, context } = administration;
  world.judge.pools.isConcerned = true;
  const answer = await run(administration, request);
  const { act, identityPoolId } = request;
  if (answer.ok && (act === "update" || act === "put" || act === "delete")) isolate.changedPool(identityPoolId);
  if (!answer.ok && answer.error.type === "ResourceNotFoundException") {
    world.judge.pools.notFound(request.identityPoolId, request.act === "delete" ? context.call.callId : undefined);
  }
  return answer;
}

async function run({ world, context }: Administration, request: PoolRequest): Promise<Answer> {
  const { pools } = world.judge;
  const { identityPoolId } = request;
  switch (request.act) {
    case "create": {
      const askedAtMs = world.network.nowMs;
      const answer = await createIdentityPool(inputOf(request), context);
      if (!answer.ok) return answer;
      const { IdentityPoolId: id, IdentityPoolName: name } = answer.value;
      pools.settings.created(id as IdentityPoolId, request.name);
      pools.created(context.call.callId, id as IdentityPoolId);
      pools.settings.read(id as IdentityPoolId, name, askedAtMs);
      return ok(null);
    }
    case "update": {
      const given = pools.settings.asksToGive(identityPoolId, request.name);
      const answer = await updateIdentityPool({ ...inputOf(request), IdentityPoolId: identityPoolId }, context);
      if (answer.ok) given();
      return answer.ok ? ok(null) : answer;
    }
    case "put": {
      const { name, hasSecret } = request;
      const given = pools.settings.asksToGive(identityPoolId, name);
      const settings = {
        name,
        allowsUnauthenticated: true,
        developerProviderName: DEVELOPER,
        ...(hasSecret && { supportedLoginProviders: SECRETS }),
      };
      const pool = await context.objects.identityPool(identityPoolId).put(identityPoolId, settings);
      context.objects.forgetPool(identityPoolId);
      if (pool === null) return err(identityPoolNotFound(identityPoolId));
      given();
      return ok(null);
    }
    case "delete": {
      pools.asksToDelete(identityPoolId, context.call.callId);
      const answer = await deleteIdentityPool({ IdentityPoolId: identityPoolId }, context);
      if (answer.ok) pools.settings.deleted(identityPoolId);
      return answer.ok ? ok(null) : answer;
    }
    case "describe": {
      const askedAtMs = world.network.nowMs;
      const answer = await describeIdentityPool({ IdentityPoolId: identityPoolId }, context);
      if (!answer.ok) return answer;
      const { IdentityPoolName: name, SupportedLoginProviders: providers } = answer.value;
      pools.settings.read(identityPoolId, name, askedAtMs);
      const secrets = JSON.stringify(providers ?? SECRETS);
      if (secrets !== JSON.stringify(SECRETS))
        world.network.violate(`latest-settings: ${identityPoolId} has lost its secrets`);
      return ok(null);
    }
    case "list-identities": {
      const listed = await identitiesOf(context, identityPoolId, request.size);
      if (!listed.ok) return listed;
      for (const identityId of listed.value) pools.answered(identityPoolId, identityId);
      if (new Set(listed.value).size < listed.value.length)
        world.network.violate(`lists-are-true: ${identityPoolId} lists an identity twice`);
      return ok(null);
    }
    case "list-pools": {
      const listed = await listedPools(context, request.size);
      return listed.ok ? ok(null) : listed;
    }
  }
}

/** All that ListIdentities tells of a pool, page by page. */
export async function identitiesOf(
  context: SignedContext,
  identityPoolId: IdentityPoolId,
  size: number,
): Promise<Result<readonly string[]>> {
  return await pagesOf(async (token) => {
    const answer = await listIdentities({ IdentityPoolId: identityPoolId, MaxResults: size, ...token }, context);
    if (!answer.ok) return answer;
    const { Identities: identities = [], NextToken } = answer.value;
    return ok({ entries: identities.map(({ IdentityId: id = "" }) => id), NextToken });
  });
}

/** All that ListIdentityPools tells, page by page: each pool with its name. */
export async function listedPools(context: SignedContext, size: number): Promise<Result<readonly string[]>> {
  return await pagesOf(async (token) => {
    const answer = await listIdentityPools({ MaxResults: size, ...token }, context);
    if (!answer.ok) return answer;
    const { IdentityPools: pools = [], NextToken } = answer.value;
    return ok({ entries: pools.map((pool) => `${pool.IdentityPoolId} as ${pool.IdentityPoolName}`), NextToken });
  });
}

type Page = { readonly entries: readonly string[]; readonly NextToken: string | undefined };

async function pagesOf(
  read: (token: { readonly NextToken?: string }) => Promise<Result<Page>>,
): Promise<Result<readonly string[]>> {
  const entries: string[] = [];
  let token: { readonly NextToken?: string } = {};
  for (let count = 0; count < MOST_PAGES; count++) {
    // oxlint-disable-next-line no-await-in-loop -- each page begins where the one before ended
    const page = await read(token);
    if (!page.ok) return page;
    entries.push(...page.value.entries);
    if (page.value.NextToken === undefined) return ok(entries);
    token = { NextToken: page.value.NextToken };
  }
  throw new Error("a list never ends");
}

function inputOf({ name, hasSecret }: PoolRequest) {
  return {
    IdentityPoolName: name,
    AllowUnauthenticatedIdentities: true,
    DeveloperProviderName: DEVELOPER,
    ...(hasSecret && { SupportedLoginProviders: new Map(Object.entries(SECRETS)) }),
  };
}
