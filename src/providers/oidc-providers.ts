/**
 * The setting OIDC_PROVIDERS, from a JSON object: client ids by `host/path`, and for an issuer whose keys plain discovery does
 * not find, where they are. Everything that is wrong is said at once, each by its entry.
 */
import { isObject, type JsonObject } from "../domain/json.ts";
import { canonicalName } from "../domain/provider-name.ts";
import { type KeySource, knownKeysOf } from "../key-sets/key-source.ts";
import { isIssuer, type UpstreamPolicy } from "../outbound/upstream-policy.ts";

export type OidcProviders = {
  /** By canonical provider name. */
  readonly clientIds: ReadonlyMap<string, readonly string[]>;
  /** By issuer; of the entries that give an address. */
  readonly keySources: ReadonlyMap<string, KeySource>;
  /** Each goes on after the setting's name. */
  readonly problems: readonly string[];
};

type Entry = { readonly clientIds: readonly string[]; readonly keySource?: KeySource };

const MEMBERS: ReadonlySet<string> = new Set(["clientIds", "discovery", "keys"]);

/** `own`: origin of this service, whose tokens are no logins: see `exceptOwn`. */
export function readOidcProviders(value: JsonObject, upstreams: UpstreamPolicy, own: URL | null = null): OidcProviders {
  const problems: string[] = [];
  const clientIds = new Map<string, readonly string[]>();
  const keySources = new Map<string, KeySource>();
  const isOwn = (name: string) => own !== null && namesOwn(name, upstreams, own);
  for (const [spelling, content] of Object.entries(value)) {
    const name = canonicalName(spelling);
    const issuer = upstreams.issuerOf(name);
    const place = JSON.stringify(spelling);
    const entry = readEntry(content, upstreams);
    if (typeof entry === "string") {
      problems.push(`${place}${entry}`);
    } else if (clientIds.has(name)) {
      problems.push(`${place} is a second entry of one provider`);
    } else if (!isIssuer(issuer, upstreams) && !isOwn(name)) {
      problems.push(`${place} is no host/path of an issuer on a public host`);
    } else if (entry.keySource !== undefined && knownKeysOf(issuer) !== undefined) {
      problems.push(`${place} must be a list of client ids: the keys of this provider are at a known address`);
    } else {
      clientIds.set(name, entry.clientIds);
      if (entry.keySource !== undefined) keySources.set(issuer, entry.keySource);
    }
  }
  if ([...clientIds.keys()].some(isOwn))
    problems.push("must not name this service's own ISSUER: its tokens are no logins");
  return { clientIds, keySources, problems };
}

function namesOwn(providerName: string, upstreams: UpstreamPolicy, own: URL): boolean {
  const url = URL.parse(upstreams.issuerOf(providerName));
  return url !== null && upstreams.isOwn(url, own);
}

/** A text is what is wrong with it, and goes on where the entry's name ends. */
function readEntry(content: unknown, upstreams: UpstreamPolicy): Entry | string {
  if (isClientIds(content)) return { clientIds: content };
  if (!isObject(content)) {
    return " must be a list of client ids, or an object of clientIds and either discovery or keys";
  }
  const unknown = Object.keys(content).find((member) => !MEMBERS.has(member));
  if (unknown !== undefined) return ` has an unknown member ${JSON.stringify(unknown)}`;
  const { clientIds, discovery, keys } = content;
  if (!isClientIds(clientIds)) return " must have a list of client ids in clientIds";
  if ((discovery === undefined) === (keys === undefined)) return " must have either discovery or keys";
  const kind = keys === undefined ? "discovery" : "keys";
  const address = addressOf(keys ?? discovery, upstreams);
  if (address === undefined) {
    return ` must have an https address with a public host name in ${kind}, in ASCII, without user information or a fragment`;
  }
  return { clientIds, keySource: { kind, address } };
}

/** T23, but for the query: whoever configures the service may need one. */
function addressOf(value: unknown, upstreams: UpstreamPolicy): string | undefined {
  // In another script, or with what the URL parser drops, it would be somebody else's address than the one that is read here.
  if (typeof value !== "string" || !/^[!-~]+$/.test(value) || /[#\\]/.test(value)) return undefined;
  const url = URL.parse(value);
  return url !== null && upstreams.permits(url) ? url.href : undefined;
}

function isClientIds(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.length > 0 && value.every((id) => typeof id === "string" && id !== "");
}
