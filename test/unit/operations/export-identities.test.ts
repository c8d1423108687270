import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { AdminCredential } from "../../../src/domain/admin-credential.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { directoryShardOf, directoryShardOfLogin } from "../../support/first-shards.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import {
  loginOf,
  makeGuest,
  makeLinked,
  makePool,
  makeSignIn,
  newIdentityId,
  newPoolId,
  NOTHING_STORED,
  type SignIn,
  storedIn,
  untilAtRest,
} from "../../support/objects.ts";
import { ADMIN, makeService, type Service, textOf } from "../../support/service.ts";

const DEVELOPER = "login.example";
const LIMITED: AdminCredential = { ...ADMIN, accessKeyId: "limited", pools: [newPoolId()] };

type Line = Readonly<Record<string, unknown>>;

let signIn: SignIn;
let pool: IdentityPool;
let service: Service;

beforeEach(async () => {
  for (const method of ["log", "warn"] as const) vi.spyOn(console, method).mockImplementation(() => {});
  signIn = await makeSignIn(new FakeUpstream().install());
  pool = await makePool({ ...signIn.settings, developerProviderName: DEVELOPER });
  service = makeService({ credentials: [ADMIN, LIMITED] });
});

const refusal = (status: number, type: string) => ({ status, json: { __type: type, message: expect.any(String) } });
const exportOne = async (IdentityId: string, more: object = {}, credential = ADMIN) =>
  await service.call("ExportIdentities", { IdentityId, ...more }, { credential });
const lineOf = async (identityId: string) => ((await exportOne(identityId)).json["Identities"] as Line[])[0];

/** The whole pool, page by page. */
async function exportAll(MaxResults?: number): Promise<{ readonly lines: readonly Line[]; readonly pages: number }> {
  const lines: Line[] = [];
  let NextToken: unknown;
  for (let pages = 1; ; pages++) {
    const more = { ...(MaxResults !== undefined && { MaxResults }), ...(NextToken !== undefined && { NextToken }) };
    const { json } = await service.admin("ExportIdentities", { IdentityPoolId: pool.identityPoolId, ...more });
    lines.push(...(json["Identities"] as Line[]));
    NextToken = json["NextToken"];
    if (NextToken === undefined) return { lines, pages };
  }
}

describe("a line of ExportIdentities", () => {
  it("has of an identity its logins as hashes, its developer's users by name, and no other subject", async () => {
    const login = await loginOf(pool.identityPoolId, signIn.providerName, "subject-of-ann");
    const identityId = await makeLinked(pool.identityPoolId, [login]);
    const Logins = { [DEVELOPER]: "user-7", ...Object.fromEntries(await signIn.logins("subject-of-ann")) };
    const input = { IdentityPoolId: pool.identityPoolId, IdentityId: identityId, Logins };
    await service.admin("GetOpenIdTokenForDeveloperIdentity", input);
    await untilAtRest(identityId);
    const answer = await exportOne(identityId);
    expect(answer.json).toEqual({
      Identities: [
        {
          kind: "identity",
          identityId,
          createdAt: expect.any(Number),
          modifiedAt: expect.any(Number),
          standing: "linked",
          origin: "here",
          providers: [DEVELOPER, signIn.providerName].toSorted(),
          developerUsers: ["user-7"],
          loginIds: [{ providerName: signIn.providerName, loginId: login.loginId, linkedAt: expect.any(Number) }],
          life: [
            { sequence: 1, at: expect.any(Number), kind: "born" },
            { sequence: 2, at: expect.any(Number), kind: "linked", providerNames: [signIn.providerName] },
            { sequence: 3, at: expect.any(Number), kind: "linked", providerNames: [DEVELOPER] },
          ],
        },
      ],
    });
    expect(answer.text).not.toContain("subject-of-ann");
  });

  it("says of one that was merged into whom, of a guest that it is one, and of one that let go its last login that it is closed", async () => {
    const logins = await signIn.logins("ann");
    const owner = textOf(
      await service.call("GetId", { IdentityPoolId: pool.identityPoolId, Logins: logins }),
      "IdentityId",
    );
    const [guest, merged] = [await makeGuest(pool.identityPoolId), await makeGuest(pool.identityPoolId)];
    await service.call("GetOpenIdToken", { IdentityId: merged, Logins: logins });
    expect(await lineOf(merged)).toMatchObject({ standing: "merged", mergedInto: owner });
    expect(await lineOf(guest)).toMatchObject({ standing: "guest" });
    await service.call("UnlinkIdentity", {
      IdentityId: owner,
      Logins: logins,
      LoginsToRemove: [signIn.providerName],
    });
    expect(await lineOf(owner)).toMatchObject({ standing: "closed" });
    for (const id of [owner, guest, merged]) expect(await lineOf(id)).not.toHaveProperty("loginIds");
  });

  it("is what was imported, of one that nobody has claimed, and can be imported again", async () => {
    const identityId = newIdentityId();
    const line = { identityId, createdAt: 1, modifiedAt: 2, providers: ["a.example"], standing: "disabled" };
    await service.admin("ImportIdentities", { IdentityPoolId: pool.identityPoolId, Identities: [line] });
    const exported = await lineOf(identityId);
    expect(exported).toEqual({
      kind: "identity",
      identityId,
      createdAt: 1,
      modifiedAt: 2,
      origin: "source",
      providers: ["a.example"],
      disabled: true,
    });
    const again = await service.admin("ImportIdentities", {
      IdentityPoolId: pool.identityPoolId,
      Identities: [exported],
    });
    expect(again.json).toEqual({ Results: [{ IdentityId: identityId, Verdict: "unchanged" }] });
  });

  it("says of one that is disabled that it is, whatever its standing", async () => {
    const guest = await makeGuest(pool.identityPoolId);
    await service.admin("DisableIdentity", { IdentityId: guest });
    expect(await lineOf(guest)).toMatchObject({ standing: "guest", disabled: true });
    await service.admin("EnableIdentity", { IdentityId: guest });
    expect(await lineOf(guest)).not.toHaveProperty("disabled");
  });

  it("says of one that was deleted that it is gone, and nothing else", async () => {
    const identityId = await makeGuest(pool.identityPoolId);
    await service.admin("DeleteIdentities", { IdentityIdsToDelete: [identityId] });
    expect(await lineOf(identityId)).toEqual({ kind: "gone", identityId });
  });
});

describe("an export of a pool", () => {
  it("has each line once, of all kinds, whatever the size of the page", async () => {
    const living = await Promise.all(Array.from({ length: 5 }, () => makeGuest(pool.identityPoolId)));
    await untilAtRest(...living);
    const imported = Array.from({ length: 4 }, newIdentityId);
    const Identities = imported.map((identityId) => ({ identityId }));
    await service.admin("ImportIdentities", { IdentityPoolId: pool.identityPoolId, Identities });
    const gone = Array.from({ length: 3 }, newIdentityId);
    for (const id of gone) {
      await env.IDENTITY_DIRECTORY.getByName(directoryShardOf(pool.identityPoolId, id)).update("remove", id, "adopted");
    }
    const freed = await loginOf(pool.identityPoolId, signIn.providerName, "ann");
    const owned = await loginOf(pool.identityPoolId, signIn.providerName, "bob");
    const owner = await makeLinked(pool.identityPoolId, [owned]);
    await untilAtRest(owner);
    for (const { loginId, providerName } of [freed, owned]) {
      const shard = env.IDENTITY_DIRECTORY.getByName(directoryShardOfLogin(pool.identityPoolId, loginId));
      await shard.keepFreed({ loginId, providerName });
    }
    const ids = [...living, ...imported, owner].toSorted();
    for (const size of [1, 4, 13, 14, undefined]) {
      const { lines } = await exportAll(size);
      const of = (kind: string, member: string) =>
        lines.filter((line) => line["kind"] === kind).map((line) => String(line[member]));
      expect(of("identity", "identityId").toSorted()).toEqual(ids);
      expect(of("gone", "identityId").toSorted()).toEqual(gone.toSorted());
      expect(lines.filter(({ kind }) => kind === "login")).toEqual([
        { kind: "login", loginId: freed.loginId, providerName: signIn.providerName, settled: true },
      ]);
      expect(lines.some((line) => "life" in line)).toBe(false);
    }
  });

  it("of nobody is one page without a line", async () => {
    expect(await exportAll()).toEqual({ lines: [], pages: 1 });
  });
});

describe("ExportIdentities refuses", () => {
  it("to say anything of nothing, and a page of another pool, or another listing", async () => {
    expect(await service.admin("ExportIdentities", {})).toMatchObject(refusal(400, "InvalidParameterException"));
    await Promise.all(Array.from({ length: 3 }, () => makeGuest(pool.identityPoolId)));
    const { json } = await service.admin("ListIdentities", { IdentityPoolId: pool.identityPoolId, MaxResults: 1 });
    for (const NextToken of [json["NextToken"], "junk"]) {
      const input = { IdentityPoolId: pool.identityPoolId, NextToken };
      expect(await service.admin("ExportIdentities", input)).toMatchObject(refusal(400, "InvalidParameterException"));
    }
  });

  it("pools and identities that are not there, and T38 makes nothing of them", async () => {
    const identityId = newIdentityId();
    expect(await exportOne(identityId)).toMatchObject(refusal(404, "ResourceNotFoundException"));
    expect(await storedIn(env.IDENTITY.getByName(identityId))).toEqual(NOTHING_STORED);
    const guest = await makeGuest(pool.identityPoolId);
    const other = await makePool();
    expect(await exportOne(guest, { IdentityPoolId: other.identityPoolId })).toMatchObject(
      refusal(404, "ResourceNotFoundException"),
    );
    expect(await service.admin("ExportIdentities", { IdentityPoolId: newPoolId() })).toMatchObject(
      refusal(404, "ResourceNotFoundException"),
    );
  });

  it("T45: a credential of another pool", async () => {
    const guest = await makeGuest(pool.identityPoolId);
    const input = { IdentityPoolId: pool.identityPoolId };
    for (const answer of [
      await exportOne(guest, {}, LIMITED),
      await service.call("ExportIdentities", input, { credential: LIMITED }),
    ]) {
      expect(answer).toMatchObject(refusal(403, "AccessDeniedException"));
    }
  });
});
