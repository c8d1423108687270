/**
 * All that an isolate remembers from one call to the next. Each memory stands here with its life and its bound; everybody is handed
 * what they need of them, and nobody has one of their own (test/unit/isolate.test.ts). The Worker and all objects of one isolate
 * hold the same. Only what is settled is remembered, and nothing that must survive: docs/adr/0054.
 */
import { type Config, parseConfig, placeIn, type RawSettings } from "./config.ts";
import type { Place } from "./domain/place.ts";
import { type Hash, sha256Hex } from "./domain/digest.ts";
import type { Result } from "./domain/errors.ts";
import type { IdentityPoolId } from "./domain/identifiers.ts";
import type { IdentityPoolSettings } from "./domain/identity-pool.ts";
import { IsolateCache, PerObject } from "./domain/isolate-cache.ts";
import type { GenuineToken } from "./jwt/genuine-tokens.ts";
import { type Stubs, stubsIn } from "./durable/stubs.ts";
import { createIssuerKeys, type IssuerEntry, type IssuerKeys, type IssuerStub } from "./key-sets/issuer-keys.ts";
import { createSigner } from "./keys/signer.ts";
import { writeAs } from "./log/write.ts";
import { openerOf } from "./keys/token-signature.ts";
import type { TaggedRefusal } from "./domain/refusals.ts";
import { createBreaker } from "./outbound/breaker.ts";
import type { Circuit } from "./outbound/circuit.ts";
import type { UpstreamPolicy } from "./outbound/upstream-policy.ts";
import { JurisdictionMemory } from "./pools/fixed-jurisdiction.ts";
import { PoolMemory, type RememberedPool } from "./pools/pool-memory.ts";
import { poolProvidersOf } from "./providers/pool-providers.ts";
import type { PoolProviders, VerifierMemory } from "./providers/provider.ts";

/** How an environment is checked: by production's rules, or by those of local development. */
export type ParseConfig = (raw: RawSettings) => Result<Config, readonly string[]>;

export class Isolate implements VerifierMemory {
  readonly #random: () => number;

  /** `random` is uniform in [0, 1): it spreads the ends of lives, so that isolates which began together do not ask together. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /**
   * The checked settings of an environment, as long as it is there. All objects of an isolate are given the same one, and most wake
   * for a single call: to check the settings anew would be a good part of it.
   */
  readonly #configs = new PerObject<ParseConfig, PerObject<Env, ReturnType<ParseConfig>>>(
    (parse) => new PerObject((env) => parse({ ...env })),
  );

  /** The key that is signed with and those that are published, as long as the settings; their leases end by the key ring's terms. */
  readonly signers = new PerObject((config: Config) =>
    createSigner(openerOf(config.keyEncryptionKey, config.keyEncryptionKeyOther), this.#random),
  );

  /** Whether there was a key to sign with, when somebody last asked how the service is: 60 s. One. */
  readonly health = new PerObject((_config: Config) => new IsolateCache<Result<void>>(1, 60));

  /** Whether the settings' jurisdiction is that of the service, as long as the settings. */
  readonly jurisdictions = new PerObject((_config: Config) => new JurisdictionMemory());

  /** Pools by id. 30 s: how long one that was changed elsewhere may still be seen as it was. 1,000, of a few kilobytes each. */
  readonly pools = new PoolMemory(new IsolateCache<RememberedPool>(1000, 30), () => this.#random());

  /** Ids of the pools that have a source, by region. 30 s, as a pool; of one region, 100 at most. */
  readonly sourcedPools = new IsolateCache<readonly IdentityPoolId[]>(1, 30);

  /** Into how many shards the list of a pool is cut. For ever: it never changes. 1,000, of a hundred bytes each. */
  readonly directoryShards = new IsolateCache<number>(1000);

  /** What the settings of a pool that is remembered say of provider names, as long as it is. */
  readonly poolProviders = new PerObject<IdentityPoolSettings, PerObject<Config["oidcProviders"], PoolProviders>>(
    (settings) => new PerObject((oidcProviders) => poolProvidersOf(settings, oidcProviders)),
  );

  /** Key sets by issuer, as long as the issuer's object says, 600 s at most. 1,000: far more than pools name, a few megabytes. */
  readonly #keySets = new IsolateCache<IssuerEntry>(1000, 600);

  /** Login tokens that are genuine, by their whole text. 60 s; 1,000, of a few kilobytes each. */
  readonly genuineTokens = new IsolateCache<GenuineToken>(1000, 60);

  /** Of issuers whether they are addresses that may be fetched, as long as the rules. 1,000. */
  readonly issuerAddresses = new PerObject<UpstreamPolicy, IsolateCache<boolean>>(() => new IsolateCache(1000));

  /** APIs, and callers of them, in trouble: up to the longest wait that is believed, 300 s, and 60 s more. 1,000 of each. */
  readonly breaker = createBreaker({
    apis: new IsolateCache<Circuit>(1000, 360),
    callers: new IsolateCache<Circuit>(1000, 360),
  });

  /** What a source refused, by a hash of the question. 60 s; 1,000, of a few hundred bytes each. */
  readonly refusedAtSource = new IsolateCache<TaggedRefusal>(1000, 60);

  /** Client addresses that failed too often, each for the period of the platform's limit, 10 s. 10,000. */
  readonly blockedAddresses = new IsolateCache<true>(10_000, 10);

  /** Hashes by text. For ever: what the hash of a text is never changes. 1,000, of a few hundred bytes each. */
  readonly #hashes = new IsolateCache<string>(1000);

  /** Epoch milliseconds of the first identity that woke here; for ever. */
  #identitiesSinceMs: number | null = null;

  /** The Date header of this second. */
  #date = { second: Number.NaN, text: "" };

  /** The ways to the objects of an environment, as long as it is there; and which version of the Worker its lines are of. */
  readonly #stubs = new PerObject((env: Env) => stubsIn(env, this.placeOf(env)));
  readonly #places = new PerObject((env: Env) => {
    const { VERSION: version }: Partial<Env> = env;
    writeAs(version?.id);
    return placeIn({ ...env });
  });

  placeOf(env: Env): Place {
    return this.#places.of(env);
  }

  stubsOf(env: Env): Stubs {
    return this.#stubs.of(env);
  }

  configOf(env: Env, parse: ParseConfig = parseConfig): ReturnType<ParseConfig> {
    return this.#configs.of(parse).of(env);
  }

  /** The keys of issuers, asked of their objects, for one request. */
  issuerKeysOf(objects: { issuer(issuer: string): IssuerStub }): IssuerKeys {
    return createIssuerKeys(
      (issuer) => objects.issuer(issuer),
      this.#keySets,
      () => Date.now() / 1000,
      this.#random,
    );
  }

  /** `sha256Hex`, once for each text. */
  readonly hash: Hash = async (text) => {
    const known = this.#hashes.get(text, 0);
    if (known !== undefined) return known;
    const hex = await sha256Hex(text);
    this.#hashes.set(text, hex, 0);
    return hex;
  };

  /**
   * For how long identities have woken here, in milliseconds. Before that they may have drawn tokens in the process before it, which
   * a crash ended; whoever is evicted from this one has been idle for long enough.
   */
  quietForMs(nowMs: number): number {
    this.#identitiesSinceMs ??= nowMs;
    return nowMs - this.#identitiesSinceMs;
  }

  /** The value of a Date header (RFC 9110, section 5.6.7): written once a second, as it is the same for all answers of one. */
  httpDate(nowMs: number): string {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#date.second) this.#date = { second, text: new Date(second * 1000).toUTCString() };
    return this.#date.text;
  }
}

/** This one. */
export const isolate = new Isolate();
