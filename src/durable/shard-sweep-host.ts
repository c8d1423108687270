/** What the object of a shard gives to the sweep of its identities: storage, alarm, clock, and the way to them. */
import { isolate } from "../isolate.ts";
import { writeEvent } from "../log/write.ts";
import type { SweepHost, SweepRecord } from "../pools/shard-sweep.ts";
import type { Platform } from "./identity-object-host.ts";

const SWEEP_KEY = "sweep";

export function sweepHostOf({ ctx, env }: Platform): SweepHost {
  const setAlarm = (wakeAt: number) => ctx().waitUntil(ctx().storage.setAlarm(wakeAt * 1000));
  return {
    name: ctx().id.toString(),
    now: () => Date.now() / 1000,
    read: () => ctx().storage.kv.get<SweepRecord>(SWEEP_KEY) ?? null,
    save: (record, wakeAt) => {
      const { kv } = ctx().storage;
      // With no await between them they are stored together or not at all.
      if (record === null) kv.delete(SWEEP_KEY);
      else kv.put(SWEEP_KEY, record);
      if (wakeAt !== null) setAlarm(wakeAt);
    },
    setAlarm,
    removeIdentity: async (id) => await isolate.stubsOf(env()).identity(id).remove(id, "*", true),
    leftOver: (cause) => writeEvent({ event: "pool-not-settled", what: "its identities", cause: String(cause) }),
  };
}
