/** The AWS command line from Debian, with nothing but `--endpoint-url`. */
import { decodeJwt } from "jose";
import { beforeAll, expect, inject, test } from "vitest";
import { LOCAL_CREDENTIAL } from "../../src/development/local-credential.ts";
import { type Missing, missingProgram, need, runProgram } from "../support/debian-tools.ts";
import { loginsOf } from "../support/development-sign-in.ts";

const AWS = "/usr/bin/aws";
const endpoint = inject("endpoint");
const identityPoolId = inject("identityPoolId");
let missing: Missing;

beforeAll(async () => {
  missing = await missingProgram(AWS, "awscli");
});

const CREDENTIALS = {
  AWS_ACCESS_KEY_ID: LOCAL_CREDENTIAL.accessKeyId,
  AWS_SECRET_ACCESS_KEY: LOCAL_CREDENTIAL.secretAccessKey,
};

async function aws(command: readonly string[], credentials: Readonly<Record<string, string>>) {
  const service = ["--endpoint-url", endpoint, "--region", "us-east-1", "--output", "json"];
  const unsigned = "AWS_ACCESS_KEY_ID" in credentials ? [] : ["--no-sign-request"];
  const environment = { ...credentials, AWS_PAGER: "", AWS_EC2_METADATA_DISABLED: "true" };
  return await runProgram(AWS, ["cognito-identity", ...command, ...service, ...unsigned], environment);
}

/** The members of a command's JSON output. */
async function output(command: readonly string[], credentials = {}): Promise<ReadonlyMap<string, unknown>> {
  const { code, stdout, stderr } = await aws(command, credentials);
  expect([code, stderr]).toEqual([0, ""]);
  const members: unknown = stdout === "" ? {} : JSON.parse(stdout);
  return new Map(Object.entries(members as object));
}

test("get-id and get-open-id-token serve a guest and then the user that it becomes", async ({ skip }) => {
  need({ skip }, missing);
  const identityId = String((await output(["get-id", "--identity-pool-id", identityPoolId])).get("IdentityId"));
  const guest = await output(["get-open-id-token", "--identity-id", identityId]);
  expect(guest.get("IdentityId")).toBe(identityId);
  expect(decodeJwt(String(guest.get("Token")))).toMatchObject({ sub: identityId, amr: ["unauthenticated"] });

  const logins = JSON.stringify(await loginsOf(endpoint, crypto.randomUUID()));
  const user = await output(["get-open-id-token", "--identity-id", identityId, "--logins", logins]);
  expect(user.get("IdentityId")).toBe(identityId);
  expect(decodeJwt(String(user.get("Token")))["amr"]).toContain("authenticated");
  const found = await output(["get-id", "--identity-pool-id", identityPoolId, "--logins", logins]);
  expect(found.get("IdentityId")).toBe(identityId);
});

/** Page by page: with `--max-results`, which is required here, the command line leaves that to its caller. */
async function listPools(): Promise<readonly unknown[]> {
  const pools: unknown[] = [];
  let next: readonly string[] = [];
  do {
    const page = await output(["list-identity-pools", "--max-results", "60", ...next], CREDENTIALS);
    pools.push(...(page.get("IdentityPools") as unknown[]));
    next = page.has("NextToken") ? ["--next-token", String(page.get("NextToken"))] : [];
  } while (next.length > 0);
  return pools;
}

test("administers a pool: create, describe, update, list, delete", async ({ skip }) => {
  need({ skip }, missing);
  const name = `aws cli ${crypto.randomUUID()}`;
  const create = ["create-identity-pool", "--identity-pool-name", name, "--allow-unauthenticated-identities"];
  const created = await output(
    [...create, "--supported-login-providers", "accounts.google.com=a.example"],
    CREDENTIALS,
  );
  expect(created.get("SupportedLoginProviders")).toEqual({ "accounts.google.com": "a.example" });
  const id = String(created.get("IdentityPoolId"));
  const pool = ["--identity-pool-id", id];
  expect(await output(["describe-identity-pool", ...pool], CREDENTIALS)).toEqual(created);
  const settings = [
    "--identity-pool-name",
    `${name} 2`,
    "--no-allow-unauthenticated-identities",
    "--no-allow-classic-flow",
  ];
  const updated = await output(["update-identity-pool", ...pool, ...settings], CREDENTIALS);
  expect(Object.fromEntries(updated)).toEqual({
    IdentityPoolId: id,
    IdentityPoolName: `${name} 2`,
    AllowUnauthenticatedIdentities: false,
    AllowClassicFlow: false,
  });
  expect(await listPools()).toContainEqual({ IdentityPoolId: id, IdentityPoolName: `${name} 2` });
  expect(await output(["delete-identity-pool", ...pool], CREDENTIALS)).toEqual(new Map());
  const gone = await aws(["describe-identity-pool", ...pool], CREDENTIALS);
  expect(gone.code).toBe(254);
  expect(gone.stderr).toContain(
    `An error occurred (ResourceNotFoundException) when calling the DescribeIdentityPool operation: IdentityPool '${id}' not found.`,
  );
});

test("describes, lists and deletes identities", async ({ skip }) => {
  need({ skip }, missing);
  const identityId = String((await output(["get-id", "--identity-pool-id", identityPoolId])).get("IdentityId"));
  const described = await output(["describe-identity", "--identity-id", identityId], CREDENTIALS);
  expect(described.get("CreationDate")).toMatch(/^\d{4}-\d{2}-\d{2}T/);
  const list = ["list-identities", "--identity-pool-id", identityPoolId, "--max-results", "1"];
  await expect.poll(async () => (await output(list, CREDENTIALS)).get("Identities")).toHaveLength(1);
  const deleted = await output(["delete-identities", "--identity-ids-to-delete", identityId], CREDENTIALS);
  expect(deleted.get("UnprocessedIdentityIds")).toEqual([]);
  const gone = await aws(["get-open-id-token", "--identity-id", identityId], {});
  expect(gone.stderr).toContain(`Identity '${identityId}' not found.`);
});

test("sets a pool's roles, principal tags and tags, and shows them", async ({ skip }) => {
  need({ skip }, missing);
  const provider = "accounts.google.com";
  const providers = ["--supported-login-providers", JSON.stringify({ [provider]: "client" })];
  const made = ["create-identity-pool", "--identity-pool-name", `cli ${crypto.randomUUID()}`, ...providers];
  const pool = String(
    (await output([...made, "--allow-unauthenticated-identities"], CREDENTIALS)).get("IdentityPoolId"),
  );
  const ofPool = ["--identity-pool-id", pool];
  const role = "arn:aws:iam::123456789012:role/users";

  await output(["set-identity-pool-roles", ...ofPool, "--roles", `authenticated=${role}`], CREDENTIALS);
  expect(await output(["get-identity-pool-roles", ...ofPool], CREDENTIALS)).toEqual(
    new Map<string, unknown>([
      ["IdentityPoolId", pool],
      ["Roles", { authenticated: role }],
    ]),
  );
  const map = [...ofPool, "--identity-provider-name", provider];
  const set = await output(["set-principal-tag-attribute-map", ...map, "--principal-tags", "team=hd"], CREDENTIALS);
  expect(await output(["get-principal-tag-attribute-map", ...map], CREDENTIALS)).toEqual(set);
  expect(set.get("PrincipalTags")).toEqual({ team: "hd" });

  const resource = ["--resource-arn", `arn:aws:cognito-identity:us-east-1:123456789012:identitypool/${pool}`];
  await output(["tag-resource", ...resource, "--tags", "team=edge,stage=test"], CREDENTIALS);
  await output(["untag-resource", ...resource, "--tag-keys", "stage"], CREDENTIALS);
  expect((await output(["list-tags-for-resource", ...resource], CREDENTIALS)).get("Tags")).toEqual({ team: "edge" });
});
