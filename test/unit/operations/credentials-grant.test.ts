/** What credentials are given for, by the real objects: by logins, wherever they turn out to be linked, and by a token of this service. */
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import type { IdentityId } from "../../../src/domain/identifiers.ts";
import type { PoolAccess } from "../../../src/domain/pool-access.ts";
import type { OperationContext } from "../../../src/operations/context.ts";
import { grantForCredentials } from "../../../src/operations/credentials-grant.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import {
  makeGuest,
  makePool,
  makeSignIn,
  newIdentityId,
  noteCalls,
  recordOf,
  type SignIn,
  untilAtRest,
} from "../../support/objects.ts";
import { operationContext } from "../../support/operation-context.ts";
import { role } from "../../support/account-roles.ts";
import { makeService, type Service, textOf } from "../../support/service.ts";

const DEVELOPER = "login.backend.example";
const OWN = "cognito-identity.amazonaws.com";

let signIn: SignIn;
let service: Service;
let pool: IdentityPool;

const context = operationContext();

anHourAhead();

beforeEach(async () => {
  signIn = await makeSignIn(new FakeUpstream().install());
  service = makeService();
  pool = await makePool({ ...signIn.settings, developerProviderName: DEVELOPER });
  await setRoles({});
});

async function setRoles(roleMappings: PoolAccess["roleMappings"]): Promise<void> {
  const roles = { authenticated: role("user"), unauthenticated: role("guest") };
  await env.IDENTITY_POOL.getByName(pool.identityPoolId).change({ kind: "roles", roles, roleMappings });
  context.objects.forgetPool(pool.identityPoolId);
}

async function granted(IdentityId: IdentityId, Logins?: ReadonlyMap<string, string>, CustomRoleArn?: string) {
  const input = { IdentityId, ...(Logins && { Logins }), ...(CustomRoleArn !== undefined && { CustomRoleArn }) };
  return await grantForCredentials(input, context);
}

async function tokenOf(identityId: IdentityId, logins: ReadonlyMap<string, string>): Promise<string> {
  return textOf(await service.call("GetOpenIdToken", { IdentityId: identityId, Logins: logins }), "Token");
}

const BY_TOKEN = { type: "Token", ambiguousRoleResolution: "Deny" } as const;
const NOT_OURS = { error: { type: "NotAuthorizedException", message: "Invalid login token. Not a Cognito token." } };

describe("a grant for credentials", () => {
  it("is for the guests' role, and for the users' by a login that it links", async () => {
    const guest = await makeGuest(pool.identityPoolId);
    expect(await granted(guest)).toMatchObject({ ok: true, value: { logins: [], roleArn: role("guest") } });
    const user = await granted(guest, await signIn.logins("ann"));
    expect(user).toMatchObject({ ok: true, value: { identityId: guest, roleArn: role("user") } });
    expect(await recordOf(guest)).toMatchObject({ standing: { kind: "linked" } });
  });

  it("costs a returning user one call, with a mapping as without", async () => {
    await setRoles({ [signIn.providerName]: BY_TOKEN });
    const logins = await signIn.logins("ann", { "cognito:preferred_role": role("staff") });
    const guest = await makeGuest(pool.identityPoolId);
    await granted(guest, logins);
    await untilAtRest(guest);
    const calls = noteCalls();
    expect(await granted(guest, logins)).toMatchObject({ ok: true, value: { roleArn: role("staff") } });
    expect(calls).toEqual(["IdentityObject.grant"]);
  });

  it("is decided by the logins, whichever identity they turn out to be of", async () => {
    await setRoles({ [signIn.providerName]: BY_TOKEN });
    const logins = await signIn.logins("ann", { "cognito:roles": [role("a"), role("b")] });
    const [owner, guest] = [await makeGuest(pool.identityPoolId), await makeGuest(pool.identityPoolId)];
    await granted(owner, logins, role("a"));
    await untilAtRest(owner);
    expect(await granted(guest, logins, role("b"))).toMatchObject({
      ok: true,
      value: { identityId: owner, roleArn: role("b") },
    });
    expect(await granted(guest, logins, role("c"))).toMatchObject({ error: { type: "NotAuthorizedException" } });
  });

  it("F12: of an object that knows of no roles is none, and the client tries again", async () => {
    const guest = await makeGuest(pool.identityPoolId);
    const logins = await signIn.logins("ann");
    const objects = {
      ...context.objects,
      // The object of the release before passes over what it does not know.
      grant: async (...[id, tokens, call]: Parameters<OperationContext["objects"]["grant"]>) =>
        await context.objects.grant(id, tokens, call, "basic"),
    };
    const result = await grantForCredentials({ IdentityId: guest, Logins: logins }, { ...context, objects });
    expect(result).toMatchObject({ error: { type: "InternalErrorException", reason: "role-undecided" } });
  });
});

describe("a token of this service as a login", () => {
  it("is one for whom it names, and asks nothing of the mappings", async () => {
    const guest = await makeGuest(pool.identityPoolId);
    const token = await tokenOf(guest, await signIn.logins("ann"));
    await setRoles({ [signIn.providerName]: BY_TOKEN });
    const own = new Map([[OWN, token]]);
    expect(await granted(guest, own)).toMatchObject({
      ok: true,
      value: {
        identityId: guest,
        roleArn: role("user"),
        logins: [{ providerName: signIn.providerName, subject: "ann" }],
      },
    });
    expect(await granted(guest, own, role("user"))).toMatchObject({ ok: true });
    expect(await granted(guest, own, role("staff"))).toMatchObject({ error: { type: "NotAuthorizedException" } });
    expect(await granted(await makeGuest(pool.identityPoolId), own)).toMatchObject(NOT_OURS);
    expect(await granted(newIdentityId(), own)).toMatchObject(NOT_OURS);
  });

  it("of a developer's backend names the developer's user, with colons in it, and the tags that were given", async () => {
    const answer = await service.admin("GetOpenIdTokenForDeveloperIdentity", {
      IdentityPoolId: pool.identityPoolId,
      Logins: new Map([[DEVELOPER, "urn:ann:1"], ...(await signIn.logins("ann"))]),
      PrincipalTags: { team: "red" },
      TokenDuration: 3600,
    });
    const identityId = textOf(answer, "IdentityId") as IdentityId;
    const own = new Map([[OWN, textOf(answer, "Token")]]);
    expect(await granted(identityId, own)).toMatchObject({
      ok: true,
      value: {
        logins: [
          { providerName: DEVELOPER, subject: "urn:ann:1", isDeveloper: true },
          { providerName: signIn.providerName, subject: "ann" },
        ],
        principalTags: { team: "red" },
        roleArn: role("user"),
      },
    });
    const unlink = { IdentityPoolId: pool.identityPoolId, IdentityId: identityId, DeveloperProviderName: DEVELOPER };
    await service.admin("UnlinkDeveloperIdentity", { ...unlink, DeveloperUserIdentifier: "urn:ann:1" });
    expect(await granted(identityId, own)).toMatchObject(NOT_OURS);
  });

  it.each<[object, string]>([
    [{ "aws:team": "red" }, "The value of principal tag 'aws:team' is not valid."],
    [{ team: "<red>" }, "The value of principal tag 'team' is not valid."],
    [{ team: "red\nblue" }, "The value of principal tag 'team' is not valid."],
    [{ team: "red", Team: "red" }, "The value of principal tag 'Team' conflicts."],
  ])("of a developer's backend is refused with the tags %j, which STS would take for a defect", async (tags, words) => {
    const answer = await service.admin("GetOpenIdTokenForDeveloperIdentity", {
      IdentityPoolId: pool.identityPoolId,
      Logins: new Map([[DEVELOPER, crypto.randomUUID()]]),
      PrincipalTags: tags,
    });
    const own = new Map([[OWN, textOf(answer, "Token")]]);
    expect(await granted(textOf(answer, "IdentityId") as IdentityId, own)).toMatchObject({
      error: { type: "NotAuthorizedException", message: `Invalid login token. ${words}` },
    });
  });

  it("must be alone, and a login for nothing else", async () => {
    const guest = await makeGuest(pool.identityPoolId);
    const logins = await signIn.logins("ann");
    const own = [OWN, await tokenOf(guest, logins)] as const;
    expect(await granted(guest, new Map([...logins, own]))).toMatchObject({
      error: {
        type: "InvalidParameterException",
        message: "A token under cognito-identity.amazonaws.com must be the only login.",
      },
    });
    const answer = await service.call("GetOpenIdToken", { IdentityId: guest, Logins: new Map([own]) });
    expect(answer.json).toMatchObject({ message: "Invalid login token. Can't pass in a Cognito token." });
  });
});
