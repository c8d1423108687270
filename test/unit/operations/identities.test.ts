import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { IdentityId } from "../../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { directoryShardOf } from "../../support/first-shards.ts";
import { IdentityObject } from "../../../src/worker.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import {
  dieInNext,
  loginOf,
  makeGuest,
  makeLinked,
  makePool,
  makeSignIn,
  newIdentityId,
  NOTHING_STORED,
  type SignIn,
  storedIn,
  untilAtRest,
} from "../../support/objects.ts";
import { ADMIN, makeService, type Service, textOf } from "../../support/service.ts";

let signIn: SignIn;
let pool: IdentityPool;
let service: Service;

const refusal = (status: number, type: string) => ({ status, json: { __type: type, message: expect.any(String) } });
const describeIdentity = async (identityId: string) =>
  await service.admin("DescribeIdentity", { IdentityId: identityId });

/** Every identity of the pool, page by page; `pages` counts them. */
async function listAll(MaxResults: number, more: object = {}): Promise<{ ids: string[]; pages: number }> {
  const ids: string[] = [];
  let NextToken: unknown;
  for (let pages = 1; ; pages++) {
    const input = {
      IdentityPoolId: pool.identityPoolId,
      MaxResults,
      ...more,
      ...(NextToken !== undefined && { NextToken }),
    };
    const { json } = await service.admin("ListIdentities", input);
    const identities = json["Identities"] as { IdentityId: string }[];
    expect(identities.length).toBeLessThanOrEqual(MaxResults);
    ids.push(...identities.map(({ IdentityId }) => IdentityId));
    NextToken = json["NextToken"];
    if (NextToken === undefined) return { ids, pages };
  }
}

async function makeGuests(count: number): Promise<readonly IdentityId[]> {
  const ids = await Promise.all(Array.from({ length: count }, () => makeGuest(pool.identityPoolId)));
  await untilAtRest(...ids);
  return ids;
}

anHourAhead();

beforeEach(async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  vi.spyOn(console, "warn").mockImplementation(() => {});
  signIn = await makeSignIn(new FakeUpstream().install());
  pool = await makePool(signIn.settings);
  service = makeService();
});

describe("DescribeIdentity", () => {
  it("shows the names of the providers and the dates, and no subject", async () => {
    const logins = await signIn.logins("ann");
    const identityId = textOf(
      await service.call("GetId", { IdentityPoolId: pool.identityPoolId, Logins: logins }),
      "IdentityId",
    );
    const answer = await describeIdentity(identityId);
    expect(answer.json).toEqual({
      IdentityId: identityId,
      Logins: [signIn.providerName],
      CreationDate: expect.any(Number),
      LastModifiedDate: expect.any(Number),
    });
    expect(answer.text).not.toContain("ann");
  });

  it("T38: an identity that nobody has is not found, and leaves nothing behind", async () => {
    const identityId = newIdentityId();
    expect(await describeIdentity(identityId)).toMatchObject(refusal(404, "ResourceNotFoundException"));
    expect(await storedIn(env.IDENTITY.getByName(identityId))).toEqual(NOTHING_STORED);
  });

  it("T45: is refused for an identity of another pool than the credential's", async () => {
    const [mine] = await makeGuests(1);
    const other = await makeGuest((await makePool()).identityPoolId);
    const credential = { ...ADMIN, accessKeyId: "restricted", pools: [pool.identityPoolId] };
    service = makeService({ credentials: [credential] });
    const as = async (IdentityId: string) => await service.call("DescribeIdentity", { IdentityId }, { credential });
    expect((await as(mine ?? "")).status).toBe(200);
    expect(await as(other)).toMatchObject(refusal(403, "AccessDeniedException"));
  });
});

describe("ListIdentities", () => {
  it("gives each identity of the pool once, whatever the size of the page", async () => {
    const made = new Set<string>(await makeGuests(23));
    await makeGuest((await makePool()).identityPoolId);
    for (const MaxResults of [1, 5, 22, 23, 60]) {
      const { ids } = await listAll(MaxResults);
      expect(ids).toHaveLength(23);
      expect(new Set(ids)).toEqual(made);
    }
  });

  it("a full last page has no token", async () => {
    await makeGuests(6);
    expect((await listAll(6)).pages).toBe(1);
    expect((await listAll(3)).pages).toBe(2);
  });

  it("hides disabled identities when asked, and shows them otherwise", async () => {
    const ann = await loginOf(pool.identityPoolId, signIn.providerName, "ann");
    const owner = await makeLinked(pool.identityPoolId, [ann]);
    const [guest] = await makeGuests(1);
    if (guest === undefined) throw new Error("one was made");
    await service.call("GetOpenIdToken", { IdentityId: guest, Logins: await signIn.logins("ann") });
    await untilAtRest(owner, guest);
    expect(new Set((await listAll(10)).ids)).toEqual(new Set([owner, guest]));
    expect((await listAll(10, { HideDisabled: true })).ids).toEqual([owner]);
  });

  it("takes out an entry whose identity is not there, which a late message may have left", async () => {
    const identityId = newIdentityId();
    const directory = env.IDENTITY_DIRECTORY.getByName(directoryShardOf(pool.identityPoolId, identityId));
    await directory.update("add", identityId);
    expect((await listAll(10)).ids).toEqual([]);
    expect(await directory.page("", 10)).toEqual([]);
  });

  it("refuses the page token of another pool", async () => {
    await makeGuests(3);
    const { json } = await service.admin("ListIdentities", { IdentityPoolId: pool.identityPoolId, MaxResults: 1 });
    const other = await makePool();
    const input = { IdentityPoolId: other.identityPoolId, MaxResults: 1, NextToken: json["NextToken"] };
    expect(await service.admin("ListIdentities", input)).toMatchObject(refusal(400, "InvalidParameterException"));
  });
});

describe("DeleteIdentities", () => {
  it("deletes all that it can, frees their logins, and counts one that is gone as deleted", async () => {
    const ann = await loginOf(pool.identityPoolId, "p", "ann");
    const linked = await makeLinked(pool.identityPoolId, [ann]);
    const guests = await makeGuests(3);
    const unknown = newIdentityId();
    const IdentityIdsToDelete = [linked, ...guests, unknown, linked];
    for (const _ of ["once", "again"]) {
      expect((await service.admin("DeleteIdentities", { IdentityIdsToDelete })).json).toEqual({
        UnprocessedIdentityIds: [],
      });
    }
    await untilAtRest(linked, ...guests);
    for (const identityId of [linked, ...guests]) {
      expect(await describeIdentity(identityId)).toMatchObject(refusal(404, "ResourceNotFoundException"));
    }
    expect((await listAll(10)).ids).toEqual([]);
    expect((await storedIn(env.LOGIN.getByName(ann.loginId))).entries).toEqual(new Map());
    expect(await storedIn(env.IDENTITY.getByName(unknown))).toEqual(NOTHING_STORED);
  });

  it("T45: says which ones the credential may not touch, and leaves them alone", async () => {
    const [mine] = await makeGuests(1);
    const other = await makeGuest((await makePool()).identityPoolId);
    const credential = { ...ADMIN, accessKeyId: "restricted", pools: [pool.identityPoolId] };
    service = makeService({ credentials: [ADMIN, credential] });
    const { json } = await service.call("DeleteIdentities", { IdentityIdsToDelete: [mine, other] }, { credential });
    expect(json).toEqual({ UnprocessedIdentityIds: [{ IdentityId: other, ErrorCode: "AccessDenied" }] });
    expect((await describeIdentity(other)).status).toBe(200);
  });

  it("one that cannot be reached does not hide what became of the others, and can be deleted again", async () => {
    const guests = await makeGuests(3);
    dieInNext(IdentityObject.prototype, "remove", "before");
    const { json } = await service.admin("DeleteIdentities", { IdentityIdsToDelete: guests });
    const unprocessed = json["UnprocessedIdentityIds"] as { IdentityId: string; ErrorCode: string }[];
    expect(unprocessed).toMatchObject([{ ErrorCode: "InternalServerError" }]);
    const left = unprocessed.map(({ IdentityId }) => IdentityId);
    expect((await service.admin("DeleteIdentities", { IdentityIdsToDelete: left })).json).toEqual({
      UnprocessedIdentityIds: [],
    });
    for (const identityId of guests) expect((await describeIdentity(identityId)).status).toBe(404);
  });
});

describe("UnlinkIdentity", () => {
  it("takes the login off, answers its repeat alike, and the login gets a new identity", async () => {
    const logins = await signIn.logins("ann");
    const get = async () =>
      textOf(await service.call("GetId", { IdentityPoolId: pool.identityPoolId, Logins: logins }), "IdentityId");
    const identityId = await get();
    const input = { IdentityId: identityId, Logins: logins, LoginsToRemove: [signIn.providerName] };
    for (const _ of ["once", "again"])
      expect(await service.call("UnlinkIdentity", input)).toMatchObject({ status: 200, text: "" });
    // Invariant fresh-ids: an unlinked login does not come back to its old id.
    expect(await get()).not.toBe(identityId);
    expect(await service.call("GetOpenIdToken", { IdentityId: identityId })).toMatchObject(
      refusal(403, "NotAuthorizedException"),
    );
  });

  it("takes off what is there once for each call, by the id that the SDKs repeat: a late copy leaves what came after", async () => {
    const other = await makeSignIn(signIn.upstream);
    const providers = { ...signIn.settings.supportedLoginProviders, ...other.settings.supportedLoginProviders };
    pool = await makePool({ supportedLoginProviders: providers });
    const kept = await signIn.logins("ann");
    const logins = new Map([...kept, ...(await other.logins("ann"))]);
    const identityId = textOf(
      await service.call("GetId", { IdentityPoolId: pool.identityPoolId, Logins: logins }),
      "IdentityId",
    );
    const input = { IdentityId: identityId, Logins: kept, LoginsToRemove: [other.providerName] };
    const unlink = async (callId: string) =>
      (await service.call("UnlinkIdentity", input, { headers: { "amz-sdk-invocation-id": callId } })).status;
    const names = async () => (await describeIdentity(identityId)).json["Logins"];
    const callId = crypto.randomUUID();
    expect(await unlink(callId)).toBe(200);
    expect(await names()).toEqual([signIn.providerName]);
    expect((await service.call("GetOpenIdToken", { IdentityId: identityId, Logins: logins })).status).toBe(200);
    expect(await unlink(callId)).toBe(200);
    expect(await names()).toEqual([signIn.providerName, other.providerName].toSorted());
    expect(await unlink(crypto.randomUUID())).toBe(200);
    expect(await names()).toEqual([signIn.providerName]);
  });

  it("T32: is refused to another user, to a forger and for an unknown identity; nothing changes", async () => {
    const ann = await signIn.logins("ann");
    const identityId = textOf(
      await service.call("GetId", { IdentityPoolId: pool.identityPoolId, Logins: ann }),
      "IdentityId",
    );
    const LoginsToRemove = [signIn.providerName];
    const denied = refusal(403, "NotAuthorizedException");
    for (const Logins of [await signIn.logins("eve"), await signIn.forged("ann")]) {
      expect(await service.call("UnlinkIdentity", { IdentityId: identityId, Logins, LoginsToRemove })).toMatchObject(
        denied,
      );
    }
    expect(
      await service.call("UnlinkIdentity", { IdentityId: newIdentityId(), Logins: ann, LoginsToRemove }),
    ).toMatchObject(refusal(404, "ResourceNotFoundException"));
    expect((await describeIdentity(identityId)).json).toMatchObject({ Logins: [signIn.providerName] });
  });
});
