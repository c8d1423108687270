/** Discovery and JWKS of one issuer: two bounded fetches, and a key set only if it can verify something. Holds no state. */
import { err, ok, type Result } from "../domain/errors.ts";
import { type FetchFailure, fetchJson, type FetchTools } from "./fetch-json.ts";
import { curveOf } from "./key-material.ts";
import { countAmbiguousKids, parsePublicKeys, type PublicKey, type PublicKeys } from "./public-keys.ts";
import { importVerificationKey, SIGNATURE_ALGORITHMS, algorithmSuits } from "./signature.ts";
import type { UpstreamPolicy } from "./upstream-policy.ts";
import { isUserPool } from "./user-pool.ts";

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

/** A user pool publishes its keys at a fixed place, so it is known without discovery; any other issuer is asked. */
export function fixedKeySetUrl(issuer: string): string | undefined {
  const isFixed = issuer.startsWith("https://") && isUserPool(issuer.slice("https://".length));
  return isFixed ? `${issuer}/.well-known/jwks.json` : undefined;
}

/** For discovery and key set together, in milliseconds: what a login may have to wait for its issuer (T25). */
const DEADLINE_MS = 5000;

/** `issuer` is the exact issuer string (`UpstreamPolicy.issuerOf`). */
export async function loadKeySet(issuer: string, tools: FetchTools): Promise<Result<KeySet, KeySetFailure>> {
  const { deadlineMs = DEADLINE_MS } = tools;
  const startedAt = performance.now();
  const fixed = fixedKeySetUrl(issuer);
  const location = fixed === undefined ? await discoverKeySetUrl(issuer, { ...tools, deadlineMs }) : ok(fixed);
  if (!location.ok) return location;
  const keySetUrl = permittedUrl(location.value, tools.upstreams);
  if (keySetUrl === undefined) return err("forbidden-address");
  const remainingMs = Math.max(1, deadlineMs - (performance.now() - startedAt));
  const document = await fetchJson(keySetUrl, { ...tools, deadlineMs: remainingMs });
  if (!document.ok) return document;

  const parsed = parsePublicKeys(document.value);
  if (parsed === undefined) return err("not-key-set");
  const usable = await Promise.all(parsed.keys.map(isImportable));
  const keys = parsed.keys.filter((_, index) => usable[index]);
  report(issuer, { ...parsed, keys });
  // T29: a set that can verify nothing never replaces one that can.
  if (keys.length === 0) return err(parsed.leakedKeyCount > 0 ? "only-leaked-keys" : "no-usable-key");
  return ok({ issuer, keySetUrl: location.value, keys });
}

/** What the issuer should be told of its set: docs/reliability.md. Counts alone, since nothing in a set is ours to repeat. */
function report(issuer: string, { keys, leakedKeyCount, unreadKeyCount }: PublicKeys): void {
  if (leakedKeyCount > 0) {
    console.error(JSON.stringify({ event: "issuer-publishes-private-keys", issuer, count: leakedKeyCount }));
  }
  if (unreadKeyCount > 0) {
    console.warn(JSON.stringify({ event: "issuer-publishes-too-many-keys", issuer, unread: unreadKeyCount }));
  }
  const ambiguousKidCount = countAmbiguousKids(keys);
  if (ambiguousKidCount > 0) {
    console.warn(JSON.stringify({ event: "issuer-publishes-ambiguous-kids", issuer, count: ambiguousKidCount }));
  }
}

async function discoverKeySetUrl(issuer: string, tools: FetchTools): Promise<Result<string, KeySetFailure>> {
  // OpenID Connect Discovery 1.0, section 4.1: a terminating slash is removed before the suffix is put on.
  const address = permittedUrl(`${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`, tools.upstreams);
  if (address === undefined) return err("forbidden-address");
  const document = await fetchJson(address, tools);
  if (!document.ok) return document;
  if (typeof document.value !== "object" || document.value === null) return err("not-discovery");
  const metadata = new Map<string, unknown>(Object.entries(document.value));
  // T24: section 4.3 of the same. A document for another issuer could name another issuer's keys.
  if (metadata.get("issuer") !== issuer) return err("issuer-mismatch");
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
