import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { makePool, newPoolId } from "../../support/objects.ts";
import { ADMIN, makeService, type Service } from "../../support/service.ts";

const USERS = "arn:aws:iam::123456789012:role/users";
const GUESTS = "arn:aws:iam::123456789012:role/guests";
const USER_POOL = "cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEfGhI";
const CLIENT = "1example23456789012345678";
const rule = { Claim: "cognito:groups", MatchType: "Contains", Value: "staff", RoleARN: USERS };
const rules = (...more: readonly object[]) => ({
  Type: "Rules",
  AmbiguousRoleResolution: "Deny",
  RulesConfiguration: { Rules: [rule, ...more] },
});
const token = { Type: "Token", AmbiguousRoleResolution: "AuthenticatedRole" };
const refusal = (status: number, type: string, message: string) => ({ status, json: { __type: type, message } });
const invalid = (message: string) => refusal(400, "InvalidParameterException", message);

let service: Service;
let IdentityPoolId: string;

beforeEach(async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  service = makeService();
  const providers = {
    supportedLoginProviders: { "accounts.google.com": "client" },
    cognitoIdentityProviders: [{ providerName: USER_POOL, clientId: CLIENT }],
  };
  IdentityPoolId = (await makePool(providers)).identityPoolId;
});

afterEach(() => vi.restoreAllMocks());

const set = async (input: object, options = { credential: ADMIN }) =>
  await service.call("SetIdentityPoolRoles", { IdentityPoolId, Roles: {}, ...input }, options);
const get = async () => (await service.admin("GetIdentityPoolRoles", { IdentityPoolId })).json;

describe("the roles of a pool", () => {
  it("are none at first, and what is empty is left out", async () => {
    expect(await get()).toEqual({ IdentityPoolId });
    expect((await set({ RoleMappings: {} })).text).toBe("");
    expect(await get()).toEqual({ IdentityPoolId });
  });

  it("are given back as they were set, with mappings of both types", async () => {
    const roles = {
      Roles: { authenticated: USERS, unauthenticated: GUESTS },
      RoleMappings: { [`${USER_POOL}:${CLIENT}`]: token, "accounts.google.com": rules({ ...rule, Value: "other" }) },
    };
    expect(await set(roles)).toMatchObject({ status: 200, text: "" });
    expect(await get()).toEqual({ IdentityPoolId, ...roles });
  });

  it("are set as a whole: what is not sent again is gone", async () => {
    await set({
      Roles: { authenticated: USERS, unauthenticated: GUESTS },
      RoleMappings: { "accounts.google.com": token },
    });
    await set({ Roles: { authenticated: GUESTS } });
    expect(await get()).toEqual({ IdentityPoolId, Roles: { authenticated: GUESTS } });
  });

  it("stay when the settings are replaced, a mapping also of a provider that goes, and tags stay where none are sent", async () => {
    const RoleMappings = { "accounts.google.com": token };
    await set({ Roles: { authenticated: USERS }, RoleMappings });
    const update = { IdentityPoolId, IdentityPoolName: "renamed", AllowUnauthenticatedIdentities: false };
    expect((await service.admin("UpdateIdentityPool", update)).json).toEqual(update);
    expect(await get()).toEqual({ IdentityPoolId, Roles: { authenticated: USERS }, RoleMappings });
    // And is refused when it is set again.
    expect(await set({ RoleMappings })).toMatchObject(
      invalid("(accounts.google.com) is not a valid RoleMapping ProviderName or is not a configured provider."),
    );
    expect(await get()).toEqual({ IdentityPoolId, Roles: { authenticated: USERS }, RoleMappings });
  });

  it("are seen at once by the isolate that has set them", async () => {
    const IdentityId = (await service.call("GetId", { IdentityPoolId })).json["IdentityId"];
    const mint = async () => await service.call("GetOpenIdToken", { IdentityId });
    expect((await mint()).status).toBe(200);
    await set({ RoleMappings: { "accounts.google.com": token } });
    expect(await mint()).toMatchObject(
      invalid("Basic (classic) flow is not supported with RoleMappings, please use enhanced flow."),
    );
    await set({ Roles: { authenticated: USERS } });
    expect((await mint()).status).toBe(200);
  });

  it("of a pool that is not there are not found", async () => {
    const unknown = newPoolId();
    for (const operation of ["SetIdentityPoolRoles", "GetIdentityPoolRoles"]) {
      expect(await service.admin(operation, { IdentityPoolId: unknown, Roles: {} })).toMatchObject(
        refusal(404, "ResourceNotFoundException", `IdentityPool '${unknown}' not found.`),
      );
    }
  });
});

describe("SetIdentityPoolRoles", () => {
  it.each<[string, object]>([
    ["Invalid role ARN at 'roles'.", { Roles: { authenticated: "arn:aws:iam::123456789012:user/ann" } }],
    [
      "Invalid role ARN at 'roleMappings'.",
      { RoleMappings: { "accounts.google.com": rules({ ...rule, RoleARN: `${USERS}?` }) } },
    ],
    [
      "A role mapping must have an AmbiguousRoleResolution.",
      { RoleMappings: { "accounts.google.com": { Type: "Token" } } },
    ],
    [
      "A role mapping must have an AmbiguousRoleResolution.",
      { RoleMappings: { "accounts.google.com": { ...rules(), AmbiguousRoleResolution: null } } },
    ],
    [
      "A role mapping of type Rules must have a RulesConfiguration.",
      { RoleMappings: { "accounts.google.com": { ...token, Type: "Rules" } } },
    ],
    [
      "A role mapping of type Token takes no RulesConfiguration.",
      { RoleMappings: { "accounts.google.com": { ...rules(), Type: "Token" } } },
    ],
    [
      "A role mapping can have at most 25 rules.",
      { RoleMappings: { "accounts.google.com": rules(...Array.from({ length: 25 }, () => rule)) } },
    ],
    [
      "Duplicate entries at 'roleMappings'.",
      { RoleMappings: { [`${USER_POOL}:${CLIENT}`]: token, [`issuer-${USER_POOL}:${CLIENT}`]: token } },
    ],
    [
      `(${USER_POOL}) is not a valid RoleMapping ProviderName or is not a configured provider.`,
      { RoleMappings: { [USER_POOL]: token } },
    ],
    [
      `(https://${USER_POOL}:${CLIENT}) is not a valid RoleMapping ProviderName or is not a configured provider.`,
      { RoleMappings: { [`https://${USER_POOL}:${CLIENT}`]: token } },
    ],
  ])("refuses with: %s, and changes nothing", async (message, input) => {
    await set({ Roles: { authenticated: USERS } });
    expect(await set(input)).toMatchObject(invalid(message));
    expect(await get()).toEqual({ IdentityPoolId, Roles: { authenticated: USERS } });
  });

  it.each<[string, object]>([
    ["another key", { Roles: { admin: USERS } }],
    ["no roles at all", { Roles: null }],
    ["a short ARN", { Roles: { authenticated: "arn:aws:iam::1" } }],
    ["another type", { RoleMappings: { "accounts.google.com": { ...token, Type: "Claims" } } }],
    ["another match", { RoleMappings: { "accounts.google.com": rules({ ...rule, MatchType: "EndsWith" }) } }],
    ["a long claim", { RoleMappings: { "accounts.google.com": rules({ ...rule, Claim: "c".repeat(65) }) } }],
    ["a long value", { RoleMappings: { "accounts.google.com": rules({ ...rule, Value: "v".repeat(129) }) } }],
    ["401 rules", { RoleMappings: { "accounts.google.com": rules(...Array.from({ length: 400 }, () => rule)) } }],
  ])("holds its input against the shapes: %s", async (_, input) => {
    expect(await set(input)).toMatchObject({ status: 400, json: { __type: "ValidationException" } });
  });
});

describe("a credential that is limited in the roles that it sets", () => {
  const credential = { ...ADMIN, accessKeyId: "limited", roles: [USERS] };
  beforeEach(() => {
    service = makeService({ credentials: [ADMIN, credential] });
  });
  const forbidden = (role: string) => refusal(403, "NotAuthorizedException", `Access to Role '${role}' is forbidden.`);

  it("sets these, and none in their place", async () => {
    expect(
      (await set({ Roles: { authenticated: USERS }, RoleMappings: { "accounts.google.com": rules() } }, { credential }))
        .status,
    ).toBe(200);
    expect((await set({ Roles: {}, RoleMappings: {} }, { credential })).status).toBe(200);
  });

  it.each<[string, string, object]>([
    ["a default role", GUESTS, { Roles: { authenticated: USERS, unauthenticated: GUESTS } }],
    ["the role of a rule", GUESTS, { RoleMappings: { "accounts.google.com": rules({ ...rule, RoleARN: GUESTS }) } }],
    ["whatever role a token names", "*", { RoleMappings: { "accounts.google.com": token } }],
    ["a role that only begins alike", `${USERS}-too`, { Roles: { authenticated: `${USERS}-too` } }],
  ])("T70: sets no other, as %s", async (_, role, input) => {
    expect(await set(input, { credential })).toMatchObject(forbidden(role));
    expect(await get()).toEqual({ IdentityPoolId });
  });
});

it("T70: a credential for some pools sets no role unless it names it", async () => {
  const bound = { ...ADMIN, accessKeyId: "bound", pools: [IdentityPoolId] };
  const named = { ...bound, accessKeyId: "named", roles: [USERS] };
  const free = { ...bound, accessKeyId: "free", roles: "*" as const };
  service = makeService({ credentials: [ADMIN, bound, named, free] });
  const role = { Roles: { authenticated: USERS } };
  expect((await set(role, { credential: bound })).status).toBe(403);
  for (const credential of [named, free]) expect((await set(role, { credential })).status).toBe(200);
});
