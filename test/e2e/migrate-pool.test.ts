/** `npm run migrate`: check, pool, source, report and finish, between a stand-in of Cognito and a running Edgepool. */
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import {
  DescribeIdentityPoolCommand,
  GetIdentityPoolRolesCommand,
  GetPrincipalTagAttributeMapCommand,
  SetIdentityPoolRolesCommand,
  SetPrincipalTagAttributeMapCommand,
  UpdateIdentityPoolCommand,
} from "@aws-sdk/client-cognito-identity";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LOCAL_CREDENTIAL } from "../../src/development/local-credential.ts";
import { DEVELOPERS, GOOGLE, type MigrationStage, setMigrationStage } from "../support/migration-stage.ts";

const ROLE = "arn:aws:iam::123456789012:role/app-users";
const ROLES = { Roles: { authenticated: ROLE } };
const TAGS = { IdentityProviderName: GOOGLE, UseDefaults: false, PrincipalTags: { team: "groups" } };
/** May adopt, and not give a source: as if the run were killed in between. */
const ADOPTER = {
  accessKeyId: "adopter",
  secretAccessKey: "secret-of-the-adopter-of-pools",
  operations: ["AdoptIdentityPool", "DescribeIdentityPool"],
  pools: "*",
};
const SAML = "arn:aws:iam::123456789012:saml-provider/staff";

let stage: MigrationStage;
beforeAll(async () => {
  stage = await setMigrationStage(
    { AllowClassicFlow: true, SamlProviderARNs: [SAML], IdentityPoolTags: { team: "apps" } },
    { ADMIN_CREDENTIALS: JSON.stringify([{ ...LOCAL_CREDENTIAL, operations: "*", pools: "*" }, ADOPTER]) },
  );
  const ofPool = { IdentityPoolId: stage.pool };
  await stage.operator.send(new SetIdentityPoolRolesCommand({ ...ofPool, ...ROLES }));
  await stage.operator.send(new SetPrincipalTagAttributeMapCommand({ ...ofPool, ...TAGS }));
});
afterAll(async () => await stage.end());

type Found = { readonly level: string; readonly code: string; readonly about?: string };

async function findings(code = 0, changed = {}): Promise<readonly Found[]> {
  return (await stage.result(["check"], code, changed))["Findings"] as Found[];
}

/** What the pool at Edgepool is, but for its secret values. */
async function poolHere() {
  const { $metadata: _, ...pool } = await stage.admin.send(
    new DescribeIdentityPoolCommand({ IdentityPoolId: stage.pool }),
  );
  return pool;
}

describe("before the pool is here", () => {
  it("check says what will be otherwise, and makes nothing at Cognito", async () => {
    const found = (await findings()).map(({ code, about }) => [code, about]);
    expect(found).toEqual([
      ["saml-not-verified", SAML],
      ["no-source-credentials", "SOURCE_CREDENTIALS"],
      ["role-in-use", ROLE],
    ]);
    expect(await stage.cognito.identities()).toEqual([]);
  });

  it("check prints quotas and the least policy for people, too", async () => {
    const { code, stdout } = await stage.migrate(["check"]);
    expect(code).toBe(0);
    expect(stdout).toContain("ListIdentities             L-DBF99350  5");
    expect(stdout).toContain(`"arn:aws:cognito-identity:us-east-1:*:identitypool/${stage.pool}"`);
  });

  it("check needs no Edgepool yet", async () => {
    const found = await findings(0, { EDGEPOOL_ENDPOINT: undefined });
    expect(found.map(({ code }) => code)).toContain("edgepool-not-checked");
  });

  it.each([["ids"], ["report"], ["source"]])("%s says that the pool is to be adopted first", async (step) => {
    const { code, stderr } = await stage.migrate([step]);
    expect(code).toBe(1);
    expect(stderr).toContain("npm run migrate -- pool");
  });

  it("pool --dry-run says what would be done, and does nothing", async () => {
    const { code, stdout } = await stage.migrate(["pool", "--dry-run"]);
    expect(code).toBe(0);
    expect(stdout).toContain("would be adopted. Nothing was changed.");
    await expect(poolHere()).rejects.toThrow("not found");
  });
});

describe("pool", () => {
  it("adopts the pool under its own id, with providers, roles and tags, and gives it its source at once", async () => {
    const { accessKeyId, secretAccessKey } = ADOPTER;
    const key = { EDGEPOOL_ACCESS_KEY_ID: accessKeyId, EDGEPOOL_SECRET_ACCESS_KEY: secretAccessKey };
    const stopped = await stage.migrate(["pool"], key);
    expect([stopped.code, stopped.stderr]).toEqual([
      1,
      expect.stringContaining("its entry of ADMIN_CREDENTIALS must name"),
    ]);
    const result = await stage.result(["pool"]);
    expect(result["Adopted"]).toBe(false);
    expect(result["Source"]).toEqual({
      IdentityPoolId: stage.pool,
      Proof: "OpenIdToken",
      Guests: "Source",
      UnknownIds: "Ask",
      Providers: [GOOGLE, DEVELOPERS],
    });
    expect(await poolHere()).toMatchObject({
      IdentityPoolId: stage.pool,
      AllowClassicFlow: true,
      DeveloperProviderName: DEVELOPERS,
      SamlProviderARNs: [SAML],
      IdentityPoolTags: { team: "apps" },
    });
    const IdentityPoolId = stage.pool;
    expect(await stage.admin.send(new GetIdentityPoolRolesCommand({ IdentityPoolId }))).toMatchObject(ROLES);
    const tags = new GetPrincipalTagAttributeMapCommand({ IdentityPoolId, IdentityProviderName: GOOGLE });
    expect(await stage.admin.send(tags)).toMatchObject(TAGS);
  });

  it("is adopted from a file that has no more than the pool, and from none that is of another", async () => {
    const file = join(stage.folder, "pool.json");
    await writeFile(file, JSON.stringify({ Pool: { IdentityPoolId: stage.pool, IdentityPoolName: "p" } }));
    const { code, stdout } = await stage.migrate(["pool", "--from", file]);
    expect([code, stdout]).toEqual([0, expect.stringContaining("is here already")]);
    for (const content of ["null", "[]", "7", "{", "{}", '{"Pool":null}']) {
      await writeFile(file, content);
      const refused = await stage.migrate(["pool", "--from", file]);
      expect([refused.code, refused.stderr.trim().split("\n").length]).toEqual([1, 1]);
    }
  });

  it("can be run again, and says what differs, without a value", async () => {
    const IdentityPoolId = stage.pool;
    const settings = { ...(await poolHere()), SupportedLoginProviders: { [GOOGLE]: "another-client" } };
    await stage.admin.send(new UpdateIdentityPoolCommand({ ...settings, IdentityPoolId }));
    const { code, stdout } = await stage.migrate(["pool"]);
    expect(code).toBe(0);
    expect(stdout).toContain(`${IdentityPoolId} is here already.`);
    expect(stdout).toContain("SupportedLoginProviders differs from Cognito's");
    expect(stdout).not.toContain("another-client");
    expect((await poolHere()).SupportedLoginProviders).toEqual({ [GOOGLE]: "another-client" });
  });
});

describe("source", () => {
  it("changes one member, and leaves the others", async () => {
    const changed = { Guests: "Local", UnknownIds: "Imported" };
    const { Source } = await stage.result(["source", "--guests", "local", "--unknown-ids", "imported"]);
    expect(Source).toMatchObject({ ...changed, Proof: "OpenIdToken", Providers: [GOOGLE, DEVELOPERS] });
    expect(await stage.result(["source", "--providers", GOOGLE])).toMatchObject({
      Source: { ...changed, Providers: [GOOGLE] },
    });
  });

  it("is compared with the pool at Cognito by check, whichever has a provider too many", async () => {
    const source = async (...providers: readonly string[]) =>
      await stage.result(["source", "--providers", providers.join(",")]);
    const found = async () =>
      (await findings(3))
        .filter(({ code }) => code.startsWith("source-"))
        .map(({ level, code, about }) => [level, code, about]);
    expect(await found()).toContainEqual(["error", "source-lacks-provider", DEVELOPERS]);
    await source(GOOGLE, DEVELOPERS, "www.amazon.com");
    expect(await found()).toContainEqual(["error", "source-provider-not-there", "www.amazon.com"]);
    expect((await found()).map(([, code]) => code)).not.toContain("source-lacks-provider");
    await source(GOOGLE);
  });

  it("is left as it was set when the pool is copied again", async () => {
    expect(await stage.result(["pool"])).toMatchObject({ Source: { Guests: "Local", Providers: [GOOGLE] } });
  });

  it("is what a dry run would set, and is not set by it", async () => {
    expect(await stage.result(["source", "--guests", "source", "--dry-run"])).toMatchObject({
      Source: { Guests: "Source" },
    });
    expect(await stage.result(["source"])).toMatchObject({ Source: { Guests: "Local" } });
  });

  it("is refused where it cannot be, in Edgepool's own words", async () => {
    const { code, stderr } = await stage.migrate(["source", "--proof", "credentials", "--unknown-ids", "ask"]);
    expect(code).toBe(1);
    expect(stderr).toContain("Proof Credentials needs UnknownIds Imported");
  });
});

describe("a wrong side", () => {
  it.each<[string, readonly string[], Readonly<Record<string, string | undefined>>, string]>([
    [
      "no AWS credentials",
      ["check"],
      { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined },
      "AWS_PROFILE",
    ],
    ["unknown AWS credentials", ["check"], { AWS_ACCESS_KEY_ID: "AKIANOBODY" }, "Sign in again"],
    ["a key that Edgepool does not know", ["report"], { EDGEPOOL_ACCESS_KEY_ID: "nobody" }, "ADMIN_CREDENTIALS"],
    ["a wrong secret of Edgepool's", ["report"], { EDGEPOOL_SECRET_ACCESS_KEY: "wrong" }, "ADMIN_CREDENTIALS"],
    ["an Edgepool that is not there", ["report"], { EDGEPOOL_ENDPOINT: "http://127.0.0.1:9" }, "EDGEPOOL_ENDPOINT"],
  ])("%s is told in two lines that say what to do", async (_, words, changed, advice) => {
    const { code, stderr } = await stage.migrate(words, changed);
    expect([code, stderr.trim().split("\n").length]).toEqual([1, 2]);
    expect(stderr).toContain(advice);
  });

  it("that is both sides is noticed before anything is asked", async () => {
    const { code, stderr } = await stage.migrate(["check"], {
      AWS_ENDPOINT_URL_COGNITO_IDENTITY: stage.worker.endpoint,
    });
    expect([code, stderr.trim()]).toEqual([
      1,
      "AWS_ENDPOINT_URL_COGNITO_IDENTITY leads to Edgepool itself, and here it must not: unset it",
    ]);
  });

  it("in Cognito's place is no Edgepool", async () => {
    const { code, stderr } = await stage.migrate(["report"], { EDGEPOOL_ENDPOINT: stage.cognito.address });
    expect(code).toBe(1);
    expect(stderr).toContain("EDGEPOOL_ENDPOINT must be an Edgepool");
  });
});
