/** GetMetrics, an extension of this service: what its points say of an hour, a day or a week. It asks Analytics Engine, and no object. */
import { err, ok, type Result, serviceError } from "../domain/errors.ts";
import { QUERIES, type Span } from "../metrics/queries.ts";
import { COLUMNS } from "../metrics/request-point.ts";
import type { Row } from "../metrics/sql-api.ts";
import type { ExtensionInputOf, ExtensionOutputOf } from "../protocol/extensions.ts";
import { identityPoolIdOfInput, poolRefusal, type SignedContext } from "./context.ts";

type Range = ExtensionInputOf<"GetMetrics">["Range"];
type Output = ExtensionOutputOf<"GetMetrics">;
type Series = Output["Series"][number];

/** About a hundred steps each: as many as a chart can show. `interval` in the words of the SQL. */
const RANGES: Readonly<Record<Range, { readonly seconds: number; readonly step: number; readonly interval: string }>> =
  {
    "1h": { seconds: 3600, step: 60, interval: "'1' HOUR" },
    "24h": { seconds: 86_400, step: 900, interval: "'1' DAY" },
    "7d": { seconds: 604_800, step: 7200, interval: "'7' DAY" },
  };

export async function getMetrics(
  { IdentityPoolId, Range }: ExtensionInputOf<"GetMetrics">,
  context: SignedContext,
): Promise<Result<Output>> {
  const pool = IdentityPoolId === undefined ? undefined : identityPoolIdOfInput(IdentityPoolId);
  const refusal = pool === undefined ? refusalOfAll(context) : poolRefusal(context, pool);
  if (refusal !== null) return refusal;
  const { seconds, step, interval } = RANGES[Range];
  const span: Span = {
    step: `intDiv(toUInt32(timestamp), ${step}) * ${step}`,
    within: `timestamp > NOW() - INTERVAL ${interval}`,
    ...(pool !== undefined && { pool }),
  };
  const { tokens, outcomes, effects, durations, refusals } = QUERIES;
  const answers = await Promise.all(
    [tokens, outcomes, effects, durations, refusals].map(async (query) => await context.askPoints(query(span))),
  );
  const failure = answers.find((answer) => !answer.ok);
  if (failure !== undefined) return failure;
  const [minted = [], byOutcome = [], byEffect = [], percentiles = [], reasons = []] = answers.map((answer) =>
    answer.ok ? answer.value : [],
  );
  const to = Math.floor(context.now() / step) * step;
  return ok({
    From: to - seconds + step,
    To: to,
    StepSeconds: step,
    Series: [
      series("tokens", "tokens", minted, "n"),
      ...labelled("outcomes", byOutcome),
      ...labelled("effects", byEffect),
      ...["p50", "p95", "p99"].map((name) => series("durations", name, percentiles, name)),
    ],
    Refusals: reasons.map((row) => ({
      Exception: textIn(row, COLUMNS.outcome),
      Reason: textIn(row, COLUMNS.reason),
      Count: numberIn(row, "n"),
    })),
  });
}

/** A credential for some pools may not count the others'. */
function refusalOfAll({ caller }: SignedContext): Result<never> | null {
  if (caller.credential.pools === "*") return null;
  const message = `User: ${caller.credential.accessKeyId} is not authorized to read the metrics of all identity pools`;
  return err(serviceError("AccessDeniedException", message));
}

function labelled(kind: Series["Kind"], rows: readonly Row[]): readonly Series[] {
  const names = new Set(rows.map((row) => textIn(row, "label")));
  return [...names].map((name) =>
    series(
      kind,
      name,
      rows.filter((row) => textIn(row, "label") === name),
      "n",
    ),
  );
}

function series(Kind: Series["Kind"], Name: string, rows: readonly Row[], value: string): Series {
  return { Kind, Name, Points: rows.map((row) => ({ At: numberIn(row, "t"), Value: numberIn(row, value) })) };
}

function textIn(row: Row, column: string): string {
  const value = row[column];
  return typeof value === "string" ? value : "";
}

/** Numbers of 64 bits come as text, so that no reader loses their last digits. */
function numberIn(row: Row, column: string): number {
  const value = Number(row[column] ?? 0);
  return Number.isFinite(value) ? value : 0;
}
