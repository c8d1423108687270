/** The raw environment, checked once: all that is wrong with the settings (settings.ts) is said at once, each by its name. */
import { err, ok, type Result } from "./domain/errors.ts";
import { type Place, placeProblem } from "./domain/place.ts";
import type { ProofRule } from "./domain/link-proof.ts";
import type { KeySource } from "./key-sets/key-source.ts";
import type { SqlApiSettings } from "./metrics/sql-api.ts";
import { exceptOwn, productionUpstreams, type UpstreamPolicy } from "./outbound/upstream-policy.ts";
import type { Rules } from "./setting-kinds.ts";
import { type Setting, SETTINGS, type Settings } from "./settings.ts";
import type { StsSettings } from "./sts/assume-role.ts";
import { stsAddressIn, stsProblems } from "./sts-address.ts";

/** Where providers are asked about login tokens that they alone can judge, and what for; addresses without a trailing slash. */
export type ProviderApis = Pick<
  Settings,
  "facebookGraphUrl" | "amazonApiUrl" | "twitterApiUrl" | "facebookAppSecrets" | "tokenCheckPools"
>;

type StsRows = "stsUrl" | "credentialsSeconds" | "roleSessionName" | "guestSessionPolicy" | "guestSessionPolicyArns";

type Regrouped =
  | "linkProofMaxAgeSeconds"
  | "tokensPerSecond"
  | "tokensAtOnce"
  | "oidcProviders"
  | "keyEncryptionKeyOther"
  | StsRows
  | "analyticsAccount"
  | "analyticsToken"
  | keyof ProviderApis;

/** The settings, each as its row has it, and what several of them are together. */
export type Config = Omit<Settings, Regrouped> & {
  /** The one before a change of `keyEncryptionKey`, or after it; null while there is none. */
  readonly keyEncryptionKeyOther: string | null;
  /** How young a proof must be that links or unlinks; null: any age, as at the live service. */
  readonly linkProofRule: ProofRule;
  readonly rateLimit: { readonly perSecond: number; readonly burst: number };
  /** Client ids of the issuers that `OpenIdConnectProviderARNs` name, by `host/path`. */
  readonly oidcProviders: ReadonlyMap<string, readonly string[]>;
  /** Where the keys of some of these issuers are found, by issuer. */
  readonly keySources: ReadonlyMap<string, KeySource>;
  readonly providerApis: ProviderApis;
  readonly sts: StsConfig;
  /** Where the points of all requests are asked for. */
  readonly analytics: SqlApiSettings;
  readonly upstreams: UpstreamPolicy;
  readonly texts: SettingTexts;
};

/** The settings as text, for whoever looks after the service: the value of a secret is never among them. */
export type SettingTexts = {
  readonly settings: readonly { readonly name: string; readonly value: string; readonly isDefault: boolean }[];
  readonly secrets: readonly { readonly name: string; readonly isSet: boolean }[];
};

/** What is sealed is sealed under the first of them, and opened by either. */
export type KeyEncryptionKeys = Pick<Config, "keyEncryptionKey" | "keyEncryptionKeyOther">;

/** Who gives credentials, and on which terms. */
export type StsConfig = StsSettings & { readonly sessionName: Settings["roleSessionName"] };

/** The environment as text; bindings are not settings and are passed over. */
export type RawSettings = Readonly<Record<string, unknown>>;

/** Longest time that an empty bucket may take to fill, in seconds: docs/adr/0006. */
const MAX_REFILL_SECONDS = 10;

/** What the environment has under this name; null when it is empty or not there. */
function textOf(raw: RawSettings, name: string): string | null {
  const value = raw[name];
  return typeof value === "string" && value.trim() !== "" ? value.trim() : null;
}

/** Each problem is a sentence that begins with the setting's name. */
export function readSetting<Value>(
  { name, value, default: fallback }: Setting<Value>,
  raw: RawSettings,
  rules: Rules,
): Result<Value, readonly string[]> {
  const text = textOf(raw, name) ?? fallback;
  const read = text === null ? err(["is missing"]) : value.read(text, rules);
  return read.ok ? read : err(read.error.map((problem) => `${name} ${problem}`));
}

/** What of the settings says where objects lie: for whoever reads no other. Throws where it is wrong. */
export function placeIn(raw: RawSettings): Place {
  const rules: Rules = { anywhere: productionUpstreams, elsewhere: productionUpstreams, own: null };
  const jurisdiction = readSetting(SETTINGS.jurisdiction, raw, rules);
  const locationHint = readSetting(SETTINGS.locationHint, raw, rules);
  if (jurisdiction.ok && locationHint.ok) return { jurisdiction: jurisdiction.value, locationHint: locationHint.value };
  throw new Error("invalid configuration: where objects lie");
}

function readSettings(raw: RawSettings, rules: Rules): Result<Settings, readonly string[]> {
  const read = Object.entries(SETTINGS).map(
    ([member, row]) => [member, readSetting<unknown>(row, raw, rules)] as const,
  );
  const problems = read.flatMap(([, result]) => (result.ok ? [] : result.error));
  // Of each row its member, and the value of its kind: what the type of Settings says.
  const values = Object.fromEntries(read.map(([member, result]) => [member, result.ok ? result.value : undefined]));
  const { tokensPerSecond, tokensAtOnce } = values as Partial<Settings>;
  if (tokensPerSecond && tokensAtOnce && tokensAtOnce / tokensPerSecond > MAX_REFILL_SECONDS) {
    problems.push(
      `RATE_LIMIT_BURST / RATE_LIMIT_PER_SECOND must be at most ${MAX_REFILL_SECONDS} seconds: the bucket rests in memory, and a slower one would be forgotten before it is full`,
    );
  }
  const { jurisdiction, locationHint } = values as Partial<Settings>;
  const place = jurisdiction && locationHint ? placeProblem({ jurisdiction, locationHint }) : null;
  if (place !== null) problems.push(place);
  // In local development nobody comes to AWS's STS unless STS_URL says so.
  const asksAws = rules.anywhere.isLocal !== true || textOf(raw, SETTINGS.stsUrl.name) !== null;
  if (problems.length === 0) problems.push(...stsProblems(values as Settings, asksAws));
  return problems.length === 0 ? ok(values as Settings) : err(problems);
}

function textsOf(raw: RawSettings): SettingTexts {
  const rows: readonly Setting[] = Object.values(SETTINGS);
  const given = rows.map((row) => ({ row, text: textOf(raw, row.name) }));
  return {
    settings: given
      .filter(({ row }) => row.secret === undefined)
      .map(({ row, text }) => ({ name: row.name, value: text ?? row.default ?? "", isDefault: text === null })),
    secrets: given
      .filter(({ row }) => row.secret !== undefined)
      .map(({ row, text }) => ({ name: row.name, isSet: text !== null })),
  };
}

function unlessNone(text: string): string | null {
  return text === "none" ? null : text;
}

/** Checks every setting at once, so that one look at the log names all that is wrong. */
export function parseConfig(
  raw: RawSettings,
  anywhere: UpstreamPolicy = productionUpstreams,
): Result<Config, readonly string[]> {
  const own = URL.parse(textOf(raw, SETTINGS.issuer.name) ?? "");
  const upstreams = own === null ? anywhere : exceptOwn(anywhere, own);
  const settings = readSettings(raw, { anywhere, elsewhere: upstreams, own });
  if (!settings.ok) return settings;
  const {
    linkProofMaxAgeSeconds: maxAgeSeconds,
    tokensPerSecond: perSecond,
    tokensAtOnce: burst,
    oidcProviders: { clientIds, keySources },
    facebookGraphUrl,
    amazonApiUrl,
    twitterApiUrl,
    facebookAppSecrets,
    tokenCheckPools,
    stsUrl,
    credentialsSeconds: durationSeconds,
    roleSessionName: sessionName,
    guestSessionPolicy: guestPolicy,
    guestSessionPolicyArns: guestPolicyArns,
    analyticsAccount,
    analyticsToken,
    keyEncryptionKeyOther,
    ...rest
  } = settings.value;
  return ok({
    ...rest,
    keyEncryptionKeyOther: unlessNone(keyEncryptionKeyOther),
    linkProofRule: maxAgeSeconds === 0 ? null : { maxAgeSeconds, clockSkewSeconds: rest.clockSkewSeconds },
    rateLimit: { perSecond, burst },
    oidcProviders: clientIds,
    keySources,
    providerApis: { facebookGraphUrl, amazonApiUrl, twitterApiUrl, facebookAppSecrets, tokenCheckPools },
    sts: { url: stsAddressIn(stsUrl, rest.region), durationSeconds, sessionName, guestPolicy, guestPolicyArns },
    analytics: { accountId: unlessNone(analyticsAccount), token: unlessNone(analyticsToken) },
    upstreams,
    texts: textsOf(raw),
  });
}
