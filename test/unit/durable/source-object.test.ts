import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, expect, it } from "vitest";
import { type IdentityPoolId } from "../../../src/domain/identifiers.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import { newPoolId, NOTHING_STORED, storedIn } from "../../support/objects.ts";

let sourcePoolId: IdentityPoolId;

const stub = () => env.SOURCE.getByName(sourcePoolId);
/** A promise of the runtime's own, whose rejection nobody else would wait for. */
const settled = async (call: Promise<unknown>) => await call;
const none = { asksToday: { ok: 0, notFound: 0, throttled: 0, failed: 0 }, problems: [], conflicts: 0, barred: 0 };

// The bucket would fill while the test runs.
anHourAhead();

beforeEach(() => {
  sourcePoolId = newPoolId();
});

it("a hundred draws at once have what the bucket holds, and store nothing", async () => {
  const drawn = await Promise.all(Array.from({ length: 100 }, async () => await stub().draw()));
  expect(drawn.filter(Boolean)).toHaveLength(40);
  expect(await storedIn(stub())).toEqual(NOTHING_STORED);
});

it("one that is only looked at stores nothing", async () => {
  expect(await stub().counts()).toEqual(none);
  expect(await storedIn(stub())).toEqual(NOTHING_STORED);
});

it("counts what it is told, in this life and in the next, in one row", async () => {
  await stub().tell({ outcome: "ok" });
  await stub().tell({ outcome: "failed", problem: "no-roles" });
  await stub().tell({ fact: "barred" });
  await evictDurableObject(stub());
  const counted = { ...none, asksToday: { ...none.asksToday, ok: 1, failed: 1 }, problems: ["no-roles"], barred: 1 };
  expect(await stub().counts()).toEqual(counted);
  const { entries, alarm } = await storedIn(stub());
  expect([[...entries.keys()], alarm]).toEqual([["source"], null]);
});

it("refuses a record of a version that it does not know", async () => {
  await runInDurableObject(stub(), (_, { storage }) => storage.kv.put("source", { version: 2 }));
  await evictDurableObject(stub());
  await expect(settled(stub().draw())).rejects.toThrow(/unknown version/);
});
