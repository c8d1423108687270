/**
 * The limit of each client address, in front of every object: GetId, which may create, and calls that failed draw on it.
 * The platform counts, per location; this remembers for a moment who was over, so that the next call costs nothing.
 */
import { IsolateCache } from "./domain/isolate-cache.ts";

/** The period of the binding in wrangler.toml: one that is over stays out for as long, in seconds. */
export const CLIENT_LIMIT_PERIOD_SECONDS = 10;
/** Most addresses that one isolate remembers as being over. */
const MAX_BLOCKED = 10_000;

export type ClientLimit = {
  /** Whether the address failed too often of late; asks nobody. */
  isBlocked(address: string, now: number): boolean;
  /** Counts a call that may create an identity; false when it is one too many. */
  admitCreation(address: string): Promise<boolean>;
  /** Counts a call that failed. */
  countFailure(address: string, now: number): Promise<void>;
};

export function clientLimitOf(binding: RateLimit): ClientLimit {
  const blocked = new IsolateCache<true>(MAX_BLOCKED);
  return {
    isBlocked: (address, now) => blocked.get(address, now) === true,
    admitCreation: async (address) => (await binding.limit({ key: `create ${address}` })).success,
    countFailure: async (address, now) => {
      const { success } = await binding.limit({ key: `fail ${address}` });
      if (!success) blocked.set(address, true, now, CLIENT_LIMIT_PERIOD_SECONDS);
    },
  };
}

export const UNLIMITED: ClientLimit = {
  isBlocked: () => false,
  admitCreation: async () => await Promise.resolve(true),
  countFailure: async () => {
    await Promise.resolve();
  },
};

/**
 * The client's address as Cloudflare gives it; nothing that the client itself can choose. Of IPv6 the first 64 bits: a
 * single subscriber has all of the rest.
 */
export function addressOf(headers: Headers): string {
  const address = headers.get("cf-connecting-ip") ?? "";
  // IPv4, also where it is written as IPv6 (RFC 4291 section 2.5.5.2).
  if (!address.includes(":") || address.includes(".")) return address;
  const [head = "", tail = ""] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === "" ? [] : tail.split(":");
  const zeros = address.includes("::") ? 8 - left.length - right.length : 0;
  return [...left, ...Array.from({ length: Math.max(0, zeros) }, () => "0"), ...right].slice(0, 4).join(":");
}
