/** `ServerSideTokenCheck` of user pools through the AWS SDK, with a stand-in for GetId of Amazon's. */
import type { ServerResponse } from "node:http";
import {
  DescribeIdentityCommand,
  ExternalServiceException,
  NotAuthorizedException,
  UpdateIdentityPoolCommand,
} from "@aws-sdk/client-cognito-identity";
import { decodeJwt } from "jose";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
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
import { type CognitoOptions, cognitoStandIn } from "../support/provider-stand-ins.ts";
import { API_TROUBLES, serveStandIn, type StandInServer, type Trouble, wordsFor } from "../support/stand-in-server.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

type UserState = NonNullable<ReturnType<CognitoOptions["tokens"]["get"]>>;
type Logins = Readonly<Record<string, string>>;

const userPoolOf = (id: string) => `cognito-idp.us-east-1.amazonaws.com/${id}`;
const CHECKED = userPoolOf("us-east-1_Checked");
/** The setting names an identity pool that does not have it. */
const MISPLACED = userPoolOf("us-east-1_Misplaced");
/** The setting names an identity pool that is not there. */
const LOST = userPoolOf("us-east-1_Lost");
/** The setting does not name it. */
const UNNAMED = userPoolOf("us-east-1_Unnamed");
const USER_POOLS = [CHECKED, MISPLACED, LOST, UNNAMED];

const AMAZON_POOL = "us-east-1:aaaaaaaa-0000-4000-8000-000000000001";
const NO_POOL = "us-east-1:aaaaaaaa-0000-4000-8000-000000000002";
const REVOKED = "Invalid login token. Token has been revoked.";
const NOT_RESPONDING = "The identity provider is not responding.";
const THROTTLED: Trouble = [
  "throttles",
  (_, response) => {
    const head = { "content-type": "application/x-amz-json-1.1", "x-amzn-errortype": "TooManyRequestsException:" };
    response.writeHead(400, head).end('{"__type":"TooManyRequestsException","message":"Rate exceeded"}');
  },
];
const PROVIDERS = [
  ...USER_POOLS.map((ProviderName) => ({ ProviderName, ClientId: "web", ServerSideTokenCheck: true })),
  { ProviderName: CHECKED, ClientId: "backend", ServerSideTokenCheck: false },
];

const tokens = new Map<string, UserState>();
const userPools = new Map<string, LoopbackIssuer>();
let web: LoopbackIssuer;
let cognito: StandInServer;
let worker: RunningWorker;
let identityPoolId: string;

beforeAll(async () => {
  await Promise.all(
    USER_POOLS.map(async (name) => {
      userPools.set(name, await startLoopbackIssuer({ issuer: `https://${name}` }));
    }),
  );
  web = await startLoopbackIssuer({ algorithm: "ES256" });
  cognito = await serveStandIn(() => cognitoStandIn({ identityPools: new Map([[AMAZON_POOL, [CHECKED]]]), tokens }));
  const standIns = [...userPools.values()].map(({ issuer, address }) => [issuer, address] as const);
  worker = await startWorker({
    settings: {
      DEVELOPMENT_UPSTREAMS: JSON.stringify({
        ...Object.fromEntries(standIns),
        "https://cognito-identity.us-east-1.amazonaws.com": cognito.address,
      }),
      TOKEN_CHECK_POOLS: JSON.stringify({
        "us-east-1_Checked": AMAZON_POOL,
        "us-east-1_Misplaced": AMAZON_POOL,
        "us-east-1_Lost": NO_POOL,
      }),
    },
  });
  identityPoolId = await createPool(adminClient(worker.endpoint), {
    CognitoIdentityProviders: PROVIDERS,
    SupportedLoginProviders: { [web.providerName]: "app" },
  });
});

afterEach(() => {
  cognito.fail(undefined);
});

afterAll(async () => {
  await worker.stop();
  await Promise.all([...userPools.values(), web, cognito].map(async (server) => await server.close()));
});

const app = () => appClient(worker.endpoint, { maxAttempts: 1 });

/** A fresh ID token of this user, who is signed in. */
async function signIn(sub: string, { name = CHECKED, aud = "web" } = {}): Promise<Logins> {
  const token = await present(userPools.get(name)).loginToken({ sub, aud, token_use: "id" });
  tokens.set(token, "signed in");
  return { [name]: token };
}

/** What the user has done since a login was made. */
function become(state: UserState, login: Logins): void {
  for (const token of Object.values(login)) tokens.set(token, state);
}

async function webLogin(sub: string): Promise<Logins> {
  return { [web.providerName]: await web.loginToken({ sub, aud: "app" }) };
}

/** Messages of GetId with the logins, and of GetOpenIdToken for the identity with them, that both end in this exception. */
async function refusalsOf(
  identityId: string,
  logins: Logins,
  type: abstract new (...parameters: never[]) => Error,
): Promise<readonly string[]> {
  const calls = [getId(app(), identityPoolId, logins), getOpenIdToken(app(), identityId, logins)];
  const refusals = await Promise.all(calls.map(async (call) => await refusalOf(call, type)));
  return refusals.map(({ message }) => message);
}

describe("a user who is signed in", () => {
  test("gets an identity and tokens, at the price of one question to Amazon in each call", async () => {
    const sub = crypto.randomUUID();
    const before = cognito.requests.length;
    const identityId = await getId(app(), identityPoolId, await signIn(sub));
    const { identityId: minted, token } = await getOpenIdToken(app(), identityId, await signIn(sub));
    expect(minted).toBe(identityId);
    expect(decodeJwt(token)["amr"]).toEqual(["authenticated", CHECKED, `${CHECKED}:CognitoSignIn:${sub}`]);
    expect(cognito.requests.slice(before)).toEqual(["/", "/"]);
  });

  test("is asked about once when a guest becomes that user, and once more with the same token", async () => {
    const login = await signIn(crypto.randomUUID());
    const guest = await getId(app(), identityPoolId);
    const before = cognito.requests.length;
    expect((await getOpenIdToken(app(), guest, login)).identityId).toBe(guest);
    expect(cognito.requests.length - before).toBe(1);
    expect((await getOpenIdToken(app(), guest, login)).identityId).toBe(guest);
    expect(cognito.requests.length - before).toBe(2);
  });
});

describe.each(["signed out", "deleted"] as const)("a user who is %s", (state) => {
  test("is refused with a token that was good a moment ago", async () => {
    const login = await signIn(crypto.randomUUID());
    const identityId = await getId(app(), identityPoolId, login);
    expect((await getOpenIdToken(app(), identityId, login)).identityId).toBe(identityId);
    become(state, login);
    expect(await refusalsOf(identityId, login, NotAuthorizedException)).toEqual([REVOKED, REVOKED]);
  });

  test("is linked to nothing, and neither is what came along", async () => {
    const [sub, other] = [crypto.randomUUID(), crypto.randomUUID()];
    const both = { ...(await signIn(sub)), ...(await webLogin(other)) };
    become(state, both);
    const guest = await getId(app(), identityPoolId);
    expect(await refusalsOf(guest, both, NotAuthorizedException)).toEqual([REVOKED, REVOKED]);
    const described = await adminClient(worker.endpoint).send(new DescribeIdentityCommand({ IdentityId: guest }));
    expect(described.Logins ?? []).toEqual([]);
    // Still a guest: it needs no login, which one that was linked once always does.
    expect((await getOpenIdToken(app(), guest)).identityId).toBe(guest);
    expect(await getId(app(), identityPoolId, await webLogin(other))).not.toBe(guest);
  });
});

test("a user who signs in again after the sign-out is the same identity", async () => {
  const sub = crypto.randomUUID();
  const old = await signIn(sub);
  const identityId = await getId(app(), identityPoolId, old);
  become("signed out", old);
  await refusalOf(getOpenIdToken(app(), identityId, old), NotAuthorizedException);
  expect((await getOpenIdToken(app(), identityId, await signIn(sub))).identityId).toBe(identityId);
});

test("invariant issuers-are-apart: while Amazon does not answer about one user, all who need no answer are served", async () => {
  const login = await signIn(crypto.randomUUID());
  const hung = Promise.withResolvers<ServerResponse>();
  cognito.fail((_, response) => hung.resolve(response));
  let isAnswered = false;
  const waiting = refusalOf(getId(app(), identityPoolId, login), ExternalServiceException);
  const answered = waiting.finally(() => (isAnswered = true));
  const response = await hung.promise;
  const unchecked = await signIn(crypto.randomUUID(), { aud: "backend" });
  for (const other of [await webLogin(crypto.randomUUID()), unchecked]) {
    const identityId = await getId(app(), identityPoolId, other);
    expect((await getOpenIdToken(app(), identityId, other)).identityId).toBe(identityId);
  }
  await getId(app(), identityPoolId);
  expect(isAnswered).toBe(false);
  response.destroy();
  expect((await answered).message).toBe(NOT_RESPONDING);
});

describe("nobody asks Amazon", () => {
  test.each([
    ["about a client of the same user pool without the check", { aud: "backend" }],
    ["about a user pool that the setting does not name", { name: UNNAMED }],
  ])("%s, whose tokens are good until they expire", async (_, options) => {
    const login = await signIn(crypto.randomUUID(), options);
    become("signed out", login);
    const before = cognito.requests.length;
    const identityId = await getId(app(), identityPoolId, login);
    expect((await getOpenIdToken(app(), identityId, login)).identityId).toBe(identityId);
    expect(cognito.requests.length).toBe(before);
  });

  test("T28: about a token that the user pool did not sign", async () => {
    const forger = await startLoopbackIssuer({ issuer: `https://${CHECKED}` });
    const login = { [CHECKED]: await forger.loginToken({ sub: "ann", aud: "web", token_use: "id" }) };
    await forger.close();
    const before = cognito.requests.length;
    const refusal = await refusalOf(getId(app(), identityPoolId, login), NotAuthorizedException);
    expect(refusal.message).toBe("Invalid login token. Couldn't verify signed token.");
    expect(cognito.requests.length).toBe(before);
  });
});

describe("Amazon in trouble", () => {
  test.each([THROTTLED, ...API_TROUBLES])(
    "answers ExternalServiceException when it %s, and everybody else goes on meanwhile",
    async (_, trouble) => {
      const sub = crypto.randomUUID();
      const login = await signIn(sub);
      const guest = await getId(app(), identityPoolId);
      cognito.fail(trouble);
      expect(await refusalsOf(guest, login, ExternalServiceException)).toEqual([wordsFor(trouble), wordsFor(trouble)]);
      const other = await getId(app(), identityPoolId, await webLogin(sub));
      expect((await getOpenIdToken(app(), other, await webLogin(sub))).identityId).toBe(other);
      const unchecked = await signIn(crypto.randomUUID(), { aud: "backend" });
      expect(await getId(app(), identityPoolId, unchecked)).toMatch(/^us-east-1:/);
      cognito.fail(undefined);
      expect((await getOpenIdToken(app(), guest, login)).identityId).toBe(guest);
    },
  );
});

describe("a setting that names the wrong identity pool", () => {
  test.each([
    ["without the user pool", MISPLACED, "wrong pool in TOKEN_CHECK_POOLS"],
    ["that is not there", LOST, "unknown pool in TOKEN_CHECK_POOLS"],
  ])("one %s: lets nobody in, blames no token, and says so in the log", async (_, name, reason) => {
    const login = await signIn(crypto.randomUUID(), { name });
    const refusal = await refusalOf(getId(app(), identityPoolId, login), ExternalServiceException);
    expect(refusal.message).toBe("The identity provider's answer could not be used.");
    await expect.poll(() => worker.log()).toContain(`"reason":"${name}: upstream-unusable (${reason})"`);
    // The others of the same pool are not harmed.
    expect(await getId(app(), identityPoolId, await webLogin(crypto.randomUUID()))).toMatch(/^us-east-1:/);
  });
});

test("the log says why a login was refused, counts the calls out, and holds no token and no user", async () => {
  const sub = crypto.randomUUID();
  const login = await signIn(sub);
  const before = worker.log().length;
  await getId(app(), identityPoolId, login);
  become("signed out", login);
  await refusalOf(getId(app(), identityPoolId, login), NotAuthorizedException);
  await expect.poll(() => worker.log().slice(before)).toContain(`"reason":"${CHECKED}: signed-out"`);
  const log = worker.log().slice(before);
  for (const outcome of [200, 400]) {
    expect(log).toContain(`"upstream asked","provider":"${CHECKED}","outcome":${outcome},`);
  }
  for (const secret of [present(login[CHECKED]), sub]) expect(log).not.toContain(secret);
});

test("a check that is not made is in the log when a pool is made, and again when it is changed", async () => {
  const admin = adminClient(worker.endpoint);
  const madeId = await createPool(admin, { CognitoIdentityProviders: PROVIDERS });
  const line = `{"event":"server-side-token-check-not-made","identityPoolId":"${madeId}","userPools":["${UNNAMED}"]}`;
  const timesLogged = () => worker.log().split(line).length - 1;
  await expect.poll(timesLogged).toBe(1);
  const changed = { IdentityPoolId: madeId, IdentityPoolName: "changed", AllowUnauthenticatedIdentities: false };
  await admin.send(new UpdateIdentityPoolCommand({ ...changed, CognitoIdentityProviders: PROVIDERS }));
  await expect.poll(timesLogged).toBe(2);
});
