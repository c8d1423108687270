/**
 * The key ring: which signing keys exist, which one signs, and when each step is due. Never touches a clock, storage or
 * private key material in the clear. A key is published before any relying party can meet its signature (invariant
 * published-before-it-signs), and until the last token that it signed has expired everywhere (invariant
 * published-while-it-counts).
 */
import { err, ok, type Result } from "../domain/errors.ts";
import { LONGEST_TOKEN_LIFETIME_SECONDS } from "../domain/grant.ts";
import type { TokenAlgorithm } from "../domain/token-algorithm.ts";

/** The public members of a signing key, and nothing else. */
export type PublicJwk =
  | { readonly kty: "RSA"; readonly n: string; readonly e: string }
  | { readonly kty: "EC"; readonly crv: "P-256"; readonly x: string; readonly y: string }
  | { readonly kty: "OKP"; readonly crv: "Ed25519"; readonly x: string };

/** A private key under AES-GCM; both members are base64url. */
export type SealedKey = { readonly iv: string; readonly ciphertext: string };

/** What relying parties are told of a key. */
export type PublishedKey = { readonly kid: string; readonly alg: TokenAlgorithm; readonly publicJwk: PublicJwk };
/** A key that was just made and is in no ring yet. */
export type FreshKey = PublishedKey & { readonly sealed: SealedKey };
/** Published, not signing. */
export type NextKey = FreshKey & { readonly publishedAt: number };
/** Published and signing. */
export type ActiveKey = NextKey & { readonly activatedAt: number };
/** Published, never signing again: its private half is forgotten. */
export type RetiredKey = PublishedKey & { readonly retiredAt: number };

export type KeyRing = {
  /** Absent only before the first key of all, and after an emergency that found no key to follow. */
  readonly active?: ActiveKey;
  /** The key that follows; while the algorithm changes, also the one of the old algorithm. */
  readonly next: readonly NextKey[];
  readonly retired: readonly RetiredKey[];
};

export type KeyRingSettings = {
  readonly algorithm: TokenAlgorithm;
  /** Seconds that a key signs before the next one follows: KEY_ROTATION_DAYS. */
  readonly rotationSeconds: number;
};

/** How long an answer of the ring may be used, counted from before it was asked for. */
export type CacheTerms = {
  /** Seconds after which it is asked for again. */
  readonly refreshAfterSeconds: number;
  /** Seconds after which it is no longer used, whatever happens. */
  readonly useForSeconds: number;
};

/** The key to sign with, sealed; times are durations, so that the clocks of object and isolate need not agree. */
export type SigningKey = CacheTerms & {
  readonly kid: string;
  readonly alg: TokenAlgorithm;
  readonly sealed: SealedKey;
};
/** What the JWKS and the discovery document are made of. */
export type PublishedKeys = CacheTerms & { readonly keys: readonly PublishedKey[] };

/** What is to be done now, and when to look again. */
export type Advance = {
  /** The very object that was given in when nothing changed. */
  readonly ring: KeyRing;
  /** Algorithm of a key to be made and offered. */
  readonly wanted?: TokenAlgorithm;
  /** Next instant at which something falls due, epoch seconds. */
  readonly wakeAt?: number;
};

/** `max-age` of the JWKS, in seconds: how long a relying party may hold a set (T43). */
export const JWKS_MAX_AGE_SECONDS = 300;
/** Seconds after which an isolate asks the ring again: how soon an emergency rotation reaches it. */
export const KEY_CACHE_REFRESH_SECONDS = 60;
/** Seconds that an isolate may go on with what it holds while the ring cannot be reached, counted from before it asked. */
export const KEY_CACHE_LIFE_SECONDS = 600;
export const CACHE_TERMS: CacheTerms = {
  refreshAfterSeconds: KEY_CACHE_REFRESH_SECONDS,
  useForSeconds: KEY_CACHE_LIFE_SECONDS,
};
/** How wrong any clock may be, in seconds, either way (F10). A duration is measured by two readings, so it may be off by twice that. */
export const MAX_CLOCK_ERROR_SECONDS = 300;

/**
 * Seconds that a key must have been published before it signs: a set without it may be served by an isolate for its whole
 * cache life, and then be held by a relying party for max-age.
 */
export const PUBLICATION_LEAD_SECONDS = KEY_CACHE_LIFE_SECONDS + JWKS_MAX_AGE_SECONDS + 2 * MAX_CLOCK_ERROR_SECONDS;

/**
 * Seconds that a key stays published after it was demoted: an isolate may still sign with it for its cache life, with the
 * longest token; then the cache time of invariant published-while-it-counts. The clock allowance is that of our own
 * measurement and, once each, that of the signing isolate and of the relying party.
 */
export const RETENTION_SECONDS =
  KEY_CACHE_LIFE_SECONDS + LONGEST_TOKEN_LIFETIME_SECONDS + JWKS_MAX_AGE_SECONDS + 4 * MAX_CLOCK_ERROR_SECONDS;

export const EMPTY_RING: KeyRing = { next: [], retired: [] };

function isMature(key: NextKey, now: number): boolean {
  return now >= key.publishedAt + PUBLICATION_LEAD_SECONDS;
}

function holds(ring: KeyRing, kid: string): boolean {
  return publishedKeysOf(ring).some((key) => key.kid === kid);
}

/** Algorithm of the key that the ring lacks, if any. The first key of all comes before its successor. */
function wantedBy(ring: KeyRing, settings: KeyRingSettings): TokenAlgorithm | undefined {
  const isReady = ring.active !== undefined && ring.next.some((key) => key.alg === settings.algorithm);
  return isReady ? undefined : settings.algorithm;
}

function adopt(ring: KeyRing, fresh: FreshKey, now: number, settings: KeyRingSettings): KeyRing {
  // Decided again after the key was made: the world may have moved, and then the key is simply not used.
  if (wantedBy(ring, settings) !== fresh.alg || holds(ring, fresh.kid)) return ring;
  // Without an active key there is nothing to wait for: either nobody has a set of this issuer yet, or an operator has
  // forced the old key out and prefers a token that some caches cannot verify to none.
  if (ring.active === undefined) return { ...ring, active: { ...fresh, publishedAt: now, activatedAt: now } };
  return { ...ring, next: [...ring.next, { ...fresh, publishedAt: now }] };
}

/** When the active key is to hand over, were its successor ready. */
function handoverAt(active: ActiveKey, settings: KeyRingSettings): number {
  // A changed algorithm does not wait for the interval, but for the publication of its key like any other.
  if (active.alg !== settings.algorithm) return Number.NEGATIVE_INFINITY;
  return active.activatedAt + settings.rotationSeconds;
}

function retire(active: ActiveKey, now: number): RetiredKey {
  const { kid, alg, publicJwk } = active;
  // Never before its activation: a clock that was set back in between must not shorten the retention.
  return { kid, alg, publicJwk, retiredAt: Math.max(now, active.activatedAt) };
}

function promote(ring: KeyRing, successor: NextKey, now: number, algorithm: TokenAlgorithm): KeyRing {
  return {
    ...ring,
    active: { ...successor, activatedAt: now },
    // A key that never signed owes nobody its publication, so the one of a former algorithm goes.
    next: ring.next.filter((key) => key !== successor && key.alg === algorithm),
  };
}

function rotate(ring: KeyRing, now: number, settings: KeyRingSettings): KeyRing {
  const { active } = ring;
  if (active === undefined || now < handoverAt(active, settings)) return ring;
  const successor = ring.next.find((key) => key.alg === settings.algorithm && isMature(key, now));
  if (successor === undefined) return ring;
  const promoted = promote(ring, successor, now, settings.algorithm);
  return { ...promoted, retired: [...ring.retired, retire(active, now)] };
}

/** Forgets keys that nothing needs: retired ones past their retention, and stand-ins of an algorithm that is not wanted. */
function prune(ring: KeyRing, now: number, settings: KeyRingSettings): KeyRing {
  const retired = ring.retired.filter((key) => now < key.retiredAt + RETENTION_SECONDS);
  // A key of another algorithm stays while it is the only one that an emergency could promote at once.
  const isCovered = ring.next.some((key) => key.alg === settings.algorithm && isMature(key, now));
  const next = isCovered ? ring.next.filter((key) => key.alg === settings.algorithm) : ring.next;
  if (retired.length === ring.retired.length && next.length === ring.next.length) return ring;
  return { ...ring, next, retired };
}

/** When the active key is to hand over to this one of the next; undefined for one of an algorithm that is not wanted. */
export function activatesAt({ active }: KeyRing, key: NextKey, settings: KeyRingSettings): number | undefined {
  if (active === undefined || key.alg !== settings.algorithm) return undefined;
  return Math.max(key.publishedAt + PUBLICATION_LEAD_SECONDS, handoverAt(active, settings));
}

/** The next instant at which something falls due, epoch seconds. */
export function wakeAtOf(ring: KeyRing, settings: KeyRingSettings): number | undefined {
  const left = ring.retired.map((key) => key.retiredAt + RETENTION_SECONDS);
  const due = [...left, ...ring.next.flatMap((key) => activatesAt(ring, key, settings) ?? [])];
  return due.length === 0 ? undefined : Math.min(...due);
}

/**
 * Takes every step that is due at `now`. Idempotent, and free of memory: it can be run at any time, as often as one likes.
 * `fresh` is a key made on an earlier `wanted`; it is taken only if the ring still lacks it.
 * A clock that stands still or was set back only makes waits longer; nothing that happened is undone.
 */
export function advance(ring: KeyRing, now: number, settings: KeyRingSettings, fresh?: FreshKey): Advance {
  const supplied = fresh === undefined ? ring : adopt(ring, fresh, now, settings);
  const current = prune(rotate(supplied, now, settings), now, settings);
  const wanted = wantedBy(current, settings);
  const wakeAt = wakeAtOf(current, settings);
  return {
    ring: current,
    ...(wanted !== undefined && { wanted }),
    ...(wakeAt !== undefined && { wakeAt }),
  };
}

/**
 * Emergency rotation (T43): the active key leaves the JWKS at once and is not retained, and a key that is already
 * published follows. Fails with the seconds to wait when none has been published long enough, which also makes a repeated
 * call harmless. `force` does not wait: relying parties that honour max-age may then fail to verify new tokens until their
 * caches have turned over.
 */
export function dropActive(
  ring: KeyRing,
  now: number,
  settings: KeyRingSettings,
  force: boolean,
): Result<KeyRing, { readonly retryAfterSeconds: number }> {
  const oldestFirst = ring.next.toSorted((a, b) => a.publishedAt - b.publishedAt);
  const mature = oldestFirst.filter((key) => isMature(key, now));
  const successor = mature.find((key) => key.alg === settings.algorithm) ?? mature[0];
  if (successor !== undefined) return ok(promote(ring, successor, now, settings.algorithm));
  const oldest = oldestFirst[0];
  if (!force) {
    const publishedAt = oldest?.publishedAt ?? now;
    return err({ retryAfterSeconds: publishedAt + PUBLICATION_LEAD_SECONDS - now });
  }
  return ok(
    oldest === undefined ? { next: [], retired: ring.retired } : promote(ring, oldest, now, settings.algorithm),
  );
}

/** Every key that relying parties are told of, the signing one first; without their private halves, sealed or not. */
export function publishedKeysOf(ring: KeyRing): readonly PublishedKey[] {
  const keys = [...(ring.active === undefined ? [] : [ring.active]), ...ring.next, ...ring.retired];
  return keys.map(({ kid, alg, publicJwk }) => ({ kid, alg, publicJwk }));
}
