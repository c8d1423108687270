/** docs/migrate-from-cognito.md: all of its commands, as they are printed and in their order, while users come and go on both sides. */
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { GetOpenIdTokenForDeveloperIdentityCommand, ListIdentitiesCommand } from "@aws-sdk/client-cognito-identity";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LOCAL_CREDENTIAL } from "../../src/development/local-credential.ts";
import { appClient, getId, getOpenIdToken, present } from "../support/cognito-clients.ts";
import { OPERATOR } from "../support/cognito-stand-in/start-cognito.ts";
import { DEVELOPERS, type Ended, type MigrationStage, setMigrationStage } from "../support/migration-stage.ts";

const ROOT = join(import.meta.dirname, "../..");
const guide = readFileSync(join(ROOT, "docs/migrate-from-cognito.md"), "utf8");

function examplesIn(language: string): string[] {
  return [...guide.matchAll(new RegExp(`^\`\`\`${language}\\n([^]*?)^\`\`\`$`, "gm"))].map(([, code = ""]) => code);
}

const [settings = "", ...blocks] = examplesIn("sh");

let stage: MigrationStage;
beforeAll(async () => {
  stage = await setMigrationStage();
  // npm runs a script where its package is: this one is the stage's folder, so that what the commands write is there, too.
  for (const name of ["package.json", "scripts", "src", "node_modules"]) {
    await symlink(join(ROOT, name), join(stage.folder, name));
  }
  const { accessKeyId, secretAccessKey } = OPERATOR;
  const profile = `[my-account]\naws_access_key_id = ${accessKeyId}\naws_secret_access_key = ${secretAccessKey}\n`;
  await writeFile(join(stage.folder, "aws-credentials"), profile);
});
afterAll(async () => await stage.end());

/** The commands as somebody pastes them, behind the settings, in which only the names of the two sides are exchanged. */
async function paste(commands: string, changed: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const own = settings
    .replace("https://identity.example.com", changed["EDGEPOOL_ENDPOINT"] ?? stage.worker.endpoint)
    .replace("=admin\n", `=${LOCAL_CREDENTIAL.accessKeyId}\n`)
    .replace("=...\n", `=${LOCAL_CREDENTIAL.secretAccessKey}\n`)
    .replace(/POOL=\S+/, `POOL=${stage.pool}`);
  const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...env } = stage.variables(changed);
  const all = {
    ...env,
    HOME: stage.folder,
    AWS_SHARED_CREDENTIALS_FILE: join(stage.folder, "aws-credentials"),
    npm_config_update_notifier: "false",
  };
  return await new Promise((settle) => {
    const options = { cwd: stage.folder, env: all };
    execFile("sh", ["-eu", "-c", `${own}\n${commands}`], options, (error, stdout, stderr) => {
      settle({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

/** The next block of the page, which must be the one with `text`. */
async function next(text: string, code = 0, changed: Readonly<Record<string, string>> = {}): Promise<string> {
  const block = blocks.shift() ?? "";
  expect(block).toContain(text);
  const ended = await paste(block, changed);
  expect([block, ended.code, ended.code === code ? "" : ended.stderr + ended.stdout]).toEqual([block, code, ""]);
  return ended.stdout;
}

async function idsHere(): Promise<readonly string[]> {
  const input = { IdentityPoolId: stage.pool, MaxResults: 60 };
  const { Identities = [] } = await stage.admin.send(new ListIdentitiesCommand(input));
  return Identities.map(({ IdentityId }) => present(IdentityId)).toSorted();
}

async function idsThere(): Promise<readonly string[]> {
  return (await stage.cognito.identities()).map(({ identityId }) => identityId).toSorted();
}

/** Who has which id at Cognito before the move. */
let ids: Readonly<Record<"ann" | "bob" | "guest" | "dora", string>>;

const developer = () => {
  const input = { IdentityPoolId: stage.pool, Logins: { [DEVELOPERS]: "dora" } };
  return new GetOpenIdTokenForDeveloperIdentityCommand(input);
};

// Each goes on from the one before, as a reader of the page does.
test("1 and 2: the pool is looked at, and copied with all of its ids", async () => {
  const { oldApp, operator, pool } = stage;
  ids = {
    ann: await getId(oldApp, pool, await stage.login("ann")),
    bob: await getId(oldApp, pool, await stage.login("bob")),
    guest: await getId(oldApp, pool),
    dora: present((await operator.send(developer())).IdentityId),
  };
  expect(await next("check")).toContain("Least policy");
  expect(await next("pool")).toContain("was adopted");
  expect(await idsHere()).toEqual(await idsThere());
  const [table = ""] = examplesIn("csv");
  await writeFile(join(stage.folder, "users.csv"), table.replace(/us-east-1:[^,]+/, ids.bob).replace(/\d{21}/, "bob"));
  expect(await next("links users.csv")).toContain("1 adopted");
});

test("3: everybody comes to the new endpoint, somebody still to the old one, and each has one id", async () => {
  const { oldApp, newApp, admin, pool } = stage;
  expect(await getId(newApp, pool, await stage.login("ann"))).toBe(ids.ann);
  expect(await getId(newApp, pool, await stage.login("bob"))).toBe(ids.bob);
  expect((await getOpenIdToken(newApp, ids.guest)).identityId).toBe(ids.guest);
  expect((await admin.send(developer())).IdentityId).toBe(ids.dora);
  const fresh = await getId(newApp, pool, await stage.login("fresh"));
  expect(await getId(oldApp, pool, await stage.login("fresh"))).toBe(fresh);
  expect(await next("report")).toContain("Cognito asked today ");
});

test("4 and 5: what is new at Cognito is imported, and then guests are born here; and back", async () => {
  const { oldApp, newApp, pool } = stage;
  const late = await getId(oldApp, pool, await stage.login("late"));
  await next("ids --since last");
  expect(await idsHere()).toContain(late);
  expect(await next("source --guests local")).toContain("guests        Local");
  expect(await next("source --guests source")).toContain("guests        Source");
  await stage.result(["source", "--guests", "local", "--unknown-ids", "imported"]);
  await expect.poll(async () => (await idsThere()).includes(await getId(newApp, pool))).toBe(false);
});

test("6: the source ends, which is refused on a day on which it was asked", async () => {
  expect(await next("finish", 3)).toContain("--force ends it all the same");
  expect((await stage.result(["finish", "--force"]))["Ended"]).toBe(true);
  expect(await getId(stage.newApp, stage.pool, await stage.login("ann"))).toBe(ids.ann);
});

test("an export is restored elsewhere, and one person is shown and erased", async () => {
  expect(await next("export --out backup")).toContain("pool.json");
  const other = await stage.anotherWorker();
  await next("import backup", 0, { EDGEPOOL_ENDPOINT: other.endpoint });
  const restored = appClient(other.endpoint);
  expect(await getId(restored, stage.pool, await stage.login("ann"))).toBe(ids.ann);
  expect((await getOpenIdToken(restored, ids.guest)).identityId).toBe(ids.guest);
  const onStandardInput =
    'printf %s ann | npm run -s migrate -- person --provider accounts.google.com --subject - --pool "$POOL"';
  expect((await paste(onStandardInput)).stdout).toContain(ids.ann);
  expect(await next("--erase", 0, { SUBJECT: "ann" })).toContain("Deleted for good");
  expect(await getId(stage.newApp, stage.pool, await stage.login("ann"))).not.toBe(ids.ann);
});

test("no command of the page is left over", () => {
  expect(blocks).toEqual([]);
});
