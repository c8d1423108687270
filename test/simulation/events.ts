/** What is still to happen, in the order of time; of two at one instant the one that was added first. */

type Event = { readonly atMs: number; readonly order: number; readonly run: () => void };

export class Events {
  /** Latest first, so that the next event is popped from the end. */
  readonly #events: Event[] = [];
  #order = 0;

  add(atMs: number, run: () => void): void {
    const event = { atMs, order: this.#order++, run };
    let index = this.#events.length;
    while (index > 0 && isAfter(event, this.#events[index - 1])) index--;
    this.#events.splice(index, 0, event);
  }

  get nextAtMs(): number | null {
    return this.#events.at(-1)?.atMs ?? null;
  }

  take(): Event | undefined {
    return this.#events.pop();
  }
}

function isAfter(event: Event, other: Event | undefined): boolean {
  if (other === undefined) return false;
  return event.atMs > other.atMs || (event.atMs === other.atMs && event.order > other.order);
}
