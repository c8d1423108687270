/** An import whose service is killed in the middle: what was acknowledged is there, and the same lines once more make it whole. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { demoPoolId } from "../../src/development/demo-pool.ts";
import { processTree } from "../support/process-tree.ts";
import { sendSigned } from "../support/signed-call.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

const LINES = 100;
const BATCHES = 60;
/** Acknowledged calls after which the service is killed. */
const BEFORE_THE_KILL = 12;
const POOL = demoPoolId("us-east-1");

type Line = { readonly identityId: string; readonly createdAt: number; readonly providers: readonly string[] };

let folder: string;
let worker: RunningWorker;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgepool-import-"));
  worker = await startWorker({ stateFolder: join(folder, "state") });
});

afterAll(async () => {
  await worker.stop();
  await rm(folder, { recursive: true, force: true });
});

async function callForJson(operation: string, input: object): Promise<Readonly<Record<string, unknown>>> {
  const { status, body } = await sendSigned(worker.endpoint, `Edgepool.${operation}`, input);
  expect(status).toBe(200);
  return JSON.parse(body);
}

async function importLines(Identities: readonly Line[]): Promise<readonly string[]> {
  const { Results } = await callForJson("ImportIdentities", { IdentityPoolId: POOL, Identities });
  return (Results as { Verdict: string }[]).map(({ Verdict }) => Verdict);
}

async function exportedIds(): Promise<readonly string[]> {
  const ids: string[] = [];
  let NextToken: unknown;
  do {
    const page = { IdentityPoolId: POOL, ...(NextToken !== undefined && { NextToken }) };
    const answer = await callForJson("ExportIdentities", page);
    ids.push(...(answer["Identities"] as { identityId: string }[]).map(({ identityId }) => identityId));
    NextToken = answer["NextToken"];
  } while (NextToken !== undefined);
  return ids;
}

test("an import goes on after a kill, and nothing of it is twice there or missing", async () => {
  const batches = Array.from({ length: BATCHES }, () =>
    Array.from({ length: LINES }, (): Line => {
      const identityId = `us-east-1:${crypto.randomUUID()}`;
      return { identityId, createdAt: 1_700_000_000, providers: ["accounts.google.com"] };
    }),
  );
  const acknowledged = new Set<number>();
  const killed = Promise.withResolvers<void>();
  const queue = batches.entries();
  const sender = async () => {
    for (const [index, lines] of queue) {
      await importLines(lines);
      acknowledged.add(index);
      if (acknowledged.size === BEFORE_THE_KILL) {
        for (const { pid } of processTree(worker.pid)) process.kill(pid, "SIGKILL");
        killed.resolve();
      }
    }
  };
  // Whatever was under way fails, and nobody knows what became of it.
  await Promise.allSettled([sender(), sender(), sender(), sender()]);
  await killed.promise;
  await worker.ended;
  expect(acknowledged.size).toBeGreaterThanOrEqual(BEFORE_THE_KILL);
  expect(acknowledged.size).toBeLessThan(BATCHES);

  worker = await startWorker({ stateFolder: join(folder, "state") });
  for (const [index, lines] of batches.entries()) {
    const verdicts = new Set(await importLines(lines));
    if (acknowledged.has(index)) expect([...verdicts]).toEqual(["unchanged"]);
    else expect([...verdicts].filter((verdict) => verdict !== "imported" && verdict !== "unchanged")).toEqual([]);
  }
  const ids = await exportedIds();
  expect(ids).toHaveLength(BATCHES * LINES);
  expect(ids.toSorted()).toEqual(batches.flatMap((lines) => lines.map(({ identityId }) => identityId)).toSorted());
});
