// Every call to a pool, with every blow at each of its waits: its own death, that of whom it asks, its alarm, the same call
// once more. What it was told, its directory tells in the end, and its identities go with it.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, it, vi } from "vitest";
import { type IdentityId, identityIdOf, type IdentityPoolId } from "../../../src/domain/identifiers.ts";
import { DIRECTORY_SHARDS, directoryShard } from "../../support/first-shards.ts";
import { isAtRest } from "../../../src/linking/identity-record.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import { type Scene, silence, strikeEveryWait } from "../../support/every-wait.ts";
import { newPoolId, plant, recordOf, storedIn, untilAtRest } from "../../support/objects.ts";
import { alarmOf, evict, keep, putBack, untilRest } from "../../support/scene.ts";

const settings = { name: "pool", allowsUnauthenticated: true };

let identityPoolId: IdentityPoolId;
let guest: IdentityId | null;

const pool = () => env.IDENTITY_POOL.getByName(identityPoolId);
const directory = () => env.POOL_DIRECTORY.getByName("us-east-1");
const shard = () => env.IDENTITY_DIRECTORY.getByName(directoryShard(identityPoolId, DIRECTORY_SHARDS - 1));

async function listedName(): Promise<string | null> {
  const listed = await directory().page(identityPoolId.slice(0, -1), 1);
  return listed.find((one) => one.identityPoolId === identityPoolId)?.name ?? null;
}

async function storedRecord() {
  const { entries, alarm } = await storedIn(pool());
  const { state, isListed, sweptShards } = Object(entries.get("pool"));
  return { state, isListed, sweptShards, hasAlarm: alarm !== null };
}

/** A guest in the shard that is swept last. */
async function guestInLastShard(): Promise<IdentityId> {
  const made = identityIdOf("us-east-1", crypto.randomUUID().replace(/^./, "f"));
  await env.IDENTITY.getByName(made).createGuest(made, identityPoolId);
  await untilAtRest(made);
  return made;
}

async function sceneOf(call: () => Promise<unknown>): Promise<Scene> {
  const listed = await listedName();
  const member = guest;
  const kept = await Promise.all(
    [pool, ...(member === null ? [] : [() => env.IDENTITY.getByName(member), shard])].map(keep),
  );
  return {
    async begin() {
      vi.setSystemTime(Date.now() + 60_000);
      await Promise.all(kept.map(putBack));
      await directory().update(identityPoolId, listed);
      if (member !== null) await shard().update("add", member);
    },
    subject: pool,
    call,
    ownsGlobals: true,
    rest: async (isHelped) => {
      await untilRest(isHelped, async () => {
        const record = member === null ? null : await recordOf(member);
        return [
          ...((await storedRecord()).hasAlarm ? [pool] : []),
          ...(member === null || record === null || isAtRest(record) ? [] : [() => env.IDENTITY.getByName(member)]),
        ];
      });
    },
    async observe() {
      await evict(pool);
      const standing = member === null ? null : ((await recordOf(member))?.standing ?? null);
      return { ...(await storedRecord()), listed: await listedName(), read: await pool().read(), standing };
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
  "its alarm, which sweeps its last shard": {
    through: ["IDENTITY_DIRECTORY.close", "IDENTITY_DIRECTORY.page", "IDENTITY.remove", "IDENTITY_DIRECTORY.update"],
    async make() {
      await pool().create(identityPoolId, settings);
      guest = await guestInLastShard();
      await directory().update(identityPoolId, null);
      await plant(pool(), "pool", (stored) => ({
        ...Object(stored),
        state: "deleted",
        sweptShards: DIRECTORY_SHARDS - 1,
      }));
      await runInDurableObject(pool(), (_, { storage }) => storage.setAlarm(Date.now()));
      return await sceneOf(alarmOf(pool));
    },
  },
};

anHourAhead();

beforeEach(() => {
  silence();
  identityPoolId = newPoolId();
  guest = null;
});

it.each(Object.entries(calls))("%s: whatever falls on whichever wait, it is whole", async (_, { through, make }) => {
  const waits = await strikeEveryWait(await make());
  expect(waits).toEqual(expect.arrayContaining([...through]));
});
