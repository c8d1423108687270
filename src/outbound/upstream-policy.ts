/** Which addresses login tokens may be verified against. Production: https on public hosts, and nothing else (T23). */

export type UpstreamPolicy = {
  /** The one issuer string of an OpenID Connect provider name (`host/path`); compared byte for byte (T16). */
  issuerOf(providerName: string): string;
  /** Whether this service may fetch the address: T23. Judged again for each URL that a document names. */
  permits(url: URL): boolean;
  /** Whether the address is this very service, whose origin is `issuer`. */
  isOwn(url: URL, issuer: URL): boolean;
  /** The address that is really fetched for a permitted one. The identity function, except where development stands in. */
  locate(url: URL): URL;
  /** Set by local development alone, whose secrets everybody may know: setting-kinds.ts. */
  readonly isLocal?: true;
};

// An IPv4 literal always ends in a digit once the URL parser has normalised it; an IPv6 literal is in brackets.
const IP_LITERAL = /(^\[)|(\.\d+$)|(^\d+$)/;
/**
 * Names that no public name server answers, or answers for whoever asks: RFC 6761, 6762, 7686, 8375 and 9476, the names that
 * ICANN keeps out of the root because private networks use them, and those of container networks. `arpa` has no hosts; `test`
 * and `example`, which are nobody's either, are left to tests and manuals.
 */
const PRIVATE_DOMAINS: ReadonlySet<string> = new Set([
  "alt",
  "arpa",
  "corp",
  "home",
  "internal",
  "intranet",
  "invalid",
  "lan",
  "local",
  "localdomain",
  "localhost",
  "mail",
  "onion",
  "private",
  "svc",
]);
/** Longest address that is fetched, in characters. */
const MAX_URL_LENGTH = 2048;

function permitsInProduction(url: URL): boolean {
  const host = url.hostname;
  return (
    url.protocol === "https:" &&
    url.username === "" &&
    url.password === "" &&
    url.hash === "" &&
    url.href.length <= MAX_URL_LENGTH &&
    // Of a host with dots at its end there is a shorter spelling: T16 knows only one.
    /\.[^.]+$/.test(host) &&
    !IP_LITERAL.test(host) &&
    !PRIVATE_DOMAINS.has(host.slice(host.lastIndexOf(".") + 1))
  );
}

export const productionUpstreams: UpstreamPolicy = {
  issuerOf: (providerName) => `https://${providerName}`,
  permits: permitsInProduction,
  // At whatever port and path: nobody else is there.
  isOwn: (url, issuer) => url.hostname.replace(/\.+$/, "") === issuer.hostname,
  locate: (url) => url,
};

/**
 * The policy of a service at `issuer`: it asks itself for nothing. A token that it has minted is no login anywhere, or one
 * login would bring the next for ever.
 */
export function exceptOwn(upstreams: UpstreamPolicy, issuer: URL): UpstreamPolicy {
  return { ...upstreams, permits: (url) => upstreams.permits(url) && !upstreams.isOwn(url, issuer) };
}

/**
 * Whether the issuer is an address that may be fetched (T23) and that the URL parser leaves as it is: what it would
 * rewrite (case of the host, dot segments, a default port, a back slash) has two spellings, and T16 knows only one.
 */
export function isIssuer(issuer: string, upstreams: UpstreamPolicy): boolean {
  const url = URL.parse(issuer);
  if (url === null) return false;
  // A slash at the end is no part of a provider's name: only of two slashes one is left here, and they are no spelling.
  const isUnchanged = !issuer.endsWith("/") && (url.href === issuer || url.href === `${issuer}/`);
  // OpenID Connect Discovery 1.0, section 3: an issuer has no query and no fragment, not even an empty one.
  return isUnchanged && !/[?#]/.test(issuer) && upstreams.permits(url);
}
