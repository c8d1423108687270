/** The settings of a pool while somebody changes them: from the wire to fields and back, and what has become different. Pure. */
import type { InputOf } from "../wire.ts";

export type PoolSettings = InputOf<"CreateIdentityPool">;

export type Pair = { readonly name: string; readonly value: string };
export type UserPool = { readonly providerName: string; readonly clientId: string; readonly isChecked: boolean };

/** As the fields have it. What is empty is not there. */
export type Draft = {
  readonly name: string;
  readonly allowsGuests: boolean;
  readonly allowsClassicFlow: boolean;
  /** Provider name and client id. */
  readonly providers: readonly Pair[];
  readonly userPools: readonly UserPool[];
  /** One a line, as the next. */
  readonly openIdConnectArns: string;
  readonly samlArns: string;
  readonly developerProvider: string;
  readonly tags: readonly Pair[];
};

export const EMPTY_DRAFT: Draft = {
  name: "",
  allowsGuests: false,
  allowsClassicFlow: true,
  providers: [],
  userPools: [],
  openIdConnectArns: "",
  samlArns: "",
  developerProvider: "",
  tags: [],
};

function pairsOf(record: Readonly<Record<string, string>> = {}): readonly Pair[] {
  return Object.entries(record).map(([name, value]) => ({ name, value }));
}

export function draftOf(pool: PoolSettings): Draft {
  return {
    name: pool.IdentityPoolName,
    allowsGuests: pool.AllowUnauthenticatedIdentities,
    allowsClassicFlow: pool.AllowClassicFlow ?? false,
    providers: pairsOf(pool.SupportedLoginProviders),
    userPools: (pool.CognitoIdentityProviders ?? []).map(({ ProviderName, ClientId, ServerSideTokenCheck }) => ({
      providerName: ProviderName ?? "",
      clientId: ClientId ?? "",
      isChecked: ServerSideTokenCheck ?? false,
    })),
    openIdConnectArns: (pool.OpenIdConnectProviderARNs ?? []).join("\n"),
    samlArns: (pool.SamlProviderARNs ?? []).join("\n"),
    developerProvider: pool.DeveloperProviderName ?? "",
    tags: pairsOf(pool.IdentityPoolTags),
  };
}

const given = ({ name, value }: Pair) => name.trim() !== "" || value.trim() !== "";

function recordOf(pairs: readonly Pair[]): Readonly<Record<string, string>> {
  return Object.fromEntries(pairs.filter(given).map(({ name, value }) => [name.trim(), value.trim()]));
}

function linesOf(text: string): readonly string[] {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}

/** All settings, whole, as an update sends them: what is not there is taken out of the pool. Tags alone are cleared by an empty map. */
export function settingsOf(draft: Draft): PoolSettings {
  const providers = recordOf(draft.providers);
  const userPools = draft.userPools.filter(({ providerName, clientId }) => `${providerName}${clientId}`.trim() !== "");
  const [openIdConnectArns, samlArns] = [linesOf(draft.openIdConnectArns), linesOf(draft.samlArns)];
  const developerProvider = draft.developerProvider.trim();
  return {
    IdentityPoolName: draft.name.trim(),
    AllowUnauthenticatedIdentities: draft.allowsGuests,
    AllowClassicFlow: draft.allowsClassicFlow,
    ...(Object.keys(providers).length > 0 && { SupportedLoginProviders: providers }),
    ...(userPools.length > 0 && {
      CognitoIdentityProviders: userPools.map(({ providerName, clientId, isChecked }) => ({
        ProviderName: providerName.trim(),
        ClientId: clientId.trim(),
        ServerSideTokenCheck: isChecked,
      })),
    }),
    ...(openIdConnectArns.length > 0 && { OpenIdConnectProviderARNs: openIdConnectArns }),
    ...(samlArns.length > 0 && { SamlProviderARNs: samlArns }),
    ...(developerProvider !== "" && { DeveloperProviderName: developerProvider }),
    IdentityPoolTags: recordOf(draft.tags),
  };
}

function twice(names: readonly string[]): readonly string[] {
  return [...new Set(names.filter((name, index) => name !== "" && names.indexOf(name) !== index))];
}

/** What the fields cannot mean; the service judges the rest. */
export function problemsOf({ name, providers, tags }: Draft): readonly string[] {
  const namesOf = (pairs: readonly Pair[]) => pairs.map((pair) => pair.name.trim());
  return [
    ...(name.trim() === "" ? ["The pool needs a name."] : []),
    ...twice(namesOf(providers)).map((provider) => `The provider ${provider} is there twice.`),
    ...twice(namesOf(tags)).map((tag) => `The tag ${tag} is there twice.`),
    ...(providers.some((pair) => given(pair) && (pair.name.trim() === "" || pair.value.trim() === ""))
      ? ["A provider needs a name and a client id."]
      : []),
    ...(tags.some((pair) => given(pair) && pair.name.trim() === "") ? ["A tag needs a key."] : []),
  ];
}

const MASK = "••••••••";

/** The part of a client id that is no secret: that of Twitter is `consumerKey;consumerSecret`. */
export function shownClientId(providerName: string, clientId: string): string {
  const [key = ""] = clientId.split(";", 1);
  return providerName === "api.twitter.com" && clientId.includes(";") ? `${key};${MASK}` : clientId;
}

/** The settings as they may be shown and copied. */
export function withoutSecrets<Settings extends PoolSettings>(settings: Settings): Settings {
  const { SupportedLoginProviders: providers } = settings;
  if (providers === undefined) return settings;
  const shown = Object.entries(providers).map(([name, clientId]) => [name, shownClientId(name, clientId)]);
  return { ...settings, SupportedLoginProviders: Object.fromEntries(shown) };
}

function yesOrNo(value: boolean | undefined): string {
  return value === true ? "yes" : "no";
}

/** Each setting as a line: what it is called, and its value. */
function linesOfSettings(settings: PoolSettings): ReadonlyMap<string, string> {
  return new Map([
    ["Name", settings.IdentityPoolName],
    ["Guests", yesOrNo(settings.AllowUnauthenticatedIdentities)],
    ["Classic flow", yesOrNo(settings.AllowClassicFlow)],
    ...pairsOf(settings.SupportedLoginProviders).map(({ name, value }) => [name, value] as const),
    ...(settings.CognitoIdentityProviders ?? []).map(
      ({ ProviderName = "", ClientId = "", ServerSideTokenCheck }) =>
        [`${ProviderName}, client ${ClientId}`, `server-side check: ${yesOrNo(ServerSideTokenCheck)}`] as const,
    ),
    ...(settings.OpenIdConnectProviderARNs ?? []).map((arn) => [arn, "accepted"] as const),
    ...(settings.SamlProviderARNs ?? []).map((arn) => [arn, "named"] as const),
    ["Developer provider", settings.DeveloperProviderName ?? ""],
    ...pairsOf(settings.IdentityPoolTags).map(({ name, value }) => [`Tag ${name}`, value] as const),
  ]);
}

/** A value that is not there is the empty text; one that is a secret is not shown. */
export type Difference = { readonly setting: string; readonly before: string; readonly after: string };

export function differencesOf(before: PoolSettings, after: PoolSettings): readonly Difference[] {
  const [old, now] = [linesOfSettings(before), linesOfSettings(after)];
  return [...new Set([...old.keys(), ...now.keys()])]
    .filter((setting) => (old.get(setting) ?? "") !== (now.get(setting) ?? ""))
    .map((setting) => {
      const [left, right] = [old.get(setting) ?? "", now.get(setting) ?? ""];
      const [shownLeft, shownRight] = [shownClientId(setting, left), shownClientId(setting, right)];
      return { setting, before: shownLeft, after: shownRight === shownLeft ? `${shownRight} (another)` : shownRight };
    });
}
