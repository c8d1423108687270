/** T73 to T77 over HTTP: a role, a tag or an identity that nobody opened to the caller. What STS is asked for is the judge. */
import {
  DeleteIdentitiesCommand,
  type RoleMapping,
  SetIdentityPoolRolesCommand,
  SetPrincipalTagAttributeMapCommand,
  UnlinkIdentityCommand,
} from "@aws-sdk/client-cognito-identity";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { createPool, getId, getOpenIdToken, linkedProviders } from "../support/cognito-clients.ts";
import { role, ROLES } from "../support/account-roles.ts";
import { useStsWorker } from "../support/sts-worker.ts";
import { call, type WireAnswer } from "../support/wire-call.ts";
import { CLIENT_ID, errorOf, newPerson, setStage, type Stage } from "./stage.ts";

const OWN = "cognito-identity.amazonaws.com";
const TAGS = "https://aws.amazon.com/tags";

const asking = useStsWorker(() => ({ CLIENT_LIMIT: "off", MERGE_POLICY: "merge" }));
let stage: Stage;
let asked = 0;

beforeAll(async () => {
  stage = await setStage("ES256", undefined, asking.worker.endpoint);
});
afterAll(async () => {
  await stage.close();
});
beforeEach(async () => {
  await setRoles(stage.identityPoolId);
  asked = asking.sts.asked.length;
});

async function setRoles(IdentityPoolId: string, mapping?: RoleMapping): Promise<void> {
  const mappings = mapping !== undefined && { RoleMappings: { [stage.issuer.providerName]: mapping } };
  await stage.admin.send(new SetIdentityPoolRolesCommand({ ...mappings, IdentityPoolId, Roles: ROLES }));
}

const BY_TOKEN: RoleMapping = { Type: "Token", AmbiguousRoleResolution: "Deny" };
const BY_RULES: RoleMapping = {
  Type: "Rules",
  AmbiguousRoleResolution: "Deny",
  RulesConfiguration: { Rules: [{ Claim: "team", MatchType: "Equals", Value: "ops", RoleARN: role("ops") }] },
};

async function ask(identityId: string, Logins?: object, CustomRoleArn?: string): Promise<WireAnswer> {
  return await call(asking.worker.endpoint, "GetCredentialsForIdentity", {
    IdentityId: identityId,
    Logins,
    CustomRoleArn,
  });
}

const loginBy = (token: string) => ({ [stage.issuer.providerName]: token });
const newGuest = async (pool = stage.identityPoolId) => await getId(stage.app, pool);

/** Which role STS was asked for, and by which token, if it was asked at all. */
function shown() {
  const form = asking.sts.asked.slice(asked).at(-1)?.form;
  return { role: form?.get("RoleArn") ?? null, token: form?.get("WebIdentityToken") ?? null };
}

async function expectRefused(answer: Promise<WireAnswer>, words: string): Promise<void> {
  expect(errorOf(await answer).message).toContain(words);
  expect(shown().role).toBe(null);
}

it("T73: an identity never gets a role of another pool, and STS reads in its token of which pool it is", async () => {
  const other = await createPool(stage.admin, { SupportedLoginProviders: { [stage.issuer.providerName]: CLIENT_ID } });
  const others = { authenticated: role("users-of-the-other"), unauthenticated: role("guests-of-the-other") };
  await stage.admin.send(new SetIdentityPoolRolesCommand({ IdentityPoolId: other, Roles: others }));
  const logins = loginBy(stage.token({ sub: newPerson() }));
  for (const theirs of Object.values(others)) {
    await expectRefused(ask(await newGuest(), undefined, theirs), `Access to Role '${theirs}' is forbidden.`);
    await expectRefused(ask(await newGuest(), logins, theirs), `Access to Role '${theirs}' is forbidden.`);
  }
  expect((await ask(await newGuest(), logins)).status).toBe(200);
  expect(shown().role).toBe(ROLES.authenticated);
  expect(decodeJwt(shown().token ?? "").aud).toBe(stage.identityPoolId);
});

it.each<[string, RoleMapping | undefined, object, string | undefined]>([
  ["claims of roles, where the pool maps none", undefined, { "cognito:roles": [role("admin")] }, role("admin")],
  ["a preferred role, where the pool maps by rules", BY_RULES, { "cognito:preferred_role": role("admin") }, undefined],
  ["roles of the token, where the pool maps by rules", BY_RULES, { "cognito:roles": [role("ops")] }, role("ops")],
  ["a role of a rule that does not fit", BY_RULES, { team: "dev" }, role("ops")],
  ["the case of a value", BY_RULES, { team: "OPS" }, undefined],
  ["a value in an object", BY_RULES, { team: { ops: "ops" } }, undefined],
  ["a role that is not among those of the token", BY_TOKEN, { "cognito:roles": [role("a")] }, role("admin")],
  ["the users' role, past a mapping that denies", BY_TOKEN, { "cognito:roles": [role("a")] }, ROLES.authenticated],
  ["no claim at all, past a mapping that denies", BY_TOKEN, {}, undefined],
  ["a text that only looks like a role", BY_TOKEN, { "cognito:preferred_role": "arn:aws:iam::1:user/x" }, undefined],
])("T74: nobody gets a role by %s, nor is anything linked meanwhile", async (_, mapping, claims, custom) => {
  await setRoles(stage.identityPoolId, mapping);
  const guest = await newGuest();
  const logins = loginBy(stage.token({ sub: newPerson(), ...claims }));
  await expectRefused(ask(guest, logins, custom), mapping === undefined ? "is forbidden." : "denied this request.");
  expect(await linkedProviders(stage.admin, guest)).toEqual([]);
});

it("T74: claims count where their token verifies, and not before", async () => {
  await setRoles(stage.identityPoolId, BY_TOKEN);
  const token = stage.token({ sub: newPerson(), "cognito:preferred_role": role("ops") });
  const [header = "", , signature = ""] = stage.token().split(".");
  const forged = [header, token.split(".")[1], signature].join(".");
  await expectRefused(ask(await newGuest(), loginBy(forged)), "Couldn't verify signed token.");
  expect((await ask(await newGuest(), loginBy(token))).status).toBe(200);
  expect(shown().role).toBe(role("ops"));
});

it("T75: an identity that was unlinked, merged, deleted or is another user's gets no credentials", async () => {
  const { providerName } = stage.issuer;
  const token = stage.token({ sub: newPerson() });
  const identityId = await getId(stage.app, stage.identityPoolId, loginBy(token));
  const stranger = loginBy(stage.token({ sub: newPerson() }));
  await expectRefused(ask(identityId, stranger), "Logins don't match.");
  await expectRefused(ask(identityId), "is forbidden.");

  const guest = await newGuest();
  // A guest who signs in as somebody who has an identity already is merged into that one.
  expect((await ask(guest, loginBy(token))).status).toBe(200);
  expect(decodeJwt(shown().token ?? "").sub).toBe(identityId);
  asked = asking.sts.asked.length;
  await expectRefused(ask(guest), "is forbidden.");

  await stage.app.send(
    new UnlinkIdentityCommand({ IdentityId: identityId, Logins: loginBy(token), LoginsToRemove: [providerName] }),
  );
  await expectRefused(ask(identityId, loginBy(token)), "is forbidden.");
  await expectRefused(ask(identityId), "is forbidden.");

  const doomed = await newGuest();
  await stage.admin.send(new DeleteIdentitiesCommand({ IdentityIdsToDelete: [doomed] }));
  await expectRefused(ask(doomed), `Identity '${doomed}' not found.`);
});

it.each<[string, unknown]>([
  ["markup", "red<script>"],
  ["a second tag", 'red"],"admin":["yes'],
  ["a wildcard", "*"],
  ["a line end", "red\nadmin"],
  ["a text that is too long", "x".repeat(257)],
  ["the separator of another syntax", "red;admin"],
])("T76: %s in a claim is no tag, and the call is refused", async (_, team) => {
  await mapTags({ team: "team" });
  const logins = loginBy(stage.token({ sub: newPerson(), team }));
  await expectRefused(ask(await newGuest(), logins), "The value of principal tag 'team' is not valid.");
  const token = call(asking.worker.endpoint, "GetOpenIdToken", { IdentityId: await newGuest(), Logins: logins });
  await expectRefused(token, "The value of principal tag 'team' is not valid.");
});

it("T76: a list is never joined, an object never written out, and no claim is a tag that the pool does not map", async () => {
  await mapTags({ team: "team", group: "groups", age: "age" });
  const claims = { team: ["red", "admin"], groups: { admin: true }, age: 7, admin: "yes", [TAGS]: { admin: ["yes"] } };
  const logins = loginBy(stage.token({ sub: newPerson(), ...claims }));
  expect((await ask(await newGuest(), logins)).status).toBe(200);
  const tags = { principal_tags: { age: ["7"] } };
  expect(decodeJwt(shown().token ?? "")[TAGS]).toEqual(tags);
  const { token } = await getOpenIdToken(stage.app, await newGuest(), logins);
  expect(decodeJwt(token)[TAGS]).toEqual(tags);
});

async function mapTags(PrincipalTags: Record<string, string>): Promise<void> {
  const provider = { IdentityPoolId: stage.identityPoolId, IdentityProviderName: stage.issuer.providerName };
  await stage.admin.send(new SetPrincipalTagAttributeMapCommand({ ...provider, UseDefaults: false, PrincipalTags }));
}

it("T77: a token of this service is a login of its own identity alone, and only while that has the login", async () => {
  await mapTags({});
  const NOT_OURS = "Invalid login token. Not a Cognito token.";
  const { providerName } = stage.issuer;
  const login = loginBy(stage.token({ sub: newPerson() }));
  const identityId = await getId(stage.app, stage.identityPoolId, login);
  const { token } = await getOpenIdToken(stage.app, identityId, login);
  const own = { [OWN]: token };
  expect((await ask(identityId, own)).status).toBe(200);
  expect(shown().role).toBe(ROLES.authenticated);
  const forSts = shown().token ?? "";
  asked = asking.sts.asked.length;

  const guest = await newGuest();
  const guestToken = (await getOpenIdToken(stage.app, guest)).token;
  await expectRefused(ask(guest, own), NOT_OURS);
  await expectRefused(ask(guest, { [OWN]: guestToken }), NOT_OURS);
  await expectRefused(ask(identityId, { [OWN]: guestToken }), NOT_OURS);
  // The token for STS is pinned to a role, and is no login.
  await expectRefused(ask(identityId, { [OWN]: forSts }), NOT_OURS);
  await expectRefused(ask(identityId, { [OWN]: stage.token({ ...decodeJwt(token) }) }), NOT_OURS);
  const [header, payload, signature = ""] = token.split(".");
  const more = { ...decodeJwt(token), amr: ["authenticated", "admin", "admin:client:root"] };
  const widened = Buffer.from(JSON.stringify(more)).toString("base64url");
  await expectRefused(ask(identityId, { [OWN]: `${header}.${widened}.${signature}` }), NOT_OURS);
  await expectRefused(ask(identityId, { [OWN]: `${header}.${payload}.${signature.slice(0, -4)}AAAA` }), NOT_OURS);
  await expectRefused(ask(identityId, { ...own, ...login }), "must be the only login");
  await expectRefused(ask(identityId, own, role("admin")), "is forbidden.");
  for (const operation of ["GetOpenIdToken", "GetId", "UnlinkIdentity"]) {
    const input = { IdentityId: identityId, IdentityPoolId: stage.identityPoolId, Logins: own, LoginsToRemove: ["a"] };
    await expectRefused(call(asking.worker.endpoint, operation, input), "Can't pass in a Cognito token.");
  }

  await stage.app.send(
    new UnlinkIdentityCommand({ IdentityId: identityId, Logins: login, LoginsToRemove: [providerName] }),
  );
  await expectRefused(ask(identityId, own), "is forbidden.");
});
