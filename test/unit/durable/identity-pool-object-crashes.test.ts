// Every call to a pool, with every blow at each of its waits: its own death, that of whom it asks, its alarm, the same call
// once more. What it was told, its directory tells in the end, and its shards are closed.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, it, vi } from "vitest";
import type { IdentityPoolId } from "../../../src/domain/identifiers.ts";
import { DIRECTORY_SHARDS } from "../../support/first-shards.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import { type Scene, silence, strikeEveryWait } from "../../support/every-wait.ts";
import { newPoolId, plant, storedIn } from "../../support/objects.ts";
import { alarmOf, evict, keep, putBack, untilRest } from "../../support/scene.ts";

const settings = { name: "pool", allowsUnauthenticated: true };

let identityPoolId: IdentityPoolId;

const pool = () => env.IDENTITY_POOL.getByName(identityPoolId);
const directory = () => env.POOL_DIRECTORY.getByName("us-east-1");

async function listedName(): Promise<string | null> {
  const listed = await directory().page(identityPoolId.slice(0, -1), 1);
  return listed.find((one) => one.identityPoolId === identityPoolId)?.name ?? null;
}

async function storedRecord() {
  const { entries, alarm } = await storedIn(pool());
  const { state, isListed, sweptShards } = Object(entries.get("pool"));
  return { state, isListed, sweptShards, hasAlarm: alarm !== null };
}

async function sceneOf(call: () => Promise<unknown>): Promise<Scene> {
  const listed = await listedName();
  const kept = await keep(pool);
  return {
    async begin() {
      vi.setSystemTime(Date.now() + 60_000);
      await putBack(kept);
      await directory().update(identityPoolId, listed);
    },
    subject: pool,
    call,
    ownsGlobals: true,
    rest: async (isHelped) => {
      await untilRest(isHelped, async () => ((await storedRecord()).hasAlarm ? [pool] : []));
    },
    async observe() {
      await evict(pool);
      return { ...(await storedRecord()), listed: await listedName(), read: await pool().read() };
    },
  };
}

const calls: Record<string, { readonly through: readonly string[]; readonly make: () => Promise<Scene> }> = {
  "its creation": {
    through: ["storage.setAlarm", "POOL_DIRECTORY.update", "storage.deleteAlarm"],
    make: async () => await sceneOf(() => pool().create(identityPoolId, settings)),
  },
  "an update": {
    through: ["storage.setAlarm", "POOL_DIRECTORY.update", "storage.deleteAlarm"],
    async make() {
      await pool().create(identityPoolId, settings);
      return await sceneOf(() => pool().update({ ...settings, name: "renamed" }));
    },
  },
  "a change of its roles, when the directory has not heard": {
    through: ["storage.setAlarm", "POOL_DIRECTORY.update", "storage.deleteAlarm"],
    async make() {
      await pool().create(identityPoolId, settings);
      await plant(pool(), "pool", (stored) => ({ ...Object(stored), isListed: false }));
      await directory().update(identityPoolId, null);
      await evict(pool);
      const roles = { authenticated: "arn:aws:iam::123456789012:role/users" };
      return await sceneOf(() => pool().change({ kind: "roles", roles, roleMappings: {} }));
    },
  },
  "its deletion": {
    through: ["storage.setAlarm", "POOL_DIRECTORY.update", "storage.deleteAlarm"],
    async make() {
      await pool().create(identityPoolId, settings);
      // Nothing is left to sweep: that is the last scene.
      await plant(pool(), "pool", (stored) => ({ ...Object(stored), sweptShards: DIRECTORY_SHARDS }));
      return await sceneOf(() => pool().remove("the request"));
    },
  },
  "its alarm, when the directory has not heard": {
    through: ["POOL_DIRECTORY.update", "storage.deleteAlarm"],
    async make() {
      await pool().create(identityPoolId, settings);
      await plant(pool(), "pool", (stored) => ({ ...Object(stored), isListed: false }));
      await directory().update(identityPoolId, null);
      await runInDurableObject(pool(), (_, { storage }) => storage.setAlarm(Date.now()));
      return await sceneOf(alarmOf(pool));
    },
  },
  "its alarm, which closes its last shards": {
    through: ["IDENTITY_DIRECTORY.close", "storage.setAlarm", "storage.deleteAlarm"],
    async make() {
      await pool().create(identityPoolId, settings);
      await directory().update(identityPoolId, null);
      const sweptShards = DIRECTORY_SHARDS - 2;
      await plant(pool(), "pool", (stored) => ({ ...Object(stored), state: "deleted", sweptShards, isListed: false }));
      await runInDurableObject(pool(), (_, { storage }) => storage.setAlarm(Date.now()));
      return await sceneOf(alarmOf(pool));
    },
  },
};

anHourAhead();

beforeEach(() => {
  silence();
  identityPoolId = newPoolId();
});

it.each(Object.entries(calls))("%s: whatever falls on whichever wait, it is whole", async (_, { through, make }) => {
  const waits = await strikeEveryWait(await make());
  expect(waits).toEqual(expect.arrayContaining([...through]));
});
