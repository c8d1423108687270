/** What the text of a setting may be. A kind says it in words, which are those of every refusal, and reads the text. */
import { err, ok, type Result } from "./domain/errors.ts";
import { type Jurisdiction, JURISDICTIONS } from "./domain/place.ts";
import { isAmazonPoolId } from "./domain/pool-source.ts";
import { isObject, type JsonObject, parseJson } from "./domain/json.ts";
import { ALL_POINTS, FAILURES_ONLY, NO_POINTS, type Sampling } from "./metrics/request-point.ts";
import type { UpstreamPolicy } from "./outbound/upstream-policy.ts";
import { type OidcProviders, readOidcProviders } from "./providers/oidc-providers.ts";
import type { SourceCredential } from "./source/cognito.ts";
import { isPredictable, isTyped } from "./secret-strength.ts";

/** What else a text is judged by. */
export type Rules = {
  /** Which addresses may be asked at all. */
  readonly anywhere: UpstreamPolicy;
  /** The same without this service itself. */
  readonly elsewhere: UpstreamPolicy;
  /** This service's address; null where ISSUER is none. */
  readonly own: URL | null;
};

export type Kind<Value> = {
  /** Goes on after "NAME must be". */
  readonly mustBe: string;
  /** `text` has no space around it and is not empty. Each problem goes on after the name, and repeats nothing of a secret. */
  read(text: string, rules: Rules): Result<Value, readonly string[]>;
};

/** `parse` gives undefined for what the text must not be. */
function kind<Value>(mustBe: string, parse: (text: string, rules: Rules) => Value | undefined): Kind<Value> {
  const read = (text: string, rules: Rules) => {
    const value = parse(text, rules);
    return value === undefined ? err([`must be ${mustBe}`]) : ok(value);
  };
  return { mustBe, read };
}

/** What a good value may still be refused for: null, or how a sentence goes on after the name. Not in local development. */
export function unlessLocal<Value>(base: Kind<Value>, faultOf: (value: Value) => string | null): Kind<Value> {
  return {
    mustBe: base.mustBe,
    read(text, rules) {
      const value = base.read(text, rules);
      const fault = value.ok && rules.anywhere.isLocal !== true ? faultOf(value.value) : null;
      return fault === null ? value : err([fault]);
    },
  };
}

export function numberFrom(min: number, max: number): Kind<number> {
  return kind(`a number from ${min} to ${max}`, (text) => {
    const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  });
}

export function wholeNumberFrom(min: number, max: number): Kind<number> {
  return kind(`a whole number from ${min} to ${max}`, (text) => {
    const value = /^\d+$/.test(text) ? Number(text) : Number.NaN;
    return value >= min && value <= max ? value : undefined;
  });
}

export function oneOf<const Text extends string>(allowed: readonly Text[]): Kind<Text> {
  return kind(`one of ${allowed.join(", ")}`, (text) => allowed.find((candidate) => candidate === text));
}

const anyJurisdiction = oneOf(JURISDICTIONS);

export const jurisdiction: Kind<Jurisdiction> = {
  mustBe: anyJurisdiction.mustBe,
  read(text, rules) {
    const value = anyJurisdiction.read(text, rules);
    const isNone = value.ok && value.value === "none";
    if (isNone || rules.anywhere.isLocal !== true) return value;
    return err(["must be none in local development: its runtime has no jurisdictions"]);
  },
};

export const onOrOff: Kind<boolean> = kind("one of on, off", (text) =>
  text === "on" || text === "off" ? text === "on" : undefined,
);

/** Of `sampled:N`: a point for fewer requests than this would tell nothing. */
const MAX_SUCCESSES_PER_POINT = 10_000;

export const sampling: Kind<Sampling> = kind(
  `one of off, errors, all, or sampled:N: one in N successes, N from 2 to ${MAX_SUCCESSES_PER_POINT}`,
  (text) => {
    if (text === "off") return NO_POINTS;
    if (text === "errors") return FAILURES_ONLY;
    if (text === "all") return ALL_POINTS;
    const successesPerPoint = Number(/^sampled:(\d+)$/.exec(text)?.[1]);
    const isWithin = successesPerPoint >= 2 && successesPerPoint <= MAX_SUCCESSES_PER_POINT;
    return isWithin ? { failures: true, successesPerPoint } : undefined;
  },
);

/** `none` stands for no account: config.ts. */
export const accountId: Kind<string> = kind("none, or the 32 hexadecimal digits of an account", (text) =>
  /^(none|[0-9a-f]{32})$/.test(text) ? text : undefined,
);

/** It is sent as a header. `none` as above. */
export const apiToken: Kind<string> = kind("none, or an API token of Cloudflare's", (text) =>
  /^(none|[\w-]{30,200})$/.test(text) ? text : undefined,
);

export const region: Kind<string> = kind("1 to 18 lower-case letters, digits and hyphens", (text) =>
  /^[a-z0-9-]{1,18}$/.test(text) ? text : undefined,
);

/** Relying parties append `/.well-known/…`, which this service serves at its root, and compare `iss` byte for byte. */
export const ownOrigin: Kind<string> = kind(
  "an https origin with a public host name, without a path or trailing slash",
  (text, { anywhere }) => {
    const url = URL.parse(text);
    return url !== null && url.origin === text && anywhere.permits(url) ? text : undefined;
  },
);

/** As the URL parser writes it, without a slash at its end: OAuth 1.0a signs this very text (RFC 5849, section 3.4.1.2). */
export const apiAddress: Kind<string> = kind(
  "an https address with a public host name in ASCII, without a query",
  (text, { elsewhere }) => {
    const url = URL.parse(text);
    // A host in another script would be written anew by the URL parser, and be somebody else's.
    if (url === null || !elsewhere.permits(url) || !/^[!-~]+$/.test(text) || /[?#]/.test(text)) return undefined;
    return url.href.replace(/\/$/, "");
  },
);

/** `aws` stands for the address in REGION: config.ts. */
export const stsAddress: Kind<string> = kind(
  "aws, none, or an https address with a public host name in ASCII, without a query",
  (text, rules) => {
    if (text === "aws" || text === "none") return text;
    const address = apiAddress.read(text, rules);
    return address.ok ? address.value : undefined;
  },
);

export const keyEncryptionKey: Kind<string> = unlessLocal(
  kind("32 bytes in base64", (text) => (/^[A-Za-z0-9+/]{43}=$/.test(text) ? text : undefined)),
  (text) => {
    const bytes = Array.from(atob(text), (byte) => byte.charCodeAt(0));
    return isPredictable(bytes) || isTyped(bytes)
      ? 'can be guessed: make another one with "openssl rand -base64 32"'
      : null;
  },
);

export const otherKeyEncryptionKey: Kind<string> = {
  mustBe: `none, or ${keyEncryptionKey.mustBe}`,
  read(text, rules) {
    if (text === "none") return ok(text);
    const value = keyEncryptionKey.read(text, rules);
    return value.ok || !value.error[0]?.startsWith("must be") ? value : err([`must be ${this.mustBe}`]);
  },
};

/** `parse` gives undefined for what the JSON must not be. */
export function json<Value>(mustBe: string, parse: (value: unknown) => Value | undefined): Kind<Value> {
  return kind(`JSON: ${mustBe}`, (text) => {
    const parsed = parseJson(text);
    return parsed.ok ? parse(parsed.value) : undefined;
  });
}

/** A map of all members, where `isGood` holds for each of them. */
function textsByName(value: unknown, isGood: (name: string, text: string) => boolean) {
  if (!isObject(value)) return undefined;
  const texts = new Map<string, string>();
  for (const [name, text] of Object.entries(value)) {
    if (typeof text !== "string" || !isGood(name, text)) return undefined;
    texts.set(name, text);
  }
  return texts;
}

/** Each secret is sent as a header. */
export const facebookAppSecrets: Kind<ReadonlyMap<string, string>> = json(
  "an object of Facebook app id to app secret, in ASCII",
  (value) => textsByName(value, (id, secret) => /^\d{1,32}$/.test(id) && /^[!-~]([ -~]*[!-~])?$/.test(secret)),
);

const USER_POOL_ID = /^[a-z0-9-]{1,32}_[A-Za-z0-9]{1,64}$/;

export const tokenCheckPools: Kind<ReadonlyMap<string, string>> = json(
  "an object of user pool id to the id of an identity pool of Amazon's",
  (value) => textsByName(value, (userPoolId, id) => USER_POOL_ID.test(userPoolId) && isAmazonPoolId(id)),
);

/** As AWS makes them; temporary ones end too soon to be a setting. */
const ACCESS_KEY_ID = /^(?!ASIA)\w{16,128}$/;
const SECRET_ACCESS_KEY = /^[!-~]{16,128}$/;

function sourceCredentialOf([poolId, entry]: readonly [string, unknown]): [string, SourceCredential] | undefined {
  const { accessKeyId, secretAccessKey } = isObject(entry) ? entry : {};
  if (typeof accessKeyId !== "string" || !ACCESS_KEY_ID.test(accessKeyId)) return undefined;
  if (typeof secretAccessKey !== "string" || !SECRET_ACCESS_KEY.test(secretAccessKey)) return undefined;
  return isAmazonPoolId(poolId) ? [poolId, { accessKeyId, secretAccessKey }] : undefined;
}

export const sourceCredentials: Kind<ReadonlyMap<string, SourceCredential>> = json(
  "an object of the source pool's id to {accessKeyId, secretAccessKey}, which are no temporary ones",
  (value) => {
    if (!isObject(value)) return undefined;
    const read = Object.entries(value).map(sourceCredentialOf);
    const good = read.filter((entry) => entry !== undefined);
    return good.length === read.length ? new Map(good) : undefined;
  },
);

/** Most characters of session policies, inline and by ARN, all together (STS, AssumeRoleWithWebIdentity). */
export const MAX_POLICY_LENGTH = 2048;

/** An IAM policy as it is sent; the empty text where there is none. STS judges what it says, and takes Latin-1 alone. */
export const sessionPolicy: Kind<string> = json(
  `an IAM policy, an object with a Statement, of at most ${MAX_POLICY_LENGTH} characters; {}: none`,
  (value) => {
    if (!isObject(value)) return undefined;
    if (Object.keys(value).length === 0) return "";
    const text = JSON.stringify(value);
    const statement = Object.hasOwn(value, "Statement") ? value["Statement"] : null;
    const hasStatement = typeof statement === "object" && statement !== null;
    return hasStatement && text.length <= MAX_POLICY_LENGTH && /^[ -\xff]*$/.test(text) ? text : undefined;
  },
);

const POLICY_ARN = /^arn:aws[a-z-]*:iam::(aws|\d{12}):policy\/[\w+=,.@/-]{1,512}$/;

export const sessionPolicyArns: Kind<readonly string[]> = json(
  "a list of at most ten ARNs of managed policies, each once",
  (value) => {
    if (!isTextList(value) || value.length > 10 || new Set(value).size < value.length) return undefined;
    return value.every((arn) => POLICY_ARN.test(arn)) ? value : undefined;
  },
);

const oidcProvidersInForm: Kind<JsonObject> = json(
  "an object of host/path to a list of client ids, or to an object of them",
  (value) => (isObject(value) ? value : undefined),
);

/** What is wrong with an entry is said by the entry. */
export const oidcProviders: Kind<Omit<OidcProviders, "problems">> = {
  mustBe: oidcProvidersInForm.mustBe,
  read(text, rules) {
    const value = oidcProvidersInForm.read(text, rules);
    if (!value.ok) return value;
    const { problems, ...read } = readOidcProviders(value.value, rules.elsewhere, rules.own);
    return problems.length === 0 ? ok(read) : err(problems);
  },
};

export function isTextList(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string" && item !== "");
}
