import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { AdminCredential } from "../../../src/domain/admin-credential.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { directoryShardOf } from "../../support/first-shards.ts";
import { makePool, newIdentityId, newPoolId } from "../../support/objects.ts";
import { ADMIN, makeService, type Service } from "../../support/service.ts";

const GOOGLE = "accounts.google.com";
const LIMITED: AdminCredential = { ...ADMIN, accessKeyId: "limited", pools: [newPoolId()] };
const NOTHING = {
  Imported: 0,
  Adopted: 0,
  GuestsAdopted: 0,
  Unclaimed: 0,
  UnclaimedLately: 0,
  Barred: 0,
  BornHere: 0,
  Conflicts: 0,
  AsksToday: { ok: 0, notFound: 0, throttled: 0, failed: 0 },
  Misconfigured: [],
};

let service: Service;
let pool: IdentityPool;

const report = async (credential = ADMIN, IdentityPoolId: string = pool.identityPoolId) =>
  await service.call("GetMigrationReport", { IdentityPoolId }, { credential });
const setSource = async (Source?: object) =>
  await service.admin("SetIdentityPoolSource", { IdentityPoolId: pool.identityPoolId, Source });

beforeEach(async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  pool = await makePool();
  service = makeService({ credentials: [ADMIN, LIMITED] });
});
afterEach(() => {
  vi.restoreAllMocks();
});

it("counts nothing where there is nothing", async () => {
  expect(await report()).toMatchObject({ status: 200, json: NOTHING });
  expect((await report()).json).not.toHaveProperty("Source");
});

it("counts who was imported, who came and who was born here, in whichever shard", async () => {
  const now = Date.now() / 1000;
  const shardOf = (identityId: ReturnType<typeof newIdentityId>) =>
    env.IDENTITY_DIRECTORY.getByName(directoryShardOf(pool.identityPoolId, identityId));
  const imported = Array.from({ length: 40 }, () => newIdentityId());
  for (const [index, identityId] of imported.entries()) {
    const modifiedAt = now - (index < 10 ? 89 : 91) * 86_400;
    const row = { identityId, providerNames: [GOOGLE], createdAt: 1, modifiedAt, isDisabled: false };
    await shardOf(identityId).importIdentities([row]);
  }
  for (const identityId of imported.slice(0, 4)) await shardOf(identityId).update("add", identityId, "adopted");
  for (const [origin, count] of [
    ["adopted", 1],
    ["adopted-guest", 2],
    ["here", 3],
  ] as const) {
    for (let made = 0; made < count; made++) {
      const identityId = newIdentityId();
      await shardOf(identityId).update("add", identityId, origin);
    }
  }
  expect((await report()).json).toEqual({
    ...NOTHING,
    Imported: 40,
    Adopted: 5,
    GuestsAdopted: 2,
    Unclaimed: 36,
    UnclaimedLately: 6,
    BornHere: 3,
  });
});

it("tells the source, and what became of asking it, for as long as there is one", async () => {
  await setSource({ IdentityPoolId: newPoolId(), Providers: [GOOGLE] });
  const { Source } = (await report()).json as { Source: { IdentityPoolId: string } };
  expect(Source).toMatchObject({ Proof: "OpenIdToken", Providers: [GOOGLE] });
  const source = env.SOURCE.getByName(Source.IdentityPoolId);
  await source.tell({ outcome: "ok" });
  await source.tell({ outcome: "failed", problem: "classic-flow-refused" });
  await source.tell({ fact: "conflict" });
  await source.tell({ fact: "barred" });
  await source.tell({ fact: "barred" });
  expect((await report()).json).toEqual({
    ...NOTHING,
    Source,
    Conflicts: 1,
    Barred: 2,
    AsksToday: { ok: 1, notFound: 0, throttled: 0, failed: 1 },
    Misconfigured: ["classic-flow-refused"],
  });
  await setSource();
  expect((await report()).json).toEqual(NOTHING);
});

it("is refused for a pool that is none, and to a credential of other pools", async () => {
  expect(await report(ADMIN, newPoolId())).toMatchObject({
    status: 404,
    json: { __type: "ResourceNotFoundException" },
  });
  expect(await report(LIMITED)).toMatchObject({ status: 403, json: { __type: "AccessDeniedException" } });
});
