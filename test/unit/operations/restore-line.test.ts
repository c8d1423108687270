import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { AdminCredential } from "../../../src/domain/admin-credential.ts";
import type { IdentityId } from "../../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { developerLoginIdOf } from "../../../src/domain/login.ts";
import { directoryShardOf, directoryShardOfLogin } from "../../support/first-shards.ts";
import { IdentityObject, LoginObject } from "../../../src/worker.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import {
  dieInNext,
  holdNext,
  loginOf,
  makeGuest,
  makeLinked,
  makePool,
  makeSignIn,
  newIdentityId,
  recordOf,
  type SignIn,
  untilAtRest,
} from "../../support/objects.ts";
import { ADMIN, makeService, type Service, textOf } from "../../support/service.ts";

const DEVELOPER = "login.example";

let signIn: SignIn;
let pool: IdentityPool;
let service: Service;

beforeEach(async () => {
  for (const method of ["log", "warn"] as const) vi.spyOn(console, method).mockImplementation(() => {});
  signIn = await makeSignIn(new FakeUpstream().install());
  pool = await makePool({ ...signIn.settings, developerProviderName: DEVELOPER });
  service = makeService();
});

type Result = { readonly IdentityId?: string; readonly Verdict: string; readonly Reason?: string };

async function importLines(...Identities: readonly object[]): Promise<readonly Result[]> {
  const answer = await service.admin("ImportIdentities", { IdentityPoolId: pool.identityPoolId, Identities });
  expect(answer.status).toBe(200);
  return answer.json["Results"] as Result[];
}
const verdicts = async (...lines: readonly object[]) => (await importLines(...lines)).map(({ Verdict }) => Verdict);
const getId = async (subject: string) =>
  textOf(
    await service.call("GetId", { IdentityPoolId: pool.identityPoolId, Logins: await signIn.logins(subject) }),
    "IdentityId",
  );
const getToken = async (IdentityId: string, logins?: ReadonlyMap<string, string>) =>
  await service.call("GetOpenIdToken", { IdentityId, ...(logins !== undefined && { Logins: logins }) });
const linkOf = (subject: string) => ({ links: [{ providerName: signIn.providerName, subject }] });
const shardTables = (id: IdentityId) => env.IDENTITY_DIRECTORY.getByName(directoryShardOf(pool.identityPoolId, id));
const atRest = async (...ids: readonly string[]) => await untilAtRest(...(ids as readonly IdentityId[]));

describe("a line with logins", () => {
  it("makes its identity, whose user signs in to it as ever; the subject is hashed, and dropped", async () => {
    const identityId = newIdentityId();
    const line = { identityId, createdAt: 1_700_000_000, ...linkOf("subject-of-ann"), developerUsers: ["user-7"] };
    expect(await importLines(line)).toEqual([{ IdentityId: identityId, Verdict: "adopted" }]);
    expect(await importLines(line)).toEqual([{ IdentityId: identityId, Verdict: "unchanged" }]);
    expect(await getId("subject-of-ann")).toBe(identityId);
    const Logins = { [DEVELOPER]: "user-7" };
    const asDeveloper = { IdentityPoolId: pool.identityPoolId, Logins };
    const developed = await service.admin("GetOpenIdTokenForDeveloperIdentity", asDeveloper);
    expect(developed.json).toMatchObject({ IdentityId: identityId });
    expect((await service.admin("DescribeIdentity", { IdentityId: identityId })).json).toMatchObject({
      CreationDate: 1_700_000_000,
      Logins: [DEVELOPER, signIn.providerName].toSorted(),
    });
    await atRest(identityId);
    const stored = JSON.stringify(await recordOf(identityId));
    expect(stored).not.toContain("subject-of-ann");
    expect(stored).toContain('"origin":"source"');
    expect(await shardTables(identityId).counts(0)).toMatchObject({ adopted: 1, bornHere: 0 });
  });

  it("takes its row of the import list along", async () => {
    const identityId = newIdentityId();
    const listed = { identityId, createdAt: 1_600_000_000, providers: ["a.example"] };
    expect(await verdicts(listed)).toEqual(["imported"]);
    expect(await verdicts({ identityId, ...linkOf("ann") })).toEqual(["adopted"]);
    await atRest(identityId);
    expect(await shardTables(identityId).findImported(identityId)).toBeNull();
    expect((await service.admin("DescribeIdentity", { IdentityId: identityId })).json).toMatchObject({
      Logins: [signIn.providerName],
      CreationDate: 1_600_000_000,
    });
    expect(await verdicts(listed)).toEqual(["unchanged"]);
  });

  it("T89: with hashes, which show no pool, is taken from no credential of some pools", async () => {
    const other = await makePool(signIn.settings);
    const { loginId, providerName } = await loginOf(other.identityPoolId, signIn.providerName, "ann");
    const own: AdminCredential = { ...ADMIN, accessKeyId: "own", pools: [pool.identityPoolId] };
    const limited = makeService({ credentials: [own] });
    const identityId = newIdentityId();
    const login = { kind: "login", loginId, providerName, settled: true };
    const Identities = [{ identityId, loginIds: [{ providerName, loginId }] }, login, { identityId, ...linkOf("bob") }];
    const input = { IdentityPoolId: pool.identityPoolId, Identities };
    const answer = await limited.call("ImportIdentities", input, { credential: own });
    expect(answer.json["Results"]).toEqual([
      { IdentityId: identityId, Verdict: "invalid", Reason: expect.stringContaining("all identity pools") },
      { Verdict: "invalid", Reason: expect.stringContaining("all identity pools") },
      { IdentityId: identityId, Verdict: "adopted" },
    ]);
    expect(await env.LOGIN.getByName(loginId).view(loginId)).toMatchObject({ owner: null, holder: null });
    expect(await env.LOGIN.getByName(loginId).view(loginId)).not.toHaveProperty("isSettled", true);
  });

  it("is refused where a login is another identity's, and takes nothing of it", async () => {
    const owner = await getId("ann");
    const identityId = newIdentityId();
    const links = [...linkOf("ann").links, { providerName: signIn.providerName, subject: "bob" }];
    for (const line of [linkOf("ann"), { links }]) {
      expect(await importLines({ identityId, ...line })).toEqual([
        { IdentityId: identityId, Verdict: "conflict", Reason: expect.any(String) },
      ]);
    }
    expect(await getId("ann")).toBe(owner);
    expect((await service.admin("DescribeIdentity", { IdentityId: identityId })).status).toBe(404);
  });

  it("does not believe a login that has missed the end of its link: the owner is asked", async () => {
    const ann = await loginOf(pool.identityPoolId, signIn.providerName, "ann");
    const former = await makeLinked(pool.identityPoolId, [ann]);
    await untilAtRest(former);
    dieInNext(LoginObject.prototype, "release", "before");
    await service.admin("DeleteIdentities", { IdentityIdsToDelete: [former] });
    const identityId = newIdentityId();
    expect(await verdicts({ identityId, ...linkOf("ann") })).toEqual(["adopted"]);
    expect(await getId("ann")).toBe(identityId);
  });

  it.each([
    ["a provider that the pool does not have", { links: [{ providerName: "a.example", subject: "ann" }] }],
    ["a developer's user as a hash", { loginIds: [{ providerName: DEVELOPER, loginId: "0".repeat(64) }] }],
  ])("is invalid where it names %s", async (_, more) => {
    const identityId = newIdentityId();
    expect(await importLines({ identityId, ...more })).toMatchObject([{ Verdict: "invalid" }]);
    pool = await makePool(signIn.settings);
    expect(await importLines({ identityId, developerUsers: ["user-7"] })).toMatchObject([{ Verdict: "invalid" }]);
  });

  it("is busy where an object dies, which costs no other line, and is sent again", async () => {
    const [identityId, other] = [newIdentityId(), newIdentityId()];
    dieInNext(IdentityObject.prototype, "restore", "after");
    const lines = [
      { identityId, ...linkOf("ann") },
      { identityId: other, ...linkOf("bob") },
    ];
    expect(await importLines(...lines)).toEqual([
      { IdentityId: identityId, Verdict: "busy", Reason: expect.any(String) },
      { IdentityId: other, Verdict: "adopted" },
    ]);
    expect(await verdicts(...lines)).toEqual(["unchanged", "unchanged"]);
  });

  it("is busy where its identity is being changed for long, which costs no other line", async () => {
    const [guest, other] = [await makeGuest(pool.identityPoolId), newIdentityId()];
    const ann = await getId("ann");
    const held = holdNext(IdentityObject.prototype, "freeze", "after");
    const linking = getToken(guest, await signIn.logins("ann"));
    await held.reached;
    const lines = [
      { identityId: guest, standing: "merged", mergedInto: ann },
      { identityId: other, standing: "guest" },
      {},
    ];
    expect(await importLines(...lines)).toEqual([
      { IdentityId: guest, Verdict: "busy", Reason: expect.any(String) },
      { IdentityId: other, Verdict: "adopted" },
      { Verdict: "invalid", Reason: expect.any(String) },
    ]);
    held.release();
    expect((await linking).status).toBe(200);
    expect(await verdicts(...lines)).toEqual(["unchanged", "unchanged", "invalid"]);
  });
});

describe("a line with a standing", () => {
  it("makes a guest who has its token, one that is closed, and one that was merged, who have none", async () => {
    const [guest, closed, merged, into] = [newIdentityId(), newIdentityId(), newIdentityId(), newIdentityId()];
    const lines = [
      { identityId: guest, standing: "guest" },
      { identityId: closed, standing: "closed", barred: [signIn.providerName] },
      { identityId: merged, standing: "merged", mergedInto: into },
    ];
    expect(await verdicts(...lines)).toEqual(["adopted", "adopted", "adopted"]);
    expect(await verdicts(...lines)).toEqual(["unchanged", "unchanged", "unchanged"]);
    expect((await getToken(guest)).status).toBe(200);
    for (const id of [closed, merged]) expect((await getToken(id)).status).toBe(403);
    expect(await recordOf(closed)).toMatchObject({ barred: [signIn.providerName] });
    expect(await recordOf(merged)).toMatchObject({ standing: { into } });
  });

  it("leaves a disabled identity disabled, with its logins", async () => {
    const identityId = newIdentityId();
    expect(await verdicts({ identityId, ...linkOf("ann"), disabled: true })).toEqual(["adopted"]);
    expect((await getToken(identityId, await signIn.logins("ann"))).status).toBe(403);
    await service.admin("EnableIdentity", { IdentityId: identityId });
    expect((await getToken(identityId, await signIn.logins("ann"))).status).toBe(200);
  });

  it("of another pool is a conflict", async () => {
    const identityId = await makeGuest((await makePool()).identityPoolId);
    expect(await importLines({ identityId, standing: "guest" })).toEqual([
      { IdentityId: identityId, Verdict: "conflict", Reason: expect.any(String) },
    ]);
  });
});

describe("a line of one that is gone", () => {
  it("leaves a tombstone that no line and no list brings back, and that is exported again", async () => {
    const identityId = newIdentityId();
    const gone = { kind: "gone", identityId };
    expect(await verdicts({ identityId, createdAt: 1 })).toEqual(["imported"]);
    expect(await verdicts(gone)).toEqual(["imported"]);
    await atRest(identityId);
    expect(await verdicts(gone, { identityId, standing: "deleted" })).toEqual(["unchanged", "unchanged"]);
    const revivals = [{ identityId }, { identityId, standing: "guest" }, { identityId, ...linkOf("ann") }];
    expect(await verdicts(...revivals)).toEqual(["gone", "gone", "gone"]);
    const { json } = await service.admin("ExportIdentities", { IdentityPoolId: pool.identityPoolId });
    expect(json["Identities"]).toEqual([gone]);
  });

  it("deletes nobody who lives here", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    expect(await verdicts({ kind: "gone", identityId })).toEqual(["conflict"]);
    expect((await getToken(identityId)).status).toBe(200);
  });
});

describe("a line of a login", () => {
  it("settles it, though nobody has it, and is exported again", async () => {
    const { loginId, providerName } = await loginOf(pool.identityPoolId, signIn.providerName, "ann");
    const line = { kind: "login", loginId, providerName, settled: true };
    expect(await importLines(line)).toEqual([{ Verdict: "imported" }]);
    expect(await importLines(line)).toEqual([{ Verdict: "unchanged" }]);
    expect(await env.LOGIN.getByName(loginId).view(loginId)).toEqual({ owner: null, holder: null, isSettled: true });
    const { json } = await service.admin("ExportIdentities", { IdentityPoolId: pool.identityPoolId });
    expect(json["Identities"]).toEqual([line]);
    const identityId = await getId("ann");
    const found = { IdentityPoolId: pool.identityPoolId, ProviderName: providerName, Subject: "ann" };
    expect((await service.admin("FindIdentityByLogin", found)).json).toEqual({
      IdentityId: identityId,
      IsSettled: true,
    });
  });
});

describe("a login that an identity of a pool with a source lets go", () => {
  it("is exported as settled, until it has an identity again", async () => {
    const { providerName } = signIn;
    const identityId = newIdentityId();
    await importLines({ identityId, ...linkOf("ann"), developerUsers: ["user-7"] });
    const Source = { Providers: [providerName], Guests: "Local" };
    await service.admin("SetIdentityPoolSource", { IdentityPoolId: pool.identityPoolId, Source });
    await service.admin("UnlinkDeveloperIdentity", {
      IdentityPoolId: pool.identityPoolId,
      IdentityId: identityId,
      DeveloperProviderName: DEVELOPER,
      DeveloperUserIdentifier: "user-7",
    });
    await atRest(identityId);
    const loginId = await developerLoginIdOf(pool.identityPoolId, DEVELOPER, "user-7");
    const exported = async () => {
      const { json } = await service.admin("ExportIdentities", { IdentityPoolId: pool.identityPoolId });
      return (json["Identities"] as { kind: string }[]).filter(({ kind }) => kind === "login");
    };
    expect(await exported()).toEqual([{ kind: "login", loginId, providerName: DEVELOPER, settled: true }]);
    await importLines({ identityId: newIdentityId(), developerUsers: ["user-7"] });
    expect(await exported()).toEqual([]);
    const shard = env.IDENTITY_DIRECTORY.getByName(directoryShardOfLogin(pool.identityPoolId, loginId));
    expect(await shard.exportPage({ list: 1, after: "" }, 10)).toHaveLength(1);
  });
});
