/** A value that parts of the page look at, and are drawn anew when it changes. */
import { useEffect, useState } from "preact/hooks";

export type Store<Value> = {
  get(): Value;
  set(value: Value): void;
  /** Until the returned function is called. */
  watch(changed: () => void): () => void;
};

export function storeOf<Value>(first: Value): Store<Value> {
  let value = first;
  const watchers = new Set<() => void>();
  return {
    get: () => value,
    set(next) {
      value = next;
      for (const changed of watchers) changed();
    },
    watch(changed) {
      watchers.add(changed);
      return () => watchers.delete(changed);
    },
  };
}

export function useStore<Value>(store: Store<Value>): Value {
  const [value, setValue] = useState(store.get());
  useEffect(() => {
    const changed = () => setValue(() => store.get());
    // It may have changed between the first drawing and now.
    changed();
    return store.watch(changed);
  }, [store]);
  return value;
}
