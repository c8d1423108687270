/** What remains of a request once it is answered: its line in the log, and its point in Analytics Engine where that is bound. */
import { auditRequest } from "./log/audit-line.ts";
import { logDefect, logRequest, type RequestLine } from "./log/request-line.ts";
import { pointOf, type Sampling, weightOf } from "./metrics/request-point.ts";

/** Both are for those who want metrics: docs/metrics.md. */
export type MeteredEnv = Env & {
  readonly ANALYTICS?: AnalyticsEngineDataset;
};

export function recordRequest(line: RequestLine, { cf }: Request, env: MeteredEnv, sampling: Sampling): void {
  logRequest(line);
  auditRequest(line);
  const { ANALYTICS: dataset, VERSION: version } = env;
  if (dataset === undefined) return;
  const weight = weightOf(sampling, line.error !== undefined, Math.random());
  if (weight === 0) return;
  try {
    // Nothing to wait for: the platform sends it after the answer.
    dataset.writeDataPoint(pointOf(line, { version: version?.id, colo: cf?.["colo"] }, weight));
  } catch (cause) {
    // A request that was done is not undone for its point.
    logDefect(line.requestId, line.operation, cause);
  }
}
