/**
 * A small cache in the memory of one isolate: values with a stated life, bounded in number. Holds settled data and never
 * a promise: a request may not wait for work that another one began, since that one can be cancelled.
 */

type Entry<Value> = { readonly value: Value; readonly setAt: number; readonly expiresAt: number };

export class IsolateCache<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #maxEntries: number;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  /** `now` in epoch seconds. An expired value is never handed out, and none after the clock was set back to before it (F10). */
  get(key: string, now: number): Value | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && entry.setAt <= now && now < entry.expiresAt ? entry.value : undefined;
  }

  /**
   * `now` in epoch seconds. When the cache is full, the value that was set longest ago makes room. Those that were set
   * longest ago go, too, as far as they have expired: where all have the same life, what nobody asks for again does not stay.
   */
  set(key: string, value: Value, now: number, lifeSeconds: number): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, setAt: now, expiresAt: now + lifeSeconds });
    for (const [oldest, { expiresAt }] of this.#entries) {
      if (this.#entries.size <= this.#maxEntries && now < expiresAt) return;
      this.#entries.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
