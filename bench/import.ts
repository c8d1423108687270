/** An import list of 100,000 identities: how fast it is taken, what it takes on disk and in memory, and what a second run of it costs. */
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { batchesOf, importAll, sendSigned } from "./import-list.ts";
import { percentile } from "./load.ts";
import { describeMachine, loadAverage, printTable, writeJson } from "./report.ts";
import type { Service } from "./service.ts";
import type { Workshop } from "./workshop.ts";

const NAME = "edgepool-import";
const IDENTITIES = 100_000;
async function exportAll(service: Service) {
  const { runtime, identityPoolId } = service;
  const [startedAt, cpuBefore] = [performance.now(), runtime.cpuSeconds()];
  const durations: number[] = [];
  let [lines, residentBytes] = [0, 0];
  let NextToken: unknown;
  do {
    const sentAt = performance.now();
    const page = { IdentityPoolId: identityPoolId, ...(NextToken !== undefined && { NextToken }) };
    const answer = await sendSigned(service, "ExportIdentities", page);
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
  const batches = batchesOf(IDENTITIES, "none");
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
