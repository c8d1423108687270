/** boto3 from Debian with nothing changed but the endpoint; how it retries throttling is in rate-limit.test.ts. */
import { decodeJwt } from "jose";
import { beforeAll, expect, inject, test } from "vitest";
import { LOCAL_CREDENTIAL } from "../../src/development/local-credential.ts";
import { from, missingBoto3, runBoto3 } from "../support/boto3.ts";
import { present } from "../support/cognito-clients.ts";
import { type Missing, need } from "../support/debian-tools.ts";
import { loginsOf } from "../support/development-sign-in.ts";

const endpoint = inject("endpoint");
const identityPoolId = inject("identityPoolId");
const providerName = inject("providerName");
const signed = { credentials: LOCAL_CREDENTIAL };
let missing: Missing;

beforeAll(async () => {
  missing = await missingBoto3();
});

test("a guest gets an id and a token without credentials", async ({ skip }) => {
  need({ skip }, missing);
  const [id, minted] = await runBoto3(endpoint, [
    ["get_id", { IdentityPoolId: identityPoolId }],
    ["get_open_id_token", { IdentityId: from(0, "IdentityId") }],
  ]);
  expect(id).toEqual({ output: { IdentityId: expect.stringMatching(/^us-east-1:/) }, retryAttempts: 0 });
  const output = "output" in present(minted) ? present(minted) : undefined;
  expect(output).toEqual({ output: { IdentityId: expect.any(String), Token: expect.any(String) }, retryAttempts: 0 });
  const token = output !== undefined && "output" in output ? String(output.output["Token"]) : "";
  expect(decodeJwt(token)).toMatchObject({ iss: endpoint, aud: identityPoolId, amr: ["unauthenticated"] });
});

test("a user signs in, is found again, and unlinks", async ({ skip }) => {
  need({ skip }, missing);
  const Logins = await loginsOf(endpoint, crypto.randomUUID());
  const IdentityId = from(0, "IdentityId");
  const outcomes = await runBoto3(endpoint, [
    ["get_id", { IdentityPoolId: identityPoolId, Logins }],
    ["get_open_id_token", { IdentityId, Logins }],
    ["get_id", { IdentityPoolId: identityPoolId, Logins }],
    ["unlink_identity", { IdentityId, Logins, LoginsToRemove: [providerName] }],
    ["get_id", { IdentityPoolId: identityPoolId, Logins }],
  ]);
  const outputs = outcomes.map((outcome) => ("output" in outcome ? outcome.output : outcome));
  const [first, minted, again, unlinked, after] = outputs.map((output) => new Map(Object.entries(output)));
  expect(minted?.get("IdentityId")).toBe(first?.get("IdentityId"));
  expect(again?.get("IdentityId")).toBe(first?.get("IdentityId"));
  expect(unlinked).toEqual(new Map());
  expect(after?.get("IdentityId")).toMatch(/^us-east-1:/);
  expect(after?.get("IdentityId")).not.toBe(first?.get("IdentityId"));
});

test("an administrator manages a pool and its identities", async ({ skip }) => {
  need({ skip }, missing);
  const name = `boto3 ${crypto.randomUUID()}`;
  const IdentityPoolId = from(0, "IdentityPoolId");
  const outcomes = await runBoto3(
    endpoint,
    [
      [
        "create_identity_pool",
        { IdentityPoolName: name, AllowUnauthenticatedIdentities: true, IdentityPoolTags: { a: "b" } },
      ],
      ["describe_identity_pool", { IdentityPoolId }],
      ["get_id", { IdentityPoolId }],
      ["describe_identity", { IdentityId: from(2, "IdentityId") }],
      ["list_identities", { IdentityPoolId, MaxResults: 60 }],
      ["delete_identities", { IdentityIdsToDelete: [from(2, "IdentityId")] }],
      ["describe_identity", { IdentityId: from(2, "IdentityId") }],
      ["update_identity_pool", { IdentityPoolId, IdentityPoolName: "renamed", AllowUnauthenticatedIdentities: false }],
      ["get_id", { IdentityPoolId }],
      ["delete_identity_pool", { IdentityPoolId }],
      ["describe_identity_pool", { IdentityPoolId }],
      ["list_identity_pools", { MaxResults: 60 }],
    ],
    signed,
  );
  const [created, described, , identity, listed, deleted, gone, updated, refused, removed, missingPool, pools] =
    outcomes;
  expect(created).toMatchObject({
    output: { IdentityPoolName: name, AllowUnauthenticatedIdentities: true, IdentityPoolTags: { a: "b" } },
  });
  expect(described).toEqual(created);
  // boto3 reads the dates as dates.
  expect(identity).toMatchObject({
    output: { CreationDate: expect.any(Number), LastModifiedDate: expect.any(Number) },
  });
  expect(listed).toMatchObject({ output: { Identities: expect.any(Array) } });
  expect(deleted).toMatchObject({ output: { UnprocessedIdentityIds: [] } });
  expect(gone).toMatchObject({ error: "ResourceNotFoundException", status: 404 });
  expect(updated).toMatchObject({ output: { IdentityPoolName: "renamed", AllowUnauthenticatedIdentities: false } });
  expect(refused).toEqual({
    error: "NotAuthorizedException",
    code: "NotAuthorizedException",
    message: "Unauthenticated access is not supported for this identity pool.",
    status: 403,
  });
  expect(removed).toEqual({ output: {}, retryAttempts: 0 });
  expect(missingPool).toMatchObject({ error: "ResourceNotFoundException", code: "ResourceNotFoundException" });
  expect(pools).toMatchObject({ output: { IdentityPools: expect.any(Array) } });
  expect(JSON.stringify(pools)).not.toContain(name);
});

test("a wrong secret and an unknown key are told apart", async ({ skip }) => {
  need({ skip }, missing);
  const calls = [["list_identity_pools", { MaxResults: 1 }]] as const;
  const wrongSecret = { accessKeyId: LOCAL_CREDENTIAL.accessKeyId, secretAccessKey: "not-the-secret-of-it" };
  const unknownKey = { ...LOCAL_CREDENTIAL, accessKeyId: "unknown" };
  const [one] = await runBoto3(endpoint, calls, { credentials: wrongSecret });
  const [other] = await runBoto3(endpoint, calls, { credentials: unknownKey });
  expect([one, other]).toMatchObject([{ code: "InvalidSignatureException" }, { code: "UnrecognizedClientException" }]);
});

test("a constraint that boto3 does not check itself comes back as ValidationException", async ({ skip }) => {
  need({ skip }, missing);
  const [refused] = await runBoto3(endpoint, [["get_id", { IdentityPoolId: "no pool id" }]]);
  expect(refused).toEqual({
    error: "ClientError",
    code: "ValidationException",
    message:
      "1 validation error detected: Value 'no pool id' at 'identityPoolId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w-]+:[0-9a-f-]+",
    status: 400,
  });
});

test("an administrator sets roles, principal tags and tags, each call of which counts", async ({ skip }) => {
  need({ skip }, missing);
  const IdentityPoolId = from(0, "IdentityPoolId");
  const role = (name: string) => ({ authenticated: `arn:aws:iam::123456789012:role/${name}` });
  const provider = "accounts.google.com";
  const RoleMappings = { [provider]: { Type: "Token", AmbiguousRoleResolution: "Deny" } };
  const map = { IdentityPoolId, IdentityProviderName: provider };
  const settings = {
    IdentityPoolName: `boto3 ${crypto.randomUUID()}`,
    AllowUnauthenticatedIdentities: true,
    SupportedLoginProviders: { [provider]: "client" },
  };
  const outcomes = await runBoto3(
    endpoint,
    [
      ["create_identity_pool", { ...settings, IdentityPoolTags: { team: "edge" } }],
      // Within a second, and no id of the call is signed: the third is no copy of the first.
      ["set_identity_pool_roles", { IdentityPoolId, Roles: role("a"), RoleMappings }],
      ["set_identity_pool_roles", { IdentityPoolId, Roles: role("b") }],
      ["set_identity_pool_roles", { IdentityPoolId, Roles: role("a"), RoleMappings }],
      ["get_identity_pool_roles", { IdentityPoolId }],
      ["set_principal_tag_attribute_map", { ...map, PrincipalTags: { team: "hd" } }],
      ["get_principal_tag_attribute_map", map],
      ["update_identity_pool", { IdentityPoolId, ...settings }],
      ["set_identity_pool_roles", { IdentityPoolId, Roles: { authenticated: "arn:aws:iam::123456789012:user/a" } }],
    ],
    signed,
  );
  const [created, set, , , roles, , tags, updated, refused] = outcomes;
  const id = { IdentityPoolId: outputOf(created)["IdentityPoolId"] };
  expect(outputOf(set)).toEqual({});
  expect(outputOf(roles)).toEqual({ ...id, Roles: role("a"), RoleMappings });
  expect(outputOf(tags)).toEqual({ ...map, ...id, UseDefaults: false, PrincipalTags: { team: "hd" } });
  expect(outputOf(updated)).toMatchObject({ IdentityPoolTags: { team: "edge" } });
  expect(refused).toMatchObject({
    error: "InvalidParameterException",
    status: 400,
    message: expect.stringContaining("Invalid role ARN at 'roles'."),
  });
  const ResourceArn = `arn:aws:cognito-identity:us-east-1:123456789012:identitypool/${String(id.IdentityPoolId)}`;
  const [tagged, untagged, listed] = await runBoto3(
    endpoint,
    [
      ["tag_resource", { ResourceArn, Tags: { stage: "test" } }],
      ["untag_resource", { ResourceArn, TagKeys: ["team"] }],
      ["list_tags_for_resource", { ResourceArn }],
    ],
    signed,
  );
  expect([tagged, untagged, listed].map(outputOf)).toEqual([{}, {}, { Tags: { stage: "test" } }]);
});

function outputOf(
  outcome: Awaited<ReturnType<typeof runBoto3>>[number] | undefined,
): Readonly<Record<string, unknown>> {
  if (outcome === undefined || !("output" in outcome)) throw new Error(JSON.stringify(outcome));
  return outcome.output;
}
