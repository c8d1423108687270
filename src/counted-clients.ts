/** The limit of each client address, as the settings have it, on the counts of the platform and the memory of the isolate. */
import type { Config } from "./config.ts";
import type { ServiceError } from "./domain/errors.ts";
import { isolate } from "./isolate.ts";
import { charge, type ClientAddress, clientOf, failureLimitOf } from "./limits/client-limit.ts";

/** The limit of each client address, or none of it. */
export type ClientLimit = {
  /** Who sent a request, where that is counted. */
  clientOf(headers: Headers): ClientAddress | null;
  isBlocked(client: ClientAddress | null, now: number): boolean;
  /** Each charges the client, and answers with the refusal of what is one too many, or null. */
  countFailure(client: ClientAddress | null, now: number): Promise<ServiceError | null>;
  chargeForId(client: ClientAddress | null): Promise<ServiceError | null>;
};

export function clientLimitOf(env: Env, { limitsClients }: Config): ClientLimit {
  const failures = failureLimitOf(env, isolate.blockedAddresses);
  return {
    clientOf: (headers) => (limitsClients ? clientOf(headers) : null),
    isBlocked: (client, now) => client !== null && failures.isBlocked(client, now),
    countFailure: async (client, now) => (client === null ? null : await failures.count(client, now)),
    chargeForId: async (client) => (client === null ? null : await charge(env, "create", client)),
  };
}
