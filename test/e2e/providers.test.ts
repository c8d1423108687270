/**
 * Each kind of provider with login tokens shaped as its own. The public issuers are stood in for on loopback by the
 * development setting DEVELOPMENT_UPSTREAMS; names, issuers, claims and rules are the real ones.
 */
import { InvalidParameterException, NotAuthorizedException } from "@aws-sdk/client-cognito-identity";
import { decodeJwt } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adminClient, appClient, createPool, getId, getOpenIdToken, refusalOf } from "../support/cognito-clients.ts";
import { type LoopbackIssuer, startLoopbackIssuer } from "../support/loopback-issuer.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

const GOOGLE_CLIENTS = ["web.apps.googleusercontent.com", "ios.apps.googleusercontent.com"] as const;
const APPLE_CLIENT = "com.example.app";
const USER_POOL = "cognito-idp.us-east-1.amazonaws.com/us-east-1_Example01";
const USER_POOL_CLIENT = "exampleclientid0123456789";
const SAML_ARN = "arn:aws:iam::123456789012:saml-provider/Example";
const ARN = "arn:aws:iam::123456789012:oidc-provider/id.example.com/tenant";

let google: LoopbackIssuer;
let apple: LoopbackIssuer;
let userPool: LoopbackIssuer;
let tenant: LoopbackIssuer;
let plain: LoopbackIssuer;
let worker: RunningWorker;
let identityPoolId: string;

beforeAll(async () => {
  [google, apple, userPool, tenant, plain] = await Promise.all([
    startLoopbackIssuer({ issuer: "https://accounts.google.com" }),
    startLoopbackIssuer({ issuer: "https://appleid.apple.com" }),
    startLoopbackIssuer({ issuer: `https://${USER_POOL}` }),
    startLoopbackIssuer({ issuer: "https://id.example.com/tenant", algorithm: "ES256" }),
    startLoopbackIssuer({ algorithm: "EdDSA" }),
  ]);
  const standIns = Object.fromEntries(
    [google, apple, userPool, tenant].map(({ issuer, address }) => [issuer, address]),
  );
  worker = await startWorker({
    settings: {
      DEVELOPMENT_UPSTREAMS: JSON.stringify(standIns),
      OIDC_PROVIDERS: JSON.stringify({ "id.example.com/tenant": ["tenant-web", "tenant-ios"] }),
    },
  });
  identityPoolId = await createPool(adminClient(worker.endpoint), {
    SupportedLoginProviders: {
      "accounts.google.com": GOOGLE_CLIENTS.join(";"),
      "appleid.apple.com": APPLE_CLIENT,
      [plain.providerName]: "web;ios;android",
      "www.digits.com": "key",
    },
    OpenIdConnectProviderARNs: [ARN],
    CognitoIdentityProviders: [{ ProviderName: USER_POOL, ClientId: USER_POOL_CLIENT }],
    SamlProviderARNs: [SAML_ARN],
  });
});

afterAll(async () => {
  await worker.stop();
  await Promise.all([google, apple, userPool, tenant, plain].map(async (issuer) => await issuer.close()));
});

/** A new guest links the login; what the token then says of how its user signed in. */
async function amrAfterLinking(logins: Record<string, string>): Promise<unknown> {
  const app = appClient(worker.endpoint);
  const guest = await getId(app, identityPoolId);
  const { identityId, token } = await getOpenIdToken(app, guest, logins);
  expect(identityId).toBe(guest);
  return decodeJwt(token)["amr"];
}

async function refusal(logins: Record<string, string>): Promise<string> {
  const app = appClient(worker.endpoint);
  return (await refusalOf(getId(app, identityPoolId, logins), NotAuthorizedException)).message;
}

function newSubject(): string {
  return crypto.randomUUID();
}

describe("Google", () => {
  test("is accepted for each of the client ids that are joined by a semicolon", async () => {
    for (const aud of GOOGLE_CLIENTS) {
      const sub = newSubject();
      const amr = await amrAfterLinking({ "accounts.google.com": await google.loginToken({ sub, aud, azp: aud }) });
      expect(amr).toEqual(["authenticated", "accounts.google.com", `accounts.google.com:${aud}:${sub}`]);
    }
  });

  test("is one person whether Google writes its issuer with or without the scheme", async () => {
    const claims = { sub: newSubject(), aud: GOOGLE_CLIENTS[0] };
    const app = appClient(worker.endpoint);
    const withScheme = await google.loginToken(claims);
    const without = await google.loginToken({ ...claims, iss: "accounts.google.com" });
    const identityId = await getId(app, identityPoolId, { "accounts.google.com": withScheme });
    expect(await getId(app, identityPoolId, { "accounts.google.com": without })).toBe(identityId);
  });

  test("is accepted from an app that asked for a token for the web client", async () => {
    const sub = newSubject();
    const token = await google.loginToken({ sub, aud: GOOGLE_CLIENTS[0], azp: "android.apps.googleusercontent.com" });
    expect(await amrAfterLinking({ "accounts.google.com": token })).toContain(
      `accounts.google.com:${GOOGLE_CLIENTS[0]}:${sub}`,
    );
  });

  test("is refused for a client id that is not listed, and for all of them as one text", async () => {
    for (const aud of ["other.apps.googleusercontent.com", GOOGLE_CLIENTS.join(";")]) {
      const token = await google.loginToken({ sub: newSubject(), aud });
      expect(await refusal({ "accounts.google.com": token })).toBe("Invalid login token. Incorrect token audience.");
    }
  });
});

describe("Apple", () => {
  test("is accepted for the app's bundle id", async () => {
    const sub = newSubject();
    const amr = await amrAfterLinking({ "appleid.apple.com": await apple.loginToken({ sub, aud: APPLE_CLIENT }) });
    expect(amr).toEqual(["authenticated", "appleid.apple.com", `appleid.apple.com:${APPLE_CLIENT}:${sub}`]);
  });

  test("is refused with a token of Google's, although both are configured", async () => {
    const token = await google.loginToken({ sub: newSubject(), aud: APPLE_CLIENT });
    expect(await refusal({ "appleid.apple.com": token })).toBe(
      "Invalid login token. Issuer doesn't match providerName",
    );
  });
});

describe("a Cognito user pool", () => {
  test("is accepted by its ID token", async () => {
    const sub = newSubject();
    const token = await userPool.loginToken({ sub, aud: USER_POOL_CLIENT, token_use: "id" });
    expect(await amrAfterLinking({ [USER_POOL]: token })).toEqual([
      "authenticated",
      USER_POOL,
      `${USER_POOL}:CognitoSignIn:${sub}`,
    ]);
  });

  test("is asked for its keys at their fixed place alone", () => {
    expect(userPool.requests).toEqual(["/.well-known/jwks.json"]);
  });

  test("is refused by an access token, and by an ID token for another client", async () => {
    const access = await userPool.loginToken({ sub: newSubject(), client_id: USER_POOL_CLIENT, token_use: "access" });
    expect(await refusal({ [USER_POOL]: access })).toMatch(/^Invalid login token\. /);
    const foreign = await userPool.loginToken({ sub: newSubject(), aud: "anotherclient", token_use: "id" });
    expect(await refusal({ [USER_POOL]: foreign })).toBe(
      "Token is not from a supported provider of this identity pool.",
    );
  });
});

describe("an OpenID Connect issuer", () => {
  test("by its ARN is accepted for each client id of OIDC_PROVIDERS", async () => {
    for (const aud of ["tenant-web", "tenant-ios"]) {
      const sub = newSubject();
      const amr = await amrAfterLinking({ "id.example.com/tenant": await tenant.loginToken({ sub, aud }) });
      expect(amr).toEqual(["authenticated", "id.example.com/tenant", `${ARN}:OIDC:${sub}`]);
    }
    const foreign = await tenant.loginToken({ sub: newSubject(), aud: "tenant-tv" });
    expect(await refusal({ "id.example.com/tenant": foreign })).toBe("Invalid login token. Incorrect token audience.");
  });

  test("by its ARN is refused in a pool whose administrator gave it no client ids", async () => {
    const unknown = { OpenIdConnectProviderARNs: ["arn:aws:iam::123456789012:oidc-provider/id.example.com"] };
    await refusalOf(createPool(adminClient(worker.endpoint), unknown), InvalidParameterException);
  });

  test("by its name is accepted for each of the client ids that are joined by a semicolon", async () => {
    for (const aud of ["web", "ios", "android"]) {
      const sub = newSubject();
      const amr = await amrAfterLinking({ [plain.providerName]: await plain.loginToken({ sub, aud }) });
      expect(amr).toEqual(["authenticated", plain.providerName, `${plain.providerName}:${aud}:${sub}`]);
    }
    const foreign = await plain.loginToken({ sub: newSubject(), aud: "tv" });
    expect(await refusal({ [plain.providerName]: foreign })).toBe("Invalid login token. Incorrect token audience.");
  });

  test("with several audiences is accepted only if it says for whom the token was made", async () => {
    const several = { sub: newSubject(), aud: ["web", "https://api.example.com"] };
    const app = appClient(worker.endpoint);
    const withParty = await plain.loginToken({ ...several, azp: "web" });
    expect(await getId(app, identityPoolId, { [plain.providerName]: withParty })).toMatch(/^us-east-1:/);
    expect(await refusal({ [plain.providerName]: await plain.loginToken(several) })).toBe(
      "Invalid login token. Incorrect token audience.",
    );
  });
});

test("one identity of a person who signs in everywhere: amr names each login, in the order of the call", async () => {
  const sub = newSubject();
  const amr = await amrAfterLinking({
    [USER_POOL]: await userPool.loginToken({ sub, aud: USER_POOL_CLIENT, token_use: "id" }),
    "accounts.google.com": await google.loginToken({ sub, aud: GOOGLE_CLIENTS[0] }),
    "appleid.apple.com": await apple.loginToken({ sub, aud: APPLE_CLIENT }),
    "id.example.com/tenant": await tenant.loginToken({ sub, aud: "tenant-web" }),
  });
  expect(amr).toEqual([
    "authenticated",
    USER_POOL,
    `${USER_POOL}:CognitoSignIn:${sub}`,
    "accounts.google.com",
    `accounts.google.com:${GOOGLE_CLIENTS[0]}:${sub}`,
    "appleid.apple.com",
    `appleid.apple.com:${APPLE_CLIENT}:${sub}`,
    "id.example.com/tenant",
    `${ARN}:OIDC:${sub}`,
  ]);
});

test("SAML may be configured and is not verified: each call says so, the classic flow in the live service's words", async () => {
  const logins = { [SAML_ARN]: "PHNhbWw+" };
  expect(await refusal(logins)).toBe("Invalid login token. SAML logins are not supported.");
  const app = appClient(worker.endpoint);
  const minting = getOpenIdToken(app, await getId(app, identityPoolId), logins);
  expect((await refusalOf(minting, InvalidParameterException)).message).toBe(
    "Basic (classic) flow is not supported with SAML, please use enhanced flow.",
  );
  await expect.poll(() => worker.log()).toContain(`"reason":"${SAML_ARN}: saml-not-verified"`);
});

test("Digits may be configured and cannot be verified any more: its tokens are refused unread", async () => {
  expect(await refusal({ "www.digits.com": "token;secret" })).toBe(
    "Token is not from a supported provider of this identity pool.",
  );
});
