/**
 * The limit of each client address. What others have to pay for is charged before it is used: each creation of an identity and
 * each question to a provider's API, whatever comes of it (T47). Failed calls are charged when they are answered. The platform
 * counts, per location; this remembers for a moment who failed too often, so that the next call costs nothing.
 */
import { RATE_EXCEEDED, type ServiceError } from "../domain/errors.ts";
import type { IsolateCache } from "../domain/isolate-cache.ts";

/** The period of the bindings in wrangler.toml: one that is over stays out for as long, in seconds. */
export const CLIENT_LIMIT_PERIOD_SECONDS = 10;

/** Who is counted. */
export type ClientAddress = {
  /** An IPv4 address, or the first 64 bits of an IPv6 one: a single subscriber has all of the rest. */
  readonly address: string;
  /** The first 48 bits of an IPv6 address, which one site may have; null for IPv4. It has a larger limit of its own. */
  readonly network: string | null;
};

type Counter = { limit(use: { readonly key: string }): Promise<{ readonly success: boolean }> };

/** The bindings of wrangler.toml that count. */
export type ClientCounters = { readonly CLIENT_RATE_LIMIT: Counter; readonly NETWORK_RATE_LIMIT: Counter };

export const CLIENT_OVER_LIMIT: ServiceError = {
  ...RATE_EXCEEDED,
  reason: "client-address",
  retryAfterSeconds: CLIENT_LIMIT_PERIOD_SECONDS,
};

/**
 * Charges the client for one creation of an identity, or one question to a provider's API: the refusal, or null. An address
 * that is over does not draw on its network, so that no single one uses up what its neighbours share.
 */
export async function charge(
  { CLIENT_RATE_LIMIT, NETWORK_RATE_LIMIT }: ClientCounters,
  use: "create" | "ask",
  { address, network }: ClientAddress,
): Promise<ServiceError | null> {
  const own = await CLIENT_RATE_LIMIT.limit({ key: `${use} ${address}` });
  if (!own.success) return CLIENT_OVER_LIMIT;
  if (network === null) return null;
  const shared = await NETWORK_RATE_LIMIT.limit({ key: `${use} network ${network}` });
  return shared.success ? null : CLIENT_OVER_LIMIT;
}

export type FailureLimit = {
  /** Whether the address failed too often of late; asks nobody. */
  isBlocked(client: ClientAddress, now: number): boolean;
  /** Counts a call that failed: the refusal in place of its answer when it is one too many, or null. */
  count(client: ClientAddress, now: number): Promise<ServiceError | null>;
};

/** Not by network: a failure costs this service alone, and to shut a network out of everything would hit its other subscribers. */
export function failureLimitOf(
  { CLIENT_RATE_LIMIT }: Pick<ClientCounters, "CLIENT_RATE_LIMIT">,
  blocked: IsolateCache<true>,
): FailureLimit {
  return {
    isBlocked: ({ address }, now) => blocked.get(address, now) === true,
    count: async ({ address }, now) => {
      // A count that is lost refuses nobody: what failed is answered as it is.
      const counted = await CLIENT_RATE_LIMIT.limit({ key: `fail ${address}` }).catch(() => null);
      if (counted === null || counted.success) return null;
      blocked.set(address, true, now, CLIENT_LIMIT_PERIOD_SECONDS);
      return CLIENT_OVER_LIMIT;
    },
  };
}

/** By the address that Cloudflare gives; nothing that the client itself can choose. */
export function clientOf(headers: Headers): ClientAddress {
  const address = headers.get("cf-connecting-ip") ?? "";
  // IPv4, also where it is written as IPv6 (RFC 4291 section 2.5.5.2).
  if (!address.includes(":") || address.includes(".")) {
    return { address: address.slice(address.lastIndexOf(":") + 1), network: null };
  }
  const [head = "", tail = ""] = address.toLowerCase().split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === "" ? [] : tail.split(":");
  const missing = address.includes("::") ? 8 - left.length - right.length : 0;
  const zeros = Array.from({ length: Math.max(0, missing) }, () => "0");
  // RFC 5952: one spelling of each group.
  const groups = [...left, ...zeros, ...right].map((group) => group.replace(/^0+(?=.)/, ""));
  return { address: groups.slice(0, 4).join(":"), network: groups.slice(0, 3).join(":") };
}

const BLAMELESS: ReadonlySet<ServiceError["type"]> = new Set([
  "InternalErrorException",
  "ExternalServiceException",
  "InvalidIdentityPoolConfigurationException",
  "TooManyRequestsException",
]);

/** Whether a failure speaks against whoever sent it: not when we, an issuer or the pool's roles are in trouble, or said to wait. */
export function isClientsOwn({ type, isIssuersFault }: ServiceError): boolean {
  return !BLAMELESS.has(type) && isIssuersFault !== true;
}
