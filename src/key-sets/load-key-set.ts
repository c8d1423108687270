/** Discovery, where it is needed, and JWKS of one issuer: bounded fetches, and a key set only if it can verify something. */
import { err, ok, type Result } from "../domain/errors.ts";
import { isObject, membersOf } from "../domain/json.ts";
import { isSameIssuer } from "../domain/provider-name.ts";
import type { FetchTools } from "../outbound/bounded-fetch.ts";
import { type FetchFailure, fetchJson } from "../outbound/fetch-json.ts";
import { discoveryOf, type KeySource, keySourceOf } from "./key-source.ts";
import { curveOf } from "./key-numbers.ts";
import { countAmbiguousKids, parsePublicKeys, type PublicKey, type PublicKeys } from "./public-keys.ts";
import { importVerificationKey, SIGNATURE_ALGORITHMS, algorithmSuits } from "../jwt/signature.ts";
import type { UpstreamPolicy } from "../outbound/upstream-policy.ts";
import { writeEvent } from "../log/write.ts";

/** Where the key set came from stands in it, to be checked whenever it is read again (T29). */
export type KeySet = {
  readonly issuer: string;
  readonly keySetUrl: string;
  readonly keys: readonly PublicKey[];
};

export type KeySetFailure =
  | FetchFailure
  | "not-discovery"
  | "issuer-mismatch"
  | "not-key-set"
  | "no-usable-key"
  | "only-leaked-keys";

/** For discovery and key set together, in milliseconds: what a login may have to wait for its issuer (T25). */
const DEADLINE_MS = 5000;

/** How many redirects of a discovery document are followed, each within its own origin (T24). */
const DISCOVERY_REDIRECTS = 2;

/** `issuer` is the exact issuer string (`UpstreamPolicy.issuerOf`). `source`: where its keys are, as settings have it. */
export async function loadKeySet(
  issuer: string,
  tools: FetchTools,
  source: KeySource = keySourceOf(issuer, new Map()),
): Promise<Result<KeySet, KeySetFailure>> {
  const { deadlineMs = DEADLINE_MS, upstreams } = tools;
  const startedAt = performance.now();
  const remaining = () => ({ ...tools, deadlineMs: Math.max(1, deadlineMs - (performance.now() - startedAt)) });
  const isStoodIn = standsIn(issuer, upstreams);
  if (source.kind === "keys" && (!isStoodIn || standsIn(source.address, upstreams))) {
    const loaded = await fetchKeySet(issuer, source.address, remaining());
    if (loaded.ok || loaded.error !== "status 404" || !isStoodIn) return loaded;
  }
  const discovery = source.kind === "discovery" ? source.address : discoveryOf(issuer);
  const keySetUrl = await discoverKeySetUrl(issuer, discovery, remaining());
  return keySetUrl.ok ? await fetchKeySet(issuer, keySetUrl.value, remaining()) : keySetUrl;
}

/**
 * Never in production, where an address is located at itself. Whoever stands in for an issuer by an issuer of their own, which
 * is found by discovery, need not copy the addresses of the real one.
 */
function standsIn(address: string, upstreams: UpstreamPolicy): boolean {
  const url = URL.parse(address);
  return url !== null && upstreams.locate(url).href !== url.href;
}

async function fetchKeySet(
  issuer: string,
  keySetUrl: string,
  tools: FetchTools,
): Promise<Result<KeySet, KeySetFailure>> {
  const address = permittedUrl(keySetUrl, tools.upstreams);
  if (address === undefined) return err("forbidden-address");
  const document = await fetchJson(address, tools);
  if (!document.ok) return document;

  const parsed = parsePublicKeys(document.value);
  if (parsed === undefined) return err("not-key-set");
  const usable = await Promise.all(parsed.keys.map(isImportable));
  const keys = parsed.keys.filter((_, index) => usable[index]);
  report(issuer, { ...parsed, keys });
  // T29: a set that can verify nothing never replaces one that can.
  if (keys.length === 0) return err(parsed.leakedKeyCount > 0 ? "only-leaked-keys" : "no-usable-key");
  return ok({ issuer, keySetUrl, keys });
}

/** What the issuer should be told of its set: docs/reliability.md. Counts alone, since nothing in a set is ours to repeat. */
function report(issuer: string, { keys, leakedKeyCount, unreadKeyCount }: PublicKeys): void {
  if (leakedKeyCount > 0) writeEvent({ event: "issuer-publishes-private-keys", issuer, count: leakedKeyCount });
  if (unreadKeyCount > 0) writeEvent({ event: "issuer-publishes-too-many-keys", issuer, unread: unreadKeyCount });
  const ambiguousKidCount = countAmbiguousKids(keys);
  if (ambiguousKidCount > 0) {
    writeEvent({ event: "issuer-publishes-ambiguous-kids", issuer, count: ambiguousKidCount });
  }
}

async function discoverKeySetUrl(
  issuer: string,
  discovery: string,
  tools: FetchTools,
): Promise<Result<string, KeySetFailure>> {
  const address = permittedUrl(discovery, tools.upstreams);
  if (address === undefined) return err("forbidden-address");
  const document = await fetchJson(address, tools, DISCOVERY_REDIRECTS);
  if (!document.ok) return document;
  if (!isObject(document.value)) return err("not-discovery");
  const metadata = membersOf(document.value);
  // T24: OpenID Connect Discovery 1.0, section 4.3. A document for another issuer could name another issuer's keys.
  if (!isSameIssuer(metadata.get("issuer"), issuer)) return err("issuer-mismatch");
  const keySetUrl = metadata.get("jwks_uri");
  return typeof keySetUrl === "string" ? ok(keySetUrl) : err("not-discovery");
}

/** T23 and T24: each address is judged, also one that a permitted document names. */
export function permittedUrl(text: string, upstreams: UpstreamPolicy): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url !== undefined && upstreams.permits(url) ? url : undefined;
}

/** T13: WebCrypto itself refuses what the shape cannot show, such as a point off its curve. */
async function isImportable(key: PublicKey): Promise<boolean> {
  const algorithm = key.alg ?? SIGNATURE_ALGORITHMS.find((name) => algorithmSuits(name, key.kty, curveOf(key)));
  if (algorithm === undefined) return false;
  try {
    await importVerificationKey(key, algorithm);
    return true;
  } catch {
    return false;
  }
}
