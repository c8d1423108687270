/** The settings of the pools that a list shows: asked for a few at a time, and shown as they come. */
import { useEffect, useState } from "preact/hooks";
import { call } from "./api.ts";
import type { PoolSettings } from "./use-pool.ts";

const AT_A_TIME = 4;

/** By the pool's id; null: the service does not tell; absent: not known yet. */
export type PoolsSettings = ReadonlyMap<string, PoolSettings | null>;

export function usePools(identityPoolIds: readonly string[]): PoolsSettings {
  const [pools, setPools] = useState<PoolsSettings>(new Map());
  useEffect(() => {
    const controller = new AbortController();
    const waiting = [...identityPoolIds];
    const ask = async () => {
      for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
        const answer = await call("DescribeIdentityPool", { IdentityPoolId: id }, { signal: controller.signal });
        const settings = answer.ok ? answer.output : null;
        setPools((known) => new Map([...known, [id, settings]]));
      }
    };
    // What has been aborted is of no interest to anybody.
    for (let asker = 0; asker < AT_A_TIME; asker += 1) ask().catch(() => {});
    return () => controller.abort();
  }, [identityPoolIds.join(" ")]);
  return pools;
}
