/** The platform's rate-limit binding without its clock: so many calls for a key, and then no success. */

export type CountingRateLimit = {
  limit(options: { readonly key: string }): Promise<{ success: boolean }>;
  /** Calls so far, by key. */
  readonly counts: ReadonlyMap<string, number>;
};

export function makeRateLimit(limit: number): CountingRateLimit {
  const counts = new Map<string, number>();
  return {
    counts,
    limit: async ({ key }) => {
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      return { success: count <= limit };
    },
  };
}
