/** A key set as it rests in the storage of its issuer's object, and what of a stored one still counts. Pure. */
import { membersOf } from "../domain/json.ts";
import type { UpstreamPolicy } from "../outbound/upstream-policy.ts";
import { type HeldKeySet, uselessFrom } from "./key-set-life.ts";
import { discoveryOf, type KeySource } from "./key-source.ts";
import { permittedUrl } from "./load-key-set.ts";
import { parsePublicKeys } from "./public-keys.ts";

/** `source`: the address that it was found by. */
export type KeptKeySet = HeldKeySet & { readonly source: string };

/** T29: a stored set counts only if it still says whose it is and came the way that settings and code still have for it. */
export function readKept(
  value: unknown,
  issuer: string,
  source: KeySource,
  upstreams: UpstreamPolicy,
): HeldKeySet | undefined {
  const kept = membersOf(value);
  const [keySetUrl, fetchedAt] = [kept.get("keySetUrl"), kept.get("fetchedAt")];
  if (kept.get("issuer") !== issuer || typeof keySetUrl !== "string" || typeof fetchedAt !== "number") return undefined;
  // The first release kept no source: it knew discovery, and the user pools' own addresses.
  const keptFrom = kept.get("source") ?? (source.kind === "keys" ? keySetUrl : discoveryOf(issuer));
  if (keptFrom !== source.address || permittedUrl(keySetUrl, upstreams) === undefined) return undefined;
  const keys = parsePublicKeys(value)?.keys ?? [];
  return keys.length === 0 ? undefined : { issuer, keySetUrl, keys, fetchedAt };
}

/** Until when a stored set may be of use, in epoch seconds; null for one that is of none, or that nobody can read. */
export function usefulUntil(value: unknown, now: number): number | null {
  const fetchedAt = membersOf(value).get("fetchedAt");
  // What was fetched in the future was so by a clock that was wrong.
  if (typeof fetchedAt !== "number" || fetchedAt > now) return null;
  const until = uselessFrom({ fetchedAt });
  return now < until ? until : null;
}
