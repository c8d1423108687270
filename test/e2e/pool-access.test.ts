/** Roles, principal tags and tags of a pool through the AWS SDK, among them in the order in which Terraform calls. */
import {
  CognitoIdentityServiceException,
  DescribeIdentityPoolCommand,
  GetIdentityPoolRolesCommand,
  GetPrincipalTagAttributeMapCommand,
  InvalidParameterException,
  ListTagsForResourceCommand,
  NotAuthorizedException,
  ResourceNotFoundException,
  SetIdentityPoolRolesCommand,
  type SetIdentityPoolRolesCommandInput,
  SetPrincipalTagAttributeMapCommand,
  type SetPrincipalTagAttributeMapCommandInput,
  TagResourceCommand,
  UntagResourceCommand,
  UpdateIdentityPoolCommand,
} from "@aws-sdk/client-cognito-identity";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { LOCAL_CREDENTIAL } from "../../src/development/local-credential.ts";
import { demoPoolId } from "../../src/development/demo-pool.ts";
import { adminClient, appClient, createPool, getId, getOpenIdToken, refusalOf } from "../support/cognito-clients.ts";
import { call } from "../support/wire-call.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

const endpoint = inject("endpoint");
const admin = adminClient(endpoint);

const USERS = "arn:aws:iam::123456789012:role/users";
const GUESTS = "arn:aws:iam::123456789012:role/guests";
const USER_POOL = "cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI";
const USER_POOL_CLIENT = `${USER_POOL}:1example23456789012345678`;
const settings = {
  IdentityPoolName: "test pool",
  AllowUnauthenticatedIdentities: true,
  SupportedLoginProviders: { "accounts.google.com": "client" },
  CognitoIdentityProviders: [{ ProviderName: USER_POOL, ClientId: "1example23456789012345678" }],
};

function makePool(): Promise<string> {
  return createPool(admin, settings);
}

async function withoutMetadata<T extends { readonly $metadata: object }>(
  sent: Promise<T>,
): Promise<Omit<T, "$metadata">> {
  const { $metadata: _, ...output } = await sent;
  return output;
}

const setPoolTags = (IdentityPoolId: string, client = admin) =>
  withoutMetadata(client.send(new TagResourceCommand({ ResourceArn: arnOf(IdentityPoolId), Tags: { a: "b" } })));
const setRoles = (input: SetIdentityPoolRolesCommandInput, client = admin) =>
  withoutMetadata(client.send(new SetIdentityPoolRolesCommand(input)));
const rolesOf = (IdentityPoolId: string) =>
  withoutMetadata(admin.send(new GetIdentityPoolRolesCommand({ IdentityPoolId })));
const setTags = (input: SetPrincipalTagAttributeMapCommandInput) =>
  withoutMetadata(admin.send(new SetPrincipalTagAttributeMapCommand(input)));
const tagsOf = (IdentityPoolId: string, IdentityProviderName: string) =>
  withoutMetadata(admin.send(new GetPrincipalTagAttributeMapCommand({ IdentityPoolId, IdentityProviderName })));
const arnOf = (IdentityPoolId: string, account = "123456789012") =>
  `arn:aws:cognito-identity:us-east-1:${account}:identitypool/${IdentityPoolId}`;

describe("roles", () => {
  test("are given back as they were set, with every member of a mapping", async () => {
    const IdentityPoolId = await makePool();
    const input: SetIdentityPoolRolesCommandInput = {
      IdentityPoolId,
      Roles: { authenticated: USERS, unauthenticated: GUESTS },
      RoleMappings: {
        [USER_POOL_CLIENT]: { Type: "Token", AmbiguousRoleResolution: "AuthenticatedRole" },
        "accounts.google.com": {
          Type: "Rules",
          AmbiguousRoleResolution: "Deny",
          RulesConfiguration: {
            Rules: [
              { Claim: "email_verified", MatchType: "Equals", Value: "true", RoleARN: USERS },
              { Claim: "hd", MatchType: "NotEqual", Value: "example.com", RoleARN: GUESTS },
            ],
          },
        },
      },
    };
    expect(await setRoles(input)).toEqual({});
    expect(await rolesOf(IdentityPoolId)).toEqual(input);
  });

  test("of Terraform's attachment: made, read without a drift, kept when the pool is updated, and deleted by two empty maps", async () => {
    const IdentityPoolId = await makePool();
    const attachment = { IdentityPoolId, Roles: { authenticated: USERS } };
    await setRoles(attachment);
    await admin.send(new UpdateIdentityPoolCommand({ IdentityPoolId, ...settings, IdentityPoolName: "renamed" }));
    expect(await rolesOf(IdentityPoolId)).toEqual(attachment);
    expect(await setRoles({ IdentityPoolId, Roles: {}, RoleMappings: {} })).toEqual({});
    expect(await rolesOf(IdentityPoolId)).toEqual({ IdentityPoolId });
  });

  test("are mapped for providers of the pool alone, in the live words, and in local development with the keys that it has", async () => {
    const IdentityPoolId = await makePool();
    for (const key of [`https://${USER_POOL}`, USER_POOL, "graph.facebook.com"]) {
      const mapping = { Type: "Token", AmbiguousRoleResolution: "Deny" } as const;
      const sent = setRoles({ IdentityPoolId, Roles: {}, RoleMappings: { [key]: mapping } });
      const { message } = await refusalOf(sent, InvalidParameterException);
      expect(message).toBe(
        `(${key}) is not a valid RoleMapping ProviderName or is not a configured provider. (keys for this pool: accounts.google.com, ${USER_POOL_CLIENT})`,
      );
    }
  });

  test("that are mapped turn the classic flow off, for guests as well", async () => {
    const IdentityPoolId = await makePool();
    const app = appClient(endpoint);
    const identityId = await getId(app, IdentityPoolId);
    const mapping = { Type: "Token", AmbiguousRoleResolution: "AuthenticatedRole" } as const;
    await setRoles({
      IdentityPoolId,
      Roles: { unauthenticated: GUESTS },
      RoleMappings: { [USER_POOL_CLIENT]: mapping },
    });
    const { message } = await refusalOf(getOpenIdToken(app, identityId), InvalidParameterException);
    expect(message).toBe("Basic (classic) flow is not supported with RoleMappings, please use enhanced flow.");
  });
});

describe("principal tags", () => {
  test("are answered and given back as they were set", async () => {
    const IdentityPoolId = await makePool();
    const map = { IdentityPoolId, IdentityProviderName: USER_POOL, PrincipalTags: { team: "custom:department" } };
    expect(await setTags(map)).toEqual({ ...map, UseDefaults: false });
    expect(await tagsOf(IdentityPoolId, USER_POOL)).toEqual({ ...map, UseDefaults: false });
  });

  test("of Terraform's resource: not there before, kept when the pool is updated, deleted by the defaults and an empty map", async () => {
    const IdentityPoolId = await makePool();
    const provider = "accounts.google.com";
    await refusalOf(tagsOf(IdentityPoolId, provider), ResourceNotFoundException);
    const map = { IdentityPoolId, IdentityProviderName: provider, UseDefaults: true, PrincipalTags: { team: "hd" } };
    await setTags(map);
    await admin.send(new UpdateIdentityPoolCommand({ IdentityPoolId, ...settings }));
    expect(await tagsOf(IdentityPoolId, provider)).toEqual(map);
    await setTags({ ...map, PrincipalTags: {} });
    expect(await tagsOf(IdentityPoolId, provider)).toEqual({ ...map, PrincipalTags: {} });
  });
});

describe("tags", () => {
  const listed = async (ResourceArn: string) =>
    (await admin.send(new ListTagsForResourceCommand({ ResourceArn }))).Tags;

  test("are added, listed, and taken away", async () => {
    const ResourceArn = arnOf(await makePool());
    expect(await listed(ResourceArn)).toEqual({});
    expect(
      await withoutMetadata(admin.send(new TagResourceCommand({ ResourceArn, Tags: { team: "edge", empty: "" } }))),
    ).toEqual({});
    expect(await listed(ResourceArn)).toEqual({ team: "edge", empty: "" });
    await admin.send(new UntagResourceCommand({ ResourceArn, TagKeys: ["empty", "never there"] }));
    expect(await listed(ResourceArn)).toEqual({ team: "edge" });
  });

  test("of Terraform: made with the pool, changed by an ARN without an account, and kept by updates, which send none", async () => {
    const IdentityPoolId = await createPool(admin, { ...settings, IdentityPoolTags: { team: "edge" } });
    const ResourceArn = arnOf(IdentityPoolId, "");
    await admin.send(new TagResourceCommand({ ResourceArn, Tags: { stage: "test" } }));
    const updated = await admin.send(new UpdateIdentityPoolCommand({ IdentityPoolId, ...settings }));
    expect(updated.IdentityPoolTags).toEqual({ team: "edge", stage: "test" });
    const described = await admin.send(new DescribeIdentityPoolCommand({ IdentityPoolId }));
    expect(described.IdentityPoolTags).toEqual({ team: "edge", stage: "test" });
    await admin.send(new UpdateIdentityPoolCommand({ IdentityPoolId, ...settings, IdentityPoolTags: {} }));
    expect(await listed(ResourceArn)).toEqual({});
  });
});

describe("a credential for one pool", () => {
  const tenant = { accessKeyId: "tenant", secretAccessKey: "secret-of-the-tenant" };
  const titled = { accessKeyId: "titled", secretAccessKey: "secret-of-the-titled" };
  const IdentityPoolId = demoPoolId("us-east-1");
  let worker: RunningWorker;

  beforeAll(async () => {
    const credentials = [
      LOCAL_CREDENTIAL,
      { ...tenant, pools: [IdentityPoolId] },
      { ...titled, pools: [IdentityPoolId], roles: [USERS] },
    ];
    worker = await startWorker({ settings: { ADMIN_CREDENTIALS: JSON.stringify(credentials) } });
  });

  afterAll(async () => {
    await worker.stop();
  });

  test("sets the roles that it names, in this pool alone, and none where it names none", async () => {
    const [limited, named] = [tenant, titled].map((credentials) => adminClient(worker.endpoint, { credentials }));
    const input = { IdentityPoolId, Roles: { authenticated: USERS } };
    const { message } = await refusalOf(setRoles(input, limited), NotAuthorizedException);
    expect(message).toBe(`Access to Role '${USERS}' is forbidden.`);
    expect(await setRoles(input, named)).toEqual({});
    await refusalOf(setRoles({ ...input, Roles: { authenticated: GUESTS } }, named), NotAuthorizedException);
    const foreign = await createPool(adminClient(worker.endpoint), settings);
    for (const send of [
      () => setRoles({ ...input, IdentityPoolId: foreign }, named),
      () => setPoolTags(foreign, named),
    ]) {
      expect((await refusalOf(send(), CognitoIdentityServiceException)).name).toBe("AccessDeniedException");
    }
  });
});

test("an operation that nobody has is named in the refusal", async () => {
  const answer = await call(endpoint, "GetEverything", {});
  expect(JSON.parse(answer.body)).toEqual({
    __type: "UnknownOperationException",
    message:
      "X-Amz-Target names no operation that this service has, 'GetEverything': AWSCognitoIdentityService.<operation> is expected.",
  });
});
