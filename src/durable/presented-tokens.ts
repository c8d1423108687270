/**
 * The login tokens that one call presents, in the Worker as in an identity's object: the one place that has them verified. Keeps
 * what the call's log line says of them.
 */
import type { Config } from "../config.ts";
import type { Result, ServiceError } from "../domain/errors.ts";
import type { GrantWish, VerifiedForGrant } from "../domain/grant-access.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import { IsolateCache } from "../domain/isolate-cache.ts";
import type { Login, VerifiedLogin } from "../domain/login.ts";
import type { TellRule } from "../domain/login-rules.ts";
import { canonicalName } from "../domain/provider-name.ts";
import type { Trace } from "../domain/trace.ts";
import type { GenuineToken } from "../jwt/genuine-tokens.ts";
import type { IssuerKeys } from "../key-sets/issuer-keys.ts";
import type { PresentedLogins } from "../linking/identity-host.ts";
import { configuredNames } from "../providers/pool-providers.ts";
import { providerKindOf } from "../providers/provider-kinds.ts";
import { type VerificationContext, verifyForGrant, verifyLogins } from "../providers/verify-logins.ts";
import { charge, type ClientAddress } from "../limits/client-limit.ts";
import { isolate } from "../isolate.ts";

export class PresentedTokens implements PresentedLogins {
  readonly tokens: ReadonlyMap<string, string>;
  readonly #env: Env;
  readonly #config: Config;
  readonly #client: ClientAddress | null;
  readonly #issuerKeys: IssuerKeys;
  #pool: IdentityPool | null = null;
  #upstreamFetches = 0;

  /** `client` is charged for each question to a provider's API; null: nobody is. */
  constructor(env: Env, config: Config, tokens: ReadonlyMap<string, string>, client: ClientAddress | null = null) {
    this.tokens = tokens;
    this.#env = env;
    this.#config = config;
    this.#client = client;
    this.#issuerKeys = isolate.issuerKeysOf(isolate.stubsOf(env));
  }

  begin(linked: readonly Login[]): void {
    if (linked.length === 0) return;
    const { upstreams } = this.#config;
    for (const spelling of this.tokens.keys()) {
      const name = canonicalName(spelling);
      // The users of a developer are no logins at an issuer of that name.
      if (!linked.some(({ providerName, isDeveloper }) => providerName === name && isDeveloper !== true)) continue;
      const issuer = providerKindOf(name).keyIssuerOf?.(name, upstreams, isolate);
      if (issuer !== undefined) this.#issuerKeys.begin(issuer, this.#onFetch);
    }
  }

  presentTo(pool: IdentityPool): void {
    this.#pool = pool;
  }

  /** All of them, or the first refusal. `admitQuestion` may refuse a question to a provider before anybody is charged for it. */
  async verify(
    pool: IdentityPool,
    admitQuestion: () => ServiceError | null = () => null,
  ): Promise<Result<readonly VerifiedLogin[]>> {
    return await verifyLogins(pool, this.tokens, this.#contextFor(pool, admitQuestion));
  }

  /** As `verify` without anybody to admit questions, and told rule by rule. Nothing of the tokens is remembered. */
  async explain(pool: IdentityPool, tell: TellRule): Promise<Result<readonly VerifiedLogin[]>> {
    const context = this.#contextFor(pool, () => null);
    const { issuerAddresses, poolProviders, breaker, hash } = isolate;
    const memory = { issuerAddresses, poolProviders, breaker, hash, genuineTokens: new IsolateCache<GenuineToken>(0) };
    return await verifyLogins(pool, this.tokens, { ...context, memory, tell });
  }

  async verifyForGrant(
    pool: IdentityPool,
    wish: GrantWish,
    admitQuestion: () => ServiceError | null = () => null,
  ): Promise<Result<VerifiedForGrant>> {
    return await verifyForGrant(pool, this.tokens, this.#contextFor(pool, admitQuestion), wish);
  }

  #contextFor(pool: IdentityPool, admitQuestion: () => ServiceError | null): VerificationContext {
    this.presentTo(pool);
    const client = this.#client;
    return {
      config: this.#config,
      now: Math.floor(Date.now() / 1000),
      issuerKeys: this.#issuerKeys,
      memory: isolate,
      onFetch: this.#onFetch,
      admitQuestion: async () => admitQuestion() ?? (client === null ? null : await charge(this.#env, "ask", client)),
    };
  }

  readonly #onFetch = (): void => {
    this.#upstreamFetches += 1;
  };

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

/** What an operation verifies login tokens by; each time what that was about is noted, also where it failed. */
export function verifiersOf(
  present: (tokens: ReadonlyMap<string, string>) => PresentedTokens,
  note: (trace: Trace) => void,
) {
  type Tokens = ReadonlyMap<string, string>;
  const noting = async <T>(tokens: Tokens, verify: (presented: PresentedTokens) => Promise<T>): Promise<T> => {
    const presented = present(tokens);
    try {
      return await verify(presented);
    } finally {
      note(presented.trace());
    }
  };
  return {
    verifyLogins: async (pool: IdentityPool, tokens: Tokens) =>
      await noting(tokens, async (presented) => await presented.verify(pool)),
    explainLogins: async (pool: IdentityPool, tokens: Tokens, tell: TellRule) =>
      await noting(tokens, async (presented) => await presented.explain(pool, tell)),
    verifyForGrant: async (pool: IdentityPool, tokens: Tokens, wish: GrantWish) =>
      await noting(tokens, async (presented) => await presented.verifyForGrant(pool, wish)),
  };
}
