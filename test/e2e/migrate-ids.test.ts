/** `npm run migrate`: ids, developers and links, killed and gone on with, between a stand-in of Cognito and a running Edgepool. */
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  GetOpenIdTokenForDeveloperIdentityCommand,
  ListIdentitiesCommand,
  LookupDeveloperIdentityCommand,
  UnlinkDeveloperIdentityCommand,
} from "@aws-sdk/client-cognito-identity";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { getId, getOpenIdToken, present } from "../support/cognito-clients.ts";
import { DEVELOPERS, GOOGLE, type MigrationStage, setMigrationStage } from "../support/migration-stage.ts";

let stage: MigrationStage;
beforeAll(async () => {
  stage = await setMigrationStage({ AllowClassicFlow: true });
  await stage.result(["pool"]);
});
beforeEach(async () => await stage.cognito.trouble({}));
afterAll(async () => await stage.end());

async function guests(count: number): Promise<readonly string[]> {
  return await Promise.all(Array.from({ length: count }, async () => await getId(stage.oldApp, stage.pool)));
}

async function developerUser(user: string): Promise<string> {
  const input = { IdentityPoolId: stage.pool, Logins: { [DEVELOPERS]: user } };
  return present((await stage.operator.send(new GetOpenIdTokenForDeveloperIdentityCommand(input))).IdentityId);
}

/** Ids that Edgepool lists, by whether they are disabled. */
async function listedHere(HideDisabled = false): Promise<ReadonlySet<string>> {
  const ids: string[] = [];
  let NextToken: string | undefined;
  do {
    const input = { IdentityPoolId: stage.pool, MaxResults: 60, HideDisabled };
    const page = await stage.admin.send(
      new ListIdentitiesCommand({ ...input, ...(NextToken !== undefined && { NextToken }) }),
    );
    ids.push(...(page.Identities ?? []).map(({ IdentityId }) => present(IdentityId)));
    ({ NextToken } = page);
  } while (NextToken !== undefined);
  return new Set(ids);
}

async function countOf(operation: string): Promise<number> {
  return (await stage.cognito.calls()).filter((call) => call.operation === operation).length;
}

/** Whether so many more calls were made than there were. */
async function after(operation: string, calls: number): Promise<() => Promise<boolean>> {
  const before = await countOf(operation);
  return async () => (await countOf(operation)) >= before + calls;
}

describe("ids", () => {
  let disabled: string;

  it("counts in a dry run, and imports nothing", async () => {
    await guests(150);
    const owner = await getId(stage.oldApp, stage.pool, await stage.login("merged"));
    disabled = await getId(stage.oldApp, stage.pool);
    expect((await getOpenIdToken(stage.oldApp, disabled, await stage.login("merged"))).identityId).not.toBe(disabled);
    expect(owner).not.toBe(disabled);
    expect(await stage.result(["ids", "--dry-run", "--rate", "1000"])).toMatchObject({ Found: 152, Disabled: 1 });
    expect((await listedHere()).size).toBe(0);
  });

  it("goes on after it was killed while it listed, and imports each id, disabled ones as such", async () => {
    // Slow enough that it cannot come to its end before it is killed.
    const { code } = await stage.killed(["ids", "--rate", "2"], await after("ListIdentities", 2));
    expect(code).toBeNull();
    const asked = await countOf("ListIdentities");
    expect(await stage.result(["ids", "--rate", "1000"])).toMatchObject({ Seen: 152, Tally: { imported: 152 } });
    // Of six pages, those that were stored were not asked for again.
    expect((await countOf("ListIdentities")) - asked).toBeLessThan(6);
    const identities = (await stage.cognito.identities()).map(({ identityId }) => identityId);
    expect([...(await listedHere())].toSorted()).toEqual(identities.toSorted());
    const enabled = await listedHere(true);
    expect(identities.filter((identityId) => !enabled.has(identityId))).toEqual([disabled]);
  });

  it("changes nothing when it is run again", async () => {
    expect(await stage.result(["ids", "--rate", "1000"])).toMatchObject({ Tally: { unchanged: 152 } });
  });

  it("imports what is new since the last run, and that alone", async () => {
    const fresh = await guests(3);
    const { Tally } = await stage.result(["ids", "--since", "last", "--rate", "1000"]);
    expect(Tally).toMatchObject({ imported: 3 });
    const here = await listedHere();
    expect(fresh.filter((identityId) => !here.has(identityId))).toEqual([]);
    expect(await stage.result(["ids", "--since", "2100-01-01", "--rate", "1000"])).toMatchObject({ Tally: {} });
  });

  it("waits while Cognito throttles, and comes to its end", async () => {
    await stage.cognito.trouble({ faults: [{ kind: "throttled", operation: "ListIdentities", times: 2 }] });
    expect(await stage.result(["ids", "--rate", "1000"])).toMatchObject({ Seen: 155 });
  });

  it.each([
    ["strange", "What answers there is not Amazon Cognito"],
    ["unavailable", "Amazon Cognito is in trouble"],
  ] as const)("takes no answer that is %s for an empty list", async (kind, advice) => {
    await stage.cognito.trouble({ faults: [{ kind, operation: "ListIdentities" }] });
    const { code, stderr } = await stage.migrate(["ids", "--dry-run"], { AWS_MAX_ATTEMPTS: "1" });
    expect([code, stderr]).toEqual([1, expect.stringContaining(advice)]);
  });

  it("says so when Cognito does not stop throttling, and keeps what was done", async () => {
    const { code: killed } = await stage.killed(["ids", "--rate", "2"], await after("ListIdentities", 2));
    expect(killed).toBeNull();
    await stage.cognito.trouble({ faults: [{ kind: "throttled", operation: "ListIdentities" }] });
    const { code, stderr } = await stage.migrate(["ids"], { AWS_MAX_ATTEMPTS: "2" });
    expect(code).toBe(1);
    expect(stderr).toContain("going on with an earlier run");
    expect(stderr).toContain("goes on throttling");
    await stage.cognito.trouble({});
    const other = await stage.migrate(["ids", "--since", "2026-01-01"]);
    expect(other.code).toBe(1);
    expect(other.stderr).toContain("an earlier run with another --since was not finished");
    expect(await stage.result(["ids", "--rate", "1000", "--restart"])).toMatchObject({ Seen: 155 });
  });
});

describe("developers", () => {
  it("adopts each user, and goes on after it was killed", async () => {
    const users = Array.from({ length: 60 }, (_, index) => `user-${index}`);
    const owners = await Promise.all(users.map(developerUser));
    await stage.result(["ids", "--rate", "1000"]);
    const { code } = await stage.killed(["developers", "--rate", "30"], await after("LookupDeveloperIdentity", 52));
    expect(code).toBeNull();
    expect(await stage.result(["developers", "--dry-run"])).toEqual({ WouldAsk: 10 });
    expect(await stage.result(["developers", "--rate", "1000"])).toMatchObject({ Asked: 10 });
    for (const [index, DeveloperUserIdentifier] of users.entries()) {
      const lookup = new LookupDeveloperIdentityCommand({ IdentityPoolId: stage.pool, DeveloperUserIdentifier });
      expect((await stage.admin.send(lookup)).IdentityId).toBe(owners[index]);
    }
    expect(await stage.result(["developers"])).toMatchObject({ Asked: 0 });
    const { WouldAsk } = (await stage.result(["developers", "--all", "--dry-run", "--restart"])) as {
      WouldAsk: number;
    };
    expect(WouldAsk).toBeGreaterThan(60);
    expect(await stage.result(["developers", "--restart", "--rate", "1000"])).toMatchObject({
      Asked: 60,
      Tally: { unchanged: 60 },
    });
    expect(await stage.result(["developers", "--dry-run", "--restart"])).toEqual({ WouldAsk: 60 });
    expect(await stage.result(["developers"])).toMatchObject({ Asked: 0 });
  });

  it("asks again about those whose users were refused, once what stood in the way is gone", async () => {
    const owner = await developerUser("claimed");
    // An import by mistake: another id has this user here.
    const [mistaken = ""] = await guests(1);
    const table = join(stage.folder, "mistake.ndjson");
    await writeFile(table, JSON.stringify({ identityId: mistaken, developerUsers: ["claimed"] }));
    await stage.result(["import", table, "--unchecked"]);
    await stage.result(["ids", "--rate", "1000"]);
    expect(await stage.result(["developers"], 3)).toMatchObject({ Asked: 1, Tally: { conflict: 1 } });
    expect(await stage.result(["developers"], 3)).toMatchObject({ Asked: 1, Tally: { conflict: 1 } });
    const unlinked = {
      IdentityPoolId: stage.pool,
      IdentityId: mistaken,
      DeveloperProviderName: DEVELOPERS,
      DeveloperUserIdentifier: "claimed",
    };
    await stage.admin.send(new UnlinkDeveloperIdentityCommand(unlinked));
    expect(await stage.result(["developers"])).toMatchObject({ Asked: 1, Tally: { adopted: 1 } });
    const lookup = new LookupDeveloperIdentityCommand({
      IdentityPoolId: stage.pool,
      DeveloperUserIdentifier: "claimed",
    });
    expect((await stage.admin.send(lookup)).IdentityId).toBe(owner);
  });
});

describe("links", () => {
  it("adopts who is in the table, past lines that are none, which it names", async () => {
    const [known = "", other = ""] = await guests(2);
    const file = join(stage.folder, "users.csv");
    const rows = [
      "identityId,providerName,subject",
      `${known},${GOOGLE},google-1`,
      "broken",
      `eu-west-1:${known.slice(10)},${GOOGLE},google-2`,
    ];
    await writeFile(file, `${rows.join("\n")}\n`);
    const { Tally, Refused } = await stage.result(["links", file], 3);
    expect(Tally).toEqual({ adopted: 1, invalid: 2 });
    const refused = (await readFile(String(Refused), "utf8"))
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(refused).toMatchObject([
      { at: "line 4", verdict: "invalid" },
      { at: "line 3", reason: "no providerName, no subject" },
    ]);
    expect(JSON.stringify(refused)).not.toContain("google-");
    expect(await getId(stage.newApp, stage.pool, await stage.login("google-1"))).toBe(known);

    const ndjson = join(stage.folder, "users.ndjson");
    await writeFile(ndjson, JSON.stringify({ identityId: other, providerName: GOOGLE, subject: "google-3" }));
    expect(await stage.result(["links", ndjson, "--dry-run"])).toEqual({ Tally: { "would be sent": 1 } });
    expect(await stage.result(["links", ndjson])).toEqual({ Tally: { adopted: 1 } });
    expect(await getId(stage.newApp, stage.pool, await stage.login("google-3"))).toBe(other);
    // All of it was done: what it came to is told again, and how it is sent again.
    const again = await stage.migrate(["links", ndjson]);
    expect([again.code, again.stdout]).toEqual([0, `${ndjson}: 1 adopted\n`]);
    expect(again.stderr).toContain("was imported to its end by an earlier run, and is as it was: --restart");
    expect(await stage.result(["links", ndjson, "--restart", "--dry-run"])).toEqual({ Tally: { "would be sent": 1 } });
    expect((await stage.migrate(["links", ndjson])).stderr).toContain("imported to its end");
    expect(await stage.result(["links", ndjson, "--restart"])).toEqual({ Tally: { unchanged: 1 } });
    const [more = ""] = await guests(1);
    await appendFile(ndjson, `\n${JSON.stringify({ identityId: more, providerName: GOOGLE, subject: "google-4" })}`);
    expect(await stage.result(["links", ndjson])).toEqual({ Tally: { unchanged: 1, adopted: 1 } });
  });
});
