/**
 * GetOpenIdToken with a login token that is not in order: NotAuthorizedException in the live service's words, and nothing is
 * linked. Each hostile token differs from a good one in exactly one way.
 */
import { DescribeIdentityCommand, NotAuthorizedException } from "@aws-sdk/client-cognito-identity";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { adminClient, appClient, createPool, getId, getOpenIdToken, refusalOf } from "../support/cognito-clients.ts";
import { type Claims, type LoopbackIssuer, startLoopbackIssuer } from "../support/loopback-issuer.ts";

const endpoint = inject("endpoint");
const admin = adminClient(endpoint);
const app = appClient(endpoint);

const AUDIENCE = "client-1";
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
    expect(refusal.message).toEqual(typeof message === "string" ? message : expect.stringMatching(message));
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
