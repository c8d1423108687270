/**
 * What is asked of all points, in the SQL of Analytics Engine: one table a query, no join. The console asks by these texts, and
 * so do the dashboard in ops/ and the runbooks. Nothing of a request is ever part of a text but the id of a pool, once parsed.
 */
import type { IdentityPoolId } from "../domain/identifiers.ts";
import { COLUMNS } from "./request-point.ts";

/** As in wrangler.toml. */
const DATASET = "edgepool_requests";

/** Which points, and how their time is cut. */
export type Span = {
  /** An expression: the step that a point is in. */
  readonly step: string;
  /** A condition on `timestamp`. */
  readonly within: string;
  /** All pools where it is absent. */
  readonly pool?: IdentityPoolId;
};

/** Requests: each point weighs what its writer said, times what Analytics Engine left out of a pool that has many. */
export const COUNT = `SUM(_sample_interval * ${COLUMNS.weight})`;

/** Conditions on a point. */
export const IS_OK = `${COLUMNS.outcome} = 'ok'`;
export const IS_REFUSED = `${COLUMNS.outcome} != 'ok'`;
export const MINTS = `${COLUMNS.operation} IN ('GetOpenIdToken', 'GetOpenIdTokenForDeveloperIdentity', 'GetCredentialsForIdentity')`;
/** A token for an identity as it was: what is always to be fast. */
export const IS_WARM = `${COLUMNS.effect} = 'minted'`;

/** What each step has, by `label` where one is given. */
export function eachStep({ step, within, pool }: Span, values: string, condition: string, label?: string): string {
  const labels = label === undefined ? "" : `, ${label} AS label`;
  const groups = label === undefined ? "t" : "t, label";
  return `SELECT ${step} AS t${labels}, ${values} FROM ${DATASET} WHERE ${conditions([within, inPool(pool), condition])} GROUP BY ${groups} ORDER BY t`;
}

/** What the whole span has, the most frequent first. */
export function most({ within, pool }: Span, columns: readonly string[], condition: string, limit: number): string {
  const list = columns.join(", ");
  return `SELECT ${list}, ${COUNT} AS n FROM ${DATASET} WHERE ${conditions([within, inPool(pool), condition])} GROUP BY ${list} ORDER BY n DESC LIMIT ${limit}`;
}

function inPool(pool: IdentityPoolId | undefined): string {
  return pool === undefined ? "" : `${COLUMNS.pool} = '${pool}'`;
}

function conditions(all: readonly string[]): string {
  return all.filter((condition) => condition !== "").join(" AND ");
}

function quantile(share: number): string {
  return `quantileExactWeighted(${share})(${COLUMNS.durationMs}, _sample_interval)`;
}

/** Most rows of refusals: beyond that they are too rare to matter. */
const MOST_REFUSALS = 20;

/** Of a count the rows have `t`, `label` and `n`. */
export const QUERIES = {
  tokens: (span: Span) => eachStep(span, `${COUNT} AS n`, `${MINTS} AND ${IS_OK}`),
  outcomes: (span: Span) => eachStep(span, `${COUNT} AS n`, "", COLUMNS.outcome),
  effects: (span: Span) => eachStep(span, `${COUNT} AS n`, `${COLUMNS.effect} != 'none'`, COLUMNS.effect),
  /** In milliseconds, of warm tokens. */
  durations: (span: Span) =>
    eachStep(span, `${quantile(0.5)} AS p50, ${quantile(0.95)} AS p95, ${quantile(0.99)} AS p99`, IS_WARM),
  refusals: (span: Span) => most(span, [COLUMNS.outcome, COLUMNS.reason], IS_REFUSED, MOST_REFUSALS),
} as const;
