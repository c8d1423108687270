import { runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { AdminCredential } from "../../../src/domain/admin-credential.ts";
import { identityIdOf } from "../../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { directoryShardOf } from "../../support/first-shards.ts";
import { IdentityDirectoryObject } from "../../../src/worker.ts";
import {
  dieInNext,
  intercept,
  makeGuest,
  makePool,
  newIdentityId,
  newPoolId,
  noteCalls,
  NOTHING_STORED,
  storedIn,
  untilAtRest,
} from "../../support/objects.ts";
import { ADMIN, type Answer, makeService, type Service } from "../../support/service.ts";

const GOOGLE = "accounts.google.com";
const LIMITED: AdminCredential = { ...ADMIN, accessKeyId: "limited", pools: [newPoolId()] };

let pool: IdentityPool;
let service: Service;

beforeEach(async () => {
  for (const method of ["log", "warn"] as const) vi.spyOn(console, method).mockImplementation(() => {});
  pool = await makePool();
  service = makeService({ credentials: [ADMIN, LIMITED] });
});

afterEach(() => {
  vi.restoreAllMocks();
});

const importAll = async (Identities: readonly unknown[], IdentityPoolId: string = pool.identityPoolId) =>
  await service.admin("ImportIdentities", { IdentityPoolId, Identities });
const verdictsIn = ({ json }: Answer) => (json["Results"] as { Verdict: string }[]).map(({ Verdict }) => Verdict);
const line = (identityId: string, more: object = {}) => ({
  identityId,
  createdAt: 1_700_000_000,
  modifiedAt: 1_700_000_500,
  providers: [GOOGLE],
  ...more,
});
const list = async (more: object = {}) => {
  const { json } = await service.admin("ListIdentities", {
    IdentityPoolId: pool.identityPoolId,
    MaxResults: 60,
    ...more,
  });
  return json["Identities"] as { IdentityId: string }[];
};
const describeIdentity = async (IdentityId: string) => await service.admin("DescribeIdentity", { IdentityId });
const refusal = (status: number, type: string) => ({ status, json: { __type: type, message: expect.any(String) } });

describe("ImportIdentities", () => {
  it("is busy with the lines of a shard that does not answer, which are sent again, and done with the others", async () => {
    const [one, other] = ["0", "8"].map((digit) =>
      identityIdOf("us-east-1", `${digit}${crypto.randomUUID().slice(1)}`),
    );
    dieInNext(IdentityDirectoryObject.prototype, "importIdentities", "before");
    const lines = [line(String(one)), line(String(other))];
    expect(verdictsIn(await importAll(lines)).toSorted()).toEqual(["busy", "imported"]);
    expect(verdictsIn(await importAll(lines)).toSorted()).toEqual(["imported", "unchanged"]);
  });

  it("shows whom nobody has claimed yet, with providers and dates, among those who live here", async () => {
    const [one, other] = [newIdentityId(), newIdentityId()];
    const guest = await makeGuest(pool.identityPoolId);
    await untilAtRest(guest);
    expect((await importAll([line(one), line(other, { providers: [], createdAt: undefined })])).json).toEqual({
      Results: [
        { IdentityId: one, Verdict: "imported" },
        { IdentityId: other, Verdict: "imported" },
      ],
    });
    const described = {
      IdentityId: one,
      Logins: [GOOGLE],
      CreationDate: 1_700_000_000,
      LastModifiedDate: 1_700_000_500,
    };
    expect((await describeIdentity(one)).json).toEqual(described);
    expect((await describeIdentity(other)).json).toEqual({ IdentityId: other, LastModifiedDate: 1_700_000_500 });
    const listed = await list();
    expect(listed.map(({ IdentityId }) => IdentityId).toSorted()).toEqual([one, other, guest].toSorted());
    expect(listed).toContainEqual(described);
  });

  it("takes a disabled one as such", async () => {
    const [live, disabled] = [newIdentityId(), newIdentityId()];
    await importAll([line(live), line(disabled, { standing: "disabled" })]);
    expect((await list()).map(({ IdentityId }) => IdentityId).toSorted()).toEqual([live, disabled].toSorted());
    expect(await list({ HideDisabled: true })).toMatchObject([{ IdentityId: live }]);
    expect((await describeIdentity(disabled)).status).toBe(200);
  });

  it("changes nothing the second time, and takes what is news", async () => {
    const identityId = newIdentityId();
    expect(verdictsIn(await importAll([line(identityId), line(identityId)]))).toEqual(["imported", "unchanged"]);
    expect(verdictsIn(await importAll([line(identityId)]))).toEqual(["unchanged"]);
    expect(verdictsIn(await importAll([line(identityId, { providers: ["a.example"] })]))).toEqual(["imported"]);
    expect((await describeIdentity(identityId)).json).toMatchObject({ Logins: ["a.example"] });
    expect(await list()).toHaveLength(1);
  });

  it("leaves an identity alone that lives here, and never takes one that is gone", async () => {
    const guest = await makeGuest(pool.identityPoolId);
    await untilAtRest(guest);
    const gone = newIdentityId();
    await env.IDENTITY_DIRECTORY.getByName(directoryShardOf(pool.identityPoolId, gone)).update(
      "remove",
      gone,
      "adopted",
    );
    expect((await importAll([line(guest), line(gone)])).json).toEqual({
      Results: [
        { IdentityId: guest, Verdict: "unchanged" },
        { IdentityId: gone, Verdict: "gone", Reason: expect.any(String) },
      ],
    });
    expect(await list()).toMatchObject([{ IdentityId: guest }]);
  });

  it("says of each line in its place what is wrong with it, and goes on with the others", async () => {
    const [first, last] = [newIdentityId(), newIdentityId()];
    const elsewhere = identityIdOf("eu-west-1", crypto.randomUUID());
    const junk = [null, 7, [], {}, "line", line(elsewhere), { identityId: first, providers: "one" }];
    const answer = await importAll([line(first), ...junk, line(last)]);
    expect(answer.status).toBe(200);
    expect(verdictsIn(answer)).toEqual(["imported", ...junk.map(() => "invalid"), "imported"]);
    expect(answer.json["Results"]).toContainEqual({
      IdentityId: elsewhere,
      Verdict: "invalid",
      Reason: "identityId is no identity of the region us-east-1.",
    });
    expect(await list()).toHaveLength(2);
  });

  it.each([
    ["no line", []],
    ["more than a hundred", Array.from({ length: 101 }, () => line(newIdentityId()))],
  ])("takes 1 to 100 lines: %s are refused", async (_, lines) => {
    expect(await importAll(lines)).toMatchObject(refusal(400, "ValidationException"));
  });

  it("refuses what is no list of lines, a pool that is none, and a credential of another", async () => {
    const where = { IdentityPoolId: pool.identityPoolId };
    expect(await service.admin("ImportIdentities", { ...where, Identities: {} })).toMatchObject(
      refusal(400, "SerializationException"),
    );
    expect(await service.admin("ImportIdentities", where)).toMatchObject(refusal(400, "ValidationException"));
    expect(await importAll([line(newIdentityId())], newPoolId())).toMatchObject(
      refusal(404, "ResourceNotFoundException"),
    );
    const input = { ...where, Identities: [line(newIdentityId())] };
    expect(await service.call("ImportIdentities", input, { credential: LIMITED })).toMatchObject(
      refusal(403, "AccessDeniedException"),
    );
    expect(await list()).toEqual([]);
  });

  it("asks each shard once, however many lines it gets, and no identity", async () => {
    const ids = ["a", "b", "a", "a"].map((digit) => identityIdOf("us-east-1", digit + crypto.randomUUID().slice(1)));
    const calls = noteCalls();
    await importAll(ids.map((id) => line(id)));
    expect(calls.toSorted()).toEqual([
      "IdentityDirectoryObject.importIdentities",
      "IdentityDirectoryObject.importIdentities",
      "IdentityPoolObject.directoryShards",
      "IdentityPoolObject.read",
      "PoolDirectoryObject.noteImports",
    ]);
    expect(await storedIn(env.IDENTITY.getByName(ids[0] ?? ""))).toEqual(NOTHING_STORED);
  });
});

describe("an imported identity", () => {
  it("T45: is described to no credential of another pool", async () => {
    const identityId = newIdentityId();
    await importAll([line(identityId)]);
    expect(await service.call("DescribeIdentity", { IdentityId: identityId }, { credential: LIMITED })).toMatchObject(
      refusal(403, "AccessDeniedException"),
    );
  });

  it("T38: that nobody imported is looked for in the import lists, and leaves nothing behind", async () => {
    await importAll([line(newIdentityId())]);
    const identityId = newIdentityId();
    expect(await describeIdentity(identityId)).toMatchObject(refusal(404, "ResourceNotFoundException"));
    expect(await storedIn(env.IDENTITY.getByName(identityId))).toEqual(NOTHING_STORED);
  });

  it("pages with those who live here, each once, whatever the size of the page", async () => {
    const imported = Array.from({ length: 7 }, newIdentityId);
    const living = await Promise.all(Array.from({ length: 6 }, () => makeGuest(pool.identityPoolId)));
    await untilAtRest(...living);
    await importAll(imported.map((id) => line(id)));
    for (const MaxResults of [1, 4, 12, 13, 60]) {
      const ids: string[] = [];
      let NextToken: unknown;
      do {
        const page = { IdentityPoolId: pool.identityPoolId, MaxResults, ...(NextToken !== undefined && { NextToken }) };
        const { json } = await service.admin("ListIdentities", page);
        ids.push(...(json["Identities"] as { IdentityId: string }[]).map(({ IdentityId }) => IdentityId));
        NextToken = json["NextToken"];
      } while (NextToken !== undefined);
      expect(ids.toSorted()).toEqual([...imported, ...living].toSorted());
    }
  });

  it("that is deleted is gone for good: out of every list, and never to live", async () => {
    const [identityId, other] = [newIdentityId(), newIdentityId()];
    await importAll([line(identityId), line(other)]);
    for (const _ of ["once", "again"]) {
      const deleted = await service.admin("DeleteIdentities", { IdentityIdsToDelete: [identityId] });
      expect(deleted.json).toEqual({ UnprocessedIdentityIds: [] });
      expect(await list()).toMatchObject([{ IdentityId: other }]);
      expect((await describeIdentity(identityId)).status).toBe(404);
    }
    expect(verdictsIn(await importAll([line(identityId)]))).toEqual(["gone"]);
    expect(await env.IDENTITY.getByName(identityId).createGuest(identityId, pool.identityPoolId, "source")).toBe(false);
    await untilAtRest(identityId);
    const { json } = await service.admin("ExportIdentities", { IdentityPoolId: pool.identityPoolId });
    const exported = json["Identities"] as object[];
    expect(exported).toHaveLength(2);
    expect(exported).toContainEqual({ kind: "gone", identityId });
    expect(exported).toContainEqual(expect.objectContaining({ kind: "identity", identityId: other }));
  });

  it("that is deleted is described no more, also where the list has not heard of it", async () => {
    const identityId = newIdentityId();
    await importAll([line(identityId)]);
    intercept(IdentityDirectoryObject.prototype, "update", () => {
      throw new Error("the shard does not answer");
    });
    const input = { IdentityIdsToDelete: [identityId] };
    expect((await service.admin("DeleteIdentities", input)).json["UnprocessedIdentityIds"]).toHaveLength(1);
    const shard = env.IDENTITY_DIRECTORY.getByName(directoryShardOf(pool.identityPoolId, identityId));
    expect(await shard.findImported(identityId)).not.toBeNull();
    expect((await describeIdentity(identityId)).status).toBe(404);
  });

  it("T45: is deleted by no credential of another pool", async () => {
    const identityId = newIdentityId();
    await importAll([line(identityId)]);
    const input = { IdentityIdsToDelete: [identityId] };
    expect((await service.call("DeleteIdentities", input, { credential: LIMITED })).json).toEqual({
      UnprocessedIdentityIds: [{ IdentityId: identityId, ErrorCode: "AccessDenied" }],
    });
    expect((await describeIdentity(identityId)).status).toBe(200);
  });

  it("goes with its pool", async () => {
    const identityId = newIdentityId();
    await importAll([line(identityId)]);
    await service.admin("DeleteIdentityPool", { IdentityPoolId: pool.identityPoolId });
    expect((await describeIdentity(identityId)).status).toBe(404);
    const shard = env.IDENTITY_DIRECTORY.getByName(directoryShardOf(pool.identityPoolId, identityId));
    await runDurableObjectAlarm(env.IDENTITY_POOL.getByName(pool.identityPoolId));
    expect(await shard.findImported(identityId)).toBeNull();
    expect((await storedIn(shard)).tables).not.toContain("imported");
  });
});
