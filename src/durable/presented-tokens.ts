/**
 * The login tokens that one call presents, in the Worker as in an identity's object: the one place that has them verified. Keeps
 * what the call's log line says of them.
 */
import type { Config } from "../config.ts";
import type { Result, ServiceError } from "../domain/errors.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import type { VerifiedLogin } from "../domain/login.ts";
import type { Trace } from "../domain/trace.ts";
import type { PresentedLogins } from "../linking/identity-host.ts";
import { configuredNames } from "../providers/pool-providers.ts";
import { verifyLogins } from "../providers/verify-logins.ts";
import { charge, type Client } from "./client-limit.ts";
import { isolate } from "../isolate.ts";

export class PresentedTokens implements PresentedLogins {
  readonly tokens: ReadonlyMap<string, string>;
  readonly #env: Env;
  readonly #config: Config;
  readonly #client: Client | null;
  #pool: IdentityPool | null = null;
  #upstreamFetches = 0;

  /** `client` is charged for each question to a provider's API; null: nobody is. */
  constructor(env: Env, config: Config, tokens: ReadonlyMap<string, string>, client: Client | null) {
    this.tokens = tokens;
    this.#env = env;
    this.#config = config;
    this.#client = client;
  }

  presentTo(pool: IdentityPool): void {
    this.#pool = pool;
  }

  /** All of them, or the first refusal. `admitQuestion` may refuse a question to a provider before anybody is charged for it. */
  async verify(
    pool: IdentityPool,
    admitQuestion: () => ServiceError | null = () => null,
  ): Promise<Result<readonly VerifiedLogin[]>> {
    this.presentTo(pool);
    const client = this.#client;
    return await verifyLogins(pool, this.tokens, {
      config: this.#config,
      now: Math.floor(Date.now() / 1000),
      issuerKeys: isolate.issuerKeysOf(this.#env.ISSUER_KEYS),
      memory: isolate,
      onFetch: () => {
        this.#upstreamFetches += 1;
      },
      admitQuestion: async () => admitQuestion() ?? (client === null ? null : await charge(this.#env, "ask", client)),
    });
  }

  /** A grant says itself what the call was about, unless the call had to wait for an upstream. */
  traced<R extends { readonly kind: string }>(reply: R): R & { readonly trace?: Trace } {
    return reply.kind === "granted" && this.#upstreamFetches === 0 ? reply : { ...reply, trace: this.trace() };
  }

  trace(): Trace {
    const [pool, tokens, upstreamFetches] = [this.#pool, this.tokens, this.#upstreamFetches];
    return {
      ...(pool !== null && { identityPoolId: pool.identityPoolId }),
      ...(pool !== null && tokens.size > 0 && { providerNames: this.#namesIn(pool) }),
      ...(upstreamFetches > 0 && { upstreamFetches }),
    };
  }

  #namesIn(pool: IdentityPool): readonly string[] {
    return configuredNames(isolate.poolProviders.of(pool).of(this.#config.oidcProviders), this.tokens.keys());
  }
}
