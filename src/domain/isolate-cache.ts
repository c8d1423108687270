/**
 * A small cache in the memory of one isolate: values with a stated life, bounded in number. Holds settled data and never
 * a promise: a request may not wait for work that another one began, since that one can be cancelled.
 */

type Entry<Value> = { readonly value: Value; readonly expiresAt: number };

export class IsolateCache<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #maxEntries: number;

  constructor(maxEntries: number) {
    this.#maxEntries = maxEntries;
  }

  /** `now` in epoch seconds. An expired value is never handed out. */
  get(key: string, now: number): Value | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && now < entry.expiresAt ? entry.value : undefined;
  }

  /**
   * `now` in epoch seconds. When the cache is full, the value that was set longest ago makes room; it goes, too, once it
   * has expired, so that what is never asked for again does not stay.
   */
  set(key: string, value: Value, now: number, lifeSeconds: number): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, expiresAt: now + lifeSeconds });
    for (const [oldest, { expiresAt }] of this.#entries) {
      if (this.#entries.size <= this.#maxEntries && now < expiresAt) return;
      this.#entries.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}
