/** The clock of tests of objects: they turn it, and whatever they put in the place of something is taken away after each. */
import { afterEach, beforeEach, vi } from "vitest";

/** An hour ahead of the platform's clock, so that no alarm fires but those that a test runs. Before the file's own hooks. */
export function anHourAhead(): void {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ["Date"] });
    vi.setSystemTime(Date.now() + 3_600_000);
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllGlobals();
    vi.useRealTimers();
  });
}
