/** What a screen reader is told of a result that nobody has moved to. */
import { storeOf, useStore } from "../store.ts";

const message = storeOf("");

export function announce(text: string): void {
  message.set(text);
}

export function LiveRegion() {
  return (
    <div role="status" class="unseen">
      {useStore(message)}
    </div>
  );
}
