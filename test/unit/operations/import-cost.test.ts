// What imports and exports cost on the platform, counted as cost.test.ts counts: a pool may have millions of identities.
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { identityIdOf } from "../../../src/domain/identifiers.ts";
import { type Cost, measure } from "../../support/cost.ts";
import { CostStage } from "../../support/cost-stage.ts";
import { newIdentityId } from "../../support/objects.ts";

let stage: CostStage;

beforeEach(async () => {
  for (const method of ["log", "warn"] as const) vi.spyOn(console, method).mockImplementation(() => {});
  stage = await CostStage.make();
  await stage.warmUp();
  // The tables of the shards are there.
  await importLines(Array.from("0123456789abcdef", (digit) => ({ identityId: idOf(digit) })));
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const idOf = (digit: string) => identityIdOf("us-east-1", digit + crypto.randomUUID().slice(1));
const hundred = (digits: string) =>
  Array.from({ length: 100 }, (_, index) => ({ identityId: idOf(digits.charAt(index % digits.length)), createdAt: 1 }));
const importLines = async (Identities: readonly object[]) =>
  await stage.service.admin("ImportIdentities", { IdentityPoolId: stage.pool.identityPoolId, Identities });

async function costOf(
  request: () => Promise<{ readonly status: number }>,
): Promise<Omit<Cost, "rpcBytes" | "commits">> {
  const { cost } = await measure(stage.signIn.upstream, request);
  const { rpcBytes: _, commits: __, ...rest } = cost;
  return rest;
}

/** The deadline of the request's body, set and cleared, and nothing else. */
const NOTHING = { status: 200, rowsRead: 0, rowsWritten: 0, fetched: 0, timers: 1, tasks: 0, hops: 0 };

it("a hundred of Cognito's list in one shard: two calls, a row for each, and no identity is asked", async () => {
  expect(await costOf(async () => await importLines(hundred("a")))).toEqual({
    ...NOTHING,
    calls: ["IdentityDirectoryObject.importIdentities", "PoolDirectoryObject.noteImports"],
    hops: 2,
    // That the pool has an import list, and the shard is not closed. Of each that it is neither gone nor here, which is no row.
    rowsRead: 2,
    rowsWritten: 100,
  });
});

it("the same hundred once more: nothing is written", async () => {
  const lines = hundred("a");
  await importLines(lines);
  expect(await costOf(async () => await importLines(lines))).toMatchObject({ rowsWritten: 0, rowsRead: 102, hops: 2 });
});

it("a hundred of all shards: sixteen calls side by side", async () => {
  const { calls, hops } = await costOf(async () => await importLines(hundred("0123456789abcdef")));
  expect(calls.filter((name) => name === "IdentityDirectoryObject.importIdentities")).toHaveLength(16);
  expect([calls.length, hops]).toEqual([17, 2]);
});

it("a line with a login: what a first sign-in costs, without the signature and the look", async () => {
  const links = [{ providerName: stage.signIn.providerName, subject: "ann" }];
  expect(await costOf(async () => await importLines([{ identityId: idOf("a"), links }]))).toEqual({
    ...NOTHING,
    calls: ["IdentityDirectoryObject.update", "IdentityObject.restore", "LoginObject.reserve", "LoginObject.settle"],
    hops: 1,
    rowsRead: 4,
    rowsWritten: 9,
    tasks: 3,
  });
});

it("an id that nobody knows: one look into each import list", async () => {
  const describeUnknown = async () => await stage.service.admin("DescribeIdentity", { IdentityId: newIdentityId() });
  const { calls, rowsWritten, hops } = await costOf(describeUnknown);
  expect(new Set(calls)).toEqual(
    new Set(["IdentityDirectoryObject.findImported", "IdentityObject.describe", "PoolDirectoryObject.importing"]),
  );
  expect([rowsWritten, hops]).toEqual([0, 3]);
});

it("a page of an export: its shard once for all of it, and each identity that lives; nothing is written", async () => {
  const request = async () =>
    await stage.service.admin("ExportIdentities", { IdentityPoolId: stage.pool.identityPoolId, MaxResults: 1 });
  const { calls, rowsWritten, tasks } = await costOf(request);
  expect(calls.filter((name) => !/^Identity(Directory)?Object\.export/.test(name))).toEqual([]);
  expect([rowsWritten, tasks]).toEqual([0, 0]);
});
