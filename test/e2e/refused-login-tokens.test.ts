/**
 * GetOpenIdToken with a login token that is not in order: NotAuthorizedException in the live service's words, and nothing is
 * linked. Each hostile token differs from a good one in exactly one way.
 */
import { NotAuthorizedException } from "@aws-sdk/client-cognito-identity";
import { describe, expect, inject, test } from "vitest";
import {
  adminClient,
  appClient,
  createPool,
  getId,
  getOpenIdToken,
  linkedProviders,
  refusalOf,
} from "../support/cognito-clients.ts";
import { startLoopbackIssuer } from "../support/loopback-issuer.ts";
import { AUDIENCE, loginOf, type Logins, useTwoIssuers } from "../support/two-issuers.ts";

const endpoint = inject("endpoint");
const admin = adminClient(endpoint);
const app = appClient(endpoint);

const NOT_SUPPORTED = "Token is not from a supported provider of this identity pool.";
const NOT_AN_ID_TOKEN = "Invalid login token. Not a valid OpenId Connect identity token.";
const NOT_VERIFIED = "Invalid login token. Couldn't verify signed token.";

const stage = useTwoIssuers();

function newUser(): string {
  return crypto.randomUUID();
}

describe("NotAuthorizedException for a login token", () => {
  type Case = readonly [what: string, logins: () => Promise<Logins>, message: string | RegExp];

  /** A token in order in everything but that the pool knows no such provider. */
  const claimedFor = async (providerName: string) => {
    const token = await stage.home.loginToken({ sub: "u", aud: AUDIENCE, iss: `https://${providerName}` });
    return { [providerName]: token };
  };
  const expired = () => Math.floor(Date.now() / 1000) - 3600;

  const cases: readonly Case[] = [
    [
      "whose signature was changed",
      async () => {
        const [header, payload, signature = ""] = Object.values(await loginOf(stage.home, "u"))
          .join("")
          .split(".");
        const changed = (signature.startsWith("A") ? "B" : "A") + signature.slice(1);
        return { [stage.home.providerName]: `${header}.${payload}.${changed}` };
      },
      NOT_VERIFIED,
    ],
    [
      "whose claims were changed under the old signature",
      async () => {
        const [header, , signature] = Object.values(await loginOf(stage.home, "mallory"))
          .join("")
          .split(".");
        const [, payload] = Object.values(await loginOf(stage.home, "alice"))
          .join("")
          .split(".");
        return { [stage.home.providerName]: `${header}.${payload}.${signature}` };
      },
      NOT_VERIFIED,
    ],
    [
      "signed by a key that its issuer does not publish",
      async () => {
        const stranger = await startLoopbackIssuer({ algorithm: "ES256", issuer: stage.home.issuer });
        const logins = await loginOf(stranger, "u");
        await stranger.close();
        return logins;
      },
      NOT_VERIFIED,
    ],
    [
      "that is not signed at all",
      async () => {
        const [, payload] = Object.values(await loginOf(stage.home, "u"))
          .join("")
          .split(".");
        const header = Buffer.from(JSON.stringify({ alg: "none", typ: "JWT" })).toString("base64url");
        return { [stage.home.providerName]: `${header}.${payload}.` };
      },
      /^Invalid login token\. /,
    ],
    [
      "of another issuer",
      async () => ({ [stage.home.providerName]: Object.values(await loginOf(stage.work, "u")).join("") }),
      "Invalid login token. Issuer doesn't match providerName",
    ],
    [
      "for another audience",
      async () => loginOf(stage.home, "u", { aud: "client-2" }),
      "Invalid login token. Incorrect token audience.",
    ],
    [
      "without an audience, as access tokens have none",
      async () => loginOf(stage.home, "u", { aud: undefined }),
      "Invalid login token. Missing a required claim: aud",
    ],
    [
      "that has expired",
      async () => loginOf(stage.home, "u", { exp: expired() }),
      /^Invalid login token\. Token expired: \d{10} >= \d{10}$/,
    ],
    [
      "that is not valid yet",
      async () => loginOf(stage.home, "u", { nbf: Math.floor(Date.now() / 1000) + 3600 }),
      /^Invalid login token\. Token is not yet valid: \d{10} < \d{10}$/,
    ],
    ["that is no JWT", async () => ({ [stage.home.providerName]: "EAACEdEose0cBA" }), NOT_AN_ID_TOKEN],
    ["of a provider that the pool does not have", async () => claimedFor("id.example.com"), NOT_SUPPORTED],
    ["of a provider named like a member of every object", async () => claimedFor("constructor"), NOT_SUPPORTED],
    [
      "that this service made itself",
      async () => {
        const { token } = await getOpenIdToken(app, await getId(app, stage.identityPoolId));
        return { "cognito-identity.amazonaws.com": token };
      },
      "Invalid login token. Can't pass in a Cognito token.",
    ],
  ];

  test.each(cases)("%s, and the guest who presented it stays a guest", async (_, makeLogins, message) => {
    const guest = await getId(app, stage.identityPoolId);
    const refusal = await refusalOf(getOpenIdToken(app, guest, await makeLogins()), NotAuthorizedException);
    expect(refusal.message).toEqual(typeof message === "string" ? message : expect.stringMatching(message));
    expect(refusal.$metadata.httpStatusCode).toBe(403);
    expect(await linkedProviders(admin, guest)).toEqual([]);
    expect((await getOpenIdToken(app, guest)).identityId).toBe(guest);
  });

  test("accepts the same token unchanged, so that the refusals above are the change's", async () => {
    const guest = await getId(app, stage.identityPoolId);
    expect((await getOpenIdToken(app, guest, await loginOf(stage.home, newUser()))).identityId).toBe(guest);
    expect(await linkedProviders(admin, guest)).toEqual([stage.home.providerName]);
  });

  test("allows an issuer's clock to be a minute wrong, and no more", async () => {
    const now = Math.floor(Date.now() / 1000);
    const guest = await getId(app, stage.identityPoolId);
    const almost = await loginOf(stage.home, newUser(), { exp: now - 20, iat: now - 600 });
    const late = await loginOf(stage.home, newUser(), { exp: now - 61, iat: now - 600 });
    await refusalOf(getOpenIdToken(app, guest, late), NotAuthorizedException);
    expect((await getOpenIdToken(app, guest, almost)).identityId).toBe(guest);
  });

  test("links nothing when one login token of several is bad", async () => {
    const user = newUser();
    const guest = await getId(app, stage.identityPoolId);
    const good = await loginOf(stage.home, user);
    const bad = await loginOf(stage.work, user, { exp: expired() });
    await refusalOf(getOpenIdToken(app, guest, { ...good, ...bad }), NotAuthorizedException);
    expect(await linkedProviders(admin, guest)).toEqual([]);
    // Nor did the good one leave a trace elsewhere: its user is new to the pool.
    expect(await getId(app, stage.identityPoolId, good)).not.toBe(guest);
  });

  test("names the pool that has no provider at all", async () => {
    const pool = await createPool(admin);
    const guest = await getId(app, pool);
    const refusal = await refusalOf(getOpenIdToken(app, guest, await loginOf(stage.home, "u")), NotAuthorizedException);
    expect(refusal.message).toBe(`Identity pool - ${pool} does not have identity providers configured.`);
  });
});
