/**
 * GetOpenIdToken with a login token that is not in order: NotAuthorizedException in the live service's words, and nothing is
 * linked. Each hostile token differs from a good one in exactly one way.
 */
import { NotAuthorizedException } from "@aws-sdk/client-cognito-identity";
import { beforeAll, describe, expect, inject, test } from "vitest";
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
import { type Claims, startLoopbackIssuer } from "../support/loopback-issuer.ts";
import { CLIENT_ID, useProviders } from "../support/providers.ts";

const endpoint = inject("endpoint");
const admin = adminClient(endpoint);
const app = appClient(endpoint);

const NOT_SUPPORTED = "Token is not from a supported provider of this identity pool.";
const NOT_AN_ID_TOKEN = "Invalid login token. Not a valid OpenId Connect identity token.";
const NOT_VERIFIED = "Invalid login token. Couldn't verify signed token.";

const providers = useProviders(2);
let identityPoolId: string;

beforeAll(async () => {
  identityPoolId = await providers.newPool(admin);
});

type Logins = Record<string, string>;
/** The provider of the tokens below; there is another one beside it. */
const home = () => present(providers.names[0]);
const atHome = async (person: string, claims?: Claims) => await providers.logins(person, [0], claims);
const tokenOf = (logins: Logins) => Object.values(logins).join("");

function newUser(): string {
  return crypto.randomUUID();
}

describe("NotAuthorizedException for a login token", () => {
  type Case = readonly [what: string, logins: () => Promise<Logins>, message: string | RegExp];

  /** A token in order in everything but that the pool knows no such provider. */
  const claimedFor = async (providerName: string) => {
    return { [providerName]: tokenOf(await atHome("u", { iss: `https://${providerName}` })) };
  };
  const expired = () => Math.floor(Date.now() / 1000) - 3600;

  const cases: readonly Case[] = [
    [
      "whose signature was changed",
      async () => {
        const [header, payload, signature = ""] = tokenOf(await atHome("u")).split(".");
        const changed = (signature.startsWith("A") ? "B" : "A") + signature.slice(1);
        return { [home()]: `${header}.${payload}.${changed}` };
      },
      NOT_VERIFIED,
    ],
    [
      "whose claims were changed under the old signature",
      async () => {
        const [header, , signature] = tokenOf(await atHome("mallory")).split(".");
        const [, payload] = tokenOf(await atHome("alice")).split(".");
        return { [home()]: `${header}.${payload}.${signature}` };
      },
      NOT_VERIFIED,
    ],
    [
      "signed by a key that its issuer does not publish",
      async () => {
        const stranger = await startLoopbackIssuer({
          algorithm: "ES256",
          issuer: present(providers.issuers[0]).issuer,
        });
        const token = await stranger.loginToken({ sub: "u", aud: CLIENT_ID });
        await stranger.close();
        return { [home()]: token };
      },
      NOT_VERIFIED,
    ],
    [
      "that is not signed at all",
      async () => {
        const [, payload] = tokenOf(await atHome("u")).split(".");
        const header = Buffer.from(JSON.stringify({ alg: "none", typ: "JWT" })).toString("base64url");
        return { [home()]: `${header}.${payload}.` };
      },
      /^Invalid login token\. /,
    ],
    [
      "of another issuer",
      async () => ({ [home()]: tokenOf(await providers.logins("u", [1])) }),
      "Invalid login token. Issuer doesn't match providerName",
    ],
    [
      "for another audience",
      async () => atHome("u", { aud: "client-2" }),
      "Invalid login token. Incorrect token audience.",
    ],
    [
      "without an audience, as access tokens have none",
      async () => atHome("u", { aud: undefined }),
      "Invalid login token. Missing a required claim: aud",
    ],
    [
      "that has expired",
      async () => atHome("u", { exp: expired() }),
      /^Invalid login token\. Token expired: \d{10} >= \d{10}$/,
    ],
    [
      "that is not valid yet",
      async () => atHome("u", { nbf: Math.floor(Date.now() / 1000) + 3600 }),
      /^Invalid login token\. Token is not yet valid: \d{10} < \d{10}$/,
    ],
    ["that is no JWT", async () => ({ [home()]: "EAACEdEose0cBA" }), NOT_AN_ID_TOKEN],
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
    expect(await linkedProviders(admin, guest)).toEqual([]);
    expect((await getOpenIdToken(app, guest)).identityId).toBe(guest);
  });

  test("accepts the same token unchanged, so that the refusals above are the change's", async () => {
    const guest = await getId(app, identityPoolId);
    expect((await getOpenIdToken(app, guest, await atHome(newUser()))).identityId).toBe(guest);
    expect(await linkedProviders(admin, guest)).toEqual([home()]);
  });

  test("names the pool that has no provider at all", async () => {
    const pool = await createPool(admin);
    const guest = await getId(app, pool);
    const refusal = await refusalOf(getOpenIdToken(app, guest, await atHome("u")), NotAuthorizedException);
    expect(refusal.message).toBe(`Identity pool - ${pool} does not have identity providers configured.`);
  });
});
