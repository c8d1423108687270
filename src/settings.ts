/**
 * The table of settings: all that is said of one anywhere. `Config` is parsed from it, `npm start -- --help`, docs/settings.md and
 * wrangler.toml are written from it (`npm run settings`). To add a setting is to add its row, and to use it.
 */
import { adminCredentials } from "./admin-credentials.ts";
import { LOCATION_HINTS } from "./domain/place.ts";
import { TOKEN_ALGORITHMS } from "./domain/token-algorithm.ts";
import {
  accountId,
  apiAddress,
  apiToken,
  facebookAppSecrets,
  jurisdiction,
  type Kind,
  keyEncryptionKey,
  numberFrom,
  oidcProviders,
  oneOf,
  onOrOff,
  otherKeyEncryptionKey,
  ownOrigin,
  region,
  sampling,
  sessionPolicy,
  sessionPolicyArns,
  sourceCredentials,
  stsAddress,
  tokenCheckPools,
  wholeNumberFrom,
} from "./setting-kinds.ts";

export type Setting<Value = unknown> = {
  /** Of the Worker's variable, or secret. */
  readonly name: string;
  /** In one line, as in a list of them. */
  readonly meaning: string;
  /** Of a number. */
  readonly unit?: string;
  /** The text in place of one that is not given, or empty; null: the service does not run without. */
  readonly default: string | null;
  /** What stands in wrangler.toml where there is no default. */
  readonly example?: string;
  /** Never among [vars]: set by `wrangler secret put`. A deployment needs the required ones. */
  readonly secret?: "required" | "optional";
  readonly value: Kind<Value>;
};

/** By the member of the parsed settings. */
export const SETTINGS = {
  issuer: {
    name: "ISSUER",
    meaning: "`iss` of the tokens: this Worker's public origin",
    default: null,
    example: "https://identity.example.com",
    value: ownOrigin,
  },
  keyEncryptionKey: {
    name: "KEY_ENCRYPTION_KEY",
    meaning: "the signing keys rest encrypted under it",
    default: null,
    secret: "required",
    value: keyEncryptionKey,
  },
  keyEncryptionKeyOther: {
    name: "KEY_ENCRYPTION_KEY_OTHER",
    meaning: "during a change of KEY_ENCRYPTION_KEY: the other of the two",
    default: "none",
    secret: "optional",
    value: otherKeyEncryptionKey,
  },
  adminCredentials: {
    name: "ADMIN_CREDENTIALS",
    meaning: "who may call the signed operations; none: nobody",
    default: "[]",
    secret: "required",
    value: adminCredentials,
  },
  region: {
    name: "REGION",
    meaning: "region part of every id, and of signatures",
    default: "us-east-1",
    value: region,
  },
  jurisdiction: {
    name: "JURISDICTION",
    meaning: "where all objects lie, for good; fixed by the first pool",
    default: "none",
    value: jurisdiction,
  },
  locationHint: {
    name: "LOCATION_HINT",
    meaning: "where new objects that all users share are to lie",
    default: "none",
    value: oneOf(LOCATION_HINTS),
  },
  tokenAlgorithm: {
    name: "TOKEN_ALG",
    meaning: "algorithm of the tokens; a change is a key rotation",
    default: "RS256",
    value: oneOf(TOKEN_ALGORITHMS),
  },
  mergePolicy: {
    name: "MERGE_POLICY",
    meaning: "two authenticated identities meet: refuse, or make them one",
    default: "conflict",
    value: oneOf(["conflict", "merge"]),
  },
  linkProofMaxAgeSeconds: {
    name: "LINK_PROOF_MAX_AGE_SECONDS",
    meaning: "how old a login may be that links or unlinks; 0: any age",
    unit: "seconds",
    default: "0",
    value: numberFrom(0, 86_400),
  },
  tokensPerSecond: {
    name: "RATE_LIMIT_PER_SECOND",
    meaning: "tokens of one identity that come back",
    unit: "tokens a second",
    default: "5",
    value: numberFrom(0.1, 10_000),
  },
  tokensAtOnce: {
    name: "RATE_LIMIT_BURST",
    meaning: "tokens of one identity at once",
    unit: "tokens",
    default: "20",
    value: numberFrom(1, 100_000),
  },
  limitsClients: {
    name: "CLIENT_LIMIT",
    meaning: "the limit of each client address",
    default: "on",
    value: onOrOff,
  },
  servesConsole: {
    name: "CONSOLE",
    meaning: "whether the console's page works",
    default: "on",
    value: onOrOff,
  },
  clockSkewSeconds: {
    name: "CLOCK_SKEW_SECONDS",
    meaning: "how wrong the clock of a login token's issuer may be",
    unit: "seconds",
    default: "60",
    value: numberFrom(0, 300),
  },
  keyRotationDays: {
    name: "KEY_ROTATION_DAYS",
    meaning: "how long a signing key signs",
    unit: "days",
    default: "90",
    value: numberFrom(1, 365),
  },
  oidcProviders: {
    name: "OIDC_PROVIDERS",
    meaning: "client ids and keys of the issuers that pools name by ARN",
    default: "{}",
    value: oidcProviders,
  },
  facebookAppSecrets: {
    name: "FACEBOOK_APP_SECRETS",
    meaning: "app secrets of Facebook apps, for `debug_token`",
    default: "{}",
    secret: "optional",
    value: facebookAppSecrets,
  },
  tokenCheckPools: {
    name: "TOKEN_CHECK_POOLS",
    meaning: "identity pools in AWS for `ServerSideTokenCheck`",
    default: "{}",
    value: tokenCheckPools,
  },
  facebookGraphUrl: {
    name: "FACEBOOK_GRAPH_URL",
    meaning: "address of the Graph API; may name a version",
    default: "https://graph.facebook.com",
    value: apiAddress,
  },
  amazonApiUrl: {
    name: "AMAZON_API_URL",
    meaning: "address of Login with Amazon",
    default: "https://api.amazon.com",
    value: apiAddress,
  },
  twitterApiUrl: {
    name: "TWITTER_API_URL",
    meaning: "address of Twitter's API",
    default: "https://api.twitter.com",
    value: apiAddress,
  },
  stsUrl: {
    name: "STS_URL",
    meaning: "address of the STS that gives credentials; aws: in REGION",
    default: "aws",
    value: stsAddress,
  },
  credentialsSeconds: {
    name: "CREDENTIALS_SECONDS",
    meaning: "how long credentials are good; the role must allow it",
    unit: "seconds",
    default: "3600",
    value: wholeNumberFrom(3600, 43_200),
  },
  roleSessionName: {
    name: "ROLE_SESSION_NAME",
    meaning: "name of a session: one for all, or the identity's id",
    default: "cognito",
    value: oneOf(["cognito", "identity"]),
  },
  guestSessionPolicy: {
    name: "GUEST_SESSION_POLICY",
    meaning: "narrows what guests may do with their role",
    default: "{}",
    value: sessionPolicy,
  },
  guestSessionPolicyArns: {
    name: "GUEST_SESSION_POLICY_ARNS",
    meaning: "the same by managed policies, at AWS's STS alone",
    default: "[]",
    value: sessionPolicyArns,
  },
  sourceRatePerSecond: {
    name: "SOURCE_RATE_PER_SECOND",
    meaning: "how often one pool's source at Cognito is asked, at most",
    unit: "questions a second",
    default: "20",
    value: numberFrom(1, 10_000),
  },
  sourceCredentials: {
    name: "SOURCE_CREDENTIALS",
    meaning: "access keys of AWS's for look-ups and deletions at sources",
    default: "{}",
    secret: "optional",
    value: sourceCredentials,
  },
  metrics: {
    name: "METRICS",
    meaning: "which requests have a point, where `ANALYTICS` is bound",
    default: "all",
    value: sampling,
  },
  analyticsAccount: {
    name: "ANALYTICS_ACCOUNT",
    meaning: "Cloudflare account whose points `GetMetrics` reads",
    default: "none",
    value: accountId,
  },
  analyticsToken: {
    name: "ANALYTICS_TOKEN",
    meaning: "API token that may read the account's analytics",
    default: "none",
    secret: "optional",
    value: apiToken,
  },
} as const satisfies Readonly<Record<string, Setting>>;

type ValueOf<Row> = Row extends { readonly value: Kind<infer Value> } ? Value : never;

/** The value of each setting. */
export type Settings = { readonly [Member in keyof typeof SETTINGS]: ValueOf<(typeof SETTINGS)[Member]> };
