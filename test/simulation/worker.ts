/**
 * The isolate's side of a request: the code of src/operations over the simulated network. Where an operation verifies login
 * tokens, which is not simulated, what it does with the verified ones is run; all other operations are run whole.
 */
import { err, ok, type Result } from "../../src/domain/errors.ts";
import type { ClientCall } from "../../src/domain/identity.ts";
import { DEVELOPER_TOKEN_LIFETIME_SECONDS } from "../../src/domain/grant.ts";
import { type IdentityId, identityIdOf } from "../../src/domain/identifiers.ts";
import type { VerifiedLogin } from "../../src/domain/login.ts";
import { errorOf, identityPoolNotFound, withWords } from "../../src/domain/refusals.ts";
import { changed, untilAnswered } from "../../src/linking/contention.ts";
import type { SignedContext } from "../../src/operations/context.ts";
import {
  getOpenIdTokenForDeveloperIdentity,
  lookupDeveloperIdentity,
  mergeDeveloperIdentities,
  unlinkDeveloperIdentity,
} from "../../src/operations/developer-identities.ts";
import { obtainGrant } from "../../src/linking/obtain-grant.ts";
import { getOpenIdToken } from "../../src/operations/get-open-id-token.ts";
import { bringTogether } from "../../src/linking/bring-together.ts";
import { rotateSigningKey } from "../../src/operations/rotate-signing-key.ts";
import { mint } from "../../src/token/mint.ts";
import type { Isolate } from "./isolate.ts";
import { ringIn } from "./keys.ts";
import { objectsOf } from "./stubs.ts";
import type { UnlinkRequest } from "./record-rules.ts";
import { ISSUER_UNREACHABLE, SLOWEST_ISSUER_MS, verified } from "./issuers.ts";
import type { Random } from "./random.ts";
import { loginsIn, type Request, usersOf } from "./requests.ts";
import type { Life } from "./slots.ts";
import { DEVELOPER, POOL_ID } from "./settings.ts";
import type { World } from "./world.ts";

export type Serving = {
  readonly world: World;
  readonly isolate: Isolate;
  readonly life: Life;
  readonly call: ClientCall;
  readonly random: Random;
};

type Answer = Result<IdentityId | null>;

export async function serve(serving: Serving, request: Request): Promise<Answer> {
  const { world, life, isolate, call, random } = serving;
  const context = isolate.contextOf(life, objectsOf(world, life), call, random);
  switch (request.kind) {
    case "get-id":
      return await getId(serving, context, request.tokens);
    case "burst": {
      const { identityId, tokens } = request;
      const ask = async (named: IdentityId) => await context.objects.grant(named, new Map(tokens), call, "basic");
      const granted = await obtainGrant(context, identityId, call, ask);
      return granted.ok ? ok(granted.value.identityId) : withWords(granted);
    }
    case "get-token": {
      const { identityId, tokens } = request;
      const answer = await getOpenIdToken({ IdentityId: identityId, Logins: new Map(tokens) }, context);
      return answer.ok ? ok(answer.value.IdentityId as IdentityId) : answer;
    }
    case "unlink": {
      const { identityId, tokens, from } = request;
      world.judge.unlinks.asked(unlinkRequestOf(world, request));
      const unlinked = await untilAnswered(context, async () =>
        changed(await context.objects.identity(identityId).unlink(identityId, new Map(tokens), [...from])),
      );
      return unlinked.ok ? ok(null) : withWords(unlinked);
    }
    case "delete": {
      const { identityId } = request;
      world.judge.asksToDelete(identityId);
      const removed = await untilAnswered(context, async () =>
        changed(await context.objects.identity(identityId).remove(identityId, "*")),
      );
      return removed.ok ? ok(null) : withWords(removed);
    }
    case "developer-token":
      return await developerToken(serving, context, request);
    case "unlink-user": {
      const { identityId, user } = request;
      if (identityId === undefined) return ok(null);
      world.judge.unlinks.asked(unlinkRequestOf(world, { ...request, identityId }));
      const input = {
        IdentityPoolId: POOL_ID,
        IdentityId: identityId,
        DeveloperProviderName: DEVELOPER,
        DeveloperUserIdentifier: user,
      };
      const answer = await unlinkDeveloperIdentity(input, context);
      return answer.ok ? ok(null) : answer;
    }
    case "merge-users": {
      world.judge.asksToMerge(usersOf(request, world.login));
      const input = {
        IdentityPoolId: POOL_ID,
        DeveloperProviderName: DEVELOPER,
        DestinationUserIdentifier: request.destination,
        SourceUserIdentifier: request.source,
      };
      const answer = await mergeDeveloperIdentities(input, context);
      return answer.ok ? ok(answer.value.IdentityId as IdentityId) : answer;
    }
    case "look-up": {
      const askedAtStep = world.network.steps;
      const input = { IdentityPoolId: POOL_ID, DeveloperUserIdentifier: request.user };
      const answer = await lookupDeveloperIdentity(input, context);
      if (!answer.ok) return answer;
      const { IdentityId: identityId = "", DeveloperUserIdentifierList: users = [] } = answer.value;
      const { loginId } = world.login(DEVELOPER, request.user);
      for (const user of users) {
        const pair = [loginId, world.login(DEVELOPER, user).loginId] as const;
        world.judge.merges.saidTogether(pair, identityId, askedAtStep);
      }
      if (!users.includes(request.user))
        world.network.violate(`D1: ${identityId} is said to have ${loginId}, unlisted`);
      return ok(identityId as IdentityId);
    }
    case "delete-pool":
      world.judge.asksToDeletePool();
      await world.network.call(life, world.pool, "delete pool", (node) => node.remove());
      return ok(null);
    case "rotate-key":
      return await rotateKey(serving, context, request.isForced);
    case "pause":
      await world.network.sleep(life, request.ms);
      return ok(null);
  }
}

async function rotateKey({ world, call }: Serving, context: SignedContext, isForced: boolean): Promise<Answer> {
  const orderId = call.callId ?? "";
  world.keyJudge.ordered(orderId, isForced);
  const answer = await rotateSigningKey({ Force: isForced }, context);
  if (!answer.ok) return answer;
  const rotation = { kid: answer.value.KeyId, droppedKids: answer.value.DroppedKeyIds };
  world.keyJudge.acknowledged(orderId, rotation, ringIn(world.keyRing.stored));
  return ok(null);
}

/** As src/operations/get-id.ts, from where the tokens have been verified. */
async function getId(serving: Serving, context: SignedContext, tokens: ReadonlyMap<string, string>): Promise<Answer> {
  const { world } = serving;
  if ((await context.objects.readPool(POOL_ID)) === null) return err(identityPoolNotFound(POOL_ID));
  if (tokens.size === 0) {
    const identityId = identityIdOf(context.config.region, context.newUuid());
    const created = await context.objects.identity(identityId).createGuest(identityId, POOL_ID);
    // A guest that was made twice, by a request that was delivered twice, answers no to one of the two.
    return created ? ok(identityId) : err(errorOf({ kind: "contended" }));
  }
  const logins = await verify(serving, tokens);
  if (logins === null) return err(ISSUER_UNREACHABLE);
  world.judge.proved(logins);
  const linked = await bringTogether(context, { identityPoolId: POOL_ID, logins, mints: false });
  return linked.ok ? ok(linked.value.identityId) : withWords(linked);
}

async function verify({ world, life, random }: Serving, tokens: ReadonlyMap<string, string>) {
  await world.network.sleep(life, random.below(SLOWEST_ISSUER_MS));
  return verified(world, tokens);
}

/** Whole where the developer's user comes alone; else as that operation goes on once the public tokens are verified. */
async function developerToken(
  serving: Serving,
  context: SignedContext,
  { identityId, tokens }: Extract<Request, { kind: "developer-token" }>,
): Promise<Answer> {
  const { world } = serving;
  if (tokens.size === 1) {
    world.judge.asksAsDeveloper(loginsIn(tokens, world.login), identityId !== null);
    const named = identityId === null ? {} : { IdentityId: identityId };
    const input = { IdentityPoolId: POOL_ID, Logins: new Map(tokens), ...named };
    const answer = await getOpenIdTokenForDeveloperIdentity(input, context);
    return answer.ok ? ok(answer.value.IdentityId as IdentityId) : answer;
  }
  if ((await context.objects.readPool(POOL_ID)) === null) return err(identityPoolNotFound(POOL_ID));
  const logins = await verify(serving, tokens);
  const [user] = logins ?? [];
  if (logins === null || user === undefined) return err(ISSUER_UNREACHABLE);
  world.judge.asksAsDeveloper(logins, identityId !== null);
  const granted = await obtainDeveloperGrant(context, identityId, logins, user);
  if (!granted.ok) return withWords(granted);
  const grant = { ...granted.value, lifetimeSeconds: DEVELOPER_TOKEN_LIFETIME_SECONDS };
  const stamp = { issuer: context.config.issuer, now: context.now(), jti: context.newUuid() };
  const token = await mint(grant, stamp, context.signer);
  return token.ok ? ok(grant.identityId) : token;
}

async function obtainDeveloperGrant(
  context: SignedContext,
  identityId: IdentityId | null,
  logins: readonly VerifiedLogin[],
  user: VerifiedLogin,
) {
  if (identityId === null) {
    return await bringTogether(context, { identityPoolId: POOL_ID, logins, mints: true });
  }
  const ask = async (named: IdentityId) =>
    await context.objects.identity(named).grantVerified(named, POOL_ID, logins, context.call);
  return await obtainGrant(context, identityId, context.call, ask, user.loginId);
}

export function unlinkRequestOf(
  world: World,
  request:
    | Extract<Request, { kind: "unlink" }>
    | (Extract<Request, { kind: "unlink-user" }> & { identityId: IdentityId }),
): UnlinkRequest {
  const { identityId } = request;
  if (request.kind === "unlink-user") {
    const { loginId } = world.login(DEVELOPER, request.user);
    return { identityId, proofs: [loginId], providerNames: [], loginIds: [loginId] };
  }
  const proofs = loginsIn(request.tokens, world.login).map(({ loginId }) => loginId);
  return { identityId, proofs, providerNames: request.from, loginIds: [] };
}
