/** The raw environment, checked once: every setting has a unit, a bound and a safe default, or is refused by its name. */
import type { AdminCredential } from "./domain/admin-credential.ts";
import { err, ok, type Result } from "./domain/errors.ts";
import type { ProofRule } from "./domain/link-proof.ts";
import { TOKEN_ALGORITHMS, type TokenAlgorithm } from "./domain/token-algorithm.ts";
import { isPredictable, isPublished } from "./secret-strength.ts";
import type { KeySource } from "./key-sets/key-source.ts";
import { readOidcProviders } from "./providers/oidc-providers.ts";
import { exceptOwn, productionUpstreams, type UpstreamPolicy } from "./outbound/upstream-policy.ts";

export type Config = {
  /** `iss` of every minted token: this service's public origin, without a trailing slash. */
  readonly issuer: string;
  readonly region: string;
  readonly tokenAlgorithm: TokenAlgorithm;
  /** What happens when two authenticated identities meet: docs/cognito-divergences.md. */
  readonly mergePolicy: "conflict" | "merge";
  /** How young a proof must be that links or unlinks; null: any age, as at the live service. */
  readonly linkProofRule: ProofRule;
  readonly rateLimit: { readonly perSecond: number; readonly burst: number };
  /** Whether GetId, questions to providers and failed calls draw on the limit of their client address. */
  readonly limitsClients: boolean;
  /** Accepted clock difference of login tokens, in seconds: 0 to 300. */
  readonly clockSkewSeconds: number;
  readonly keyRotationDays: number;
  /** 32 bytes, base64: the AES-GCM key that private keys rest under. */
  readonly keyEncryptionKey: string;
  readonly adminCredentials: readonly AdminCredential[];
  /** Client ids of the issuers that `OpenIdConnectProviderARNs` name, by `host/path`. */
  readonly oidcProviders: ReadonlyMap<string, readonly string[]>;
  /** Where the keys of some of these issuers are found, by issuer. */
  readonly keySources: ReadonlyMap<string, KeySource>;
  readonly providerApis: ProviderApis;
  readonly upstreams: UpstreamPolicy;
};

/** Where providers are asked about login tokens that they alone can judge; addresses without a trailing slash. */
export type ProviderApis = {
  readonly facebookGraphUrl: string;
  readonly amazonApiUrl: string;
  readonly twitterApiUrl: string;
  /** Secret: Facebook app id to app secret, for the apps whose tokens are looked into with it. */
  readonly facebookAppSecrets: ReadonlyMap<string, string>;
  /** User pool id to the id of an identity pool of Amazon's, whose GetId says whether a user has signed out. */
  readonly tokenCheckPools: ReadonlyMap<string, string>;
};

/** The environment as text; bindings are not settings and are passed over. */
export type RawSettings = Readonly<Record<string, unknown>>;

/** Longest time that an empty bucket may take to fill, in seconds: docs/adr/0006. */
const MAX_REFILL_SECONDS = 10;

type Problems = string[];

function text(raw: RawSettings, name: string): string | undefined {
  const value = raw[name];
  return typeof value === "string" && value.trim() !== "" ? value.trim() : undefined;
}

function number(
  raw: RawSettings,
  name: string,
  fallback: number,
  min: number,
  max: number,
  problems: Problems,
): number {
  const value = text(raw, name);
  if (value === undefined) return fallback;
  const parsed = Number(value);
  if (!Number.isFinite(parsed) || parsed < min || parsed > max) {
    problems.push(`${name} must be a number from ${min} to ${max}`);
    return fallback;
  }
  return parsed;
}

function choice<T extends string>(
  raw: RawSettings,
  name: string,
  fallback: T,
  allowed: readonly T[],
  problems: Problems,
): T {
  const value = text(raw, name);
  if (value === undefined) return fallback;
  const found = allowed.find((candidate) => candidate === value);
  if (found === undefined) problems.push(`${name} must be one of ${allowed.join(", ")}`);
  return found ?? fallback;
}

function json(raw: RawSettings, name: string, problems: Problems): unknown {
  const value = text(raw, name);
  if (value === undefined) return undefined;
  try {
    return JSON.parse(value);
  } catch {
    problems.push(`${name} must be JSON`);
    return undefined;
  }
}

function isTextList(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string" && item !== "");
}

function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parseIssuer(raw: RawSettings, upstreams: UpstreamPolicy, problems: Problems): string {
  const value = text(raw, "ISSUER");
  if (value === undefined) {
    problems.push("ISSUER is missing");
    return "";
  }
  // Relying parties append `/.well-known/…`, which this service serves at its root, and compare `iss` byte for byte.
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url?.origin !== value || !upstreams.permits(url)) {
    problems.push("ISSUER must be an https origin with a public host name, without a path or trailing slash");
  }
  return value;
}

function parseCredential(entry: unknown): AdminCredential | undefined {
  if (!isPlainObject(entry)) return undefined;
  const { accessKeyId, secretAccessKey, operations = "*", pools = "*" } = entry;
  if (typeof accessKeyId !== "string" || !/^[\w-]{1,128}$/.test(accessKeyId)) return undefined;
  if (typeof secretAccessKey !== "string" || secretAccessKey.length < 16) return undefined;
  if (operations !== "*" && !isTextList(operations)) return undefined;
  if (pools !== "*" && !isTextList(pools)) return undefined;
  return { accessKeyId, secretAccessKey, operations, pools };
}

/** What is wrong with a secret that is well formed, or nothing: production takes none that others know. Never repeats it. */
function weaknessOf({ accessKeyId, secretAccessKey }: AdminCredential): string | undefined {
  if (isPublished(secretAccessKey)) return "is published";
  const characters = Array.from(secretAccessKey, (character) => character.codePointAt(0) ?? 0);
  return secretAccessKey === accessKeyId || isPredictable(characters) ? "can be guessed" : undefined;
}

function parseCredentials(
  raw: RawSettings,
  { isLocal }: UpstreamPolicy,
  problems: Problems,
): readonly AdminCredential[] {
  const value = json(raw, "ADMIN_CREDENTIALS", problems);
  if (value === undefined) return [];
  const entries = Array.isArray(value) ? value.map(parseCredential) : [undefined];
  const valid = entries.filter((entry) => entry !== undefined);
  if (valid.length !== entries.length || new Set(valid.map((entry) => entry.accessKeyId)).size !== valid.length) {
    problems.push(
      "ADMIN_CREDENTIALS must be a JSON array of {accessKeyId, secretAccessKey of 16 or more characters, operations?, pools?} with distinct access key ids",
    );
    return [];
  }
  const weak = isLocal === true ? [] : valid.map(weaknessOf);
  const index = weak.findIndex((weakness) => weakness !== undefined);
  if (index !== -1) {
    // By its place and not by its key id: whoever asks is told.
    problems.push(
      `ADMIN_CREDENTIALS has a secretAccessKey that ${weak[index]}, in entry ${index + 1}: make another one, as with "openssl rand -hex 24"`,
    );
  }
  return valid;
}

function parseOidcProviders(
  raw: RawSettings,
  upstreams: UpstreamPolicy,
  own: URL | null,
  problems: Problems,
): Pick<Config, "oidcProviders" | "keySources"> {
  const value = json(raw, "OIDC_PROVIDERS", problems);
  const read = readOidcProviders(value === undefined ? {} : value, upstreams, own);
  problems.push(...read.problems);
  return { oidcProviders: read.clientIds, keySources: read.keySources };
}

function parseApiUrl(
  raw: RawSettings,
  name: string,
  fallback: string,
  upstreams: UpstreamPolicy,
  problems: Problems,
): string {
  const value = text(raw, name) ?? fallback;
  const url = URL.canParse(value) ? new URL(value) : undefined;
  // A host in another script would be written anew by the URL parser, and be somebody else's.
  if (url === undefined || !upstreams.permits(url) || !/^[!-~]+$/.test(value) || /[?#]/.test(value)) {
    problems.push(`${name} must be an https address with a public host name in ASCII, without a query`);
  }
  // As the URL parser writes it: OAuth 1.0a signs this very text (RFC 5849, section 3.4.1.2).
  return url === undefined ? value : url.href.replace(/\/$/, "");
}

function parseFacebookAppSecrets(raw: RawSettings, problems: Problems): ReadonlyMap<string, string> {
  const value = json(raw, "FACEBOOK_APP_SECRETS", problems);
  if (value === undefined) return new Map();
  const entries = isPlainObject(value) ? Object.entries(value) : [];
  const valid = entries.flatMap(([appId, secret]) => {
    // It is sent as a header.
    const isSecret = typeof secret === "string" && /^[!-~]([ -~]*[!-~])?$/.test(secret);
    return /^\d{1,32}$/.test(appId) && isSecret ? [[appId, secret] as const] : [];
  });
  if (!isPlainObject(value) || valid.length !== entries.length) {
    problems.push("FACEBOOK_APP_SECRETS must be a JSON object of Facebook app id to app secret, in ASCII");
  }
  return new Map(valid);
}

const USER_POOL_ID = /^[a-z0-9-]{1,32}_[A-Za-z0-9]{1,64}$/;
/** Its region becomes part of a host name: nothing but a region fits (T23). */
const AMAZON_IDENTITY_POOL_ID = /^[a-z]{2}(-[a-z]{1,16}){1,2}-\d{1,2}:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

function parseTokenCheckPools(raw: RawSettings, problems: Problems): ReadonlyMap<string, string> {
  const value = json(raw, "TOKEN_CHECK_POOLS", problems);
  if (value === undefined) return new Map();
  const entries = isPlainObject(value) ? Object.entries(value) : [];
  const valid = entries.flatMap(([userPoolId, id]) => {
    const isGood = USER_POOL_ID.test(userPoolId) && typeof id === "string" && AMAZON_IDENTITY_POOL_ID.test(id);
    return isGood ? [[userPoolId, id] as const] : [];
  });
  if (!isPlainObject(value) || valid.length !== entries.length) {
    problems.push("TOKEN_CHECK_POOLS must be a JSON object of user pool id to the id of an identity pool of Amazon's");
  }
  return new Map(valid);
}

function parseProviderApis(raw: RawSettings, upstreams: UpstreamPolicy, problems: Problems): ProviderApis {
  const urlOf = (name: string, fallback: string) => parseApiUrl(raw, name, fallback, upstreams, problems);
  return {
    facebookGraphUrl: urlOf("FACEBOOK_GRAPH_URL", "https://graph.facebook.com"),
    amazonApiUrl: urlOf("AMAZON_API_URL", "https://api.amazon.com"),
    twitterApiUrl: urlOf("TWITTER_API_URL", "https://api.twitter.com"),
    facebookAppSecrets: parseFacebookAppSecrets(raw, problems),
    tokenCheckPools: parseTokenCheckPools(raw, problems),
  };
}

function parseKeyEncryptionKey(raw: RawSettings, { isLocal }: UpstreamPolicy, problems: Problems): string {
  const value = text(raw, "KEY_ENCRYPTION_KEY");
  if (value === undefined) {
    problems.push("KEY_ENCRYPTION_KEY is missing");
    return "";
  }
  if (!/^[A-Za-z0-9+/]{43}=$/.test(value)) problems.push("KEY_ENCRYPTION_KEY must be 32 bytes in base64");
  else if (isLocal !== true && isPredictable(Array.from(atob(value), (byte) => byte.charCodeAt(0)))) {
    problems.push('KEY_ENCRYPTION_KEY can be guessed: make another one with "openssl rand -base64 32"');
  }
  return value;
}

/** Checks every setting at once, so that one look at the log names all that is wrong. */
export function parseConfig(
  raw: RawSettings,
  upstreams: UpstreamPolicy = productionUpstreams,
): Result<Config, readonly string[]> {
  const problems: Problems = [];
  const perSecond = number(raw, "RATE_LIMIT_PER_SECOND", 5, 0.1, 10_000, problems);
  const burst = number(raw, "RATE_LIMIT_BURST", 20, 1, 100_000, problems);
  if (burst / perSecond > MAX_REFILL_SECONDS) {
    problems.push(
      `RATE_LIMIT_BURST / RATE_LIMIT_PER_SECOND must be at most ${MAX_REFILL_SECONDS} seconds: the bucket rests in memory, and a slower one would be forgotten before it is full`,
    );
  }
  const clockSkewSeconds = number(raw, "CLOCK_SKEW_SECONDS", 60, 0, 300, problems);
  const maxAgeSeconds = number(raw, "LINK_PROOF_MAX_AGE_SECONDS", 0, 0, 86_400, problems);
  const region = text(raw, "REGION") ?? "us-east-1";
  if (!/^[a-z0-9-]{1,18}$/.test(region)) problems.push("REGION must be 1 to 18 lower-case letters, digits and hyphens");
  const issuer = parseIssuer(raw, upstreams, problems);
  const own = URL.parse(issuer);
  const otherUpstreams = own === null ? upstreams : exceptOwn(upstreams, own);
  const config: Config = {
    issuer,
    region,
    tokenAlgorithm: choice(raw, "TOKEN_ALG", "RS256", TOKEN_ALGORITHMS, problems),
    mergePolicy: choice(raw, "MERGE_POLICY", "conflict", ["conflict", "merge"], problems),
    linkProofRule: maxAgeSeconds === 0 ? null : { maxAgeSeconds, clockSkewSeconds },
    rateLimit: { perSecond, burst },
    limitsClients: choice(raw, "CLIENT_LIMIT", "on", ["on", "off"], problems) === "on",
    clockSkewSeconds,
    keyRotationDays: number(raw, "KEY_ROTATION_DAYS", 90, 1, 365, problems),
    keyEncryptionKey: parseKeyEncryptionKey(raw, upstreams, problems),
    adminCredentials: parseCredentials(raw, upstreams, problems),
    ...parseOidcProviders(raw, otherUpstreams, own, problems),
    providerApis: parseProviderApis(raw, otherUpstreams, problems),
    upstreams: otherUpstreams,
  };
  return problems.length === 0 ? ok(config) : err(problems);
}
