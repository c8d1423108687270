/** How fast a step calls. */
import { setTimeout as wait } from "node:timers/promises";

export type Pace = () => Promise<void>;

/** A turn that may be taken `perSecond` times a second, evenly; whoever comes sooner waits. */
export function makePace(perSecond: number): Pace {
  let next = 0;
  return async () => {
    const now = performance.now();
    const at = Math.max(now, next);
    next = at + 1000 / perSecond;
    if (at > now) await wait(at - now);
  };
}
