/** Which addresses login tokens may be verified against. Production: https on public hosts, and nothing else (T23). */

export type UpstreamPolicy = {
  /** The one issuer string of an OpenID Connect provider name (`host/path`); compared byte for byte (T16). */
  issuerOf(providerName: string): string;
  /** Whether this service may fetch the address: T23. Judged again for each URL that a document names. */
  permits(url: URL): boolean;
  /** The address that is really fetched for a permitted one. The identity function, except where development stands in. */
  locate(url: URL): URL;
  /** Set by local development alone, whose secrets everybody may know: config.ts. */
  readonly isLocal?: true;
};

// An IPv4 literal always ends in a digit once the URL parser has normalised it; an IPv6 literal is in brackets.
const IP_LITERAL = /(^\[)|(\.\d+$)|(^\d+$)/;
const PRIVATE_SUFFIXES = [".localhost", ".local", ".internal", ".home.arpa"];
/** Longest address that is fetched, in characters. */
const MAX_URL_LENGTH = 2048;

function permitsInProduction(url: URL): boolean {
  const host = url.hostname.replace(/\.$/, "");
  return (
    url.protocol === "https:" &&
    url.username === "" &&
    url.password === "" &&
    url.hash === "" &&
    url.href.length <= MAX_URL_LENGTH &&
    host.includes(".") &&
    !IP_LITERAL.test(host) &&
    !PRIVATE_SUFFIXES.some((suffix) => host.endsWith(suffix))
  );
}

export const productionUpstreams: UpstreamPolicy = {
  issuerOf: (providerName) => `https://${providerName}`,
  permits: permitsInProduction,
  locate: (url) => url,
};
