/** Amplify for JavaScript with `identityPoolEndpoint`, as it runs in Node: sessions of guests and users, and each session used. */
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { Amplify, type ResourcesConfig } from "aws-amplify";
import { type AuthSession, decodeJWT, fetchAuthSession } from "aws-amplify/auth";
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

/** As STS names whoever has the credentials of a role. */
const sessionOf = (role: string) => `arn:aws:sts::000000000000:assumed-role/${role}/CognitoIdentityCredentials`;

/** The credentials of a session, used: the token service that gave them says whose they are. */
async function callerOf({ credentials }: AuthSession): Promise<string | undefined> {
  const sts = new STSClient({
    endpoint: `${endpoint}/development/sts`,
    region: "us-east-1",
    credentials: present(credentials),
  });
  return (await sts.send(new GetCallerIdentityCommand({}))).Arn;
}

test("a guest's session has credentials of the guests' role, and an identity of the pool", async () => {
  const { identityId } = startApp(identityPoolId);
  const session = await fetchAuthSession();
  expect(await callerOf(session)).toBe(sessionOf("edgepool-demo-guest"));
  expect(session.identityId).toBe(await identityId());
  const minted = await getOpenIdToken(app, present(session.identityId));
  expect(decodeJwt(minted.token)).toMatchObject({ aud: identityPoolId, amr: ["unauthenticated"] });
});

test("a session lives for longer than the 50 minutes that Amplify keeps it", async () => {
  startApp(identityPoolId);
  const { credentials } = await fetchAuthSession();
  expect(present(credentials?.expiration).getTime() - Date.now()).toBeGreaterThan(50 * 60 * 1000);
});

test("a guest's next session uses the id that the first one stored", async () => {
  const first = startApp(identityPoolId);
  const { identityId } = await fetchAuthSession();
  startApp(identityPoolId, first.storage);
  expect((await fetchAuthSession()).identityId).toBe(present(identityId));
});

test("a signed-in user's session has the users' role, and the id that every other client of that login gets", async () => {
  const name = crypto.randomUUID();
  const { token } = await signIn(endpoint, name);
  startApp(identityPoolId, memoryStorage(), token);
  const session = await fetchAuthSession();
  expect(await callerOf(session)).toBe(sessionOf("edgepool-demo-user"));
  expect(session.identityId).toBe(await getId(app, identityPoolId, await loginsOf(endpoint, name)));
});

test("a guest who signs in stays the same identity, and the session is the user's", async () => {
  const { storage } = startApp(identityPoolId);
  const { identityId } = await fetchAuthSession();
  const { token } = await signIn(endpoint, crypto.randomUUID());
  startApp(identityPoolId, storage, token);
  const session = await fetchAuthSession();
  expect(session.identityId).toBe(present(identityId));
  expect(await callerOf(session)).toBe(sessionOf("edgepool-demo-user"));
});

test("a session in a pool that has no role fails with the service's own exception and words", async () => {
  startApp(await createPool(adminClient(endpoint)));
  await expect(fetchAuthSession()).rejects.toMatchObject({
    name: "InvalidIdentityPoolConfigurationException",
    message: expect.stringContaining("Invalid identity pool configuration. Check assigned IAM roles for this pool."),
  });
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
