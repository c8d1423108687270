// A pool of 256 shards, as CreateIdentityPool makes it, beside one of sixteen, as 0.1.0 did: each has its number for its whole life.
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { shardedPool } from "../../../src/durable/sharded-pool.ts";
import { type IdentityId, type IdentityPoolId, parseIdentityId } from "../../../src/domain/identifiers.ts";
import { isolate } from "../../../src/isolate.ts";
import { shardNames, shardOf } from "../../../src/pools/directory-shards.ts";
import { measure } from "../../support/cost.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import { directoryShardOf } from "../../support/first-shards.ts";
import {
  makeGuest,
  makePool,
  newIdentityId,
  newPoolId,
  plant,
  storedIn,
  until,
  untilAtRest,
} from "../../support/objects.ts";
import { makeService, textOf } from "../../support/service.ts";

const service = makeService();
const stubs = isolate.stubsOf(env);
const SETTINGS = { IdentityPoolName: "pool", AllowUnauthenticatedIdentities: true };
let identityPoolId: IdentityPoolId;

const pool = () => env.IDENTITY_POOL.getByName(identityPoolId);
const shard = (name: string) => env.IDENTITY_DIRECTORY.getByName(name);
const sharded = () => ({ identityPoolId, shards: 256 });

async function makeGuests(count: number): Promise<readonly IdentityId[]> {
  const made = await Promise.all(
    Array.from({ length: count }, async () => {
      const answer = await service.call("GetId", { IdentityPoolId: identityPoolId });
      return parseIdentityId(textOf(answer, "IdentityId")) ?? newIdentityId();
    }),
  );
  await untilAtRest(...made);
  return made;
}

async function page(MaxResults: number, NextToken?: unknown) {
  const input = { IdentityPoolId: identityPoolId, MaxResults, ...(NextToken !== undefined && { NextToken }) };
  const { json, status } = await service.admin("ListIdentities", input);
  const identities = (json["Identities"] ?? []) as readonly { readonly IdentityId: string }[];
  return { status, ids: identities.map(({ IdentityId }) => IdentityId), next: json["NextToken"] };
}

async function listAll(MaxResults: number): Promise<readonly string[]> {
  const ids: string[] = [];
  let next: unknown;
  do {
    const answer = await page(MaxResults, next);
    ids.push(...answer.ids);
    ({ next } = answer);
  } while (next !== undefined);
  return ids;
}

beforeEach(async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  const answer = await service.admin("CreateIdentityPool", SETTINGS);
  identityPoolId = textOf(answer, "IdentityPoolId") as IdentityPoolId;
});

describe("a pool of 256 shards", () => {
  it("has each identity in the shard of its first two digits, and lists all once and in the order of their ids", async () => {
    const made = await makeGuests(40);
    for (const id of made) expect(await shard(shardOf(sharded(), id)).page("", 100)).toContain(id);
    for (const size of [7, 40, 60]) expect(await listAll(size)).toEqual(made.toSorted());
  });

  it("keeps its number through an eviction, changes and its end, and through a record that 0.1.0 wrote anew", async () => {
    await service.admin("UpdateIdentityPool", {
      IdentityPoolId: identityPoolId,
      ...SETTINGS,
      IdentityPoolName: "renamed",
    });
    await plant(pool(), "pool", (stored) => {
      const { pool: settings, state, isListed, sweptShards, revision } = Object(stored);
      return { version: 1, pool: settings, state, isListed, sweptShards, revision };
    });
    await evictDurableObject(pool());
    expect(await pool().directoryShards()).toBe(256);
    await service.admin("DeleteIdentityPool", { IdentityPoolId: identityPoolId });
    await evictDurableObject(pool());
    isolate.directoryShards.delete(identityPoolId);
    expect(await shardedPool(stubs, identityPoolId)).toEqual(sharded());
    expect(
      JSON.stringify(await service.admin("DescribeIdentityPool", { IdentityPoolId: identityPoolId })),
    ).not.toContain("256");
  });

  it("an identity that tells its list after its pool is gone tells the right shard, and goes", async () => {
    const guest = newIdentityId();
    await service.admin("DeleteIdentityPool", { IdentityPoolId: identityPoolId });
    await shard(shardOf(sharded(), guest)).close();
    isolate.directoryShards.delete(identityPoolId);
    await env.IDENTITY.getByName(guest).createGuest(guest, identityPoolId);
    await until(async () => (await env.IDENTITY.getByName(guest).describe()) === null);
  });

  it("lists and takes out whomever an object of 0.1.0 has listed, which knows sixteen", async () => {
    const [born = newIdentityId(), late = newIdentityId()] = await makeGuests(2);
    const first = newIdentityId();
    await makeGuestOf(first);
    await shard(shardOf(sharded(), first)).update("remove", first);
    await shard(directoryShardOf(identityPoolId, first)).update("add", first);
    // A message that came late, of one that is gone.
    await service.admin("DeleteIdentities", { IdentityIdsToDelete: [late] });
    await untilAtRest(late);
    await shard(directoryShardOf(identityPoolId, late)).update("add", late);
    expect(new Set(await listAll(60))).toEqual(new Set([born, first]));
    expect(await shard(directoryShardOf(identityPoolId, late)).page("", 10)).not.toContain(late);
  });

  it("T38: to list it, and to ask for the number of a pool that nobody has, makes nothing", async () => {
    expect(await listAll(60)).toEqual([]);
    const nobody = newPoolId();
    expect(await shardedPool(stubs, nobody)).toEqual({ identityPoolId: nobody, shards: 16 });
    expect(isolate.directoryShards.get(nobody, 0)).toBeUndefined();
    for (const stub of [env.IDENTITY_POOL.getByName(nobody), ...shardNames(sharded()).slice(0, 3).map(shard)]) {
      expect((await storedIn(stub)).entries.size).toBe(0);
    }
  });

  it("is exported, imported and counted over all of its shards", async () => {
    const living = await makeGuests(3);
    const imported = Array.from({ length: 30 }, newIdentityId);
    const Identities = imported.map((identityId) => ({ identityId, origin: "source" }));
    expect((await service.admin("ImportIdentities", { IdentityPoolId: identityPoolId, Identities })).status).toBe(200);
    const report = await service.admin("GetMigrationReport", { IdentityPoolId: identityPoolId });
    expect(report.json).toMatchObject({ Imported: 30, BornHere: 3 });
    const exported: unknown[] = [];
    let NextToken: unknown;
    do {
      const input = { IdentityPoolId: identityPoolId, MaxResults: 7, ...(NextToken !== undefined && { NextToken }) };
      const { json } = await service.admin("ExportIdentities", input);
      exported.push(...(json["Identities"] as readonly { identityId: string }[]).map(({ identityId }) => identityId));
      ({ NextToken } = json);
    } while (NextToken !== undefined);
    expect(exported).toEqual([...living, ...imported].toSorted());
    const found = await service.admin("DescribeIdentity", { IdentityId: imported[0] });
    expect(found.json).toMatchObject({ IdentityId: imported[0] });
  });

  it("a small one is listed in four rounds, a page of a large one by one call, and 1,000 calls are never reached", async () => {
    const upstream = new FakeUpstream();
    const cost = async (MaxResults: number) =>
      (
        await measure(
          upstream,
          async () => await service.admin("ListIdentities", { IdentityPoolId: identityPoolId, MaxResults }),
        )
      ).cost;
    const count = ({ calls }: { readonly calls: readonly string[] }, name: string) =>
      calls.filter((call) => call === name).length;
    const counted = (one: Awaited<ReturnType<typeof cost>>) => [
      count(one, "IdentityDirectoryObject.page"),
      count(one, "IdentityObject.describe"),
      one.hops,
    ];
    await makeGuests(3);
    const small = await cost(60);
    expect(counted(small)).toEqual([272, 3, 5]);
    // Entries alone: each is asked for, and taken out.
    const stale = Array.from(
      { length: 700 },
      (_, index) =>
        `us-east-1:${(index % 256).toString(16).padStart(2, "0")}${crypto.randomUUID().slice(2)}` as IdentityId,
    );
    await Promise.all(stale.map(async (id) => await shard(shardOf(sharded(), id)).update("add", id)));
    const large = await cost(60);
    expect(large.calls.length).toBeLessThan(1000);
    const first = Array.from({ length: 61 }, () => `us-east-1:00${crypto.randomUUID().slice(2)}` as IdentityId);
    await Promise.all(first.map(makeGuestOf));
    await listAll(60);
    const full = await cost(60);
    expect(counted(full)).toEqual([1, 61, 2]);
  });
});

async function makeGuestOf(identityId: IdentityId): Promise<void> {
  await env.IDENTITY.getByName(identityId).createGuest(identityId, identityPoolId);
  await untilAtRest(identityId);
}

describe("a pool of sixteen shards", () => {
  it("stays one, whoever changes it, and its page tokens go on where they were given", async () => {
    ({ identityPoolId } = await makePool());
    const made = await Promise.all(Array.from({ length: 12 }, async () => await makeGuest(identityPoolId)));
    await untilAtRest(...made);
    await service.admin("UpdateIdentityPool", { IdentityPoolId: identityPoolId, ...SETTINGS });
    expect(await pool().directoryShards()).toBe(16);
    for (const id of made) expect(await shard(directoryShardOf(identityPoolId, id)).page("", 100)).toContain(id);
    expect(await listAll(5)).toEqual(made.toSorted());
    const { next } = await page(5);
    const [again, once] = [await page(5, next), await page(5, next)];
    expect(again.ids).toEqual(once.ids);
    const other = await service.admin("CreateIdentityPool", SETTINGS);
    identityPoolId = textOf(other, "IdentityPoolId") as IdentityPoolId;
    expect((await page(5, next)).status).toBe(400);
    await runInDurableObject(pool(), (_, { storage }) => expect(storage.kv.get("shards")).toBe(256));
  });
});
