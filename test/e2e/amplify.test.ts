/**
 * Amplify for JavaScript with `identityPoolEndpoint`, as it runs in Node. What is not there yet: Amplify's session ends with
 * GetCredentialsForIdentity, which is not built, so fetchAuthSession gets as far as the identity id, and says why.
 */
import { Amplify, type ResourcesConfig } from "aws-amplify";
import { decodeJWT, fetchAuthSession } from "aws-amplify/auth";
import { CognitoAWSCredentialsAndIdentityIdProvider, DefaultIdentityIdStore } from "aws-amplify/auth/cognito";
import { ConsoleLogger } from "aws-amplify/utils";
import { decodeJwt } from "jose";
import { expect, inject, test } from "vitest";
import { adminClient, appClient, createPool, getId, getOpenIdToken, present } from "../support/cognito-clients.ts";
import { loginsOf, signIn } from "../support/development-sign-in.ts";

// Amplify warns of every endpoint that is not Amazon's.
ConsoleLogger.LOG_LEVEL = "ERROR";

const endpoint = inject("endpoint");
const identityPoolId = inject("identityPoolId");
const app = appClient(endpoint);

/** Where Amplify keeps the identity id; in a browser this is localStorage. */
function memoryStorage() {
  const entries = new Map<string, string>();
  return {
    entries,
    getItem: async (key: string) => entries.get(key) ?? null,
    setItem: async (key: string, value: string) => void entries.set(key, value),
    removeItem: async (key: string) => void entries.delete(key),
    clear: async () => entries.clear(),
  };
}

/** An app at its start: Amplify configured with our endpoint, and with the login of whoever is signed in elsewhere. */
function startApp(pool: string, storage = memoryStorage(), idToken?: string) {
  const config: ResourcesConfig = {
    Auth: { Cognito: { identityPoolId: pool, identityPoolEndpoint: endpoint, allowGuestAccess: true } },
  };
  const tokens = idToken === undefined ? null : { accessToken: decodeJWT(idToken), idToken: decodeJWT(idToken) };
  const tokenProvider = { getTokens: async () => tokens };
  const store = new DefaultIdentityIdStore(storage);
  const credentialsProvider = new CognitoAWSCredentialsAndIdentityIdProvider(store);
  Amplify.configure(config, { Auth: { tokenProvider, credentialsProvider } });
  return { storage, identityId: async () => (await store.loadIdentityId())?.id };
}

/** The end of every session until GetCredentialsForIdentity is built. */
const NO_CREDENTIALS_YET = { name: "UnknownOperationException" };

test("a guest's session obtains an identity id from the pool, and ends where credentials are not built yet", async () => {
  const { identityId } = startApp(identityPoolId);
  await expect(fetchAuthSession()).rejects.toMatchObject(NO_CREDENTIALS_YET);
  const guest = present(await identityId());
  const minted = await getOpenIdToken(app, guest);
  expect(decodeJwt(minted.token)).toMatchObject({ sub: guest, aud: identityPoolId, amr: ["unauthenticated"] });
});

test("a guest's next session uses the id that the first one stored", async () => {
  const first = startApp(identityPoolId);
  await expect(fetchAuthSession()).rejects.toMatchObject(NO_CREDENTIALS_YET);
  const next = startApp(identityPoolId, first.storage);
  await expect(fetchAuthSession()).rejects.toMatchObject(NO_CREDENTIALS_YET);
  expect(present(await next.identityId())).toBe(await first.identityId());
});

test("a signed-in user's session obtains the id that every other client of that login gets", async () => {
  const name = crypto.randomUUID();
  const { token } = await signIn(endpoint, name);
  const { identityId } = startApp(identityPoolId, memoryStorage(), token);
  await expect(fetchAuthSession()).rejects.toMatchObject(NO_CREDENTIALS_YET);
  const user = present(await identityId());
  const logins = await loginsOf(endpoint, name);
  expect(await getId(app, identityPoolId, logins)).toBe(user);
  expect(decodeJwt((await getOpenIdToken(app, user, logins)).token)["amr"]).toContain("authenticated");
});

test("a session in a pool without guests fails with the service's own exception and words", async () => {
  const pool = await createPool(adminClient(endpoint), { AllowUnauthenticatedIdentities: false });
  const { storage } = startApp(pool);
  await expect(fetchAuthSession()).rejects.toMatchObject({
    name: "NotAuthorizedException",
    message: "Unauthenticated access is not supported for this identity pool.",
  });
  expect(storage.entries.size).toBe(0);
});

test("a session in a pool that does not exist fails with the service's own exception and words", async () => {
  const pool = `us-east-1:${crypto.randomUUID()}`;
  startApp(pool);
  await expect(fetchAuthSession()).rejects.toMatchObject({
    name: "ResourceNotFoundException",
    message: `IdentityPool '${pool}' not found.`,
  });
});
