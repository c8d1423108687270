/**
 * GetOpenIdToken's exceptions for their real causes, as the typed exceptions of the AWS SDK. TooManyRequestsException is in
 * rate-limit.test.ts, InternalErrorException in restart.test.ts, ExternalServiceException in issuer-outage.test.ts.
 */
import {
  DeleteIdentitiesCommand,
  DeleteIdentityPoolCommand,
  DescribeIdentityCommand,
  InvalidParameterException,
  NotAuthorizedException,
  ResourceConflictException,
  ResourceNotFoundException,
  UpdateIdentityPoolCommand,
} from "@aws-sdk/client-cognito-identity";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { adminClient, appClient, createPool, getId, getOpenIdToken, refusalOf } from "../support/cognito-clients.ts";
import { type Claims, type LoopbackIssuer, startLoopbackIssuer } from "../support/loopback-issuer.ts";

const endpoint = inject("endpoint");
const admin = adminClient(endpoint);
const app = appClient(endpoint);

const AUDIENCE = "client-1";
const FORBIDDEN = (identityId: string) => `Access to Identity '${identityId}' is forbidden.`;
const DO_NOT_MATCH = "Logins don't match. Please include at least one valid login for this identity or identity pool.";
const NOT_SUPPORTED = "Token is not from a supported provider of this identity pool.";
const NOT_AN_ID_TOKEN = "Invalid login token. Not a valid OpenId Connect identity token.";
const NOT_VERIFIED = "Invalid login token. Couldn't verify signed token.";

let home: LoopbackIssuer;
let work: LoopbackIssuer;
let providers: Record<string, string>;
let identityPoolId: string;

beforeAll(async () => {
  [home, work] = await Promise.all([
    startLoopbackIssuer({ algorithm: "ES256" }),
    startLoopbackIssuer({ algorithm: "ES256" }),
  ]);
  providers = { [home.providerName]: AUDIENCE, [work.providerName]: AUDIENCE };
  identityPoolId = await createPool(admin, { SupportedLoginProviders: providers });
});

afterAll(async () => {
  await Promise.all([home.close(), work.close()]);
});

type Logins = Record<string, string>;

async function login(issuer: LoopbackIssuer, sub: string, claims: Claims = {}): Promise<Logins> {
  return { [issuer.providerName]: await issuer.loginToken({ sub, aud: AUDIENCE, ...claims }) };
}

async function describeLogins(identityId: string): Promise<readonly string[]> {
  return (await admin.send(new DescribeIdentityCommand({ IdentityId: identityId }))).Logins ?? [];
}

function newUser(): string {
  return crypto.randomUUID();
}

describe("InvalidParameterException", () => {
  test("is the answer where AllowClassicFlow is false, for a guest and for a login", async () => {
    const pool = await createPool(admin, { AllowClassicFlow: false, SupportedLoginProviders: providers });
    const logins = await login(home, newUser());
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
    const logins = await login(home, newUser());
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

describe("NotAuthorizedException for a login token", () => {
  type Case = readonly [what: string, logins: () => Promise<Logins>, message: string | RegExp];

  /** A token in order in everything but that the pool knows no such provider. */
  const claimedFor = async (providerName: string) => {
    const token = await home.loginToken({ sub: "u", aud: AUDIENCE, iss: `https://${providerName}` });
    return { [providerName]: token };
  };
  const expired = () => Math.floor(Date.now() / 1000) - 3600;

  const cases: readonly Case[] = [
    [
      "whose signature was changed",
      async () => {
        const [header, payload, signature = ""] = Object.values(await login(home, "u"))
          .join("")
          .split(".");
        const changed = (signature.startsWith("A") ? "B" : "A") + signature.slice(1);
        return { [home.providerName]: `${header}.${payload}.${changed}` };
      },
      NOT_VERIFIED,
    ],
    [
      "whose claims were changed under the old signature",
      async () => {
        const [header, , signature] = Object.values(await login(home, "mallory"))
          .join("")
          .split(".");
        const [, payload] = Object.values(await login(home, "alice"))
          .join("")
          .split(".");
        return { [home.providerName]: `${header}.${payload}.${signature}` };
      },
      NOT_VERIFIED,
    ],
    [
      "signed by a key that its issuer does not publish",
      async () => {
        const stranger = await startLoopbackIssuer({ algorithm: "ES256", issuer: home.issuer });
        const logins = await login(stranger, "u");
        await stranger.close();
        return logins;
      },
      NOT_VERIFIED,
    ],
    [
      "that is not signed at all",
      async () => {
        const [, payload] = Object.values(await login(home, "u"))
          .join("")
          .split(".");
        const header = Buffer.from(JSON.stringify({ alg: "none", typ: "JWT" })).toString("base64url");
        return { [home.providerName]: `${header}.${payload}.` };
      },
      /^Invalid login token\. /,
    ],
    [
      "of another issuer",
      async () => ({ [home.providerName]: Object.values(await login(work, "u")).join("") }),
      "Invalid login token. Issuer doesn't match providerName",
    ],
    [
      "for another audience",
      async () => login(home, "u", { aud: "client-2" }),
      "Invalid login token. Incorrect token audience.",
    ],
    [
      "without an audience, as access tokens have none",
      async () => login(home, "u", { aud: undefined }),
      "Invalid login token. Missing a required claim: aud",
    ],
    [
      "that has expired",
      async () => login(home, "u", { exp: expired() }),
      /^Invalid login token\. Token expired: \d{10} >= \d{10}$/,
    ],
    [
      "that is not valid yet",
      async () => login(home, "u", { nbf: Math.floor(Date.now() / 1000) + 3600 }),
      NOT_AN_ID_TOKEN,
    ],
    ["that is no JWT", async () => ({ [home.providerName]: "EAACEdEose0cBA" }), NOT_AN_ID_TOKEN],
    ["of a provider that the pool does not have", async () => claimedFor("id.example.com"), NOT_SUPPORTED],
    ["of a provider named like a member of every object", async () => claimedFor("constructor"), NOT_SUPPORTED],
    [
      "that this service made itself",
      async () => {
        const { token } = await getOpenIdToken(app, await getId(app, identityPoolId));
        return { "cognito-identity.amazonaws.com": token };
      },
      "Invalid login token. Can't pass in a Cognito token.",
    ],
  ];

  test.each(cases)("%s, and the guest who presented it stays a guest", async (_, makeLogins, message) => {
    const guest = await getId(app, identityPoolId);
    const refusal = await refusalOf(getOpenIdToken(app, guest, await makeLogins()), NotAuthorizedException);
    expect(refusal.message).toMatch(message);
    expect(refusal.$metadata.httpStatusCode).toBe(403);
    expect(await describeLogins(guest)).toEqual([]);
    expect((await getOpenIdToken(app, guest)).identityId).toBe(guest);
  });

  test("accepts the same token unchanged, so that the refusals above are the change's", async () => {
    const guest = await getId(app, identityPoolId);
    expect((await getOpenIdToken(app, guest, await login(home, newUser()))).identityId).toBe(guest);
    expect(await describeLogins(guest)).toEqual([home.providerName]);
  });

  test("allows an issuer's clock to be a minute wrong, and no more", async () => {
    const now = Math.floor(Date.now() / 1000);
    const guest = await getId(app, identityPoolId);
    const almost = await login(home, newUser(), { exp: now - 20, iat: now - 600 });
    const late = await login(home, newUser(), { exp: now - 61, iat: now - 600 });
    await refusalOf(getOpenIdToken(app, guest, late), NotAuthorizedException);
    expect((await getOpenIdToken(app, guest, almost)).identityId).toBe(guest);
  });

  test("links nothing when one login token of several is bad", async () => {
    const user = newUser();
    const guest = await getId(app, identityPoolId);
    const good = await login(home, user);
    const bad = await login(work, user, { exp: expired() });
    await refusalOf(getOpenIdToken(app, guest, { ...good, ...bad }), NotAuthorizedException);
    expect(await describeLogins(guest)).toEqual([]);
    // Nor did the good one leave a trace elsewhere: its user is new to the pool.
    expect(await getId(app, identityPoolId, good)).not.toBe(guest);
  });

  test("names the pool that has no provider at all", async () => {
    const pool = await createPool(admin);
    const guest = await getId(app, pool);
    const refusal = await refusalOf(getOpenIdToken(app, guest, await login(home, "u")), NotAuthorizedException);
    expect(refusal.message).toBe(`Identity pool - ${pool} does not have identity providers configured.`);
  });
});

describe("NotAuthorizedException for an identity", () => {
  test("that is linked and comes without a login", async () => {
    const identityId = await getId(app, identityPoolId, await login(home, newUser()));
    const refusal = await refusalOf(getOpenIdToken(app, identityId), NotAuthorizedException);
    expect(refusal.message).toBe(FORBIDDEN(identityId));
    const empty = await refusalOf(getOpenIdToken(app, identityId, {}), NotAuthorizedException);
    expect(empty.message).toBe(FORBIDDEN(identityId));
  });

  test("that is disabled, because its guest turned out to be somebody known", async () => {
    const logins = await login(home, newUser());
    const owner = await getId(app, identityPoolId, logins);
    const guest = await getId(app, identityPoolId);
    expect((await getOpenIdToken(app, guest, logins)).identityId).toBe(owner);
    for (const presented of [undefined, logins, await login(work, newUser())]) {
      const refusal = await refusalOf(getOpenIdToken(app, guest, presented), NotAuthorizedException);
      expect(refusal.message).toBe(FORBIDDEN(guest));
    }
  });

  test("that is another's: a good login of its own opens no stranger's identity", async () => {
    const alice = await login(home, newUser());
    const identityId = await getId(app, identityPoolId, alice);
    const known = await login(home, newUser());
    await getId(app, identityPoolId, known);
    // One who has an identity, one who has none, and one who comes by another provider.
    for (const foreign of [known, await login(home, newUser()), await login(work, newUser())]) {
      const refusal = await refusalOf(getOpenIdToken(app, identityId, foreign), NotAuthorizedException);
      expect(refusal.message).toBe(DO_NOT_MATCH);
    }
    expect(await describeLogins(identityId)).toEqual([home.providerName]);
    expect((await getOpenIdToken(app, identityId, alice)).identityId).toBe(identityId);
  });

  test("of another pool, although the same person signs in there", async () => {
    const logins = await login(home, newUser());
    const otherPool = await createPool(admin, { SupportedLoginProviders: providers });
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
    const [atHome, atWork, second] = await Promise.all([
      login(home, newUser()),
      login(work, newUser()),
      login(home, newUser()),
    ]);
    const identityId = await getId(app, identityPoolId, { ...atHome, ...atWork });
    const refusal = await refusalOf(
      getOpenIdToken(app, identityId, { ...second, ...atWork }),
      ResourceConflictException,
    );
    expect(refusal.message).toBe(`Logins conflict: ${home.providerName} is already linked to another identity.`);
    expect(refusal.$metadata.httpStatusCode).toBe(409);
    expect((await getOpenIdToken(app, identityId, { ...atHome, ...atWork })).identityId).toBe(identityId);
    expect(await getId(app, identityPoolId, second)).not.toBe(identityId);
  });

  test("is the answer where two authenticated identities meet, and both stay as they are", async () => {
    const [alice, bob] = [await login(home, newUser()), await login(work, newUser())];
    const [ofAlice, ofBob] = [await getId(app, identityPoolId, alice), await getId(app, identityPoolId, bob)];
    const both = { ...alice, ...bob };
    const refusal = await refusalOf(getOpenIdToken(app, ofAlice, both), ResourceConflictException);
    expect(refusal.message).toBe(`Logins conflict: ${work.providerName} is already linked to another identity.`);
    await refusalOf(getOpenIdToken(app, ofBob, both), ResourceConflictException);
    await refusalOf(getId(app, identityPoolId, both), ResourceConflictException);
    expect((await getOpenIdToken(app, ofAlice, alice)).identityId).toBe(ofAlice);
    expect((await getOpenIdToken(app, ofBob, bob)).identityId).toBe(ofBob);
    expect([await describeLogins(ofAlice), await describeLogins(ofBob)]).toEqual([
      [home.providerName],
      [work.providerName],
    ]);
  });

  test("is the answer to a guest with the logins of two identities, and the guest stays a guest", async () => {
    const [alice, bob] = [await login(home, newUser()), await login(work, newUser())];
    await Promise.all([getId(app, identityPoolId, alice), getId(app, identityPoolId, bob)]);
    const guest = await getId(app, identityPoolId);
    await refusalOf(getOpenIdToken(app, guest, { ...alice, ...bob }), ResourceConflictException);
    expect((await getOpenIdToken(app, guest)).identityId).toBe(guest);
  });
});
