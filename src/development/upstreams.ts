/**
 * Upstreams of local development: the production rule, plus plain http on loopback addresses, plus stand-ins.
 * Part of the development entry alone; the production bundle holds none of it (test/e2e/production-bundle.test.ts).
 */
import { type RawSettings, readSetting } from "../config.ts";
import { ok, type Result } from "../domain/errors.ts";
import { isObject } from "../domain/json.ts";
import { productionUpstreams, type UpstreamPolicy } from "../outbound/upstream-policy.ts";
import { json, type Kind } from "../setting-kinds.ts";
import type { Setting } from "../settings.ts";
import { ISSUER_PATH } from "./development-issuer.ts";
import { STS_PATH } from "./sts-trust.ts";

/** Public origin or address prefix to the loopback address that stands in for it, both without a trailing slash. */
type StandIn = { readonly from: URL; readonly to: URL };

/** 127.0.0.0/8, ::1 and localhost. The URL parser has normalised the host, so that no other spelling is left. */
export function isLoopback(url: URL): boolean {
  return url.hostname === "localhost" || url.hostname === "[::1]" || /^127\.\d+\.\d+\.\d+$/.test(url.hostname);
}

function permitsLoopback(url: URL): boolean {
  const isPlain = url.username === "" && url.password === "" && url.hash === "";
  return (url.protocol === "http:" || url.protocol === "https:") && isPlain && isLoopback(url);
}

function parsePrefix(text: unknown): URL | undefined {
  if (typeof text !== "string" || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.search === "" && url.hash === "" ? url : undefined;
}

function parseStandIn([from, to]: readonly [string, unknown]): StandIn | undefined {
  const prefix = parsePrefix(from);
  const target = parsePrefix(to);
  if (prefix === undefined || target === undefined) return undefined;
  return productionUpstreams.permits(prefix) && permitsLoopback(target) ? { from: prefix, to: target } : undefined;
}

const standIns: Kind<readonly StandIn[]> = json(
  "an object of https address prefixes to http addresses on loopback",
  (value) => {
    if (!isObject(value)) return undefined;
    const all = Object.entries(value).map(parseStandIn);
    const valid = all.filter((standIn) => standIn !== undefined);
    // The longest prefix decides: the key set of an issuer may stand elsewhere than the rest of it.
    return valid.length === all.length ? valid.toSorted((a, b) => b.from.href.length - a.from.href.length) : undefined;
  },
);

/** The one setting more that local development has. */
export const STAND_INS: Setting<readonly StandIn[]> = {
  name: "DEVELOPMENT_UPSTREAMS",
  meaning: "who stands in on this machine for which https addresses",
  default: "{}",
  value: standIns,
};

function withoutTrailingSlash(path: string): string {
  return path.endsWith("/") ? path.slice(0, -1) : path;
}

/** The stand-in's address, or undefined where the prefix ends inside a path segment or is another's. */
function standInFor(url: URL, { from, to }: StandIn): URL | undefined {
  const prefix = withoutTrailingSlash(from.pathname);
  if (url.origin !== from.origin) return undefined;
  if (url.pathname !== prefix && !url.pathname.startsWith(`${prefix}/`)) return undefined;
  return new URL(`${to.origin}${withoutTrailingSlash(to.pathname)}${url.pathname.slice(prefix.length)}${url.search}`);
}

/**
 * An issuer on loopback is plain http, as it is there, and every other one https, as in production. The development issuer has
 * the scheme of `origin`, which serves it.
 */
function issuerOf(providerName: string, origin: URL | null): string {
  const address = `http://${providerName}`;
  const url = URL.parse(address);
  if (url === null || !isLoopback(url)) return productionUpstreams.issuerOf(providerName);
  return origin !== null && providerName === `${origin.host}${ISSUER_PATH}`
    ? `${origin.origin}${ISSUER_PATH}`
    : address;
}

/** Other ports of loopback are other services; and at the own one the development issuer and STS are parties of their own. */
function isOwn(url: URL, issuer: URL): boolean {
  if (!isLoopback(url)) return productionUpstreams.isOwn(url, issuer);
  const isOther = [ISSUER_PATH, STS_PATH].some((path) => url.pathname === path || url.pathname.startsWith(`${path}/`));
  return isLoopback(issuer) && url.port === issuer.port && !isOther;
}

/** With the stand-ins of DEVELOPMENT_UPSTREAMS. */
export function developmentUpstreamsOf(raw: RawSettings): Result<UpstreamPolicy, readonly string[]> {
  const rules = { anywhere: productionUpstreams, elsewhere: productionUpstreams, own: null };
  const read = readSetting(STAND_INS, raw, rules);
  if (!read.ok) return read;
  const { DEVELOPMENT_ORIGIN: given } = raw;
  const origin = typeof given === "string" ? URL.parse(given) : null;
  return ok({
    isLocal: true,
    issuerOf: (providerName) => issuerOf(providerName, origin),
    permits: (url) => productionUpstreams.permits(url) || permitsLoopback(url),
    isOwn,
    locate: (url) => {
      for (const standIn of read.value) {
        const located = standInFor(url, standIn);
        if (located !== undefined) return located;
      }
      return productionUpstreams.locate(url);
    },
  });
}
