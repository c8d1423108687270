import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makePool, newPoolId } from "../../support/objects.ts";
import { makeService, type Service } from "../../support/service.ts";

const USER_POOL = "cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI";
const tags = { team: "custom:department", Straße: "address" };

let service: Service;
let IdentityPoolId: string;

beforeEach(async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  service = makeService();
  const providers = {
    supportedLoginProviders: { "issuer.example": "client" },
    openIdConnectProviderArns: ["arn:aws:iam::123456789012:oidc-provider/issuer.example"],
    cognitoIdentityProviders: [{ providerName: USER_POOL, clientId: "client" }],
  };
  IdentityPoolId = (await makePool(providers)).identityPoolId;
});

afterEach(() => vi.restoreAllMocks());

const set = async (IdentityProviderName: string, input: object) =>
  await service.admin("SetPrincipalTagAttributeMap", { IdentityPoolId, IdentityProviderName, ...input });
const get = async (IdentityProviderName: string) =>
  await service.admin("GetPrincipalTagAttributeMap", { IdentityPoolId, IdentityProviderName });

describe("the principal tags of a provider", () => {
  it.each<[string, object, object]>([
    ["a map", { PrincipalTags: tags }, { UseDefaults: false, PrincipalTags: tags }],
    ["the defaults", { UseDefaults: true }, { UseDefaults: true, PrincipalTags: {} }],
    ["both", { UseDefaults: true, PrincipalTags: tags }, { UseDefaults: true, PrincipalTags: tags }],
    ["neither", {}, { UseDefaults: false, PrincipalTags: {} }],
    ["what Terraform deletes by", { UseDefaults: true, PrincipalTags: {} }, { UseDefaults: true, PrincipalTags: {} }],
  ])("are answered and given back as they were set: %s", async (_, input, shown) => {
    const expected = { status: 200, json: { IdentityPoolId, IdentityProviderName: USER_POOL, ...shown } };
    expect(await set(USER_POOL, input)).toMatchObject(expected);
    expect(await get(USER_POOL)).toMatchObject(expected);
  });

  it("take the place of those before, and leave those of another provider, the roles and the settings", async () => {
    const roles = { Roles: { authenticated: "arn:aws:iam::123456789012:role/users" } };
    await service.admin("SetIdentityPoolRoles", { IdentityPoolId, ...roles });
    await set("issuer.example", { UseDefaults: true });
    await set(USER_POOL, { PrincipalTags: tags });
    await set(USER_POOL, { PrincipalTags: { stage: "stage" } });
    expect((await get(USER_POOL)).json["PrincipalTags"]).toEqual({ stage: "stage" });
    expect((await get("issuer.example")).json["UseDefaults"]).toBe(true);
    expect((await service.admin("GetIdentityPoolRoles", { IdentityPoolId })).json).toEqual({
      IdentityPoolId,
      ...roles,
    });
  });

  it("are one map for all spellings of the provider", async () => {
    const arn = "arn:aws:iam::123456789012:oidc-provider/issuer.example";
    await set("issuer.example", { PrincipalTags: tags });
    expect((await get(arn)).json["PrincipalTags"]).toEqual(tags);
    await set(arn, { UseDefaults: true });
    expect((await get("issuer.example")).json).toMatchObject({ IdentityProviderName: arn, UseDefaults: true });
  });

  it("are not found before they are set, nor of a pool that is not there", async () => {
    for (const provider of [USER_POOL, "graph.facebook.com", "__proto__"]) {
      expect(await get(provider)).toMatchObject({
        status: 404,
        json: {
          __type: "ResourceNotFoundException",
          message: "The identity pool has no principal tag attribute map of this provider.",
        },
      });
    }
    IdentityPoolId = newPoolId();
    for (const answer of [await get(USER_POOL), await set(USER_POOL, {})]) {
      expect(answer).toMatchObject({
        status: 404,
        json: { __type: "ResourceNotFoundException", message: `IdentityPool '${IdentityPoolId}' not found.` },
      });
    }
  });
});

describe("SetPrincipalTagAttributeMap refuses", () => {
  it.each(["graph.facebook.com", `${USER_POOL}:client`, `https://${USER_POOL}`])(
    "a provider that the pool does not have: %s",
    async (provider) => {
      expect(await set(provider, { UseDefaults: true })).toMatchObject({
        status: 400,
        json: {
          __type: "InvalidParameterException",
          message: `Invalid provider '${provider}' at 'identityProviderName'.`,
        },
      });
    },
  );

  it.each<[string, string, object]>([
    ["Invalid tag key at 'principalTags'.", "InvalidParameterException", { "aws:team": "claim" }],
    ["Invalid tag key at 'principalTags'.", "InvalidParameterException", { "te*am": "claim" }],
    ["Duplicate entries at 'principalTags'.", "InvalidParameterException", { team: "claim", Team: "claim" }],
  ])("with: %s", async (message, __type, PrincipalTags) => {
    expect(await set(USER_POOL, { PrincipalTags })).toMatchObject({ status: 400, json: { __type, message } });
    expect((await get(USER_POOL)).status).toBe(404);
  });

  it.each<[string, object]>([
    ["51 tags", Object.fromEntries(Array.from({ length: 51 }, (_, index) => [`key${index}`, "claim"]))],
    ["a long key", { ["k".repeat(129)]: "claim" }],
    ["a long claim", { team: "c".repeat(257) }],
  ])("by the shapes: %s", async (_, PrincipalTags) => {
    expect(await set(USER_POOL, { PrincipalTags })).toMatchObject({
      status: 400,
      json: { __type: "ValidationException" },
    });
  });
});
