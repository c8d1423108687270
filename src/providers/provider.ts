/** The contract of a provider kind: what each file that verifies one kind of login token must offer. */
import type { Config } from "../config.ts";
import type { Hash } from "../domain/digest.ts";
import type { ServiceError } from "../domain/errors.ts";
import type { IdentityPoolSettings } from "../domain/identity-pool.ts";
import type { IsolateCache, PerObject } from "../domain/isolate-cache.ts";
import type { Client, ProvenLogin } from "../domain/proven-login.ts";
import type { GenuineTokens } from "../jwt/genuine-tokens.ts";
import type { Breaker } from "../outbound/breaker.ts";
import type { FetchTools } from "../outbound/bounded-fetch.ts";
import type { SignatureAlgorithm } from "../jwt/signature.ts";
import type { IssuerKeys } from "../key-sets/issuer-keys.ts";
import type { Judgement } from "../domain/login-refusal.ts";
import type { LoginRule, TellRule } from "../domain/login-rules.ts";
import type { UpstreamPolicy } from "../outbound/upstream-policy.ts";

/** One entry of the `Logins` map, with what the pool configures for that very provider name and no other (T21). */
export type PresentedLogin = {
  /** In its one spelling: domain/provider-name.ts. */
  readonly providerName: string;
  readonly token: string;
  /** Empty when the pool does not have the provider. */
  readonly clients: readonly Client[];
};

/** A login token that passed every check that costs nothing. Nothing in it is believed before `prove`. */
export type UnprovenLogin = { prove(): Promise<Judgement<ProvenLogin>> };

/** What a pool's settings say of provider names: pool-providers.ts. */
export type PoolProviders = {
  readonly developerProviderName: string | undefined;
  /** By canonical name. */
  readonly clients: ReadonlyMap<string, readonly Client[]>;
  readonly samlProviders: ReadonlySet<string>;
};

/** What verifying remembers from one call to the next, with the life and the bound that src/isolate.ts gives each. */
export type VerifierMemory = {
  readonly genuineTokens: GenuineTokens;
  /** Of an issuer whether it is an address that may be fetched, by the rules that it was judged by. */
  readonly issuerAddresses: PerObject<UpstreamPolicy, IsolateCache<boolean>>;
  /** Of a pool's settings, by the client ids of the setting OIDC_PROVIDERS. */
  readonly poolProviders: PerObject<IdentityPoolSettings, PerObject<Config["oidcProviders"], PoolProviders>>;
  /** Which APIs are in trouble, and not asked for a while. */
  readonly breaker: Breaker;
  readonly hash: Hash;
};

export type InspectionContext = {
  /** Accepted clock difference, in seconds. */
  readonly clockSkewSeconds: number;
  readonly upstreams: UpstreamPolicy;
  readonly issuerKeys: Pick<IssuerKeys, "find">;
  /** Epoch seconds. */
  readonly now: number;
  /** For the kinds whose tokens only their provider can judge. */
  readonly fetch: FetchTools["fetch"];
  /** Told each time that the request waits for an upstream. */
  readonly onFetch?: () => void;
  readonly memory: VerifierMemory;
  /** Asked before each question to a provider's API, which costs the provider a call: the refusal, or null (T47). */
  readonly admitQuestion?: () => Promise<ServiceError | null>;
  readonly providerApis: Config["providerApis"];
  /** Listens to how a login is judged; absent wherever nobody wants to know. */
  readonly tell?: TellRule;
};

export type ProviderKind = {
  /** Whether a login under this provider name is of this kind: decided by the name alone, never by the token. */
  owns(providerName: string): boolean;
  /** All that its tokens are judged by, in the order in which `inspect` and then `prove` tell of them. */
  readonly rules: readonly LoginRule[];
  /** Judges all that can be judged without asking anybody (T28). */
  inspect(login: PresentedLogin, context: InspectionContext): Judgement<UnprovenLogin>;
  /** Whether a token of this provider could ever be verified, or will be by a kind still to come. */
  isVerifiable(providerName: string, upstreams: UpstreamPolicy): boolean;
  /**
   * The issuer whose keys, as a rule, have signed the provider's tokens, and that may be asked for them (T23). Absent: its tokens
   * are not verified by keys.
   */
  readonly keyIssuerOf?: (
    providerName: string,
    upstreams: UpstreamPolicy,
    memory: Pick<VerifierMemory, "issuerAddresses">,
  ) => string | undefined;
  /** What its tokens may be signed by. Absent: its tokens are not verified by keys. */
  readonly algorithms?: readonly SignatureAlgorithm[];
  /** Whether to verify a login may take a question to the provider's API, known before anything of it is read. Absent: never. */
  readonly asksApi?: (providerName: string, providerApis: Config["providerApis"]) => boolean;
  /** The clients that a value of `SupportedLoginProviders` means. Absent: client ids joined by `;`. */
  readonly clientsOf?: (value: string) => readonly Client[];
};
