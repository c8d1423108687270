/** What administrators ask of pools: the code of src/operations, run whole, and what the judge must hear of it. */
import { ok, type Result } from "../../src/domain/errors.ts";
import type { IdentityId, IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { SignedContext } from "../../src/operations/context.ts";
import { getIdentityPoolRoles, setIdentityPoolRoles } from "../../src/operations/identity-pool-roles.ts";
import { listIdentities } from "../../src/operations/list-identities.ts";
import {
  createIdentityPool,
  deleteIdentityPool,
  describeIdentityPool,
  listIdentityPools,
  updateIdentityPool,
} from "../../src/operations/identity-pools.ts";
import { changePool } from "../../src/operations/named-pool.ts";
import { listTagsForResource, tagResource } from "../../src/operations/resource-tags.ts";
import type { Isolate } from "./isolate.ts";
import { NONE } from "./pool-judge.ts";
import type { Request } from "./requests.ts";
import type { Act } from "./operations.ts";
import { DEVELOPER, SECRETS } from "./settings.ts";
import type { World } from "./world.ts";

type Administration = {
  readonly world: Pick<World, "network" | "judge" | "sources">;
  readonly isolate: Pick<Isolate, "changedPool">;
  readonly context: SignedContext;
};
type Answer = Result<IdentityId | null>;
type PoolRequest = Extract<Request, { readonly kind: "administer" }>;

/** More than any list of the simulation has. */
const MOST_PAGES = 200;

const CHANGES: ReadonlySet<Act> = new Set(["update", "set-roles", "tag", "set-source", "end-source", "delete"]);

export async function servePool(administration: Administration, request: PoolRequest): Promise<Answer> {
  const { world, isolate, context } = administration;
  world.judge.pools.isConcerned = true;
  const answer = await run(administration, request);
  const { act, identityPoolId } = request;
  if (answer.ok && CHANGES.has(act)) isolate.changedPool(identityPoolId);
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
    case "set-roles": {
      const given = pools.roles.asksToGive(identityPoolId, request.name);
      const Roles = new Map([["authenticated", roleOf(request.name)]]);
      const answer = await setIdentityPoolRoles({ IdentityPoolId: identityPoolId, Roles }, context);
      if (answer.ok) given();
      return answer.ok ? ok(null) : answer;
    }
    case "tag": {
      const given = pools.tags.asksToGive(identityPoolId, request.name);
      const Tags = new Map([[TAG, request.name]]);
      const answer = await tagResource({ ResourceArn: arnOf(identityPoolId), Tags }, context);
      if (answer.ok) given();
      return answer.ok ? ok(null) : answer;
    }
    // Its own operation wants an id as Amazon makes them, of a region as Amazon has them.
    case "set-source":
    case "end-source": {
      const source = request.act === "end-source" ? null : (world.sources?.newSettings(identityPoolId) ?? null);
      const answer = await changePool(context, identityPoolId, { kind: "source", source });
      return answer.ok ? ok(null) : answer;
    }
    case "delete": {
      pools.asksToDelete(identityPoolId, context.call.callId);
      const answer = await deleteIdentityPool({ IdentityPoolId: identityPoolId }, context);
      if (answer.ok) for (const judge of [pools.settings, pools.roles, pools.tags]) judge.deleted(identityPoolId);
      return answer.ok ? ok(null) : answer;
    }
    case "describe": {
      const askedAtMs = world.network.nowMs;
      const answer = await describeIdentityPool({ IdentityPoolId: identityPoolId }, context);
      if (!answer.ok) return answer;
      const { IdentityPoolName: name, SupportedLoginProviders: providers } = answer.value;
      pools.settings.read(identityPoolId, name, askedAtMs);
      if (pools.roles.isConcerned || pools.tags.isConcerned) await readChanges({ world, context }, identityPoolId);
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

/** Reads what the pool has beside its settings. It may be deleted meanwhile. */
async function readChanges(
  { world, context }: Pick<Administration, "world" | "context">,
  identityPoolId: IdentityPoolId,
): Promise<void> {
  const { roles, tags } = world.judge.pools;
  const askedAtMs = world.network.nowMs;
  const given = await getIdentityPoolRoles({ IdentityPoolId: identityPoolId }, context);
  if (given.ok) roles.read(identityPoolId, given.value.Roles?.["authenticated"]?.split("/")[1] ?? NONE, askedAtMs);
  const listedAtMs = world.network.nowMs;
  const listed = await listTagsForResource({ ResourceArn: arnOf(identityPoolId) }, context);
  if (listed.ok) tags.read(identityPoolId, listed.value.Tags?.[TAG] ?? NONE, listedAtMs);
}

const TAG = "of";

function roleOf(name: string): string {
  return `arn:aws:iam::123456789012:role/${name}`;
}

function arnOf(identityPoolId: IdentityPoolId): string {
  return `arn:aws:cognito-identity:r::identitypool/${identityPoolId}`;
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
