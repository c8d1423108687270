/** The settings of the pool that is chosen on a page; null while they are not known, or may not be. */
import { useEffect, useState } from "preact/hooks";
import { call } from "./api.ts";
import type { OutputOf } from "./wire.ts";

export type PoolSettings = OutputOf<"DescribeIdentityPool">;

/** `identityPoolId` may be empty. */
export function usePool(identityPoolId: string): PoolSettings | null {
  const [pool, setPool] = useState<PoolSettings | null>(null);
  useEffect(() => {
    const controller = new AbortController();
    const ask = async () => {
      const input = { IdentityPoolId: identityPoolId };
      const answer = await call("DescribeIdentityPool", input, { signal: controller.signal });
      if (answer.ok) setPool(answer.output);
    };
    setPool(null);
    // What has been aborted is of no interest to anybody.
    if (identityPoolId !== "") ask().catch(() => {});
    return () => controller.abort();
  }, [identityPoolId]);
  return pool;
}
