import { abortAllDurableObjects } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { objectsOf } from "../../../src/durable/objects.ts";
import { shardOf } from "../../../src/pools/directory-shards.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import { crash, loginOf, makeGuest, makeLinked, makePool, newPoolId, untilAtRest } from "../../support/objects.ts";

const objects = objectsOf(env);

anHourAhead();

describe("objectsOf", () => {
  it("reaches each object by the name that the others use", async () => {
    const pool = await makePool({ name: "named" });
    const ann = await loginOf(pool.identityPoolId, "p", "ann");
    const identityId = await makeLinked(pool.identityPoolId, [ann]);
    await untilAtRest(identityId);
    expect(await objects.identity(identityId).describe()).toMatchObject({ identityPoolId: pool.identityPoolId });
    expect(await objects.login(ann.loginId).view(ann.loginId)).toMatchObject({ owner: { identityId } });
    expect(await objects.identityPool(pool.identityPoolId).read()).toEqual(pool);
    expect(await objects.poolDirectory("us-east-1").page("", 1000)).toContainEqual({
      identityPoolId: pool.identityPoolId,
      name: "named",
    });
    const sharded = await objects.shardedPool(pool.identityPoolId);
    expect(await objects.directoryShard(shardOf(sharded, identityId)).page("", 10)).toEqual([identityId]);
  });

  it("makes a fresh stub for each call, since one that met a crash stays broken", async () => {
    const pool = await makePool();
    const old = objects.identityPool(pool.identityPoolId);
    expect(await old.read()).toEqual(pool);
    await crash(old);
    expect(await objects.identityPool(pool.identityPoolId).read()).toEqual(pool);
  });

  it("reads a pool that is not there as null, and asks again the next time", async () => {
    const identityPoolId = newPoolId();
    expect(await objects.readPool(identityPoolId)).toBeNull();
    await env.IDENTITY_POOL.getByName(identityPoolId).create(identityPoolId, {
      name: "n",
      allowsUnauthenticated: false,
    });
    expect(await objects.readPool(identityPoolId)).toMatchObject({ name: "n" });
  });
});

describe("the end of every object's life at once", () => {
  it("changes no answer", async () => {
    const pool = await makePool();
    const ann = await loginOf(pool.identityPoolId, "p", "ann");
    const owner = await makeLinked(pool.identityPoolId, [ann]);
    const guest = await makeGuest(pool.identityPoolId);
    await untilAtRest(owner, guest);
    const everything = async () => [
      await objects.identity(owner).describe(),
      await objects.identity(guest).describe(),
      await objects.login(ann.loginId).view(ann.loginId),
      await objects.identityPool(pool.identityPoolId).read(),
      await objects.poolDirectory("us-east-1").page("", 1000),
    ];
    const before = await everything();
    await abortAllDurableObjects();
    expect(await everything()).toEqual(before);
  });
});
