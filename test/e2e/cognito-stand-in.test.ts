/** The stand-in of Cognito keeps to what is published of the public operations: links, merges, tokens, and the words of its refusals. */
import {
  GetCredentialsForIdentityCommand,
  InvalidIdentityPoolConfigurationException,
  InvalidParameterException,
  NotAuthorizedException,
  ResourceConflictException,
  ResourceNotFoundException,
  SetIdentityPoolRolesCommand,
  UnlinkIdentityCommand,
  UpdateIdentityPoolCommand,
} from "@aws-sdk/client-cognito-identity";
import { createRemoteJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { describe, expect, test } from "vitest";
import { APPLE, CLIENT_ID, GOOGLE, useCognito } from "../support/cognito-stand-in/at-cognito.ts";
import { createPool, getId, getOpenIdToken, linkedProviders, present, refusalOf } from "../support/cognito-clients.ts";
import { startLoopbackIssuer } from "../support/loopback-issuer.ts";
import { call } from "../support/wire-call.ts";

const at = useCognito();
const NOBODY = "us-east-1:00000000-0000-4000-8000-000000000000";
const ROLES = {
  authenticated: "arn:aws:iam::123456789012:role/user",
  unauthenticated: "arn:aws:iam::123456789012:role/guest",
};
const forbidden = (identityId: string) => `Access to Identity '${identityId}' is forbidden.`;
const NO_MATCH = "Logins don't match. Please include at least one valid login for this identity or identity pool.";

describe("GetId", () => {
  test("without logins is a new guest in each call (F5)", async () => {
    const pool = await at.newPool();
    const [one, other] = [await getId(at.app, pool), await getId(at.app, pool)];
    expect(one).toMatch(/^us-east-1:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(other).not.toBe(one);
  });

  test("with a login makes an identity once, and answers it ever after (F4)", async () => {
    const pool = await at.newPool();
    const identityId = await getId(at.app, pool, await at.googleLogin("ann"));
    expect(await getId(at.app, pool, await at.googleLogin("ann"))).toBe(identityId);
    expect(await getId(at.app, pool, await at.googleLogin("bob"))).not.toBe(identityId);
    expect(await getId(at.app, await at.newPool(), await at.googleLogin("ann"))).not.toBe(identityId);
  });

  test("with several logins links them all to one identity", async () => {
    const pool = await at.newPool();
    const both = { ...(await at.googleLogin("ann")), ...(await at.appleLogin("ann at Apple")) };
    const identityId = await getId(at.app, pool, both);
    expect(await getId(at.app, pool, await at.appleLogin("ann at Apple"))).toBe(identityId);
    expect((await linkedProviders(at.operator, identityId)).toSorted()).toEqual([GOOGLE, APPLE]);
  });

  test("refuses as published what is at fault in the pool or in the token", async () => {
    const pool = await at.newPool();
    const words = async (logins: Record<string, string> | undefined, identityPoolId = pool) =>
      (await refusalOf(getId(at.app, identityPoolId, logins), NotAuthorizedException)).message;
    const closed = await at.newPool({ AllowUnauthenticatedIdentities: false });
    expect(await words(undefined, closed)).toBe("Unauthenticated access is not supported for this identity pool.");
    const bare = await createPool(at.operator);
    expect(await words(await at.googleLogin("ann"), bare)).toBe(
      `Identity pool - ${bare} does not have identity providers configured.`,
    );
    const unsupported = "Token is not from a supported provider of this identity pool.";
    expect(await words({ "www.amazon.com": "token" })).toBe(unsupported);
    const userPool = "cognito-idp.us-east-1.amazonaws.com/us-east-1_abc";
    const withUserPool = await at.newPool({
      CognitoIdentityProviders: [{ ProviderName: userPool, ClientId: "its_client" }],
    });
    const forAnother = await at.google.loginToken({ iss: `https://${userPool}`, sub: "ann", aud: "another client" });
    expect(await words({ [userPool]: forAnother }, withUserPool)).toBe(unsupported);
    expect(await words({ "cognito-identity.amazonaws.com": "token" })).toBe(
      "Invalid login token. Can't pass in a Cognito token.",
    );
    expect(await words({ [APPLE]: present((await at.googleLogin("ann"))[GOOGLE]) })).toBe(
      "Invalid login token. Issuer doesn't match providerName",
    );
    expect(await words({ [GOOGLE]: "an opaque token" })).toBe(
      "Invalid login token. Not a valid OpenId Connect identity token.",
    );
    expect(await words(await at.googleLogin("ann", { aud: undefined }))).toBe(
      "Invalid login token. Missing a required claim: aud",
    );
    expect(await words(await at.appleLogin("ann", { aud: "another app" }))).toBe(
      "Invalid login token. Incorrect token audience.",
    );
    expect(await words(await at.googleLogin("ann", { exp: 1_500_000_000 }))).toMatch(
      /^Invalid login token\. Token expired: \d{10} >= 1500000000$/,
    );
    const forger = await startLoopbackIssuer({ issuer: `https://${GOOGLE}` });
    expect(await words({ [GOOGLE]: await forger.loginToken({ sub: "ann", aud: CLIENT_ID }) })).toBe(
      "Invalid login token. Couldn't verify signed token.",
    );
    await forger.close();
    const unknown = await refusalOf(getId(at.app, NOBODY), ResourceNotFoundException);
    expect(unknown.message).toBe(`IdentityPool '${NOBODY}' not found.`);
  });
});

describe("GetOpenIdToken", () => {
  test("gives a guest a token of Cognito, whose audience is the pool (F6)", async () => {
    const pool = await at.newPool();
    const guest = await getId(at.app, pool);
    const { identityId, token } = await getOpenIdToken(at.app, guest);
    expect(identityId).toBe(guest);
    const keys = createRemoteJWKSet(new URL(`${at.cognito.address}/.well-known/jwks_uri`));
    const { payload } = await jwtVerify(token, keys, { issuer: "https://cognito-identity.amazonaws.com" });
    expect(payload).toEqual({
      sub: guest,
      aud: pool,
      amr: ["unauthenticated"],
      iss: "https://cognito-identity.amazonaws.com",
      "https://cognito-identity.amazonaws.com/identity-pool-arn": `arn:aws:cognito-identity:us-east-1:123456789012:identitypool/${pool}`,
      exp: present(payload.iat) + 600,
      iat: payload.iat,
    });
    expect(decodeProtectedHeader(token)).toEqual({ kid: "us-east-11", typ: "JWS", alg: "RS512" });
  });

  test("follows the published table of a guest who signs in, out, and in again", async () => {
    const pool = await at.newPool();
    const first = await getId(at.app, pool);
    expect((await getOpenIdToken(at.app, first, await at.googleLogin("ann"))).identityId).toBe(first);
    const second = await getId(at.app, pool);
    expect((await getOpenIdToken(at.app, second, await at.googleLogin("ann"))).identityId).toBe(first);
    expect((await refusalOf(getOpenIdToken(at.app, second), NotAuthorizedException)).message).toBe(forbidden(second));
    const withLogin = getOpenIdToken(at.app, second, await at.googleLogin("ann"));
    expect((await refusalOf(withLogin, NotAuthorizedException)).message).toBe(forbidden(second));
    expect(await getId(at.app, pool)).not.toBe(second);
  });

  test("links a new login to the identity whose login is presented, too (F7)", async () => {
    const pool = await at.newPool();
    const identityId = await getId(at.app, pool, await at.googleLogin("ann"));
    const both = { ...(await at.googleLogin("ann")), ...(await at.appleLogin("ann")) };
    const { identityId: linked, token } = await getOpenIdToken(at.app, identityId, both);
    expect(linked).toBe(identityId);
    const claims = JSON.parse(Buffer.from(present(token.split(".")[1]), "base64url").toString()) as { amr: string[] };
    expect(claims.amr).toEqual([
      "authenticated",
      GOOGLE,
      `${GOOGLE}:${CLIENT_ID}:ann`,
      APPLE,
      `${APPLE}:${CLIENT_ID}:ann`,
    ]);
    expect(await getId(at.app, pool, await at.appleLogin("ann"))).toBe(identityId);
  });

  test("merges another identity of a presented login into the named one, and disables it (F11)", async () => {
    const pool = await at.newPool();
    const [kept, merged] = [
      await getId(at.app, pool, await at.googleLogin("ann")),
      await getId(at.app, pool, await at.appleLogin("ann")),
    ];
    const both = { ...(await at.appleLogin("ann")), ...(await at.googleLogin("ann")) };
    expect((await getOpenIdToken(at.app, kept, both)).identityId).toBe(kept);
    expect(await getId(at.app, pool, await at.appleLogin("ann"))).toBe(kept);
    const refused = await refusalOf(getOpenIdToken(at.app, merged, await at.appleLogin("ann")), NotAuthorizedException);
    expect(refused.message).toBe(forbidden(merged));
    expect((await at.cognito.identities()).find(({ identityId }) => identityId === merged)).toMatchObject({
      standing: "disabled",
      mergedInto: kept,
      logins: [],
    });
  });

  test("refuses as published: no logins of it, none presented, two users of a provider, nobody", async () => {
    const pool = await at.newPool();
    const identityId = await getId(at.app, pool, await at.googleLogin("ann"));
    const other = getOpenIdToken(at.app, identityId, await at.googleLogin("bob"));
    expect((await refusalOf(other, NotAuthorizedException)).message).toBe(NO_MATCH);
    expect((await refusalOf(getOpenIdToken(at.app, identityId), NotAuthorizedException)).message).toBe(
      forbidden(identityId),
    );
    await getId(at.app, pool, { ...(await at.googleLogin("carl")), ...(await at.appleLogin("carl")) });
    const two = { ...(await at.googleLogin("ann")), ...(await at.appleLogin("carl")) };
    await refusalOf(getOpenIdToken(at.app, identityId, two), ResourceConflictException);
    expect(await linkedProviders(at.operator, identityId)).toEqual([GOOGLE]);
    const nobody = await refusalOf(getOpenIdToken(at.app, NOBODY), ResourceNotFoundException);
    expect(nobody.message).toBe(`Identity '${NOBODY}' not found.`);
  });

  test("is refused where the classic flow is off, with role mappings, and for SAML (F8)", async () => {
    const pool = await at.newPool({ AllowClassicFlow: false });
    const guest = await getId(at.app, pool);
    const words = async (logins?: Record<string, string>) =>
      (await refusalOf(getOpenIdToken(at.app, guest, logins), InvalidParameterException)).message;
    expect(await words()).toBe("Basic (classic) flow is not enabled, please use enhanced flow.");
    const settings = { IdentityPoolId: pool, IdentityPoolName: "pool", AllowUnauthenticatedIdentities: true };
    // Not to say anything allows it.
    await at.operator.send(new UpdateIdentityPoolCommand(settings));
    expect((await getOpenIdToken(at.app, guest)).identityId).toBe(guest);
    expect(await words({ "arn:aws:iam::123456789012:saml-provider/a": "response" })).toBe(
      "Basic (classic) flow is not supported with SAML, please use enhanced flow.",
    );
    const RoleMappings = { [GOOGLE]: { Type: "Token" as const, AmbiguousRoleResolution: "Deny" as const } };
    await at.operator.send(new SetIdentityPoolRolesCommand({ IdentityPoolId: pool, Roles: ROLES, RoleMappings }));
    expect(await words()).toBe("Basic (classic) flow is not supported with RoleMappings, please use enhanced flow.");
  });
});

describe("GetCredentialsForIdentity", () => {
  const credentialsOf = async (IdentityId: string, Logins?: Record<string, string>) =>
    await at.app.send(new GetCredentialsForIdentityCommand({ IdentityId, ...(Logins !== undefined && { Logins }) }));

  test("links as GetOpenIdToken does, and minds no classic flow (F9)", async () => {
    const pool = await at.newPool({ AllowClassicFlow: false });
    await at.operator.send(new SetIdentityPoolRolesCommand({ IdentityPoolId: pool, Roles: ROLES }));
    const guest = await getId(at.app, pool);
    expect((await credentialsOf(guest)).Credentials?.Expiration).toBeInstanceOf(Date);
    expect((await credentialsOf(guest, await at.googleLogin("ann"))).IdentityId).toBe(guest);
    expect(await getId(at.app, pool, await at.googleLogin("ann"))).toBe(guest);
    expect((await refusalOf(credentialsOf(guest), NotAuthorizedException)).message).toBe(forbidden(guest));
    const another = await getId(at.app, pool);
    expect((await credentialsOf(another, await at.googleLogin("ann"))).IdentityId).toBe(guest);
  });

  test("needs a role, and takes no token but its own under its own name", async () => {
    const pool = await at.newPool();
    const guest = await getId(at.app, pool);
    const words = await refusalOf(credentialsOf(guest), InvalidIdentityPoolConfigurationException);
    expect(words.message).toBe("Invalid identity pool configuration. Check assigned IAM roles for this pool.");
    await at.operator.send(new SetIdentityPoolRolesCommand({ IdentityPoolId: pool, Roles: ROLES }));
    const { token } = await getOpenIdToken(at.app, guest);
    expect((await credentialsOf(guest, { "cognito-identity.amazonaws.com": token })).IdentityId).toBe(guest);
    const forged = credentialsOf(guest, { "cognito-identity.amazonaws.com": `${token}x` });
    expect((await refusalOf(forged, NotAuthorizedException)).message).toBe("Invalid login token. Not a Cognito token.");
  });
});

test("UnlinkIdentity frees the named logins; without its last one nobody has access to an identity", async () => {
  const pool = await at.newPool();
  const both = { ...(await at.googleLogin("ann")), ...(await at.appleLogin("ann")) };
  const identityId = await getId(at.app, pool, both);
  const unlink = async (Logins: Record<string, string>, LoginsToRemove: string[]) =>
    await at.app.send(new UnlinkIdentityCommand({ IdentityId: identityId, Logins, LoginsToRemove }));
  const foreign = unlink(await at.googleLogin("bob"), [GOOGLE]);
  expect((await refusalOf(foreign, NotAuthorizedException)).message).toBe(NO_MATCH);
  await unlink(await at.googleLogin("ann"), [APPLE]);
  expect(await linkedProviders(at.operator, identityId)).toEqual([GOOGLE]);
  expect(await getId(at.app, pool, await at.appleLogin("ann"))).not.toBe(identityId);
  await unlink(await at.googleLogin("ann"), [GOOGLE]);
  expect((await refusalOf(getOpenIdToken(at.app, identityId), NotAuthorizedException)).message).toBe(
    forbidden(identityId),
  );
});

describe("the wire", () => {
  test("is Cognito's: status 400, the bare name in the body, and again in a header", async () => {
    const answer = await call(at.cognito.address, "GetOpenIdToken", { IdentityId: NOBODY });
    expect(answer.status).toBe(400);
    expect(answer.body).toBe(`{"__type":"ResourceNotFoundException","message":"Identity '${NOBODY}' not found."}`);
    expect(answer.headers).toMatchObject({
      "content-type": "application/x-amz-json-1.1",
      "x-amzn-errortype": "ResourceNotFoundException:",
      "x-amzn-errormessage": `Identity '${NOBODY}' not found.`,
    });
  });

  const PATTERN = "Member must satisfy regular expression pattern: [\\w-]+:[0-9a-f-]+";
  test.each([
    [
      { IdentityPoolId: "6eaf0258" },
      `1 validation error detected: Value '6eaf0258' at 'identityPoolId' failed to satisfy constraint: ${PATTERN}`,
    ],
    [
      {},
      "1 validation error detected: Value null at 'identityPoolId' failed to satisfy constraint: Member must not be null",
    ],
    [
      { IdentityPoolId: NOBODY, Logins: { a: "" } },
      "1 validation error detected: Value '{a=}' at 'logins' failed to satisfy constraint: Map value must satisfy constraint: [Member must have length greater than or equal to 1]",
    ],
    [
      { IdentityPoolId: "" },
      `2 validation errors detected: Value '' at 'identityPoolId' failed to satisfy constraint: Member must have length greater than or equal to 1; Value '' at 'identityPoolId' failed to satisfy constraint: ${PATTERN}`,
    ],
  ])("answers %j with a ValidationException in the framework's words", async (input, message) => {
    const { status, body } = await call(at.cognito.address, "GetId", input);
    expect([status, JSON.parse(body)]).toEqual([400, { __type: "ValidationException", message }]);
  });

  test.each([
    ["GetId", "not JSON", "SerializationException"],
    ["GetId", '{"IdentityPoolId":7}', "SerializationException"],
    ["GetIdentity", "{}", "UnknownOperationException"],
  ])("answers %s of %s with %s, without a message", async (operation, body, type) => {
    expect((await call(at.cognito.address, operation, body)).body).toBe(`{"__type":"${type}"}`);
  });
});
