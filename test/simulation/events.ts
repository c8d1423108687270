/** What is still to happen, in the order of time; of two at one instant the one that was added first. */

type Event = { readonly atMs: number; readonly run: () => void };

export class Events {
  /** Latest first, so that the next event is popped from the end. */
  readonly #events: Event[] = [];

  add(atMs: number, run: () => void): void {
    const events = this.#events;
    let index = events.length;
    for (let next = events[index - 1]; next !== undefined && next.atMs <= atMs; next = events[index - 1]) {
      events[index] = next;
      index--;
    }
    events[index] = { atMs, run };
  }

  get nextAtMs(): number | null {
    return this.#events.at(-1)?.atMs ?? null;
  }

  take(): Event | undefined {
    return this.#events.pop();
  }
}
