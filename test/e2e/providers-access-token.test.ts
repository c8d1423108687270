/** Facebook, Login with Amazon and Twitter through the AWS SDK, against stand-ins that answer as the providers publish it. */
import {
  DescribeIdentityPoolCommand,
  ExternalServiceException,
  GetOpenIdTokenForDeveloperIdentityCommand,
  LookupDeveloperIdentityCommand,
  MergeDeveloperIdentitiesCommand,
  NotAuthorizedException,
  ResourceConflictException,
  UnlinkDeveloperIdentityCommand,
} from "@aws-sdk/client-cognito-identity";
import { decodeJwt } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { LOCAL_CREDENTIAL } from "../../src/development/local-credential.ts";
import {
  adminClient,
  appClient,
  createPool,
  getId,
  getOpenIdToken,
  present,
  refusalOf,
} from "../support/cognito-clients.ts";
import { type LoopbackIssuer, startLoopbackIssuer } from "../support/loopback-issuer.ts";
import {
  amazonStandIn,
  type AmazonToken,
  facebookStandIn,
  type FacebookToken,
  twitterStandIn,
} from "../support/provider-stand-ins.ts";
import { API_TROUBLES, serveStandIn, SLOW_TROUBLES, type StandInServer, wordsFor } from "../support/stand-in-server.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

const FACEBOOK_APP = "1234567890";
const SECRET_APP = "2345678901";
const APP_SECRET = "0123456789abcdef0123456789abcdef";
const AMAZON_CLIENT = "amzn1.application-oa2-client.1";
const AMAZON_APP = "amzn1.application.1";
const CONSUMER = { consumerKey: "consumer-key", consumerSecret: "consumer-secret" };
const DEVELOPER = "login.backend.example";
/** May do for developer users what a backend must, and nothing else; and the same for pools that are not here. */
const BACKEND = { accessKeyId: "backend", secretAccessKey: "backend-secret-of-some-length" };
const OTHER_BACKEND = { accessKeyId: "other", secretAccessKey: "other-secret-of-some-length" };
const BACKEND_OPERATIONS = [
  "GetOpenIdTokenForDeveloperIdentity",
  "LookupDeveloperIdentity",
  "MergeDeveloperIdentities",
  "UnlinkDeveloperIdentity",
];
const MISMATCH = "Token is not from a supported provider of this identity pool.";
const NOT_VERIFIED = "Invalid login token. Couldn't verify signed token.";
const EXPIRED = "Invalid login token. Token is expired.";

const facebookTokens = new Map<string, FacebookToken>();
const amazonTokens = new Map<string, AmazonToken>();
const twitterTokens = new Map<string, { secret: string; userId: string; code?: number }>();
let facebook: StandInServer;
let amazon: StandInServer;
let twitter: StandInServer;
let web: LoopbackIssuer;
let worker: RunningWorker;
let identityPoolId: string;
let count = 0;

type Provider = {
  readonly name: string;
  /** What stands before the user id in the long form of amr. */
  readonly amrPrefix: string;
  readonly server: () => StandInServer;
  /** A fresh login token of this user, as the provider's SDK would get it. */
  readonly tokenFor: (userId: string) => string;
  /** Tokens that must be refused, each with its message. */
  readonly bad: readonly (readonly [what: string, token: () => string, message: string])[];
};

function newId(): string {
  count += 1;
  return `${Date.now()}${String(count).padStart(4, "0")}`;
}

function facebookToken(token: Omit<FacebookToken, "type">): string {
  const text = `EAA${newId()}`;
  facebookTokens.set(text, token);
  return text;
}

function amazonToken(token: Partial<AmazonToken>): string {
  const text = `Atza|${newId()}`;
  amazonTokens.set(text, { aud: AMAZON_CLIENT, appId: AMAZON_APP, userId: "amzn1.account.X", ...token });
  return text;
}

function twitterToken(userId: string, more: { code?: number } = {}): string {
  const [token, secret] = [`${newId()}-t`, `s.${newId()}`];
  twitterTokens.set(token, { secret, userId, ...more });
  return `${token};${secret}`;
}

const FACEBOOK: Provider = {
  name: "graph.facebook.com",
  amrPrefix: `graph.facebook.com:${FACEBOOK_APP}`,
  server: () => facebook,
  tokenFor: (userId) => facebookToken({ appId: FACEBOOK_APP, userId }),
  bad: [
    ["forged", () => "EAAforged", NOT_VERIFIED],
    ["expired", () => facebookToken({ appId: FACEBOOK_APP, userId: newId(), subcode: 463 }), EXPIRED],
    ["of another app", () => facebookToken({ appId: "999", userId: newId() }), MISMATCH],
  ],
};

/** The same provider, for an app whose secret the service has. */
const FACEBOOK_WITH_SECRET: Provider = {
  ...FACEBOOK,
  amrPrefix: `graph.facebook.com:${SECRET_APP}`,
  tokenFor: (userId) => facebookToken({ appId: SECRET_APP, userId }),
  bad: [
    ["forged", () => "EAAforged", NOT_VERIFIED],
    ["expired", () => facebookToken({ appId: SECRET_APP, userId: newId(), subcode: 463 }), EXPIRED],
    ["of another app", () => facebookToken({ appId: "999", userId: newId() }), MISMATCH],
  ],
};

const AMAZON: Provider = {
  name: "www.amazon.com",
  amrPrefix: `www.amazon.com:${AMAZON_CLIENT}`,
  server: () => amazon,
  tokenFor: (userId) => amazonToken({ userId: `amzn1.account.${userId}` }),
  bad: [
    ["forged", () => "Atza|forged", NOT_VERIFIED],
    ["expired", () => amazonToken({ exp: 0 }), EXPIRED],
    [
      "of another app",
      () => amazonToken({ aud: "amzn1.application-oa2-client.2", appId: "amzn1.application.2" }),
      MISMATCH,
    ],
  ],
};

const TWITTER: Provider = {
  name: "api.twitter.com",
  amrPrefix: `api.twitter.com:${CONSUMER.consumerKey}`,
  server: () => twitter,
  tokenFor: (userId) => twitterToken(userId),
  bad: [
    // Twitter does not tell an expired token from one that never was.
    ["forged", () => "1-forged;secret", NOT_VERIFIED],
    ["expired", () => twitterToken(newId(), { code: 89 }), NOT_VERIFIED],
    ["under a wrong secret", () => `${twitterToken(newId())}x`, NOT_VERIFIED],
  ],
};

const PROVIDERS: readonly Provider[] = [FACEBOOK, FACEBOOK_WITH_SECRET, AMAZON, TWITTER];
const NAMED = PROVIDERS.map((provider) => [provider.amrPrefix, provider] as const);
const ONE_EACH = [FACEBOOK, AMAZON, TWITTER].map((provider) => [provider.name, provider] as const);

beforeAll(async () => {
  const appSecrets = new Map([[SECRET_APP, APP_SECRET]]);
  [facebook, amazon, twitter, web] = await Promise.all([
    serveStandIn(() => facebookStandIn({ tokens: facebookTokens, appSecrets, requireProof: new Set([SECRET_APP]) })),
    serveStandIn(() => amazonStandIn(amazonTokens)),
    serveStandIn((origin) => twitterStandIn({ ...CONSUMER, tokens: twitterTokens, origin })),
    startLoopbackIssuer({ algorithm: "ES256" }),
  ]);
  const credentials = [
    { ...LOCAL_CREDENTIAL, operations: "*", pools: "*" },
    { ...BACKEND, operations: BACKEND_OPERATIONS },
    { ...OTHER_BACKEND, operations: BACKEND_OPERATIONS, pools: ["us-east-1:00000000-0000-4000-8000-000000000000"] },
  ];
  worker = await startWorker({
    settings: {
      FACEBOOK_GRAPH_URL: facebook.address,
      AMAZON_API_URL: amazon.address,
      TWITTER_API_URL: twitter.address,
      FACEBOOK_APP_SECRETS: JSON.stringify({ [SECRET_APP]: APP_SECRET }),
      ADMIN_CREDENTIALS: JSON.stringify(credentials),
    },
  });
  identityPoolId = await createPool(adminClient(worker.endpoint), {
    DeveloperProviderName: DEVELOPER,
    SupportedLoginProviders: {
      "graph.facebook.com": `${FACEBOOK_APP};${SECRET_APP}`,
      "www.amazon.com": AMAZON_CLIENT,
      "api.twitter.com": `${CONSUMER.consumerKey};${CONSUMER.consumerSecret}`,
      [web.providerName]: "app",
    },
  });
});

afterAll(async () => {
  await worker.stop();
  await Promise.all([facebook.close(), amazon.close(), twitter.close(), web.close()]);
});

afterEach(() => {
  for (const { server } of PROVIDERS) server().fail(undefined);
});

const app = () => appClient(worker.endpoint, { maxAttempts: 1 });

async function webLogin(sub: string): Promise<Record<string, string>> {
  return { [web.providerName]: await web.loginToken({ sub, aud: "app" }) };
}

describe.each(NAMED)("%s", (_, provider) => {
  const loginOf = (userId: string) => ({ [provider.name]: provider.tokenFor(userId) });

  test("a first login makes an identity, and a returning one with a new token finds it", async () => {
    const userId = newId();
    const identityId = await getId(app(), identityPoolId, loginOf(userId));
    const { identityId: minted, token } = await getOpenIdToken(app(), identityId, loginOf(userId));
    expect(minted).toBe(identityId);
    const [authenticated, name, longForm, ...more] = present(decodeJwt<{ amr?: string[] }>(token).amr);
    expect([authenticated, name, more]).toEqual(["authenticated", provider.name, []]);
    expect(longForm).toMatch(
      new RegExp(`^${provider.amrPrefix.replaceAll(".", "\\.")}:(amzn1\\.account\\.)?${userId}$`),
    );
    expect(await getId(app(), identityPoolId, loginOf(userId))).toBe(identityId);
    expect(await getId(app(), identityPoolId, loginOf(newId()))).not.toBe(identityId);
  });

  test("a guest keeps its id, and a login of another provider is linked to it", async () => {
    const [userId, sub] = [newId(), newId()];
    const guest = await getId(app(), identityPoolId);
    expect((await getOpenIdToken(app(), guest, loginOf(userId))).identityId).toBe(guest);
    const both = { ...loginOf(userId), ...(await webLogin(sub)) };
    expect((await getOpenIdToken(app(), guest, both)).identityId).toBe(guest);
    expect(await getId(app(), identityPoolId, await webLogin(sub))).toBe(guest);
  });

  test("a second user on one identity, and a login that another identity has, are conflicts", async () => {
    const [userId, sub] = [newId(), newId()];
    const identityId = await getId(app(), identityPoolId, { ...loginOf(userId), ...(await webLogin(sub)) });
    const second = getOpenIdToken(app(), identityId, { ...(await webLogin(sub)), ...loginOf(newId()) });
    await refusalOf(second, ResourceConflictException);
    const other = await getId(app(), identityPoolId, await webLogin(newId()));
    await refusalOf(getOpenIdToken(app(), other, loginOf(userId)), NotAuthorizedException);
    const mine = await webLogin(newId());
    const own = await getId(app(), identityPoolId, mine);
    await refusalOf(getOpenIdToken(app(), own, { ...mine, ...loginOf(userId) }), ResourceConflictException);
    expect(await getId(app(), identityPoolId, loginOf(userId))).toBe(identityId);
  });

  test.each(provider.bad)("refuses a token that is %s", async (_what, token, message) => {
    const login = { [provider.name]: token() };
    expect((await refusalOf(getId(app(), identityPoolId, login), NotAuthorizedException)).message).toBe(message);
    const guest = await getId(app(), identityPoolId);
    expect((await refusalOf(getOpenIdToken(app(), guest, login), NotAuthorizedException)).message).toBe(message);
    expect((await getOpenIdToken(app(), guest)).identityId).toBe(guest);
  });
});

describe.each(ONE_EACH)("%s in trouble", (_, provider) => {
  test.each(API_TROUBLES)(
    "answers ExternalServiceException when it %s, and recovers with it",
    async (_what, trouble) => {
      const userId = newId();
      const login = { [provider.name]: provider.tokenFor(userId) };
      provider.server().fail(trouble);
      const refusal = await refusalOf(getId(app(), identityPoolId, login), ExternalServiceException);
      // Neither the provider's words nor its address.
      expect(refusal.message).toBe(wordsFor(trouble));
      const guest = await getId(app(), identityPoolId);
      await refusalOf(getOpenIdToken(app(), guest, login), ExternalServiceException);
      provider.server().fail(undefined);
      expect((await getOpenIdToken(app(), guest, login)).identityId).toBe(guest);
    },
  );
});

test("a provider that never answers is given up, and until then slows or breaks no other one", async () => {
  const logins = PROVIDERS.map(({ name, tokenFor }) => ({ [name]: tokenFor(newId()) }));
  const [facebookLogin = {}, , amazonLogin = {}, twitterLogin = {}] = logins;
  facebook.fail(SLOW_TROUBLES[0]?.[1]);
  amazon.fail(SLOW_TROUBLES[1]?.[1]);
  let givenUp = 0;
  const slow = [facebookLogin, amazonLogin].map(async (login) => {
    await refusalOf(getId(app(), identityPoolId, login), ExternalServiceException);
    givenUp += 1;
  });
  await Promise.all(
    Array.from({ length: 10 }, async () => await getId(app(), identityPoolId, await webLogin(newId()))),
  );
  expect(await getId(app(), identityPoolId, twitterLogin)).toMatch(/^us-east-1:/);
  // How long that takes is test/unit/providers/access-token-deadline.test.ts; here it counts who was there first.
  expect(givenUp).toBe(0);
  await Promise.all(slow);
  expect(givenUp).toBe(2);
});

test("Twitter refuses the token of another app, which another pool has", async () => {
  const otherPool = await createPool(adminClient(worker.endpoint), {
    SupportedLoginProviders: { "api.twitter.com": `other-key;${CONSUMER.consumerSecret}` },
  });
  const login = { [TWITTER.name]: TWITTER.tokenFor(newId()) };
  expect((await refusalOf(getId(app(), otherPool, login), NotAuthorizedException)).message).toBe(NOT_VERIFIED);
  expect(await getId(app(), identityPoolId, login)).toMatch(/^us-east-1:/);
});

test("one request with logins of several providers waits for them side by side, and fails as a whole", async () => {
  const userIds = [newId(), newId(), newId()];
  const logins = { ...(await webLogin(newId())) };
  for (const [index, provider] of [FACEBOOK, AMAZON, TWITTER].entries()) {
    logins[provider.name] = provider.tokenFor(userIds[index] ?? "");
  }
  amazon.fail(API_TROUBLES[1]?.[1]);
  await refusalOf(getId(app(), identityPoolId, logins), ExternalServiceException);
  amazon.fail(undefined);
  const identityId = await getId(app(), identityPoolId, logins);
  const { token } = await getOpenIdToken(app(), identityId, logins);
  expect(decodeJwt<{ amr?: string[] }>(token).amr).toHaveLength(9);
});

test("Facebook is asked by debug_token for an app whose secret is there, and by the token alone for the others", async () => {
  const before = facebook.requests.length;
  await getId(app(), identityPoolId, { [FACEBOOK.name]: FACEBOOK_WITH_SECRET.tokenFor(newId()) });
  await getId(app(), identityPoolId, { [FACEBOOK.name]: FACEBOOK.tokenFor(newId()) });
  expect(facebook.requests.slice(before)).toEqual(["/debug_token", "/me", "/debug_token", "/app", "/me"]);
});

test("no token, no secret and no user id is in the log; each call out is, with its provider and outcome", async () => {
  const userId = newId();
  const login = { [AMAZON.name]: AMAZON.tokenFor(userId) };
  await getId(app(), identityPoolId, login);
  amazon.fail(API_TROUBLES[1]?.[1]);
  await refusalOf(getId(app(), identityPoolId, login), ExternalServiceException);
  await expect.poll(() => worker.log()).toContain('"reason":"www.amazon.com: upstream-unreachable (status 429)"');
  const log = worker.log();
  expect(log).toMatch(/"upstream asked","provider":"www\.amazon\.com","outcome":200,/);
  expect(log).toMatch(/"upstream asked","provider":"www\.amazon\.com","outcome":"status 429",/);
  for (const secret of [present(login[AMAZON.name]), userId, CONSUMER.consumerSecret, APP_SECRET]) {
    expect(log).not.toContain(secret);
  }
});

test("the consumer secret is shown to an administrator, and is in no token", async () => {
  const { token } = await getOpenIdToken(app(), await getId(app(), identityPoolId), {
    [TWITTER.name]: TWITTER.tokenFor(newId()),
  });
  expect(JSON.stringify(decodeJwt(token))).not.toContain(CONSUMER.consumerSecret);
  const pool = await adminClient(worker.endpoint).send(
    new DescribeIdentityPoolCommand({ IdentityPoolId: identityPoolId }),
  );
  expect(pool.SupportedLoginProviders?.["api.twitter.com"]).toContain(CONSUMER.consumerSecret);
});

test("a backend's credential may do what a backend must for the pools that it names, and nothing else", async () => {
  const backend = adminClient(worker.endpoint, { credentials: BACKEND });
  const signIn = new GetOpenIdTokenForDeveloperIdentityCommand({
    IdentityPoolId: identityPoolId,
    Logins: { [DEVELOPER]: "u" },
  });
  const { IdentityId } = await backend.send(signIn);
  const lookUp = { IdentityPoolId: identityPoolId, DeveloperUserIdentifier: "u" };
  expect(await backend.send(new LookupDeveloperIdentityCommand(lookUp))).toMatchObject({ IdentityId });
  const users = { SourceUserIdentifier: "u", DestinationUserIdentifier: "u" };
  const names = { IdentityPoolId: identityPoolId, DeveloperProviderName: DEVELOPER };
  expect(await backend.send(new MergeDeveloperIdentitiesCommand({ ...names, ...users }))).toMatchObject({ IdentityId });
  const unlink = { ...names, IdentityId: present(IdentityId), DeveloperUserIdentifier: "u" };
  await backend.send(new UnlinkDeveloperIdentityCommand(unlink));

  const refused = [
    backend.send(new DescribeIdentityPoolCommand({ IdentityPoolId: identityPoolId })),
    adminClient(worker.endpoint, { credentials: OTHER_BACKEND }).send(signIn),
  ];
  const refusals = await Promise.all(refused.map(async (call) => await refusalOf(call, Error)));
  expect(refusals.map(({ name }) => name)).toEqual(["AccessDeniedException", "AccessDeniedException"]);
});
