// The alarm of a shard whose pool was deleted, with every blow at each of its waits: whoever is in it goes, and then it rests.
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, it, vi } from "vitest";
import { isAtRest } from "../../../src/linking/identity-record.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import { type Scene, silence, strikeEveryWait } from "../../support/every-wait.ts";
import { directoryShardOf } from "../../support/first-shards.ts";
import { makeGuest, makePool, recordOf, storedIn, untilAtRest } from "../../support/objects.ts";
import { alarmOf, evict, keep, putBack, untilRest } from "../../support/scene.ts";

anHourAhead();
beforeEach(silence);

it("deletes its last identity: whatever falls on whichever wait, it is whole", async () => {
  const { identityPoolId } = await makePool();
  const guest = await makeGuest(identityPoolId);
  await untilAtRest(guest);
  const shard = () => env.IDENTITY_DIRECTORY.getByName(directoryShardOf(identityPoolId, guest));
  const identity = () => env.IDENTITY.getByName(guest);
  const kept = await Promise.all([shard, identity].map(keep));
  const scene: Scene = {
    async begin() {
      vi.setSystemTime(Date.now() + 60_000);
      await Promise.all(kept.map(putBack));
      await shard().update("add", guest);
      await runInDurableObject(shard(), async (_, { storage }) => {
        storage.kv.put("closed", true);
        storage.kv.put("sweep", { after: "", movedAt: Date.now() / 1000 });
        await storage.setAlarm(Date.now());
      });
      await evict(shard);
    },
    subject: shard,
    call: alarmOf(shard),
    ownsGlobals: true,
    rest: async (isHelped) => {
      await untilRest(isHelped, async () => {
        const record = await recordOf(guest);
        return [
          ...((await storedIn(shard())).alarm === null ? [] : [shard]),
          ...(record === null || isAtRest(record) ? [] : [identity]),
        ];
      });
    },
    async observe() {
      await evict(shard);
      const { entries, alarm } = await storedIn(shard());
      const standing = (await recordOf(guest))?.standing ?? null;
      return { entries: [...entries], hasAlarm: alarm !== null, left: await shard().page("", 10), standing };
    },
  };
  const waits = await strikeEveryWait(scene);
  expect(waits).toEqual(expect.arrayContaining(["IDENTITY.remove"]));
});
