/** An import list as it is sent and timed: what it costs to have identities in a list, which no object of their own knows yet. */
import { randomUUID } from "node:crypto";
import { AwsV4Signer } from "aws4fetch";
import { percentile } from "./load.ts";
import { progress } from "./rounds.ts";
import { OVER_TLS } from "./runtime.ts";
import { ADMIN, inParallel, REGION, type Service } from "./service.ts";

/** As many as one call takes. */
const LINES = 100;
/** Calls at once. */
const CONNECTIONS = 4;
const PROVIDER = "accounts.google.com";

type Line = { readonly identityId: string; readonly createdAt: number; readonly providers: readonly string[] };

export async function sendSigned(
  { runtime }: Service,
  operation: string,
  input: object,
): Promise<Readonly<Record<string, unknown>>> {
  const signed = await new AwsV4Signer({
    url: `${runtime.origin}/`,
    headers: { "content-type": "application/x-amz-json-1.1", "x-amz-target": `Edgepool.${operation}` },
    body: JSON.stringify(input),
    accessKeyId: ADMIN.accessKeyId,
    secretAccessKey: ADMIN.secretAccessKey,
    service: "cognito-identity",
    region: REGION,
  }).sign();
  const headers = { ...Object.fromEntries(signed.headers), ...OVER_TLS };
  const response = await fetch(signed.url, { method: "POST", headers, body: JSON.stringify(input) });
  if (!response.ok) throw new Error(`${operation}: ${response.status} ${await response.text()}`);
  return JSON.parse(await response.text());
}

/** The verdict of every line is the same. */
export async function importAll(service: Service, batches: readonly (readonly Line[])[], verdict: string) {
  const { runtime, identityPoolId } = service;
  const [startedAt, cpuBefore] = [performance.now(), runtime.cpuSeconds()];
  let residentBytes = 0;
  const durations = await inParallel(
    batches,
    async (Identities, index) => {
      const sentAt = performance.now();
      const { Results } = await sendSigned(service, "ImportIdentities", { IdentityPoolId: identityPoolId, Identities });
      const isExpected = (Results as { Verdict: string }[]).every(({ Verdict }) => Verdict === verdict);
      if (!isExpected) throw new Error(`not all lines are ${verdict}`);
      residentBytes = Math.max(residentBytes, runtime.residentBytes());
      if (index % 100 === 99) progress(`${(index + 1) * LINES} lines, ${verdict}`);
      return performance.now() - sentAt;
    },
    CONNECTIONS,
  );
  const seconds = (performance.now() - startedAt) / 1000;
  return {
    run: verdict,
    perSecond: (batches.length * LINES) / seconds,
    callP50Ms: percentile(
      durations.toSorted((a, b) => a - b),
      0.5,
    ),
    cpuMsPerLine: ((runtime.cpuSeconds() - cpuBefore) * 1000) / (batches.length * LINES),
    residentBytes,
  };
}

/**
 * Lines for `count` identities, by calls: in no order, as Cognito lists them, so that a call is for most shards of the list; or in
 * that of their ids, so that it is for one or two.
 */
export function batchesOf(count: number, order: "none" | "ids"): readonly (readonly Line[])[] {
  const ids = Array.from({ length: count }, () => `${REGION}:${randomUUID()}`);
  if (order === "ids") ids.sort();
  const lines = ids.map((identityId): Line => ({ identityId, createdAt: 1_700_000_000, providers: [PROVIDER] }));
  return Array.from({ length: Math.ceil(count / LINES) }, (_, call) => lines.slice(call * LINES, (call + 1) * LINES));
}
