/**
 * What memories of an isolate are made of (src/isolate.ts has them all). They hold settled data and never a promise: a request may
 * not wait for work that another one began, since that one can be cancelled.
 */

type Entry<Value> = { readonly value: Value; readonly setAt: number; readonly expiresAt: number };

/** Values with a stated life, bounded in number. */
export class IsolateCache<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #maxEntries: number;
  /** No value lives longer. */
  readonly maxLifeSeconds: number;

  constructor(maxEntries: number, maxLifeSeconds: number = Number.POSITIVE_INFINITY) {
    this.#maxEntries = maxEntries;
    this.maxLifeSeconds = maxLifeSeconds;
  }

  /** `now` in epoch seconds. An expired value is never handed out, and none after the clock was set back to before it (F10). */
  get(key: string, now: number): Value | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && entry.setAt <= now && now < entry.expiresAt ? entry.value : undefined;
  }

  /** What is held, whatever its age: to compare it with, and not to go by. */
  peek(key: string): Value | undefined {
    return this.#entries.get(key)?.value;
  }

  /**
   * `now` in epoch seconds. When the cache is full, the value that was set longest ago makes room. Those that were set
   * longest ago go, too, as far as they have expired: where all have the same life, what nobody asks for again does not stay.
   */
  set(key: string, value: Value, now: number, lifeSeconds: number = this.maxLifeSeconds): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, setAt: now, expiresAt: now + Math.min(lifeSeconds, this.maxLifeSeconds) });
    for (const [oldest, { expiresAt }] of this.#entries) {
      if (this.#entries.size <= this.#maxEntries && now < expiresAt) return;
      this.#entries.delete(oldest);
    }
  }

  delete(key: string): void {
    this.#entries.delete(key);
  }
}

/** One value for each object that it is asked for: made at the first time, and gone with the object. */
export class PerObject<Key extends object, Value> {
  readonly #values = new WeakMap<Key, Value>();
  readonly #make: (key: Key) => Value;

  constructor(make: (key: Key) => Value) {
    this.#make = make;
  }

  of(key: Key): Value {
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const value = this.#make(key);
    this.#values.set(key, value);
    return value;
  }
}
