/** What a pool's settings say about a provider name: its clients, and whether the settings can ever work. Pure. */
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import { clientIdsIn, type IdentityPoolSettings } from "../domain/identity-pool.ts";
import { canonicalName, isUserPool, oidcProviderOf } from "../domain/provider-name.ts";
import { printableAscii } from "../domain/printable.ts";
import type { Config, ProviderApis } from "../config.ts";
import { isForeignName } from "./developer-name.ts";
import type { Client } from "../domain/proven-login.ts";
import type { PoolProviders } from "./provider.ts";
import { providerKindOf } from "./provider-kinds.ts";
import { checkingPoolOf } from "./user-pool-check.ts";

/** Whether the pool has any provider at all, a developer provider included. */
export function hasProviders(settings: IdentityPoolSettings): boolean {
  return (
    Object.keys(settings.supportedLoginProviders ?? {}).length > 0 ||
    settings.developerProviderName !== undefined ||
    [settings.openIdConnectProviderArns, settings.cognitoIdentityProviders, settings.samlProviderArns].some(
      (providers) => providers !== undefined && providers.length > 0,
    )
  );
}

/**
 * The clients that the pool accepts for exactly this provider, whichever spelling of its name the pool has; none if it does
 * not have the provider (T40). `providerName` is canonical. The developer provider has none: its logins come by the signed
 * operation alone.
 */
export function clientsOf({ developerProviderName, clients }: PoolProviders, providerName: string): readonly Client[] {
  return providerName === developerProviderName ? [] : (clients.get(providerName) ?? []);
}

/** A name that the pool has, and under which no login token is ever verified: of the developer provider, or of SAML. */
export function isUnverifiedName(
  { developerProviderName, samlProviders }: PoolProviders,
  providerName: string,
): boolean {
  return providerName === developerProviderName || samlProviders.has(providerName);
}

/** What is looked up for each login: to be made once for settings that are remembered, and not at every call. */
export function poolProvidersOf(settings: IdentityPoolSettings, oidcProviders: Config["oidcProviders"]): PoolProviders {
  // T39: members of the settings, never of a prototype, and a map of them.
  const clients = new Map<string, Client[]>();
  const add = (providerName: string, added: readonly Client[]) => {
    const known = clients.get(providerName);
    if (known !== undefined) known.push(...added);
    else if (added.length > 0) clients.set(providerName, [...added]);
  };
  for (const [spelling, value] of Object.entries(settings.supportedLoginProviders ?? {})) {
    const providerName = canonicalName(spelling);
    add(providerName, valueClients(providerName, value));
  }
  for (const arn of new Set(settings.openIdConnectProviderArns)) {
    const name = oidcProviderOf(arn);
    if (name === undefined) continue;
    const providerName = canonicalName(name);
    const clientIds = oidcProviders.get(providerName) ?? [];
    add(
      providerName,
      clientIds.map((clientId) => ({ clientId, amrPrefix: `${arn}:OIDC` })),
    );
  }
  for (const { providerName: spelling, clientId, serverSideTokenCheck = false } of settings.cognitoIdentityProviders ??
    []) {
    if (spelling === undefined || clientId === undefined) continue;
    const providerName = canonicalName(spelling);
    add(providerName, [{ clientId, amrPrefix: `${providerName}:CognitoSignIn`, serverSideTokenCheck }]);
  }
  const { developerProviderName, samlProviderArns } = settings;
  return { developerProviderName, clients, samlProviders: new Set(samlProviderArns) };
}

/** Of the providers that a request names those that the pool has, in its order, each once: only they may be logged (T46). */
export function configuredNames(providers: PoolProviders, providerNames: Iterable<string>): readonly string[] {
  const names = new Set([...providerNames].map(canonicalName));
  return [...names].filter((name) => isUnverifiedName(providers, name) || clientsOf(providers, name).length > 0);
}

function valueClients(providerName: string, value: string): readonly Client[] {
  const { clientsOf: parse } = providerKindOf(providerName);
  return (
    parse?.(value) ?? clientIdsIn(value).map((clientId) => ({ clientId, amrPrefix: `${providerName}:${clientId}` }))
  );
}

/**
 * Refuses settings with a provider that no token could ever be verified for, so that the mistake shows when the pool is
 * made and not at the first sign-in. SAML ARNs, and Digits, which its owner closed, may be stored: the live service had them.
 * Also a developer provider by a name that is somebody else's.
 */
export function checkProviders(
  settings: IdentityPoolSettings,
  config: Pick<Config, "issuer" | "oidcProviders" | "upstreams">,
): Result<void> {
  const isVerifiable = (name: string) => providerKindOf(name).isVerifiable(name, config.upstreams);
  const twice = secondSpelling(settings);
  if (twice !== undefined) return twice;

  for (const [spelling, value] of Object.entries(settings.supportedLoginProviders ?? {})) {
    const providerName = canonicalName(spelling);
    if (!isVerifiable(providerName)) return refused("supportedLoginProviders", spelling);
    if (valueClients(providerName, value).length === 0) return refused("supportedLoginProviders", spelling);
  }
  for (const arn of settings.openIdConnectProviderArns ?? []) {
    const name = oidcProviderOf(arn);
    const providerName = name === undefined ? undefined : canonicalName(name);
    // The settings of the service hold what IAM holds for the live one: without client ids no audience can be checked.
    const isKnown = providerName !== undefined && config.oidcProviders.has(providerName);
    // A kind that reads more than client ids from a pool's value, as Twitter's secret, gets nothing from an ARN.
    const isByValue = isKnown && providerKindOf(providerName).clientsOf !== undefined;
    if (!isKnown || isByValue || !isVerifiable(providerName)) return refused("openIdConnectProviderARNs", arn);
  }
  for (const { providerName = "", clientId = "" } of settings.cognitoIdentityProviders ?? []) {
    if (!isUserPool(providerName) || clientId === "") return refused("cognitoIdentityProviders", providerName);
  }
  const { developerProviderName: name } = settings;
  if (name !== undefined && isForeignName(name, settings, config)) return refused("developerProviderName", name);
  return ok(undefined);
}

/**
 * The refusal of settings that spell one provider in two ways: with and without the slash at its end (T16), or, within
 * SupportedLoginProviders, by both names of a user pool. Entries of a user pool's clients may have either name.
 */
function secondSpelling(settings: IdentityPoolSettings): Result<never> | undefined {
  const spellings = new Map<string, string>();
  const isSecond = (name: string) => {
    const first = spellings.get(canonicalName(name)) ?? name;
    spellings.set(canonicalName(name), first);
    return first !== name;
  };
  for (const name of Object.keys(settings.supportedLoginProviders ?? {})) {
    if (isSecond(name)) return refused("supportedLoginProviders", name);
  }
  for (const arn of settings.openIdConnectProviderArns ?? []) {
    const name = oidcProviderOf(arn);
    if (name !== undefined && isSecond(name)) return refused("openIdConnectProviderARNs", arn);
  }
  return undefined;
}

/** The user pools whose `serverSideTokenCheck` is on and cannot be made, each once: docs/adr/0022. */
export function uncheckedUserPools(
  { cognitoIdentityProviders = [] }: IdentityPoolSettings,
  providerApis: Pick<ProviderApis, "tokenCheckPools">,
): readonly string[] {
  const names = cognitoIdentityProviders.flatMap(({ providerName, serverSideTokenCheck }) =>
    providerName !== undefined && serverSideTokenCheck === true ? [canonicalName(providerName)] : [],
  );
  return [...new Set(names)].filter((name) => checkingPoolOf(name, providerApis) === undefined);
}

/** Longest piece of a provider name that a message quotes, in characters (T51). */
const MAX_QUOTED_LENGTH = 64;

function refused(member: string, provider: string): Result<never> {
  const quoted = printableAscii(provider).slice(0, MAX_QUOTED_LENGTH);
  return err(serviceError("InvalidParameterException", `Invalid provider '${quoted}' at '${member}'.`));
}
