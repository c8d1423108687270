/** What the key of whoever is signed in may do: pages leave out what it may not. */
import { useEffect } from "preact/hooks";
import { call } from "./api.ts";
import { allowedOperations, type Key, session } from "./session.ts";
import { useStore } from "./store.ts";
import type { OperationName } from "./wire.ts";

/** Asks the service once for each key. A key that may not even ask is shown everything, and refused what it may not do. */
export function useAsking(key: Key): void {
  useEffect(() => {
    const ask = async () => {
      const answer = await call("Edgepool.DescribeService", {}, { key });
      if (answer.ok && session.get() === key) allowedOperations.set(new Set(answer.output.Caller.AllowedOperations));
    };
    void ask();
  }, [key]);
}

export function useAllowed(): (operation: OperationName) => boolean {
  const allowed = useStore(allowedOperations);
  return (operation) => allowed === null || allowed.has(operation.slice(operation.indexOf(".") + 1));
}
