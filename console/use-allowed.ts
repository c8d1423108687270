/** What the key of whoever is signed in may do: pages leave out what it may not. */
import { useEffect } from "preact/hooks";
import { call } from "./api.ts";
import { plainName } from "./plain-name.ts";
import { type Key, type Rights, rights, session } from "./session.ts";
import { useStore } from "./store.ts";
import type { OperationName, OutputOf } from "./wire.ts";

/** Of a key that may not even ask: it is shown everything, and refused what it may not do. */
const UNKNOWN: Rights = { operations: "*", pools: "*" };

function rightsOf({ AllowedOperations, AllowedPools }: OutputOf<"Edgepool.DescribeService">["Caller"]): Rights {
  return { operations: new Set(AllowedOperations), pools: AllowedPools.includes("*") ? "*" : AllowedPools };
}

/** Asks the service once for each key. */
export function useAsking(key: Key): void {
  useEffect(() => {
    const ask = async () => {
      const answer = await call("Edgepool.DescribeService", {}, { key });
      if (session.get() === key) rights.set(answer.ok ? rightsOf(answer.output.Caller) : UNKNOWN);
    };
    void ask();
  }, [key]);
}

export function useAllowed(): (operation: OperationName) => boolean {
  const { operations } = useStore(rights) ?? UNKNOWN;
  return (operation) => operations === "*" || operations.has(plainName(operation));
}

/** The identity pools that the key may touch; null: not known yet. */
export function useAllowedPools(): Rights["pools"] | null {
  return useStore(rights)?.pools ?? null;
}
