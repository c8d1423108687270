/** Administration of identity pools through the AWS SDK: every member, there and back. */
import {
  CreateIdentityPoolCommand,
  DeleteIdentityPoolCommand,
  DescribeIdentityPoolCommand,
  GetIdCommand,
  type IdentityPool,
  InvalidParameterException,
  ListIdentityPoolsCommand,
  paginateListIdentityPools,
  ResourceNotFoundException,
  UpdateIdentityPoolCommand,
} from "@aws-sdk/client-cognito-identity";
import { describe, expect, inject, test } from "vitest";
import { adminClient, appClient, createPool, getId, present, refusalOf } from "../support/cognito-clients.ts";

const endpoint = inject("endpoint");
const admin = adminClient(endpoint);
const app = appClient(endpoint);

const EVERY_SETTING = {
  IdentityPoolName: "Everything = 1, a+b @ c.d-e",
  AllowUnauthenticatedIdentities: true,
  AllowClassicFlow: true,
  SupportedLoginProviders: {
    "accounts.google.com": "one.apps.googleusercontent.com;two.apps.googleusercontent.com",
    "graph.facebook.com": "1234567890",
    "id.example.com/tenant": "client-1;client-2",
  },
  DeveloperProviderName: "login.example.app",
  CognitoIdentityProviders: [
    { ProviderName: "cognito-idp.us-east-1.amazonaws.com/us-east-1_A1", ClientId: "client1" },
    {
      ProviderName: "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_B2",
      ClientId: "client2",
      ServerSideTokenCheck: true,
    },
  ],
  SamlProviderARNs: ["arn:aws:iam::123456789012:saml-provider/Example"],
  IdentityPoolTags: { stage: "test", empty: "", ключ: "значение" },
} satisfies Omit<IdentityPool, "IdentityPoolId">;

async function describePool(identityPoolId: string): Promise<Partial<IdentityPool>> {
  const { $metadata: _, ...pool } = await admin.send(
    new DescribeIdentityPoolCommand({ IdentityPoolId: identityPoolId }),
  );
  return pool;
}

describe("CreateIdentityPool and DescribeIdentityPool", () => {
  test("give back every setting as it was given", async () => {
    const { $metadata, ...created } = await admin.send(new CreateIdentityPoolCommand(EVERY_SETTING));
    expect($metadata.httpStatusCode).toBe(200);
    expect(created).toEqual({ IdentityPoolId: created.IdentityPoolId, ...EVERY_SETTING });
    expect(created.IdentityPoolId).toMatch(
      /^us-east-1:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
    );
    expect(await describePool(present(created.IdentityPoolId))).toEqual(created);
  });

  test("leave out what was not set", async () => {
    const identityPoolId = await createPool(admin, { AllowUnauthenticatedIdentities: false });
    expect(await describePool(identityPoolId)).toEqual({
      IdentityPoolId: identityPoolId,
      IdentityPoolName: "test pool",
      AllowUnauthenticatedIdentities: false,
    });
  });

  test("keep an AllowClassicFlow that is false apart from one that is absent", async () => {
    const identityPoolId = await createPool(admin, { AllowClassicFlow: false });
    expect(await describePool(identityPoolId)).toHaveProperty("AllowClassicFlow", false);
  });

  test("make two pools of one name with two ids", async () => {
    expect(await createPool(admin)).not.toBe(await createPool(admin));
  });

  test("refuse a provider that no token could ever be verified for", async () => {
    const providers = [
      { SupportedLoginProviders: { "10.0.0.1": "client" } },
      { OpenIdConnectProviderARNs: ["arn:aws:iam::123456789012:oidc-provider/unknown.example.com"] },
      { CognitoIdentityProviders: [{ ProviderName: "id.example.com", ClientId: "client" }] },
      { CognitoIdentityProviders: [{ ProviderName: "cognito-idp.us-east-1.amazonaws.com/us-east-1_A1" }] },
    ];
    const refusals = await Promise.all(
      providers.map(async (provider) => await refusalOf(createPool(admin, provider), InvalidParameterException)),
    );
    expect(refusals.map((refusal) => refusal.message)).toEqual([
      "Invalid provider '10.0.0.1' at 'supportedLoginProviders'.",
      "Invalid provider 'arn:aws:iam::123456789012:oidc-provider/unknown.example.com' at 'openIdConnectProviderARNs'.",
      "Invalid provider 'id.example.com' at 'cognitoIdentityProviders'.",
      "Invalid provider 'cognito-idp.us-east-1.amazonaws.com/us-east-1_A1' at 'cognitoIdentityProviders'.",
    ]);
  });

  test("say that an unknown pool is not found", async () => {
    const identityPoolId = `us-east-1:${crypto.randomUUID()}`;
    const refusal = await refusalOf(describePool(identityPoolId), ResourceNotFoundException);
    expect(refusal.message).toBe(`IdentityPool '${identityPoolId}' not found.`);
    expect(refusal.$metadata.httpStatusCode).toBe(404);
  });
});

describe("UpdateIdentityPool", () => {
  test("replaces every setting and takes away those that are not named", async () => {
    const identityPoolId = await createPool(admin, EVERY_SETTING);
    const settings = {
      IdentityPoolId: identityPoolId,
      IdentityPoolName: "Less",
      AllowUnauthenticatedIdentities: false,
      SupportedLoginProviders: { "appleid.apple.com": "com.example.app" },
    };
    const { $metadata: _, ...updated } = await admin.send(new UpdateIdentityPoolCommand(settings));
    // The developer provider name stays once it is set, and tags where none are sent.
    const { IdentityPoolTags } = EVERY_SETTING;
    const expected = { ...settings, DeveloperProviderName: "login.example.app", IdentityPoolTags };
    expect(updated).toEqual(expected);
    expect(await describePool(identityPoolId)).toEqual(expected);
  });

  test("does not change a developer provider name that is set", async () => {
    const identityPoolId = await createPool(admin, { DeveloperProviderName: "login.example.app" });
    const { IdentityPoolName, AllowUnauthenticatedIdentities } = EVERY_SETTING;
    const update = new UpdateIdentityPoolCommand({
      IdentityPoolId: identityPoolId,
      IdentityPoolName,
      AllowUnauthenticatedIdentities,
      DeveloperProviderName: "another.example.app",
    });
    await refusalOf(admin.send(update), InvalidParameterException);
    expect(await describePool(identityPoolId)).toMatchObject({
      IdentityPoolName: "test pool",
      DeveloperProviderName: "login.example.app",
    });
  });

  test("is in force for the next request", async () => {
    const identityPoolId = await createPool(admin);
    await getId(app, identityPoolId);
    const settings = {
      IdentityPoolId: identityPoolId,
      IdentityPoolName: "No guests",
      AllowUnauthenticatedIdentities: false,
    };
    await admin.send(new UpdateIdentityPoolCommand(settings));
    await expect(app.send(new GetIdCommand({ IdentityPoolId: identityPoolId }))).rejects.toThrow(
      "Unauthenticated access is not supported for this identity pool.",
    );
  });

  test("does not create a pool", async () => {
    const identityPoolId = `us-east-1:${crypto.randomUUID()}`;
    const settings = { IdentityPoolId: identityPoolId, IdentityPoolName: "New", AllowUnauthenticatedIdentities: true };
    await refusalOf(admin.send(new UpdateIdentityPoolCommand(settings)), ResourceNotFoundException);
    await refusalOf(describePool(identityPoolId), ResourceNotFoundException);
  });
});

describe("DeleteIdentityPool", () => {
  test("takes the pool out of every answer, and has an empty answer of its own", async () => {
    const identityPoolId = await createPool(admin, { IdentityPoolName: "to be deleted" });
    expect(await listedPools()).toContain(identityPoolId);
    const { $metadata, ...output } = await admin.send(
      new DeleteIdentityPoolCommand({ IdentityPoolId: identityPoolId }),
    );
    expect($metadata.httpStatusCode).toBe(200);
    expect(output).toEqual({});
    await refusalOf(describePool(identityPoolId), ResourceNotFoundException);
    await refusalOf(app.send(new GetIdCommand({ IdentityPoolId: identityPoolId })), ResourceNotFoundException);
    expect(await listedPools()).not.toContain(identityPoolId);
  });

  test("finds no pool the second time", async () => {
    const identityPoolId = await createPool(admin);
    const command = new DeleteIdentityPoolCommand({ IdentityPoolId: identityPoolId });
    await admin.send(command);
    await refusalOf(admin.send(command), ResourceNotFoundException);
  });
});

async function listedPools(): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const page of paginateListIdentityPools({ client: admin, pageSize: 60 }, { MaxResults: 60 })) {
    ids.push(...(page.IdentityPools ?? []).map((pool) => present(pool.IdentityPoolId)));
  }
  return ids;
}

describe("ListIdentityPools", () => {
  test("pages through all pools with the paginator of the SDK, each once, by id and name", async () => {
    const created = await Promise.all(
      Array.from({ length: 7 }, async (_, index) => await createPool(admin, { IdentityPoolName: `listed ${index}` })),
    );
    const listed = new Map<string, string>();
    let pages = 0;
    for await (const page of paginateListIdentityPools({ client: admin, pageSize: 3 }, { MaxResults: 3 })) {
      const pools = page.IdentityPools ?? [];
      expect(pools.length).toBeLessThanOrEqual(3);
      for (const pool of pools) {
        expect(listed.has(present(pool.IdentityPoolId))).toBe(false);
        listed.set(present(pool.IdentityPoolId), present(pool.IdentityPoolName));
      }
      pages += 1;
    }
    expect(created.map((id) => listed.get(id))).toEqual(created.map((_, index) => `listed ${index}`));
    expect(pages).toBeGreaterThanOrEqual(3);
    expect(listed.get(inject("identityPoolId"))).toBe("Edgepool demo");
  });

  test("refuses a page token that it did not make", async () => {
    const command = new ListIdentityPoolsCommand({ MaxResults: 10, NextToken: "not-a-token" });
    await refusalOf(admin.send(command), InvalidParameterException);
  });
});
