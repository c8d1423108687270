/**
 * Which role the SDK's caller is given credentials of, through everything: user pools and an issuer with real login tokens, role mappings
 * and tags that an administrator sets, and a token service that remembers what it was asked for.
 */
import {
  GetCredentialsForIdentityCommand,
  type GetCredentialsForIdentityCommandInput,
  GetOpenIdTokenForDeveloperIdentityCommand,
  InvalidIdentityPoolConfigurationException,
  InvalidParameterException,
  NotAuthorizedException,
  type RoleMapping,
  SetIdentityPoolRolesCommand,
  SetPrincipalTagAttributeMapCommand,
} from "@aws-sdk/client-cognito-identity";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import {
  adminClient,
  appClient,
  createPool,
  getId,
  getOpenIdToken,
  linkedProviders,
  present,
  refusalOf,
} from "../support/cognito-clients.ts";
import { type Claims, type LoopbackIssuer, startLoopbackIssuer } from "../support/loopback-issuer.ts";
import { role, ROLES } from "../support/account-roles.ts";
import { useStsWorker } from "../support/sts-worker.ts";

const USER_POOL = "cognito-idp.us-east-1.amazonaws.com/us-east-1_RolesOfUsers";
const [WEB, ADMIN_APP] = ["webclient", "adminclient"];
const DEVELOPER = "login.backend.example";
const TAGS = "https://aws.amazon.com/tags";

type Logins = Record<string, string>;

let userPool: LoopbackIssuer;
let other: LoopbackIssuer;
let pool: string;
let app: ReturnType<typeof appClient>;
let admin: ReturnType<typeof adminClient>;
let asked = 0;

beforeAll(async () => {
  [userPool, other] = await Promise.all([
    startLoopbackIssuer({ issuer: `https://${USER_POOL}` }),
    startLoopbackIssuer({ algorithm: "ES256" }),
  ]);
});
const stage = useStsWorker(() => ({
  DEVELOPMENT_UPSTREAMS: JSON.stringify({ [`https://${USER_POOL}`]: userPool.address }),
}));
beforeAll(async () => {
  const { endpoint } = stage.worker;
  [app, admin] = [appClient(endpoint, { maxAttempts: 1 }), adminClient(endpoint)];
  pool = await createPool(admin, {
    SupportedLoginProviders: { [other.providerName]: WEB },
    CognitoIdentityProviders: [WEB, ADMIN_APP].map((ClientId) => ({ ProviderName: USER_POOL, ClientId })),
    DeveloperProviderName: DEVELOPER,
  });
});
afterAll(async () => {
  await Promise.all([userPool.close(), other.close()]);
});
beforeEach(async () => {
  await setRoles({});
  asked = stage.sts.asked.length;
});

async function setRoles(RoleMappings: Record<string, RoleMapping>, Roles: object = ROLES): Promise<void> {
  await admin.send(new SetIdentityPoolRolesCommand({ IdentityPoolId: pool, Roles: { ...Roles }, RoleMappings }));
}

async function byUserPool(claims: Claims, client = WEB): Promise<Logins> {
  const token = await userPool.loginToken({ sub: crypto.randomUUID(), aud: client, token_use: "id", ...claims });
  return { [USER_POOL]: token };
}

async function byOther(claims: Claims = {}): Promise<Logins> {
  return { [other.providerName]: await other.loginToken({ sub: crypto.randomUUID(), aud: WEB, ...claims }) };
}

const newGuest = async () => await getId(app, pool);
const ask = async (Logins?: Logins, more: Partial<GetCredentialsForIdentityCommandInput> = {}) =>
  await app.send(
    new GetCredentialsForIdentityCommand({ IdentityId: await newGuest(), ...(Logins && { Logins }), ...more }),
  );

/** What STS was asked for by the call. */
async function roleOf(call: Promise<unknown>): Promise<string | null> {
  await call;
  return stage.sts.asked.slice(asked).at(-1)?.form.get("RoleArn") ?? null;
}
const shownToken = () => decodeJwt(present(stage.sts.asked.at(-1)?.form.get("WebIdentityToken") ?? undefined));

async function refused(call: Promise<unknown>, words: string): Promise<void> {
  expect((await refusalOf(call, NotAuthorizedException)).message).toContain(words);
  expect(stage.sts.asked.length).toBe(asked);
}

const BY_TOKEN: RoleMapping = { Type: "Token", AmbiguousRoleResolution: "Deny" };
const byGroup = (Value: string, RoleARN: string, AmbiguousRoleResolution: RoleMapping["AmbiguousRoleResolution"]) => {
  const rule = { Claim: "cognito:groups", MatchType: "Equals", Value, RoleARN } as const;
  return { Type: "Rules", AmbiguousRoleResolution, RulesConfiguration: { Rules: [rule] } } satisfies RoleMapping;
};

describe("a pool with roles alone", () => {
  it("gives guests the one, users the other, whatever their tokens say, and nobody a third", async () => {
    const logins = await byUserPool({ "cognito:preferred_role": role("admin"), "cognito:roles": [role("admin")] });
    expect(await roleOf(ask())).toBe(ROLES.unauthenticated);
    expect(await roleOf(ask(logins))).toBe(ROLES.authenticated);
    expect(await roleOf(ask(logins, { CustomRoleArn: ROLES.authenticated }))).toBe(ROLES.authenticated);
    asked = stage.sts.asked.length;
    await refused(ask(logins, { CustomRoleArn: role("admin") }), `Access to Role '${role("admin")}' is forbidden.`);
    await refused(ask(undefined, { CustomRoleArn: ROLES.authenticated }), "is forbidden.");
  });

  it("says that its roles have to be looked at, where it has none for whoever asks", async () => {
    await setRoles({}, {});
    for (const logins of [undefined, await byOther()]) {
      const error = await refusalOf(ask(logins), InvalidIdentityPoolConfigurationException);
      expect(error.message).toContain("Invalid identity pool configuration. Check assigned IAM roles for this pool.");
    }
    expect(stage.sts.asked.length).toBe(asked);
  });
});

describe("a mapping by token", () => {
  beforeEach(async () => {
    await setRoles({ [`${USER_POOL}:${ADMIN_APP}`]: BY_TOKEN });
  });

  it("is for the client that it names: groups of a user pool choose the role, or the caller among theirs", async () => {
    const roles = { "cognito:roles": [role("staff"), role("admin")], "cognito:preferred_role": role("staff") };
    expect(await roleOf(ask(await byUserPool(roles, ADMIN_APP)))).toBe(role("staff"));
    expect(await roleOf(ask(await byUserPool(roles, ADMIN_APP), { CustomRoleArn: role("admin") }))).toBe(role("admin"));
    expect(await roleOf(ask(await byUserPool(roles, WEB)))).toBe(ROLES.authenticated);
  });

  it("denies who has several roles and prefers none, and links nothing; picking one helps", async () => {
    const logins = await byUserPool({ "cognito:roles": [role("staff"), role("admin")] }, ADMIN_APP);
    const guest = await newGuest();
    await refused(
      ask(logins, { IdentityId: guest }),
      `The ambiguous role mapping rules for: ${USER_POOL}:${ADMIN_APP} denied this request.`,
    );
    expect(await linkedProviders(admin, guest)).toEqual([]);
    expect(await roleOf(ask(logins, { IdentityId: guest, CustomRoleArn: role("admin") }))).toBe(role("admin"));
    expect(await linkedProviders(admin, guest)).toEqual([USER_POOL]);
  });

  it("keeps GetOpenIdToken from going round it", async () => {
    const call = getOpenIdToken(app, await newGuest(), await byUserPool({}, ADMIN_APP));
    expect((await refusalOf(call, InvalidParameterException)).message).toBe(
      "Basic (classic) flow is not supported with RoleMappings, please use enhanced flow.",
    );
  });
});

describe("mappings by rules", () => {
  it("choose by a group, and several logins must agree", async () => {
    await setRoles({
      [`${USER_POOL}:${WEB}`]: byGroup("staff", role("staff"), "AuthenticatedRole"),
      [other.providerName]: byGroup("staff", role("staff"), "Deny"),
    });
    const [staff, plain] = [{ "cognito:groups": ["x", "staff"] }, { "cognito:groups": ["x"] }];
    expect(await roleOf(ask(await byUserPool(staff)))).toBe(role("staff"));
    expect(await roleOf(ask(await byUserPool(plain)))).toBe(ROLES.authenticated);
    expect(await roleOf(ask({ ...(await byUserPool(staff)), ...(await byOther(staff)) }))).toBe(role("staff"));
    asked = stage.sts.asked.length;
    const names = [other.providerName, `${USER_POOL}:${WEB}`].toSorted().join(", ");
    await refused(ask({ ...(await byUserPool(plain)), ...(await byOther(staff)) }), `rules for: ${names} denied`);
    await refused(
      ask({ ...(await byUserPool(staff)), ...(await byOther(plain)) }),
      `for: ${other.providerName} denied`,
    );
  });
});

describe("principal tags", () => {
  it("reach STS and the token of GetOpenIdToken, by the names that the pool gives them", async () => {
    const map = { IdentityPoolId: pool, IdentityProviderName: USER_POOL };
    const PrincipalTags = { team: "custom:team", level: "level" };
    await admin.send(new SetPrincipalTagAttributeMapCommand({ ...map, UseDefaults: false, PrincipalTags }));
    const logins = await byUserPool({ "custom:team": "red", level: 7, unmapped: "x" });
    const tags = { principal_tags: { team: ["red"], level: ["7"] } };
    await ask(logins);
    expect(shownToken()[TAGS]).toEqual(tags);
    expect(decodeJwt((await getOpenIdToken(app, await newGuest(), logins)).token)[TAGS]).toEqual(tags);
    await admin.send(new SetPrincipalTagAttributeMapCommand({ ...map, UseDefaults: true, PrincipalTags: {} }));
    await ask(await byUserPool({ sub: "ann" }));
    expect(shownToken()[TAGS]).toEqual({ principal_tags: { client: [WEB], username: ["ann"] } });
  });
});

describe("developer identities, as the old mobile SDKs have them", () => {
  it("bring their backend's token as the only login, and are given the users' role with its tags", async () => {
    const { IdentityId, Token } = await admin.send(
      new GetOpenIdTokenForDeveloperIdentityCommand({
        IdentityPoolId: pool,
        Logins: { [DEVELOPER]: "ann" },
        PrincipalTags: { team: "blue" },
        TokenDuration: 3600,
      }),
    );
    const own = { "cognito-identity.amazonaws.com": present(Token) };
    expect(await roleOf(ask(own, { IdentityId }))).toBe(ROLES.authenticated);
    expect(shownToken()).toMatchObject({
      sub: IdentityId,
      aud: pool,
      amr: ["authenticated", DEVELOPER, `${DEVELOPER}:${pool}:ann`],
      [TAGS]: { principal_tags: { team: ["blue"] } },
    });
    asked = stage.sts.asked.length;
    await refused(ask(own), "Invalid login token. Not a Cognito token.");
    const beside = ask({ ...own, ...(await byOther()) }, { IdentityId });
    expect(await refusalOf(beside, InvalidParameterException)).toBeInstanceOf(InvalidParameterException);
  });
});
