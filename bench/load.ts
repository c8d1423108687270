/**
 * One measured step: autocannon drives a route, and only what lies between the end of the warm-up and the end of the step
 * counts. Answers are checked by their status; a step with a wrong one is a failure and not a figure.
 */
import autocannon, { type Request } from "autocannon";
import { OVER_TLS, type Runtime } from "./runtime.ts";

/** Most requests of a warm-up: what is prepared for one-time requests counts on it. */
export const WARM_UP_REQUESTS = 256;
const WARM_UP_MS = 800;
/** Milliseconds between two looks of autocannon at whether to stop. */
const POLL_MS = 20;

export type Load = {
  readonly requests: readonly Request[];
  readonly expectedStatus: number;
  /** A status that is no failure either: a rate limit lets one through now and then. */
  readonly toleratedStatus?: number;
  /** Answers before anything counts; default: each request once. For whoever rotates by itself, as the floor does. */
  readonly warmUpRequests?: number;
  /** Each request may be sent once only: the step ends when they are used up. */
  readonly isOneTime?: boolean;
};

export type Sample = {
  readonly requests: number;
  readonly seconds: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Headers included, mean of an answer. */
  readonly responseBytes: number;
  readonly cpuSecondsPer1000: number;
  readonly residentBytes: number;
};

/** Requests of connection `index`: together the connections go through all of them in rotation, never in step. */
function shareOf(requests: readonly Request[], index: number, connections: number): readonly Request[] {
  const share = requests.filter((_, position) => position % connections === index);
  const sent = share.length > 0 ? share : requests;
  return sent.map((request) => ({ ...request, headers: { ...OVER_TLS, ...request.headers } }));
}

export function percentile(sorted: Float64Array | readonly number[], fraction: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))] ?? Number.NaN;
}

export async function measure(runtime: Runtime, load: Load, connections: number, seconds: number): Promise<Sample> {
  if (load.requests.length === 0) throw new Error(`${runtime.name}: nothing to send`);
  const { requests, expectedStatus, toleratedStatus, isOneTime = false } = load;
  const repeated = load.warmUpRequests ?? requests.length;
  const warmUpRequests = isOneTime ? Math.min(WARM_UP_REQUESTS, requests.length / 4) : repeated;
  const durations: number[] = [];
  let [answers, bytes, wrongStatus] = [0, 0, 0];
  let began: { readonly at: number; readonly cpu: number } | undefined;
  const { promise, resolve, reject } = Promise.withResolvers<Sample>();
  let nextConnection = 0;
  const startedAt = performance.now();

  const run = autocannon(
    {
      url: runtime.origin,
      connections,
      duration: 3600,
      sampleInt: POLL_MS,
      ...(isOneTime && { amount: requests.length }),
      setupClient: (client) => client.setRequests(shareOf(requests, nextConnection++, connections)),
    },
    (error, totals) => {
      if (error !== null) reject(error);
      else if (totals.errors + totals.timeouts > 0)
        reject(new Error(`${runtime.name}: ${totals.errors} requests failed`));
      else if (wrongStatus > 0) reject(new Error(`${runtime.name}: an answer of ${wrongStatus} for ${expectedStatus}`));
      else if (sample === undefined) reject(new Error(`${runtime.name}: the step ended within its warm-up`));
      else resolve(sample);
    },
  );
  let sample: Sample | undefined;

  const finish = (now: number, { at, cpu }: { readonly at: number; readonly cpu: number }) => {
    const usedSeconds = (now - at) / 1000;
    const sorted = Float64Array.from(durations).toSorted();
    sample = {
      requests: durations.length,
      seconds: usedSeconds,
      requestsPerSecond: durations.length / usedSeconds,
      p50Ms: percentile(sorted, 0.5),
      p99Ms: percentile(sorted, 0.99),
      responseBytes: bytes / durations.length,
      cpuSecondsPer1000: ((runtime.cpuSeconds() - cpu) / durations.length) * 1000,
      residentBytes: runtime.residentBytes(),
    };
    run.stop();
  };

  run.on("response", (_client, status, size, durationMs) => {
    if (sample !== undefined) return;
    const now = performance.now();
    answers += 1;
    if (status !== expectedStatus && status !== toleratedStatus) wrongStatus = status;
    if (began === undefined) {
      // Keys are imported, code is compiled, and every object of the rotation is in memory.
      const isWarm = answers >= warmUpRequests && (isOneTime || now - startedAt >= WARM_UP_MS);
      if (isWarm) began = { at: now, cpu: runtime.cpuSeconds() };
      return;
    }
    durations.push(durationMs);
    bytes += size;
    const isOver = isOneTime ? answers === requests.length : now - began.at >= seconds * 1000;
    if (isOver || wrongStatus > 0) finish(now, began);
  });
  return await promise;
}
