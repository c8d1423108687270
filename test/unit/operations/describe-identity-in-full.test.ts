import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { AdminCredential } from "../../../src/domain/admin-credential.ts";
import type { IdentityId } from "../../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import {
  loginOf,
  makeGuest,
  makeLinked,
  makePool,
  makeSignIn,
  newIdentityId,
  NOTHING_STORED,
  noteCalls,
  type SignIn,
  storedIn,
  untilAtRest,
} from "../../support/objects.ts";
import { ADMIN, type Answer, makeService, type Service, textOf } from "../../support/service.ts";

const DEVELOPER = "login.example";
const LIMITED: AdminCredential = {
  ...ADMIN,
  accessKeyId: "limited",
  pools: ["us-east-1:de300000-0000-4000-8000-0000000de300"],
};

let signIn: SignIn;
let pool: IdentityPool;
let service: Service;

anHourAhead();

beforeEach(async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  signIn = await makeSignIn(new FakeUpstream().install());
  pool = await makePool({ ...signIn.settings, developerProviderName: DEVELOPER });
  service = makeService({ credentials: [ADMIN, LIMITED] });
});

const inFull = async (IdentityId: string, credential = ADMIN): Promise<Answer> =>
  await service.call("DescribeIdentityInFull", { IdentityId }, { credential });
const notFound = { status: 404, json: { __type: "ResourceNotFoundException" } };

async function getId(logins: ReadonlyMap<string, string>): Promise<IdentityId> {
  const answer = await service.call("GetId", { IdentityPoolId: pool.identityPoolId, Logins: logins });
  const identityId = textOf(answer, "IdentityId") as IdentityId;
  await untilAtRest(identityId);
  return identityId;
}

describe("DescribeIdentityInFull", () => {
  it("tells of a guest that it was born, with a full bucket", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    await untilAtRest(identityId);
    expect((await inFull(identityId)).json).toEqual({
      IdentityId: identityId,
      IdentityPoolId: pool.identityPoolId,
      Standing: "guest",
      IsDisabled: false,
      CreationDate: expect.any(Number),
      LastModifiedDate: expect.any(Number),
      Logins: [],
      Life: [{ Sequence: 1, At: expect.any(Number), Kind: "born" }],
      Origin: "here",
      Owed: [],
      Bucket: { TokensLeft: 20, Burst: 20, TokensPerSecond: 5 },
    });
  });

  it("tells of a user each login by provider and hash, and no subject but of a developer's users", async () => {
    const logins = await signIn.logins("subject-of-ann");
    const developed = { IdentityPoolId: pool.identityPoolId, Logins: new Map([...logins, [DEVELOPER, "user-7"]]) };
    const identityId = textOf(await service.admin("GetOpenIdTokenForDeveloperIdentity", developed), "IdentityId");
    const { json, text } = await inFull(identityId);
    const { loginId } = await loginOf(pool.identityPoolId, signIn.providerName, "subject-of-ann");
    expect(json).toMatchObject({
      Standing: "authenticated",
      Logins: [
        {
          ProviderName: DEVELOPER,
          LoginHash: expect.stringMatching(/^[0-9a-f]{12}$/),
          DeveloperUserIdentifier: "user-7",
        },
        { ProviderName: signIn.providerName, LoginHash: loginId.slice(0, 12), LinkedAt: expect.any(Number) },
      ],
      Life: [{ Kind: "born" }, { Kind: "linked", ProviderNames: [DEVELOPER, signIn.providerName] }],
    });
    expect(text).not.toContain("subject-of-ann");
    expect(text).not.toContain(loginId.slice(0, 13));
  });

  it("tells both sides of a merge, of which the absorbed one is shown as it is", async () => {
    const logins = await signIn.logins("ann");
    const owner = await getId(logins);
    const guest = await makeGuest(pool.identityPoolId);
    await service.call("GetOpenIdToken", { IdentityId: guest, Logins: logins });
    await untilAtRest(owner, guest);
    expect((await inFull(owner)).json["Life"]).toContainEqual(
      expect.objectContaining({ Kind: "absorbed", Other: guest }),
    );
    expect((await inFull(guest)).json).toMatchObject({
      Standing: "merged",
      MergedInto: owner,
      Life: [{ Kind: "born" }, { Kind: "merged", Other: owner }],
    });
  });

  it("tells that a deleted identity is one, while its tombstone stays", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    await service.admin("DeleteIdentities", { IdentityIdsToDelete: [identityId] });
    expect((await service.admin("DescribeIdentity", { IdentityId: identityId })).status).toBe(404);
    const { json } = await inFull(identityId);
    expect(json).toMatchObject({ Standing: "deleted", Life: [{ Kind: "born" }, { Kind: "deleted" }] });
  });

  it("tells what is left of the bucket and since when it was low, and takes nothing", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    for (let count = 0; count < 10; count++) await service.call("GetOpenIdToken", { IdentityId: identityId });
    const lowAt = Date.now() / 1000;
    for (const _ of ["once", "again"]) {
      const { Bucket } = (await inFull(identityId)).json as { Bucket?: Record<string, number> };
      expect(Bucket).toMatchObject({ TokensLeft: 10, Burst: 20, TokensPerSecond: 5 });
      expect(Bucket?.["LastLowAt"]).toBeCloseTo(lowAt, 3);
    }
  });

  it("changes nothing, also of one whose link is not over", async () => {
    const identityId = await makeLinked(pool.identityPoolId, [await loginOf(pool.identityPoolId, "a.example", "ann")]);
    await untilAtRest(identityId);
    const stub = env.IDENTITY.getByName(identityId);
    const before = await storedIn(stub);
    const calls = noteCalls();
    expect((await inFull(identityId)).status).toBe(200);
    expect(calls).toEqual(["IdentityObject.describeInFull"]);
    expect(await storedIn(stub)).toEqual(before);
  });

  it("T38: an identity that nobody has is not found, and leaves nothing behind", async () => {
    const identityId = newIdentityId();
    expect(await inFull(identityId)).toMatchObject(notFound);
    expect(await storedIn(env.IDENTITY.getByName(identityId))).toEqual(NOTHING_STORED);
  });

  it("is refused to a credential of other pools, of whatever stands there", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    const refused = { status: 403, json: { __type: "AccessDeniedException" } };
    expect(await inFull(identityId, LIMITED)).toMatchObject(refused);
    await service.admin("DeleteIdentities", { IdentityIdsToDelete: [identityId] });
    expect(await inFull(identityId, LIMITED)).toMatchObject(refused);
  });
});
