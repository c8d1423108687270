/** `npm run migrate`: export, import, person, report and finish, between a stand-in of Cognito and two running Edgepools. */
import { readdirSync } from "node:fs";
import { copyFile, mkdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { appClient, getId, getOpenIdToken } from "../support/cognito-clients.ts";
import { GOOGLE, type MigrationStage, setMigrationStage } from "../support/migration-stage.ts";
import { sendSigned } from "../support/signed-call.ts";

const USERS = Array.from({ length: 120 }, (_, index) => `user-${index}`);

let stage: MigrationStage;
/** Of each user, in their order. */
let owners: readonly string[];
let backup: string;

beforeAll(async () => {
  stage = await setMigrationStage({ AllowClassicFlow: true });
  backup = join(stage.folder, "backup");
  await stage.result(["pool"]);
  owners = await Promise.all(USERS.map(async (user) => await getId(stage.oldApp, stage.pool, await stage.login(user))));
  await stage.result(["ids", "--rate", "1000"]);
  const rows = USERS.map((user, index) => `${owners[index]},${GOOGLE},${user}`);
  const table = join(stage.folder, "users.csv");
  await writeFile(table, `identityId,providerName,subject\n${rows.join("\n")}\n`);
  await stage.result(["links", table]);
});
afterAll(async () => await stage.end());

async function idsOfUsers(app: typeof stage.newApp): Promise<readonly string[]> {
  return await Promise.all(USERS.map(async (user) => await getId(app, stage.pool, await stage.login(user))));
}

/** Ids of the import list beyond those of the users. */
async function importedIds(): Promise<number> {
  const input = { IdentityPoolId: stage.pool };
  const { body } = await sendSigned(stage.worker.endpoint, "Edgepool.GetMigrationReport", input);
  return (JSON.parse(body) as { Imported: number }).Imported - USERS.length;
}

/** What the command line remembers, as it is stored. */
async function progressOf(step: string): Promise<string> {
  const folder = join(stage.folder, "memory");
  const name = readdirSync(folder).find((one) => one.endsWith(".sqlite")) ?? "";
  const database = new DatabaseSync(join(folder, name), { readOnly: true, timeout: 10_000 });
  const row = database.prepare("SELECT state FROM progress WHERE step = ?").get(step);
  database.close();
  return await Promise.resolve(String(row?.["state"]));
}

describe("export and import", () => {
  it("goes on after a kill, and holds each identity once, without a subject", async () => {
    const progress = async () => {
      try {
        return (await readFile(join(backup, "identities-00001.ndjson"), "utf8")).length > 0;
      } catch {
        return false;
      }
    };
    const { code } = await stage.killed(["export", "--out", backup, "--rate", "1", "--lines", "100"], progress);
    expect(code).toBeNull();
    const { Lines, Files } = await stage.result(["export", "--out", backup, "--lines", "100"]);
    expect([Lines, Files]).toEqual([USERS.length, 2]);
    const names = readdirSync(backup).toSorted();
    expect(names).toEqual(["identities-00001.ndjson", "identities-00002.ndjson", "pool.json"]);
    const texts = await Promise.all(names.slice(0, 2).map(async (name) => await readFile(join(backup, name), "utf8")));
    const lines = texts
      .flatMap((text) => text.trim().split("\n"))
      .map((line) => JSON.parse(line) as { identityId?: string });
    const ids = lines.flatMap(({ identityId }) => identityId ?? []);
    expect(ids.toSorted()).toEqual(owners.toSorted());
    expect(texts.join("")).not.toContain("user-");
  });

  it("goes on with no export of which a file was taken away or cut off", async () => {
    const folder = join(stage.folder, "cut-backup");
    const order = ["export", "--out", folder, "--lines", "100"];
    const hasFirst = async () => (await progressOf(`export ${folder}`)).includes('"file":2');
    expect((await stage.killed([...order, "--rate", "1"], hasFirst)).code).toBeNull();
    await truncate(join(folder, "identities-00001.ndjson"), 0);
    const { code, stderr } = await stage.migrate(order);
    expect([code, stderr]).toEqual([1, expect.stringContaining("lacks files of the run that was not finished")]);
    await rm(folder, { recursive: true });
    expect((await stage.migrate(order)).stderr).toContain("lacks files");
    expect(await stage.result([...order, "--restart"])).toMatchObject({ Lines: USERS.length });
  });

  it("writes over no earlier export", async () => {
    const { code, stderr } = await stage.migrate(["export", "--out", backup]);
    expect(code).toBe(1);
    expect(stderr).toContain("holds an export already");
  });

  it("restores into an empty service: each login has its id again", async () => {
    const other = await stage.anotherWorker();
    const there = { EDGEPOOL_ENDPOINT: other.endpoint };
    await stage.result(["pool", "--from", join(backup, "pool.json")], 0, there);
    const restore = ["import", backup];
    expect(await stage.result(restore, 0, there)).toEqual({ Files: 2, Tally: { adopted: USERS.length } });
    expect(await idsOfUsers(appClient(other.endpoint))).toEqual(owners);
    expect(await stage.result([...restore, "--restart"], 0, there)).toEqual({
      Files: 2,
      Tally: { unchanged: USERS.length },
    });
  });

  it("imports a file to its end after a kill, and each line once", async () => {
    const file = join(stage.folder, "many.ndjson");
    const ids = Array.from({ length: 1000 }, () => `us-east-1:${crypto.randomUUID()}`);
    await writeFile(file, ids.map((identityId) => `${JSON.stringify({ identityId })}\n`).join(""));
    const order = ["import", file, "--unchecked"];
    // A second group of lines is on its way only once the first is stored.
    const isInSecond = async () => (await importedIds()) > 400;
    const { code } = await stage.killed([...order, "--rate", "2"], isInSecond);
    expect(code).toBeNull();
    const { Tally } = (await stage.result(order)) as { Tally: Record<string, number> };
    expect((Tally["imported"] ?? 0) + (Tally["unchanged"] ?? 0)).toBe(ids.length);
    // What the killed run had not yet noted, it had sent: at most the calls of one group.
    expect(Tally["unchanged"] ?? 0).toBeLessThanOrEqual(400);
    expect(await importedIds()).toBe(ids.length);
  });

  it("takes no export of which a file is missing", async () => {
    const [first, second] = ["identities-00001.ndjson", "identities-00002.ndjson"];
    for (const [index, name] of [first, second].entries()) {
      const part = join(stage.folder, `part-${index}`);
      await mkdir(part);
      await copyFile(join(backup, name), join(part, name));
      const { code, stderr } = await stage.migrate(["import", part]);
      expect([code, stderr]).toEqual([1, expect.stringContaining("a file of the export is missing")]);
    }
    // One file by its name is what was asked for.
    expect(await stage.result(["import", join(backup, second)])).toEqual({ Files: 1, Tally: { unchanged: 20 } });
  });

  it("takes no file that was cut off, and names each line that is none", async () => {
    const cut = join(stage.folder, "cut.ndjson");
    const [line = ""] = (await readFile(join(backup, "identities-00001.ndjson"), "utf8")).split("\n");
    await writeFile(cut, `${line}\n{"identityId":7}\n{"identityId":"us-east-1\n`);
    const refused = await stage.migrate(["import", cut]);
    expect(refused.code).toBe(1);
    expect(refused.stderr).toContain("may be cut off");
    const { code, stderr } = await stage.migrate(["import", cut, "--unchecked"]);
    expect(code).toBe(3);
    expect(stderr).toContain("line 2: invalid");
    expect(stderr).toContain("line 3: invalid, not JSON");
  });

  it("keeps what was not taken of each file of a folder", async () => {
    const folder = join(stage.folder, "two-files");
    await mkdir(folder);
    for (const name of ["a", "b"]) await writeFile(join(folder, `${name}.ndjson`), "not a line\n");
    const { Tally, Refused } = await stage.result(["import", folder, "--unchecked"], 3);
    expect([Tally, Refused]).toEqual([{ invalid: 2 }, [expect.stringContaining("a.ndjson"), expect.any(String)]]);
    for (const file of Refused as readonly string[]) {
      expect(JSON.parse(await readFile(file, "utf8"))).toMatchObject({ at: "line 1", reason: "not JSON" });
    }
    // Neither does another file of that name take it away.
    const other = join(folder, "below");
    await mkdir(other);
    await writeFile(join(other, "a.ndjson"), "not a line\n");
    const { Refused: others } = await stage.result(["import", join(other, "a.ndjson"), "--unchecked"], 3);
    expect(others).not.toContain((Refused as readonly string[])[0]);
    // A rehearsal is no run: what the run has kept stays.
    await stage.migrate(["import", folder, "--unchecked", "--dry-run"]);
    expect(await stage.result(["import", folder, "--unchecked"], 3)).toMatchObject({ Refused });
    expect(JSON.parse(await readFile((Refused as readonly string[])[0] ?? "", "utf8"))).toMatchObject({ at: "line 1" });
  });
});

describe("person", () => {
  const find = ["person", "--provider", GOOGLE, "--subject"];

  it("shows one identity by a login of it, or by its id, and no subject", async () => {
    const { Identity, Erased } = await stage.result([...find, "user-1"]);
    expect([Identity, Erased]).toMatchObject([{ identityId: owners[1], providers: [GOOGLE] }, false]);
    expect(JSON.stringify(Identity)).not.toContain("user-1");
    expect(await stage.result(["person", "--identity", owners[1] ?? ""])).toMatchObject({ Identity });
  });

  it("says that nobody has a login, or that an id is not here", async () => {
    expect(await stage.migrate([...find, "nobody"])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("Nobody here"),
    });
    const unknown = `us-east-1:${crypto.randomUUID()}`;
    const { code, stderr } = await stage.migrate(["person", "--identity", unknown]);
    expect([code, stderr]).toEqual([1, `${unknown} is not known in this pool\n`]);
  });

  it("erases for good, and says what remains", async () => {
    const [, , erased = ""] = owners;
    const { Erased, Remains } = await stage.result([...find, "user-2", "--erase"]);
    expect(Erased).toBe(true);
    expect((Remains as string[]).join("\n")).toContain("delete it there with DeleteIdentities");
    expect(await stage.result(["person", "--identity", erased])).toMatchObject({ Identity: { kind: "gone" } });
    const { code } = await stage.migrate([...find, "user-2"]);
    expect(code).toBe(1);
    expect(await getId(stage.newApp, stage.pool, await stage.login("user-2"))).not.toBe(erased);
  });

  it("takes along what was merged into the identity, and names what it cannot reach", async () => {
    const [, , , survivor = ""] = owners;
    const guest = await getId(stage.newApp, stage.pool);
    const merged = await getOpenIdToken(stage.newApp, guest, await stage.login("user-3"));
    expect(merged.identityId).toBe(survivor);
    // The login is known here, and so Cognito was not asked: there the guest lives on.
    expect((await getOpenIdToken(stage.oldApp, guest)).identityId).toBe(guest);
    const Merged = [expect.objectContaining({ identityId: guest, standing: "merged", mergedInto: survivor })];
    expect(await stage.result([...find, "user-3"])).toMatchObject({ Merged });
    const alone = await stage.migrate(["person", "--identity", guest, "--erase"]);
    expect([alone.code, alone.stderr]).toEqual([1, expect.stringContaining(`merged into ${survivor}`)]);
    expect(await stage.result([...find, "user-3", "--erase", "--dry-run"])).toMatchObject({ Erased: false, Merged });
    const { Remains } = await stage.result([...find, "user-3", "--erase"]);
    for (const identity of [survivor, guest]) {
      expect(await stage.result(["person", "--identity", identity])).toMatchObject({ Identity: { kind: "gone" } });
      expect((Remains as string[]).find((what) => what.includes("at Cognito"))).toContain(identity);
    }
    expect((Remains as string[]).join("\n")).toContain("copies of yours");
  });
});

describe("report and finish", () => {
  it("refuses to end while Cognito is asked, and names what ends", async () => {
    await getId(stage.newApp, stage.pool, await stage.login("new"));
    const { AsksToday } = (await stage.result(["report"])) as { AsksToday: Record<string, number> };
    expect(AsksToday["ok"]).toBeGreaterThan(0);
    const { code, stdout } = await stage.migrate(["finish"]);
    expect(code).toBe(3);
    expect(stdout).toContain("Cognito was asked");
    expect(stdout).toMatch(/since midnight by UTC, \d+ h \d+ min ago/);
    expect(stdout).toContain("What ends: 1000 ids");
    const asked = (await stage.cognito.calls()).length;
    expect(await stage.result(["finish", "--force"])).toMatchObject({ Ended: true });
    await getId(stage.newApp, stage.pool, await stage.login("newer"));
    expect((await stage.cognito.calls()).length).toBe(asked);
  });
});
