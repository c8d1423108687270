import { beforeEach, describe, expect, it, vi } from "vitest";
import type { AdminCredential } from "../../../src/domain/admin-credential.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import {
  makeGuest,
  makePool,
  makeSignIn,
  newIdentityId,
  newPoolId,
  type SignIn,
  untilAtRest,
} from "../../support/objects.ts";
import { ADMIN, type Answer, makeService, type Service, textOf } from "../../support/service.ts";

const DEVELOPER = "login.example";
const LIMITED: AdminCredential = { ...ADMIN, accessKeyId: "limited", pools: [newPoolId()] };

let signIns: readonly [SignIn, SignIn];
let pool: IdentityPool;

anHourAhead();

beforeEach(async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  const upstream = new FakeUpstream().install();
  signIns = [await makeSignIn(upstream), await makeSignIn(upstream)];
  const supportedLoginProviders = Object.assign({}, ...signIns.map(({ settings }) => settings.supportedLoginProviders));
  pool = await makePool({ supportedLoginProviders, developerProviderName: DEVELOPER });
});

function serviceWith(mergePolicy: "conflict" | "merge" = "conflict"): Service {
  return makeService({ credentials: [ADMIN, LIMITED], settings: { MERGE_POLICY: mergePolicy } });
}

function forbidden(identityId: string) {
  const message = `Access to Identity '${identityId}' is forbidden.`;
  return { status: 403, json: { __type: "NotAuthorizedException", message } };
}

async function getId(service: Service, Logins: object): Promise<string> {
  const answer = await service.call("GetId", { IdentityPoolId: pool.identityPoolId, Logins });
  const identityId = textOf(answer, "IdentityId");
  await untilAtRest(identityId as ReturnType<typeof newIdentityId>);
  return identityId;
}

async function isHidden(service: Service, identityId: string): Promise<boolean> {
  const listed = async (HideDisabled: boolean): Promise<string> =>
    (await service.admin("ListIdentities", { IdentityPoolId: pool.identityPoolId, MaxResults: 60, HideDisabled })).text;
  expect(await listed(false)).toContain(identityId);
  return !(await listed(true)).includes(identityId);
}

describe("DisableIdentity", () => {
  it("refuses its user by every way, in the words of the live service, until EnableIdentity", async () => {
    const service = serviceWith();
    const logins = await signIns[0].logins("ann");
    const IdentityId = await getId(service, logins);
    const ways = async (): Promise<readonly Answer[]> => [
      await service.call("GetId", { IdentityPoolId: pool.identityPoolId, Logins: logins }),
      await service.call("GetOpenIdToken", { IdentityId, Logins: logins }),
      await service.call("UnlinkIdentity", { IdentityId, Logins: logins, LoginsToRemove: ["nobody.example"] }),
    ];
    for (let times = 0; times < 2; times++) {
      const answer = await service.admin("DisableIdentity", { IdentityId });
      expect(answer).toMatchObject({ status: 200, json: { IdentityId, IsDisabled: true } });
    }
    for (const answer of await ways()) expect(answer).toMatchObject(forbidden(IdentityId));
    const credentials = await service.call("GetCredentialsForIdentity", { IdentityId, Logins: logins });
    expect(credentials).toMatchObject(forbidden(IdentityId));
    expect((await service.admin("EnableIdentity", { IdentityId })).json).toEqual({ IdentityId, IsDisabled: false });
    for (const answer of await ways()) expect(answer.status).toBe(200);
  });

  it("stops a guest as well", async () => {
    const service = serviceWith();
    const IdentityId = await makeGuest(pool.identityPoolId);
    await service.admin("DisableIdentity", { IdentityId });
    expect(await service.call("GetOpenIdToken", { IdentityId })).toMatchObject(forbidden(IdentityId));
  });

  it("is shown by ListIdentities with HideDisabled, and by DescribeIdentityInFull with who said it", async () => {
    const service = serviceWith();
    const IdentityId = await makeGuest(pool.identityPoolId);
    await untilAtRest(IdentityId);
    expect(await isHidden(service, IdentityId)).toBe(false);
    await service.admin("DisableIdentity", { IdentityId });
    expect(await isHidden(service, IdentityId)).toBe(true);
    const { json } = await service.admin("DescribeIdentityInFull", { IdentityId });
    const told = { Sequence: 2, At: expect.any(Number), Kind: "disabled", By: ADMIN.accessKeyId };
    expect(json).toMatchObject({ Standing: "guest", IsDisabled: true, Life: [{ Kind: "born" }, told] });
  });

  it.each(["conflict", "merge"] as const)("lets nobody absorb it, nor be absorbed by it: policy %s", async (policy) => {
    const service = serviceWith(policy);
    const [ofAnn, ofBob] = [await signIns[0].logins("ann"), await signIns[1].logins("bob")];
    const [ann, bob] = [await getId(service, ofAnn), await getId(service, ofBob)];
    const guest = await makeGuest(pool.identityPoolId);
    await service.admin("DisableIdentity", { IdentityId: ann });
    // Whoever is told of the owner has proved that it is his.
    expect(await service.call("GetOpenIdToken", { IdentityId: guest, Logins: ofAnn })).toMatchObject(forbidden(ann));
    const both = { IdentityId: bob, Logins: new Map([...ofAnn, ...ofBob]) };
    const refused = { conflict: { status: 409 }, merge: forbidden(ann) }[policy];
    expect(await service.call("GetOpenIdToken", both)).toMatchObject(refused);
    expect((await service.call("GetOpenIdToken", { IdentityId: bob, Logins: ofBob })).status).toBe(200);
    await service.admin("EnableIdentity", { IdentityId: ann });
    expect(textOf(await service.call("GetOpenIdToken", { IdentityId: guest, Logins: ofAnn }), "IdentityId")).toBe(ann);
  });

  it("stops a developer's user, also where the call names no identity, and merges none", async () => {
    const service = serviceWith();
    const tokenFor = async (user: string): Promise<Answer> => {
      const input = { IdentityPoolId: pool.identityPoolId, Logins: { [DEVELOPER]: user } };
      return await service.admin("GetOpenIdTokenForDeveloperIdentity", input);
    };
    const [one, other] = [textOf(await tokenFor("one"), "IdentityId"), textOf(await tokenFor("other"), "IdentityId")];
    await service.admin("DisableIdentity", { IdentityId: one });
    expect(await tokenFor("one")).toMatchObject(forbidden(one));
    const provider = { IdentityPoolId: pool.identityPoolId, DeveloperProviderName: DEVELOPER };
    for (const [SourceUserIdentifier, DestinationUserIdentifier] of [
      ["one", "other"],
      ["other", "one"],
    ]) {
      const merge = { ...provider, SourceUserIdentifier, DestinationUserIdentifier };
      expect(await service.admin("MergeDeveloperIdentities", merge)).toMatchObject(forbidden(one));
    }
    const unlink = { ...provider, IdentityId: one, DeveloperUserIdentifier: "one" };
    expect(await service.admin("UnlinkDeveloperIdentity", unlink)).toMatchObject(forbidden(one));
    const found = { IdentityPoolId: pool.identityPoolId, DeveloperUserIdentifier: "one" };
    expect(textOf(await service.admin("LookupDeveloperIdentity", found), "IdentityId")).toBe(one);
    expect((await tokenFor("other")).json).toMatchObject({ IdentityId: other });
  });

  it("is refused for an identity that was merged, and says into which", async () => {
    const service = serviceWith();
    const logins = await signIns[0].logins("ann");
    const owner = await getId(service, logins);
    const guest = await makeGuest(pool.identityPoolId);
    await service.call("GetOpenIdToken", { IdentityId: guest, Logins: logins });
    expect(await service.admin("DisableIdentity", { IdentityId: guest })).toMatchObject({
      status: 409,
      json: { __type: "ResourceConflictException", message: `Identity '${guest}' was merged into '${owner}'.` },
    });
  });

  it("is refused for no identity, and to a credential of another pool", async () => {
    const service = serviceWith();
    const notFound = { status: 404, json: { __type: "ResourceNotFoundException" } };
    for (const operation of ["DisableIdentity", "EnableIdentity"]) {
      expect(await service.admin(operation, { IdentityId: newIdentityId() })).toMatchObject(notFound);
      const IdentityId = await makeGuest(pool.identityPoolId);
      expect(await service.call(operation, { IdentityId }, { credential: LIMITED })).toMatchObject({
        json: { __type: "AccessDeniedException" },
      });
      expect((await service.call("GetOpenIdToken", { IdentityId })).status).toBe(200);
    }
  });
});
