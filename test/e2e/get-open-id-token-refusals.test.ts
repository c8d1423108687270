/**
 * GetOpenIdToken's exceptions for their real causes, as the typed exceptions of the AWS SDK. TooManyRequestsException is in
 * rate-limit.test.ts, InternalErrorException in restart.test.ts, ExternalServiceException in issuer-outage.test.ts, and bad
 * login tokens are in refused-login-tokens.test.ts.
 */
import {
  DeleteIdentitiesCommand,
  DeleteIdentityPoolCommand,
  InvalidParameterException,
  NotAuthorizedException,
  ResourceConflictException,
  ResourceNotFoundException,
  UpdateIdentityPoolCommand,
} from "@aws-sdk/client-cognito-identity";
import { beforeAll, describe, expect, inject, test } from "vitest";
import {
  adminClient,
  appClient,
  createPool,
  getId,
  getOpenIdToken,
  linkedProviders,
  refusalOf,
} from "../support/cognito-clients.ts";
import { useProviders } from "../support/providers.ts";

const endpoint = inject("endpoint");
const admin = adminClient(endpoint);
const app = appClient(endpoint);

const FORBIDDEN = (identityId: string) => `Access to Identity '${identityId}' is forbidden.`;
const DO_NOT_MATCH = "Logins don't match. Please include at least one valid login for this identity or identity pool.";

const providers = useProviders(2);
let identityPoolId: string;

beforeAll(async () => {
  identityPoolId = await providers.newPool(admin);
});

const atHome = async (person: string) => await providers.logins(person, [0]);
const atWork = async (person: string) => await providers.logins(person, [1]);

function newUser(): string {
  return crypto.randomUUID();
}

describe("InvalidParameterException", () => {
  test("is the answer where AllowClassicFlow is false, for a guest and for a login", async () => {
    const pool = await providers.newPool(admin, { AllowClassicFlow: false });
    const logins = await atHome(newUser());
    const guest = await getId(app, pool);
    const user = await getId(app, pool, logins);
    const refusals = [
      await refusalOf(getOpenIdToken(app, guest), InvalidParameterException),
      await refusalOf(getOpenIdToken(app, user, logins), InvalidParameterException),
    ];
    for (const refusal of refusals) {
      expect(refusal.message).toBe("Basic (classic) flow is not enabled, please use enhanced flow.");
      expect(refusal.$metadata.httpStatusCode).toBe(400);
    }
  });

  test("is the answer to a SAML login", async () => {
    const guest = await getId(app, identityPoolId);
    const logins = { "arn:aws:iam::123456789012:saml-provider/Example": "PHNhbWw+" };
    const refusal = await refusalOf(getOpenIdToken(app, guest, logins), InvalidParameterException);
    expect(refusal.message).toBe("Basic (classic) flow is not supported with SAML, please use enhanced flow.");
  });
});

describe("ResourceNotFoundException", () => {
  test("is the answer for an identity that never was, in Amplify's exact words", async () => {
    const identityId = `us-east-1:${crypto.randomUUID()}`;
    const refusal = await refusalOf(getOpenIdToken(app, identityId), ResourceNotFoundException);
    expect(refusal.message).toBe(`Identity '${identityId}' not found.`);
    expect(refusal.$metadata.httpStatusCode).toBe(404);
  });

  test("is the answer for a deleted identity, with and without its login", async () => {
    const logins = await atHome(newUser());
    const identityId = await getId(app, identityPoolId, logins);
    await admin.send(new DeleteIdentitiesCommand({ IdentityIdsToDelete: [identityId] }));
    await refusalOf(getOpenIdToken(app, identityId), ResourceNotFoundException);
    const refusal = await refusalOf(getOpenIdToken(app, identityId, logins), ResourceNotFoundException);
    expect(refusal.message).toBe(`Identity '${identityId}' not found.`);
  });

  test("is the answer for the identities of a deleted pool", async () => {
    const pool = await createPool(admin);
    const identityId = await getId(app, pool);
    await getOpenIdToken(app, identityId);
    await admin.send(new DeleteIdentityPoolCommand({ IdentityPoolId: pool }));
    const refusal = await refusalOf(getOpenIdToken(app, identityId), ResourceNotFoundException);
    expect(refusal.message).toBe(`Identity '${identityId}' not found.`);
  });
});

describe("NotAuthorizedException for an identity", () => {
  test("that is linked and comes without a login", async () => {
    const identityId = await getId(app, identityPoolId, await atHome(newUser()));
    const refusal = await refusalOf(getOpenIdToken(app, identityId), NotAuthorizedException);
    expect(refusal.message).toBe(FORBIDDEN(identityId));
    const empty = await refusalOf(getOpenIdToken(app, identityId, {}), NotAuthorizedException);
    expect(empty.message).toBe(FORBIDDEN(identityId));
  });

  test("that is disabled, because its guest turned out to be somebody known", async () => {
    const logins = await atHome(newUser());
    const owner = await getId(app, identityPoolId, logins);
    const guest = await getId(app, identityPoolId);
    expect((await getOpenIdToken(app, guest, logins)).identityId).toBe(owner);
    for (const presented of [undefined, logins, await atWork(newUser())]) {
      const refusal = await refusalOf(getOpenIdToken(app, guest, presented), NotAuthorizedException);
      expect(refusal.message).toBe(FORBIDDEN(guest));
    }
  });

  test("that is another's: a good login of its own opens no stranger's identity", async () => {
    const alice = await atHome(newUser());
    const identityId = await getId(app, identityPoolId, alice);
    const known = await atHome(newUser());
    await getId(app, identityPoolId, known);
    // One who has an identity, one who has none, and one who comes by another provider.
    for (const foreign of [known, await atHome(newUser()), await atWork(newUser())]) {
      const refusal = await refusalOf(getOpenIdToken(app, identityId, foreign), NotAuthorizedException);
      expect(refusal.message).toBe(DO_NOT_MATCH);
    }
    expect(await linkedProviders(admin, identityId)).toEqual([providers.names[0]]);
    expect((await getOpenIdToken(app, identityId, alice)).identityId).toBe(identityId);
  });

  test("of another pool, although the same person signs in there", async () => {
    const logins = await atHome(newUser());
    const otherPool = await providers.newPool(admin);
    const here = await getId(app, identityPoolId, logins);
    const there = await getId(app, otherPool, logins);
    expect(there).not.toBe(here);
    expect((await getOpenIdToken(app, here, logins)).identityId).toBe(here);
    expect((await getOpenIdToken(app, there, logins)).identityId).toBe(there);
  });

  test("that is a guest's, once its pool no longer allows guests", async () => {
    const pool = await createPool(admin);
    const guest = await getId(app, pool);
    await getOpenIdToken(app, guest);
    const settings = { IdentityPoolId: pool, IdentityPoolName: "no guests", AllowUnauthenticatedIdentities: false };
    await admin.send(new UpdateIdentityPoolCommand(settings));
    // An isolate may see a pool as it was for as long as its memory of it lasts; the one that made the change forgets it.
    const refusal = await refusalOf(getOpenIdToken(app, guest), NotAuthorizedException);
    expect(refusal.message).toBe("Unauthenticated access is not supported for this identity pool.");
  });
});

describe("ResourceConflictException", () => {
  test("is the answer to a second user of a provider, and nothing changes", async () => {
    const [first, other, second] = await Promise.all([atHome(newUser()), atWork(newUser()), atHome(newUser())]);
    const identityId = await getId(app, identityPoolId, { ...first, ...other });
    const refusal = await refusalOf(
      getOpenIdToken(app, identityId, { ...second, ...other }),
      ResourceConflictException,
    );
    expect(refusal.message).toBe(`Logins conflict: ${providers.names[0]} is already linked to another identity.`);
    expect(refusal.$metadata.httpStatusCode).toBe(409);
    expect((await getOpenIdToken(app, identityId, { ...first, ...other })).identityId).toBe(identityId);
    expect(await getId(app, identityPoolId, second)).not.toBe(identityId);
  });

  test("is the answer where two authenticated identities meet, and both stay as they are", async () => {
    const [alice, bob] = [await atHome(newUser()), await atWork(newUser())];
    const [ofAlice, ofBob] = [await getId(app, identityPoolId, alice), await getId(app, identityPoolId, bob)];
    const both = { ...alice, ...bob };
    const refusal = await refusalOf(getOpenIdToken(app, ofAlice, both), ResourceConflictException);
    expect(refusal.message).toBe(`Logins conflict: ${providers.names[1]} is already linked to another identity.`);
    await refusalOf(getOpenIdToken(app, ofBob, both), ResourceConflictException);
    await refusalOf(getId(app, identityPoolId, both), ResourceConflictException);
    expect((await getOpenIdToken(app, ofAlice, alice)).identityId).toBe(ofAlice);
    expect((await getOpenIdToken(app, ofBob, bob)).identityId).toBe(ofBob);
    expect([await linkedProviders(admin, ofAlice), await linkedProviders(admin, ofBob)]).toEqual([
      [providers.names[0]],
      [providers.names[1]],
    ]);
  });

  test("is the answer to a guest with the logins of two identities, and the guest stays a guest", async () => {
    const [alice, bob] = [await atHome(newUser()), await atWork(newUser())];
    await Promise.all([getId(app, identityPoolId, alice), getId(app, identityPoolId, bob)]);
    const guest = await getId(app, identityPoolId);
    await refusalOf(getOpenIdToken(app, guest, { ...alice, ...bob }), ResourceConflictException);
    expect((await getOpenIdToken(app, guest)).identityId).toBe(guest);
  });
});
