/**
 * One data point for each request, for Workers Analytics Engine: docs/metrics.md has its columns. It is made of what the
 * request's log line says, and of less: no identity, not even hashed, and nobody who signed.
 */
import type { ServiceErrorName } from "../domain/errors.ts";
import type { RequestLine } from "../log/request-line.ts";

const BLOBS = ["operation", "outcome", "reason", "effect", "providers", "colo", "version"] as const;
const DOUBLES = ["weight", "durationMs", "upstreamFetches", "repeats"] as const;
type Fact = "pool" | (typeof BLOBS)[number] | (typeof DOUBLES)[number];

/** Where each fact of a request stands in a point, by the names that queries use. */
export const COLUMNS = Object.fromEntries([
  ["pool", "index1"],
  ...BLOBS.map((fact, at) => [fact, `blob${at + 1}`]),
  ...DOUBLES.map((fact, at) => [fact, `double${at + 1}`]),
]) as Readonly<Record<Fact, string>>;

/** What the binding takes, at most one index of 96 bytes. */
export type Point = {
  readonly indexes: [string];
  readonly blobs: string[];
  readonly doubles: number[];
};

/** Which version of the Worker answered, and in which data centre; absent where nobody says. */
export type Place = { readonly version: string | undefined; readonly colo: unknown };

/** Stands for what a request does not have. */
const NONE = "-";
/** Longest reason, in characters. */
const MAX_REASON_LENGTH = 100;
/** Refusals of calls that may name any pool: what nobody has is no pool, and would make one index after the other. */
const POOL_IN_DOUBT: ReadonlySet<ServiceErrorName> = new Set(["ResourceNotFoundException", "ValidationException"]);

/** `weight`: how many requests the point stands for. */
export function pointOf({ operation, error, durationMs, about }: RequestLine, place: Place, weight: number): Point {
  const isKnownPool = error === undefined || !POOL_IN_DOUBT.has(error.type);
  return {
    indexes: [(isKnownPool ? about?.pool : undefined) ?? NONE],
    blobs: [
      operation ?? NONE,
      error?.type ?? "ok",
      error?.reason?.slice(0, MAX_REASON_LENGTH) ?? NONE,
      about?.effect ?? "none",
      about?.providers?.toSorted().join(" ") || NONE,
      typeof place.colo === "string" ? place.colo : NONE,
      place.version ?? NONE,
    ],
    doubles: [weight, Math.round(durationMs * 10) / 10, about?.upstreamFetches ?? 0, about?.repeats ?? 0],
  };
}

/** How many of the requests have a point. */
export type Sampling = {
  readonly failures: boolean;
  /** One in so many of the others has a point; 0: none. */
  readonly successesPerPoint: number;
};

export const NO_POINTS: Sampling = { failures: false, successesPerPoint: 0 };
export const FAILURES_ONLY: Sampling = { failures: true, successesPerPoint: 0 };
export const ALL_POINTS: Sampling = { failures: true, successesPerPoint: 1 };

/** How many requests the point of this one stands for; 0: it has none. `chance` is uniform in [0, 1). */
export function weightOf({ failures, successesPerPoint }: Sampling, isFailure: boolean, chance: number): number {
  if (isFailure) return failures ? 1 : 0;
  return chance * successesPerPoint < 1 ? successesPerPoint : 0;
}
