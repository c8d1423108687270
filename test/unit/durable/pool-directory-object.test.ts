import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { type IdentityPoolId, identityPoolIdOf } from "../../../src/domain/identifiers.ts";

let region: string;

const stub = () => env.POOL_DIRECTORY.getByName(region);
const poolId = (digit: string): IdentityPoolId => identityPoolIdOf(region, digit.repeat(8));

beforeEach(() => {
  region = `region-${crypto.randomUUID().slice(0, 8)}`;
});

describe("the jurisdiction that PoolDirectoryObject keeps", () => {
  it("is that of the first who fixes it, in this life and in the next", async () => {
    expect(await stub().jurisdiction()).toBeNull();
    expect(await Promise.all([stub().fixJurisdiction("eu"), stub().fixJurisdiction("none")])).toEqual(["eu", "eu"]);
    await evictDurableObject(stub());
    expect(await stub().jurisdiction()).toBe("eu");
    expect(await stub().fixJurisdiction("us")).toBe("eu");
  });

  it("is none where a pool is listed that no marker stands for, and where one was", async () => {
    await stub().update(poolId("a"), "of a release before");
    expect(await stub().jurisdiction()).toBe("none");
    await stub().update(poolId("a"), null);
    expect(await stub().fixJurisdiction("eu")).toBe("none");
  });
});

describe("PoolDirectoryObject", () => {
  it("pages through its pools in the order of their ids, in this life and in the next", async () => {
    expect(await stub().page("", 10)).toEqual([]);
    for (const digit of ["c", "a", "d", "b"]) await stub().update(poolId(digit), `name ${digit}`);
    const first = [
      { identityPoolId: poolId("a"), name: "name a" },
      { identityPoolId: poolId("b"), name: "name b" },
    ];
    expect(await stub().page("", 2)).toEqual(first);
    await evictDurableObject(stub());
    expect(await stub().page("", 2)).toEqual(first);
    expect((await stub().page(poolId("b"), 10)).map(({ name }) => name)).toEqual(["name c", "name d"]);
    expect(await stub().page(poolId("d"), 10)).toEqual([]);
  });

  it("pages through some of its pools as if the others were not there", async () => {
    for (const digit of ["a", "b", "c", "d"]) await stub().update(poolId(digit), `name ${digit}`);
    const some = [poolId("d"), poolId("b"), poolId("e"), "", "'"];
    const names = async (after: string, limit: number) =>
      (await stub().page(after, limit, some)).map(({ name }) => name);
    expect(await names("", 10)).toEqual(["name b", "name d"]);
    expect(await names("", 1)).toEqual(["name b"]);
    expect(await names(poolId("b"), 10)).toEqual(["name d"]);
    expect(await stub().page("", 10, [])).toEqual([]);
    const many = Array.from({ length: 5000 }, (_, index) => `us-east-1:${index}`);
    expect(await stub().page("", 10, [...many, poolId("c")])).toHaveLength(1);
  });

  it("an update that comes again changes nothing; a later name counts; the end takes it out, again and again", async () => {
    for (const name of ["one", "one", "two", "two"]) await stub().update(poolId("a"), name);
    expect(await stub().page("", 10)).toEqual([{ identityPoolId: poolId("a"), name: "two" }]);
    for (const _ of ["once", "again"]) await stub().update(poolId("a"), null);
    await stub().update(poolId("b"), null);
    expect(await stub().page("", 10)).toEqual([]);
  });

  it("what is late counts for nothing, in this life and in the next, and a page passes by no pool that has ended", async () => {
    await stub().update(poolId("a"), "newer", 2000);
    await stub().update(poolId("b"), "ended", 2000);
    await stub().update(poolId("b"), null, 2001);
    for (const _ of ["this life", "the next"]) {
      await stub().update(poolId("a"), "older", 1999);
      await stub().update(poolId("a"), "of the release before");
      await stub().update(poolId("b"), "again", 2002);
      await stub().update(poolId("b"), null, 2001);
      expect(await stub().page("", 10)).toEqual([{ identityPoolId: poolId("a"), name: "newer" }]);
      await evictDurableObject(stub());
    }
    await stub().update(poolId("a"), "newest", 2001);
    expect(await stub().page("", 10)).toEqual([{ identityPoolId: poolId("a"), name: "newest" }]);
    await runInDurableObject(stub(), (_, { storage: { sql } }) => {
      expect(sql.exec("SELECT identity_pool_id AS id FROM pool").toArray()).toEqual([{ id: poolId("a") }]);
    });
  });

  it("takes names as they are, whatever they hold", async () => {
    const names = ["'; DROP TABLE pool; --", "ä", "%", "", "n".repeat(128)];
    for (const [index, name] of names.entries()) await stub().update(poolId(String(index)), name);
    expect((await stub().page("", 10)).map(({ name }) => name)).toEqual(names);
  });

  it("fifty updates at once are all there", async () => {
    const ids = Array.from({ length: 50 }, () => identityPoolIdOf(region, crypto.randomUUID()));
    await Promise.all(ids.map((id) => stub().update(id, id)));
    expect((await stub().page("", 100)).map(({ identityPoolId }) => identityPoolId)).toEqual(ids.toSorted());
  });

  it("lives in storage: what another life wrote there is what it lists", async () => {
    await stub().update(poolId("a"), "one");
    await runInDurableObject(stub(), (_, { storage }) => {
      storage.sql.exec("UPDATE pool SET name = 'planted'");
    });
    await evictDurableObject(stub());
    expect(await stub().page("", 10)).toEqual([{ identityPoolId: poolId("a"), name: "planted" }]);
  });
});
