/** `ServerSideTokenCheck` of user pools: who is asked about whom, how the answer is judged, and what trouble of it means. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import type { Config } from "../../../src/config.ts";
import { IsolateCache } from "../../../src/domain/isolate-cache.ts";
import { createIssuerKeys, type IssuerEntry } from "../../../src/key-sets/issuer-keys.ts";
import { mayAskProviders } from "../../../src/providers/provider-kinds.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import { makeSigningKey, type SigningKey, signToken } from "../../support/login-tokens.ts";
import { awsError, cognitoStandIn, type CognitoOptions, type StandIn } from "../../support/provider-stand-ins.ts";
import {
  attempt,
  loggedOutcome,
  NOT_VERIFIED,
  NOW,
  type Outcome,
  TROUBLES,
  troubleOf,
  UNREACHABLE,
  UNUSABLE,
} from "./access-token-logins.ts";

const USER_POOL = "cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Checked";
const SECOND = "cognito-idp.us-west-2.amazonaws.com/us-west-2_Second";
const UNNAMED = "cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Unnamed";
const POOL = "us-east-1:aaaaaaaa-0000-4000-8000-000000000001";
const SECOND_POOL = "us-west-2:bbbbbbbb-0000-4000-8000-000000000002";
const GET_ID = "POST https://cognito-identity.us-east-1.amazonaws.com/";
const REVOKED = "NotAuthorizedException: Invalid login token. Token has been revoked.";
const SIGNED_OUT = { answer: REVOKED, reason: `${USER_POOL}: signed-out`, asked: [GET_ID] };
const DEADLINE_MS = 5000;

const POOLS = { "eu-central-1_Checked": POOL, "us-west-2_Second": SECOND_POOL };
const CLIENTS = [
  { providerName: USER_POOL, clientId: "web", serverSideTokenCheck: true },
  { providerName: USER_POOL, clientId: "backend", serverSideTokenCheck: false },
  { providerName: USER_POOL, clientId: "old" },
  { providerName: USER_POOL, clientId: "twice", serverSideTokenCheck: false },
  { providerName: USER_POOL, clientId: "twice", serverSideTokenCheck: true },
  { providerName: SECOND, clientId: "web", serverSideTokenCheck: true },
  { providerName: UNNAMED, clientId: "web", serverSideTokenCheck: true },
];

type UserState = NonNullable<ReturnType<CognitoOptions["tokens"]["get"]>>;

const identityPools = new Map([
  [POOL, [USER_POOL]],
  [SECOND_POOL, [SECOND]],
]);
const tokens = new Map<string, UserState>();
const cognito = cognitoStandIn({ identityPools, tokens });
const cache = new IsolateCache<IssuerEntry>(100);
const issuerKeys = createIssuerKeys(
  (issuer) => env.ISSUER_KEYS.getByName(issuer),
  cache,
  () => Date.now() / 1000,
  () => 0,
);

let key: SigningKey;
let forger: SigningKey;

type Login = {
  readonly providerName?: string;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly signer?: SigningKey;
  readonly state?: UserState;
  readonly standIn?: StandIn;
  readonly keys?: Pick<typeof issuerKeys, "find">;
  readonly pools?: Readonly<Record<string, string>>;
  readonly supported?: Readonly<Record<string, string>>;
};

async function tokenOf({ providerName = USER_POOL, claims = {}, signer = key, state = "signed in" }: Login) {
  const genuine = { iss: `https://${providerName}`, aud: "web", sub: "user-1", token_use: "id", iat: NOW };
  const token = await signToken(signer, { ...genuine, exp: NOW + 3600, ...claims });
  tokens.set(token, state);
  return token;
}

async function login(options: Login = {}, given?: string): Promise<Outcome> {
  const { providerName = USER_POOL, standIn = cognito, keys = issuerKeys, pools = POOLS, supported } = options;
  const token = given ?? (await tokenOf(options));
  return await attempt({
    providerName,
    token,
    standIn,
    issuerKeys: keys,
    settings: { TOKEN_CHECK_POOLS: JSON.stringify(pools) },
    pool: {
      cognitoIdentityProviders: CLIENTS,
      ...(supported !== undefined && { supportedLoginProviders: supported }),
    },
  });
}

const accepted = (name = USER_POOL) => [name, `${name}:CognitoSignIn:user-1`];
const answering = (response: () => Response): StandIn => {
  return async () => await Promise.resolve(response());
};
const saying = (body: object, status = 200): StandIn => answering(() => Response.json(body, { status }));

beforeAll(async () => {
  [key, forger] = await Promise.all([makeSigningKey("RS256", "key-1"), makeSigningKey("RS256", "key-1")]);
});

beforeEach(async () => {
  const upstream = new FakeUpstream().install();
  for (const name of [USER_POOL, SECOND, UNNAMED]) {
    upstream.serve(`https://${name}/.well-known/jwks.json`, () => Response.json({ keys: [key.publicJwk] }));
    // From here on the keys are in memory: whatever a login waits for is the check.
    await login({ providerName: name, pools: {} });
  }
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

describe("a login of a user pool with the check", () => {
  it("T47: is known to cost a question under every spelling of the user pool's name", () => {
    const apis: Config["providerApis"] = {
      facebookGraphUrl: "https://graph.facebook.com",
      amazonApiUrl: "https://api.amazon.com",
      twitterApiUrl: "https://api.twitter.com",
      facebookAppSecrets: new Map(),
      tokenCheckPools: new Map(Object.entries(POOLS)),
    };
    for (const name of [USER_POOL, `issuer-${USER_POOL}`, `${USER_POOL}/`, `issuer-${USER_POOL}/`]) {
      expect(mayAskProviders([name], apis)).toBe(true);
    }
    expect(mayAskProviders([UNNAMED, `issuer-${UNNAMED}/`, "accounts.google.com/"], apis)).toBe(false);
  });

  it("is asked about under the name of the issuer that made its token, whatever key it came under", async () => {
    const names = [USER_POOL, `issuer-${USER_POOL}`];
    const upstream = new FakeUpstream().install();
    for (const name of names) upstream.serveIssuer(`https://${name}`, [key.publicJwk]);
    for (const iss of names) {
      for (const providerName of names) {
        const asked: unknown[] = [];
        const standIn: StandIn = async (request) => {
          asked.push(await request.clone().json());
          return await cognitoStandIn({ identityPools: new Map([[POOL, names]]), tokens })(request);
        };
        const options = { providerName, claims: { iss: `https://${iss}` } };
        const token = await tokenOf(options);
        expect(await login({ ...options, standIn }, token)).toMatchObject({ answer: accepted(), asked: [GET_ID] });
        expect(asked).toEqual([{ IdentityPoolId: POOL, Logins: { [iss]: token } }]);
        const signedOut = await tokenOf({ ...options, claims: { ...options.claims, jti: "2" }, state: "signed out" });
        expect(await login({ ...options, standIn }, signedOut)).toMatchObject(SIGNED_OUT);
      }
    }
  });

  it("stands while the user is signed in, at the cost of one call that is counted and logged", async () => {
    expect(await login()).toEqual({
      answer: accepted(),
      reason: undefined,
      asked: [GET_ID],
      waits: 1,
      logged: [`${USER_POOL} 200`],
    });
  });

  it("asks GetId of the identity pool that knows the user pool, unsigned, with that one login", async () => {
    const seen: unknown[] = [];
    const token = await tokenOf({});
    const standIn: StandIn = async (request) => {
      const { "content-type": type, "x-amz-target": target, ...more } = Object.fromEntries(request.headers);
      seen.push(type, target, Object.keys(more), await request.clone().json());
      return await cognito(request);
    };
    expect((await login({ standIn }, token)).answer).toEqual(accepted());
    expect(seen).toEqual([
      "application/x-amz-json-1.1",
      "AWSCognitoIdentityService.GetId",
      ["accept", "user-agent"],
      { IdentityPoolId: POOL, Logins: { [USER_POOL]: token } },
    ]);
  });

  it.each(["signed out", "deleted"] as const)("is refused when the user is %s", async (state) => {
    expect(await login({ state })).toMatchObject({ ...SIGNED_OUT, waits: 1, logged: [`${USER_POOL} 400`] });
  });

  it("is checked each time: a token that was good a moment ago is refused after the sign-out", async () => {
    const token = await tokenOf({});
    expect((await login({}, token)).answer).toEqual(accepted());
    tokens.set(token, "signed out");
    expect(await login({}, token)).toMatchObject(SIGNED_OUT);
  });

  it("asks about each user pool where the setting says", async () => {
    expect(await login({ providerName: SECOND })).toMatchObject({
      answer: accepted(SECOND),
      asked: ["POST https://cognito-identity.us-west-2.amazonaws.com/"],
    });
  });

  it.each([
    ["eu-west-1", "cognito-identity.eu-west-1.amazonaws.com"],
    ["ap-southeast-3", "cognito-identity.ap-southeast-3.amazonaws.com"],
    ["us-gov-west-1", "cognito-identity.us-gov-west-1.amazonaws.com"],
    ["cn-north-1", "cognito-identity.cn-north-1.amazonaws.com.cn"],
  ])("asks an identity pool of %s at %s", async (region, host) => {
    const pools = { "eu-central-1_Checked": `${region}:aaaaaaaa-0000-4000-8000-000000000001` };
    const outcome = await login({ pools, standIn: saying({ IdentityId: `${region}:1` }) });
    expect(outcome).toMatchObject({ answer: accepted(), asked: [`POST https://${host}/`] });
  });
});

describe("nobody is asked about a login", () => {
  it.each([
    ["of a client without the check", { claims: { aud: "backend" } }],
    ["of a client that says nothing of it", { claims: { aud: "old" } }],
    ["of a user pool that the setting does not name", { providerName: UNNAMED }],
    ["where the setting is not there", { pools: {} }],
  ])("%s, which stands", async (_, options: Login) => {
    const outcome = await login({ ...options, state: "signed out" });
    expect(outcome).toMatchObject({ answer: accepted(options.providerName), asked: [], waits: 0, logged: [] });
  });

  it("T28: that is forged, which is refused once the user pool has no newer key", async () => {
    expect(await login({ signer: forger })).toMatchObject({ answer: NOT_VERIFIED, asked: [], waits: 1 });
  });

  const bad: readonly (readonly [what: string, login: Login, answer: unknown])[] = [
    [
      "that has expired",
      { claims: { exp: NOW - 60 } },
      `NotAuthorizedException: Invalid login token. Token expired: ${NOW} >= ${NOW - 60}`,
    ],
    ["of another client", { claims: { aud: "stranger" } }, expect.stringContaining("supported provider")],
    ["of another user pool", { claims: { iss: `https://${SECOND}` } }, expect.stringContaining("Issuer doesn't match")],
    ["with an access token", { claims: { token_use: "access" } }, expect.stringContaining("Not a valid OpenId")],
  ];
  it.each(bad)("T28: %s, which is refused", async (_, options, answer) => {
    expect(await login(options)).toMatchObject({ answer, asked: [], waits: 0 });
  });
});

describe("a client that a pool has twice is checked", () => {
  it("when either entry says so", async () => {
    expect(await login({ claims: { aud: "twice" }, state: "signed out" })).toMatchObject(SIGNED_OUT);
  });

  it("also when the user pool is a provider by its name, too", async () => {
    const supported = { [USER_POOL]: "web" };
    expect(await login({ supported, state: "signed out" })).toMatchObject(SIGNED_OUT);
    expect((await login({ supported })).answer).toEqual([USER_POOL, `${USER_POOL}:web:user-1`]);
  });
});

describe("the answer of GetId", () => {
  it.each([
    ["com.amazonaws.cognito.identity.model#NotAuthorizedException", 400],
    ["NotAuthorizedException:http://internal.amazon.com/coral/com.amazonaws.coral.service/", 400],
    ["a#NotAuthorizedException:http://b#c", 400],
    ["NotAuthorizedException", 403],
  ])("is a no in every spelling that AWS has: %s, %i", async (type, status) => {
    const standIn = answering(() => awsError(type, "Invalid login token.", status));
    expect(await login({ standIn })).toMatchObject(SIGNED_OUT);
  });

  it("is a no without a message, too", async () => {
    expect(await login({ standIn: saying({ __type: "NotAuthorizedException" }, 400) })).toMatchObject(SIGNED_OUT);
  });

  const troubles: readonly (readonly [type: string, message: string, status: number, reason: string])[] = [
    ["TooManyRequestsException", "Rate exceeded", 400, "throttled"],
    ["TooManyRequestsException", "Rate exceeded", 429, "status 429"],
    ["InternalErrorException", "Internal error", 400, "internal error"],
    ["InternalErrorException", "Internal error", 500, "status 500"],
    ["InvalidParameterException", "s3cret", 400, "invalid parameter"],
    ["ResourceConflictException", "s3cret", 400, "answer"],
    ["AccessDeniedException", "User: anonymous is not authorized", 400, "answer"],
    ["NotAuthorizedExceptions", "s3cret", 400, "answer"],
    ["s3cret", "NotAuthorizedException", 400, "answer"],
    ["NotAuthorizedException", "s3cret", 500, "status 500"],
  ];
  it.each(troubles)("T31: is trouble when it is %s (%s, %i)", async (type, message, status, reason) => {
    const outcome = await login({ standIn: answering(() => awsError(type, message, status)) });
    expect(outcome).toMatchObject({ ...troubleOf(USER_POOL, reason), asked: [GET_ID] });
  });

  it.each([{}, { IdentityId: 7 }, { IdentityId: null }, { identityId: "us-east-1:1" }, ["us-east-1:1"]])(
    "is trouble when it is %j in place of an identity id",
    async (body) => {
      expect((await login({ standIn: saying(body) })).answer).toBe(UNUSABLE);
    },
  );

  it.each([{ __type: ["NotAuthorizedException"] }, { __type: 7 }, { type: "NotAuthorizedException" }])(
    "is trouble when it is %j in place of an exception",
    async (body) => {
      expect((await login({ standIn: saying(body, 400) })).answer).toBe(UNUSABLE);
    },
  );

  it("T46: never reaches the client or the log in its own words", async () => {
    for (const type of ["NotAuthorizedException", "s3cret#s3cret:s3cret", "InvalidParameterException"]) {
      const outcome = await login({ standIn: answering(() => awsError(type, "s3cret")) });
      expect(JSON.stringify(outcome)).not.toMatch(/s3cret|user-1|eyJ/);
    }
  });
});

describe("a setting that names the wrong identity pool", () => {
  const UNKNOWN = "unknown pool in TOKEN_CHECK_POOLS";
  const WRONG = "wrong pool in TOKEN_CHECK_POOLS";
  const notAuthorized = (message: string) => answering(() => awsError("NotAuthorizedException", message));

  it.each([
    ["one that is not there", UNKNOWN, { pools: { "eu-central-1_Checked": POOL.replace(/.$/, "9") } }],
    ["one that does not have the user pool", WRONG, { pools: { "eu-central-1_Checked": SECOND_POOL } }],
    [
      "one without providers",
      WRONG,
      { standIn: notAuthorized(`Identity pool - ${POOL} does not have identity providers configured.`) },
    ],
    [
      "one that knows guests alone",
      WRONG,
      { standIn: notAuthorized("Unauthenticated access is not supported for this identity pool.") },
    ],
  ])("blames no token: %s", async (_, reason, options: Login) => {
    expect(await login(options)).toMatchObject(troubleOf(USER_POOL, reason));
  });
});

describe("the check in trouble", () => {
  it.each(TROUBLES)("T31: lets nobody in when GetId %s", async (_, reason, standIn) => {
    const outcome = await login({ standIn });
    expect(outcome).toMatchObject({ ...troubleOf(USER_POOL, reason), asked: [GET_ID], waits: 1 });
    expect(outcome.logged).toEqual([expect.stringMatching(loggedOutcome(USER_POOL, reason))]);
    expect((await login()).answer).toEqual(accepted());
  });

  it("T25: is given up after five seconds, and not before", async () => {
    const asked = Promise.withResolvers<void>();
    const standIn: StandIn = () => {
      asked.resolve();
      return new Promise(() => undefined);
    };
    vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
    let outcome: Outcome | undefined;
    const pending = login({ standIn }).then((value) => (outcome = value));
    await asked.promise;
    await vi.advanceTimersByTimeAsync(DEADLINE_MS - 1);
    expect(outcome).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(await pending).toMatchObject({
      answer: UNREACHABLE,
      reason: `${USER_POOL}: upstream-unreachable (deadline)`,
      logged: [`${USER_POOL} deadline`],
    });
  });

  it("T25: has one deadline with the keys of the user pool", async () => {
    const [sought, asked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    const standIn: StandIn = () => {
      asked.resolve();
      return new Promise(() => undefined);
    };
    const slowKeys: Pick<typeof issuerKeys, "find"> = {
      async find(request) {
        sought.resolve();
        await new Promise((resolve) => setTimeout(resolve, 4900));
        return await issuerKeys.find(request);
      },
    };
    vi.useFakeTimers({ toFake: ["performance", "setTimeout", "clearTimeout"] });
    let outcome: Outcome | undefined;
    const pending = login({ standIn, keys: slowKeys }).then((value) => (outcome = value));
    await sought.promise;
    await vi.advanceTimersByTimeAsync(4900);
    await asked.promise;
    await vi.advanceTimersByTimeAsync(99);
    expect(outcome).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(await pending).toMatchObject({ answer: UNREACHABLE });
  });
});
