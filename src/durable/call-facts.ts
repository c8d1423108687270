/** What a call to an identity comes to know on its way, for the log line of its request. Decides nothing. */
import type { Config } from "../config.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import type { Trace } from "../domain/trace.ts";
import { configuredNames } from "../providers/pool-providers.ts";

export class CallFacts {
  pool: IdentityPool | null = null;
  upstreamFetches = 0;

  traceOf(logins: ReadonlyMap<string, string>, { oidcProviders }: Pick<Config, "oidcProviders">): Trace {
    const { pool, upstreamFetches } = this;
    return {
      ...(pool !== null && { identityPoolId: pool.identityPoolId }),
      ...(pool !== null && logins.size > 0 && { providerNames: configuredNames(pool, oidcProviders, logins.keys()) }),
      ...(upstreamFetches > 0 && { upstreamFetches }),
    };
  }
}
