/** The ways in which Cognito fails, which a test switches on: quotas, and faults of single calls. */

/** Either of a quota of whole calls a second, or of faults; what is not named is as it should be. */
export type Troubles = {
  /** Calls a second, by operation; as many at once. */
  readonly rates?: Readonly<Record<string, number>>;
  readonly faults?: readonly Fault[];
};

export type Fault = {
  /** - `unavailable`: 503, nothing done; - `broken`: InternalErrorException, nothing done; - `throttled`: nothing done;
   *  - `lost`: done, and the connection is reset in place of the answer; - `page`: done, and a page of HTML is answered;
   *  - `half`: done, and the answer ends in its middle; - `strange`: done, and the answer is JSON that says nothing;
   *  - `late`: done, and answered `delayMs` later; - `never`: done, and not answered until the fault is taken away. */
  readonly kind: "unavailable" | "broken" | "throttled" | "lost" | "page" | "half" | "strange" | "late" | "never";
  /** Default: every one. */
  readonly operation?: string;
  /** How many calls it meets; default: all. */
  readonly times?: number;
  /** It meets each n-th call alone; default: each. */
  readonly every?: number;
  readonly delayMs?: number;
};

type Bucket = { tokens: number; at: number };

export class TroubleMaker {
  #troubles: Troubles = {};
  readonly #buckets = new Map<string, Bucket>();
  readonly #met = new Map<Fault, { seen: number; hit: number }>();
  readonly #waiting: (() => void)[] = [];

  /** In place of all earlier ones. */
  set(troubles: Troubles): void {
    this.#troubles = troubles;
    this.#buckets.clear();
    this.#met.clear();
    for (const go of this.#waiting.splice(0)) go();
  }

  /** Until `set` is called. */
  async untilChanged(): Promise<void> {
    await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  isOverQuota(operation: string): boolean {
    const rate = this.#troubles.rates?.[operation];
    if (rate === undefined) return false;
    const now = performance.now() / 1000;
    const bucket = this.#buckets.get(operation) ?? { tokens: rate, at: now };
    const tokens = Math.min(rate, bucket.tokens + (now - bucket.at) * rate);
    const isOver = tokens < 1;
    this.#buckets.set(operation, { tokens: isOver ? tokens : tokens - 1, at: now });
    return isOver;
  }

  /** What this call meets; the first fault that is about it. */
  faultOf(operation: string): Fault | undefined {
    return this.#troubles.faults?.find((fault) => {
      if (fault.operation !== undefined && fault.operation !== operation) return false;
      const { seen, hit } = this.#met.get(fault) ?? { seen: 0, hit: 0 };
      const isHit = (seen + 1) % (fault.every ?? 1) === 0 && hit < (fault.times ?? Infinity);
      this.#met.set(fault, { seen: seen + 1, hit: hit + (isHit ? 1 : 0) });
      return isHit;
    });
  }
}
