/** The isolate's side of a request: the code of src/operations, run whole over the simulated network. */
import { err, ok, type Result, serviceError } from "../../src/domain/errors.ts";
import { accessOf } from "../../src/domain/grant-access.ts";
import type { ClientCall } from "../../src/domain/identity.ts";
import type { IdentityId } from "../../src/domain/identifiers.ts";
import type { VerifiedLogin } from "../../src/domain/login.ts";
import { withWords } from "../../src/domain/refusals.ts";
import { obtainGrant } from "../../src/linking/obtain-grant.ts";
import type { SignedContext } from "../../src/operations/context.ts";
import {
  getOpenIdTokenForDeveloperIdentity,
  lookupDeveloperIdentity,
  mergeDeveloperIdentities,
  unlinkDeveloperIdentity,
} from "../../src/operations/developer-identities.ts";
import { disableIdentity, enableIdentity } from "../../src/operations/disable-identity.ts";
import { getId } from "../../src/operations/get-id.ts";
import { getOpenIdToken } from "../../src/operations/get-open-id-token.ts";
import { deleteIdentities, unlinkIdentity } from "../../src/operations/identities.ts";
import { grantForCredentials } from "../../src/operations/credentials-grant.ts";
import { rotateSigningKey } from "../../src/operations/rotate-signing-key.ts";
import type { Isolate } from "./isolate.ts";
import { deployStep } from "./key-change-operations.ts";
import { ringIn } from "./keys.ts";
import { objectsOf } from "./stubs.ts";
import type { UnlinkRequest } from "./record-rules.ts";
import { ISSUER_UNREACHABLE, SLOWEST_ISSUER_MS, verified } from "./issuers.ts";
import type { Random } from "../support/random.ts";
import { servePool } from "./pool-operations.ts";
import { takeIn, writeDown } from "./transfer-operations.ts";
import { loginsIn, type Request, usersOf } from "./requests.ts";
import { roleArn } from "./roles.ts";
import type { Life } from "./slots.ts";
import { DEVELOPER } from "./settings.ts";
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
  const { identityPoolId } = request;
  const given = { call, ...verifiersFor(serving, request) };
  const context = isolate.contextOf(life, objectsOf(world, life), random, given);
  switch (request.kind) {
    case "get-id":
      return answeredId(await getId({ IdentityPoolId: identityPoolId, Logins: new Map(request.tokens) }, context));
    case "burst": {
      const { identityId, tokens } = request;
      const ask = async (named: IdentityId) => await context.objects.grant(named, new Map(tokens), call, "basic");
      const granted = await obtainGrant(context, identityId, call, ask);
      return granted.ok ? ok(granted.value.identityId) : withWords(granted);
    }
    case "get-token": {
      const { identityId, tokens } = request;
      return answeredId(await getOpenIdToken({ IdentityId: identityId, Logins: new Map(tokens) }, context));
    }
    case "get-credentials":
      return await giveCredentials(serving, context, request);
    case "bring-token": {
      const { identityId, named } = request;
      const pairs = [...named].map(([providerName, subject]) => [world.login(identityPoolId, providerName, subject)]);
      const proof = { identityPoolId, candidates: pairs, principalTags: {} };
      const ask = async (asked: IdentityId) => await context.objects.identity(asked).grantToOwnProof(asked, proof);
      const granted = await obtainGrant(context, identityId, call, ask);
      return granted.ok ? ok(granted.value.identityId) : withWords(granted);
    }
    case "unlink": {
      const { identityId, tokens, from } = request;
      world.judge.unlinks.asked(unlinkRequestOf(world, request));
      const input = { IdentityId: identityId, Logins: new Map(tokens), LoginsToRemove: [...from] };
      const answer = await unlinkIdentity(input, context);
      return answer.ok ? ok(null) : answer;
    }
    case "delete": {
      const { identityId } = request;
      world.judge.asksToDelete(identityId);
      const answer = await deleteIdentities({ IdentityIdsToDelete: [identityId] }, context);
      if (!answer.ok) return answer;
      const isDone = answer.value.UnprocessedIdentityIds?.length === 0;
      if (isDone) world.sources?.judge.isDeleted(identityId);
      return isDone ? ok(null) : err(serviceError("InternalErrorException", "the identity was not deleted"));
    }
    case "disable": {
      const { identityId, isDisabled } = request;
      world.judge.disabling.asked(identityId, isDisabled);
      const say = isDisabled ? disableIdentity : enableIdentity;
      const answer = await say({ IdentityId: identityId }, context);
      return answer.ok ? ok(null) : answer;
    }
    case "developer-token":
      if (request.identityId !== null) world.sources?.judge.names(life, request.identityId);
      return answeredId(
        await getOpenIdTokenForDeveloperIdentity(
          {
            IdentityPoolId: identityPoolId,
            Logins: new Map(request.tokens),
            ...(request.identityId !== null && { IdentityId: request.identityId }),
          },
          context,
        ),
      );
    case "unlink-user": {
      const { identityId, user } = request;
      world.judge.unlinks.asked(unlinkRequestOf(world, request));
      const input = {
        IdentityPoolId: identityPoolId,
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
        IdentityPoolId: identityPoolId,
        DeveloperProviderName: DEVELOPER,
        DestinationUserIdentifier: request.destination,
        SourceUserIdentifier: request.source,
      };
      return answeredId(await mergeDeveloperIdentities(input, context));
    }
    case "look-up": {
      const askedAtStep = world.network.steps;
      const input = { IdentityPoolId: identityPoolId, DeveloperUserIdentifier: request.user };
      const answer = await lookupDeveloperIdentity(input, context);
      if (!answer.ok) return answer;
      const { IdentityId: identityId = "", DeveloperUserIdentifierList: users = [] } = answer.value;
      const { loginId } = world.login(identityPoolId, DEVELOPER, request.user);
      for (const user of users) {
        const pair = [loginId, world.login(identityPoolId, DEVELOPER, user).loginId] as const;
        world.judge.merges.saidTogether(pair, identityId, askedAtStep);
      }
      if (!users.includes(request.user))
        world.network.violate(`acknowledged-is-kept: ${identityId} is said to have ${loginId}, unlisted`);
      return ok(identityId as IdentityId);
    }
    case "look-up-users":
      return answeredId(
        await lookupDeveloperIdentity({ IdentityPoolId: identityPoolId, IdentityId: request.identityId }, context),
      );
    case "old-app":
      return await askSourceItself(serving, request);
    case "administer":
      return await servePool({ world, isolate, context }, request);
    case "import":
      return await takeIn(world, context, identityPoolId, request.lines);
    case "export": {
      const lines = await writeDown(context, identityPoolId, request.size);
      if (lines.ok) world.file = lines.value;
      return lines.ok ? ok(null) : lines;
    }
    case "change-key":
      await deployStep(world, life, random);
      return ok(null);
    case "rotate-key":
      return await rotateKey(serving, context, request.isForced);
    case "ask-issuer":
      await world.keySets.ask(life, request.isUnfit);
      return ok(null);
    case "pause":
      await world.network.sleep(life, request.ms);
      return ok(null);
  }
}

function answeredId(answer: Result<{ readonly IdentityId?: string | undefined }>): Answer {
  return answer.ok ? ok(answer.value.IdentityId as IdentityId) : answer;
}

async function giveCredentials(
  { world: { judge } }: Serving,
  context: SignedContext,
  { identityId, tokens, custom, identityPoolId }: Extract<Request, { kind: "get-credentials" }>,
): Promise<Answer> {
  const role = custom !== null && { CustomRoleArn: roleArn(identityPoolId, custom) };
  const answer = await grantForCredentials({ IdentityId: identityId, Logins: new Map(tokens), ...role }, context);
  if (answer.ok) {
    judge.roles.granted(answer.value.identityPoolId, { tokens, custom }, answer.value);
    return ok(answer.value.identityId);
  }
  judge.roles.isDecided(answer.error.reason);
  return answer;
}

/** It is not served here at all. */
async function askSourceItself(
  { world, life }: Serving,
  request: Extract<Request, { kind: "old-app" }>,
): Promise<Answer> {
  const { sources } = world;
  if (sources === null) return ok(null);
  const { act, identityId, identityPoolId, presented } = request;
  const answer = await sources.line.askAsOldApp(life, { act, identityId, identityPoolId, presented });
  const isNews = [...presented].some(([provider, subject]) => {
    return (world.logins.get(world.login(identityPoolId, provider, subject).loginId)?.stored ?? null) === null;
  });
  if (answer !== null && isNews)
    world.network.coverage.hit("F21 an old app links at the source what is not known here yet");
  return ok(answer);
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

/** What the judge is told once the login tokens of a request are verified in the isolate. */
function noteProof({ world: { judge, login } }: Serving, request: Request, logins: readonly VerifiedLogin[]): void {
  if (request.kind !== "developer-token") return judge.proved(logins);
  const user = loginsIn(request, login).filter(({ providerName }) => providerName === DEVELOPER);
  judge.asksAsDeveloper([...user, ...logins], request.identityId !== null);
}

/** Every login token of the simulation is good, but to find that out takes its time, and needs its issuer. */
function verifiersFor(serving: Serving, request: Request): Pick<SignedContext, "verifyLogins" | "verifyForGrant"> {
  const { world, life, random } = serving;
  const verifyLogins: SignedContext["verifyLogins"] = async (pool, tokens) => {
    if (tokens.size > 0) await world.network.sleep(life, random.below(SLOWEST_ISSUER_MS));
    const logins = verified(world, pool.identityPoolId, tokens);
    if (logins === null) return err(ISSUER_UNREACHABLE);
    noteProof(serving, request, logins);
    return ok(logins);
  };
  return {
    verifyLogins,
    verifyForGrant: async (pool, tokens, wish) => {
      const logins = await verifyLogins(pool, tokens);
      if (!logins.ok) return logins;
      return ok({ logins: logins.value, access: accessOf(pool, [], wish) });
    },
  };
}

export function unlinkRequestOf(
  world: World,
  request: Extract<Request, { kind: "unlink" | "unlink-user" }>,
): UnlinkRequest {
  const { identityId, identityPoolId } = request;
  if (request.kind === "unlink-user") {
    const { loginId } = world.login(identityPoolId, DEVELOPER, request.user);
    return { identityId, proofs: [loginId], providerNames: [], loginIds: [loginId] };
  }
  const proofs = loginsIn(request, world.login).map(({ loginId }) => loginId);
  return { identityId, proofs, providerNames: request.from, loginIds: [] };
}
