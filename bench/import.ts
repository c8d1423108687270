/** An import list of 100,000 identities: how fast it is taken, what it takes on disk and in memory, and what a second run of it costs. */
import { randomUUID } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { AwsV4Signer } from "aws4fetch";
import { percentile } from "./load.ts";
import { describeMachine, loadAverage, printTable, writeJson } from "./report.ts";
import { progress } from "./rounds.ts";
import { OVER_TLS } from "./runtime.ts";
import { ADMIN, inParallel, REGION, type Service } from "./service.ts";
import type { Workshop } from "./workshop.ts";

const NAME = "edgepool-import";
const IDENTITIES = 100_000;
/** As many as one call takes. */
const LINES = 100;
/** Calls at once. */
const CONNECTIONS = 4;
const PROVIDER = "accounts.google.com";

type Line = { readonly identityId: string; readonly createdAt: number; readonly providers: readonly string[] };

async function send(
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
async function importAll(service: Service, batches: readonly (readonly Line[])[], verdict: string) {
  const { runtime, identityPoolId } = service;
  const [startedAt, cpuBefore] = [performance.now(), runtime.cpuSeconds()];
  let residentBytes = 0;
  const durations = await inParallel(
    batches,
    async (Identities, index) => {
      const sentAt = performance.now();
      const { Results } = await send(service, "ImportIdentities", { IdentityPoolId: identityPoolId, Identities });
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

async function exportAll(service: Service) {
  const { runtime, identityPoolId } = service;
  const [startedAt, cpuBefore] = [performance.now(), runtime.cpuSeconds()];
  const durations: number[] = [];
  let [lines, residentBytes] = [0, 0];
  let NextToken: unknown;
  do {
    const sentAt = performance.now();
    const page = { IdentityPoolId: identityPoolId, ...(NextToken !== undefined && { NextToken }) };
    const answer = await send(service, "ExportIdentities", page);
    lines += (answer["Identities"] as readonly unknown[]).length;
    NextToken = answer["NextToken"];
    residentBytes = Math.max(residentBytes, runtime.residentBytes());
    durations.push(performance.now() - sentAt);
  } while (NextToken !== undefined);
  const seconds = (performance.now() - startedAt) / 1000;
  if (lines !== IDENTITIES) throw new Error(`${lines} lines were exported`);
  return {
    run: "exported",
    perSecond: lines / seconds,
    callP50Ms: percentile(
      durations.toSorted((a, b) => a - b),
      0.5,
    ),
    cpuMsPerLine: ((runtime.cpuSeconds() - cpuBefore) * 1000) / lines,
    residentBytes,
  };
}

/** Of the databases alone: what SQLite writes beside them is written over again. */
function databaseBytesIn(folder: string): number {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".sqlite"))
    .reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

export async function importList(workshop: Workshop): Promise<void> {
  const loadBefore = loadAverage();
  const service = await workshop.service(NAME, { algorithm: "ES256" });
  const batches = Array.from({ length: IDENTITIES / LINES }, () =>
    Array.from({ length: LINES }, (): Line => {
      return { identityId: `${REGION}:${randomUUID()}`, createdAt: 1_700_000_000, providers: [PROVIDER] };
    }),
  );
  const idleBytes = service.runtime.residentBytes();
  const bytesBefore = databaseBytesIn(workshop.folder(NAME));
  const runs = [
    await importAll(service, batches, "imported"),
    await importAll(service, batches, "unchanged"),
    await exportAll(service),
  ];
  await service.runtime.stop();
  const diskBytes = databaseBytesIn(workshop.folder(NAME)) - bytesBefore;
  printTable(
    [`${IDENTITIES} identities`, "lines/s", "call p50 ms", "CPU ms a line", "MB at most"],
    runs.map(({ run, perSecond, callP50Ms, cpuMsPerLine, residentBytes }) => [
      run,
      perSecond.toFixed(0),
      callP50Ms.toFixed(1),
      cpuMsPerLine.toFixed(3),
      (residentBytes / 1e6).toFixed(0),
    ]),
  );
  const file = await writeJson("import", { machine: describeMachine(loadBefore), runs, idleBytes, diskBytes });
  console.log(
    `before: ${(idleBytes / 1e6).toFixed(0)} MB; on disk ${(diskBytes / IDENTITIES).toFixed(0)} bytes an identity; ` +
      `load average before: ${loadBefore}; ${file}`,
  );
}
