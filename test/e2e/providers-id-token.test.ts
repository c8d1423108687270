/** Every provider of ID tokens through the AWS SDK: the life of a login, and everything that must be refused. */
import {
  ExternalServiceException,
  NotAuthorizedException,
  ResourceConflictException,
} from "@aws-sdk/client-cognito-identity";
import { decodeJwt, exportJWK, generateKeyPair } from "jose";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { adminClient, appClient, createPool, getId, getOpenIdToken, refusalOf } from "../support/cognito-clients.ts";
import { type LoopbackIssuer, startLoopbackIssuer } from "../support/loopback-issuer.ts";
import { type RunningWorker, startWorker } from "../support/worker-process.ts";

const USER_POOL = "cognito-idp.eu-west-1.amazonaws.com/eu-west-1_Lifecycle";
const KEY_SET = "/.well-known/jwks.json";
const NOT_VERIFIED = "Invalid login token. Couldn't verify signed token.";
const WRONG_AUDIENCE = "Invalid login token. Incorrect token audience.";
const WRONG_CLIENT = "Token is not from a supported provider of this identity pool.";

const arnOf = (name: string) => `arn:aws:iam::123456789012:oidc-provider/${name}`;

type Provider = {
  readonly what: string;
  readonly name: string;
  readonly algorithm: string;
  readonly audiences: readonly string[];
  /** What stands before the subject in the long form of amr, by audience. */
  readonly amrPrefix: (audience: string) => string;
  readonly more?: Readonly<Record<string, unknown>>;
  readonly wrongAudience?: string;
  /** In a pool of its own, since one pool knows each name once. */
  readonly isApart?: true;
};

const PROVIDERS: readonly Provider[] = [
  {
    what: "Google by an ARN, for an app on several platforms",
    name: "accounts.google.com",
    algorithm: "RS256",
    audiences: [
      "web.apps.googleusercontent.com",
      "ios.apps.googleusercontent.com",
      "android.apps.googleusercontent.com",
    ],
    amrPrefix: () => `${arnOf("accounts.google.com")}:OIDC`,
  },
  {
    what: "Apple by an ARN, native and on the web",
    name: "appleid.apple.com",
    algorithm: "ES256",
    audiences: ["com.example.app", "com.example.web"],
    amrPrefix: () => `${arnOf("appleid.apple.com")}:OIDC`,
  },
  {
    what: "Google by its name, for an app on several platforms",
    name: "accounts.google.com",
    algorithm: "RS256",
    audiences: ["web.apps.googleusercontent.com", "ios.apps.googleusercontent.com"],
    amrPrefix: (audience) => `accounts.google.com:${audience}`,
    isApart: true,
  },
  {
    what: "Apple by its name, native and on the web",
    name: "appleid.apple.com",
    algorithm: "ES256",
    audiences: ["com.example.app", "com.example.web"],
    amrPrefix: (audience) => `appleid.apple.com:${audience}`,
    isApart: true,
  },
  {
    what: "a Cognito user pool",
    name: USER_POOL,
    algorithm: "RS256",
    audiences: ["1234567890abcdef"],
    amrPrefix: () => `${USER_POOL}:CognitoSignIn`,
    more: { token_use: "id" },
    wrongAudience: WRONG_CLIENT,
  },
  {
    what: "Facebook Limited Login",
    name: "www.facebook.com",
    algorithm: "RS256",
    audiences: ["1234567890"],
    amrPrefix: (audience) => `www.facebook.com:${audience}`,
  },
  {
    what: "any issuer by its name",
    name: "id.example.com/tenant",
    algorithm: "EdDSA",
    audiences: ["web", "ios"],
    amrPrefix: (audience) => `id.example.com/tenant:${audience}`,
  },
];

const issuers = new Map<string, LoopbackIssuer>();
const forgers = new Map<string, LoopbackIssuer>();
let second: LoopbackIssuer;
let badKeys: readonly LoopbackIssuer[];
let worker: RunningWorker;
let [commonPoolId, apartPoolId] = ["", ""];

const BAD_KEY_SETS = ["private.example.com", "symmetric.example.com", "twins.example.com"];

function found<T>(map: ReadonlyMap<string, T>, name: string): T {
  const value = map.get(name);
  if (value === undefined) throw new Error(`no ${name}`);
  return value;
}

beforeAll(async () => {
  await Promise.all(
    PROVIDERS.filter(({ isApart }) => isApart !== true).map(async ({ name, algorithm }) => {
      const issuer = `https://${name}`;
      issuers.set(name, await startLoopbackIssuer({ issuer, algorithm }));
      // The same claims, and a key of the same id that nobody has published.
      forgers.set(name, await startLoopbackIssuer({ issuer, algorithm }));
    }),
  );
  second = await startLoopbackIssuer({ algorithm: "ES256" });
  badKeys = await Promise.all(
    BAD_KEY_SETS.map(async (name) => await startLoopbackIssuer({ issuer: `https://${name}`, algorithm: "ES256" })),
  );
  const all = [...issuers.values(), ...badKeys];
  const byArn = PROVIDERS.filter(({ amrPrefix }) => amrPrefix("").startsWith("arn:"));
  worker = await startWorker({
    settings: {
      DEVELOPMENT_UPSTREAMS: JSON.stringify(Object.fromEntries(all.map(({ issuer, address }) => [issuer, address]))),
      OIDC_PROVIDERS: JSON.stringify(Object.fromEntries(byArn.map(({ name, audiences }) => [name, audiences]))),
    },
  });
  apartPoolId = await createPool(adminClient(worker.endpoint), {
    SupportedLoginProviders: {
      ...Object.fromEntries(
        PROVIDERS.filter(({ isApart }) => isApart).map(({ name, audiences }) => [name, audiences.join(";")]),
      ),
      [second.providerName]: "app",
    },
  });
  commonPoolId = await createPool(adminClient(worker.endpoint), {
    OpenIdConnectProviderARNs: byArn.map(({ name }) => arnOf(name)),
    CognitoIdentityProviders: [{ ProviderName: USER_POOL, ClientId: "1234567890abcdef", ServerSideTokenCheck: false }],
    SupportedLoginProviders: {
      "www.facebook.com": "1234567890",
      "id.example.com/tenant": "web;ios",
      [second.providerName]: "app",
      ...Object.fromEntries(BAD_KEY_SETS.map((name) => [name, "app"])),
    },
  });
});

afterAll(async () => {
  await worker.stop();
  const all = [...issuers.values(), ...forgers.values(), ...badKeys, second];
  await Promise.all(all.map(async (issuer) => await issuer.close()));
});

const app = () => appClient(worker.endpoint);

async function secondLogin(sub: string): Promise<Record<string, string>> {
  return { [second.providerName]: await second.loginToken({ sub, aud: "app" }) };
}

describe.each(PROVIDERS.map((provider) => [provider.what, provider] as const))("%s", (_, provider) => {
  const { name, audiences, more = {}, wrongAudience = WRONG_AUDIENCE } = provider;
  const [audience = ""] = audiences;
  const poolId = () => (provider.isApart === true ? apartPoolId : commonPoolId);
  const loginOf = async (sub: string, claims: object = {}, from = issuers) => {
    const token = await found(from, name).loginToken({ sub, aud: audience, ...more, ...claims });
    return { [name]: token };
  };
  const refused = async (login: Record<string, string>) =>
    (await refusalOf(getId(app(), poolId(), login), NotAuthorizedException)).message;

  test("a first login makes an identity, a returning one finds it by a token for any of the audiences", async () => {
    const sub = crypto.randomUUID();
    const identityId = await getId(app(), poolId(), await loginOf(sub));
    for (const aud of audiences) {
      const { identityId: minted, token } = await getOpenIdToken(app(), identityId, await loginOf(sub, { aud }));
      expect(minted).toBe(identityId);
      expect(decodeJwt(token)["amr"]).toEqual(["authenticated", name, `${provider.amrPrefix(aud)}:${sub}`]);
    }
  });

  test("a second login is linked, and from then on is the same person by itself", async () => {
    const sub = crypto.randomUUID();
    const identityId = await getId(app(), poolId(), await loginOf(sub));
    const both = { ...(await loginOf(sub)), ...(await secondLogin(sub)) };
    expect((await getOpenIdToken(app(), identityId, both)).identityId).toBe(identityId);
    expect(await getId(app(), poolId(), await secondLogin(sub))).toBe(identityId);
  });

  test("a second user of the provider, and a login that another identity has, are conflicts", async () => {
    const [sub, other] = [crypto.randomUUID(), crypto.randomUUID()];
    const identityId = await getId(app(), poolId(), { ...(await loginOf(sub)), ...(await secondLogin(sub)) });
    const twoUsers = { ...(await loginOf(other)), ...(await secondLogin(sub)) };
    await refusalOf(getOpenIdToken(app(), identityId, twoUsers), ResourceConflictException);
    const otherId = await getId(app(), poolId(), await secondLogin(other));
    const taken = { ...(await loginOf(sub)), ...(await secondLogin(other)) };
    await refusalOf(getOpenIdToken(app(), otherId, taken), ResourceConflictException);
    expect(await getId(app(), poolId(), await loginOf(sub))).toBe(identityId);
  });

  test("clocks may differ by a minute in both directions, and by no more", async () => {
    const now = Math.floor(Date.now() / 1000);
    for (const claims of [{ exp: now - 30 }, { iat: now + 30 }, { nbf: now + 30 }]) {
      expect(await getId(app(), poolId(), await loginOf(crypto.randomUUID(), claims))).toMatch(/^us-east-1:/);
    }
    const expired = await refused(await loginOf("late", { exp: now - 120 }));
    expect(expired).toMatch(new RegExp(`^Invalid login token\\. Token expired: \\d+ >= ${now - 120}$`));
    for (const claims of [{ iat: now + 120 }, { nbf: now + 120 }]) {
      expect(await refused(await loginOf("early", claims))).toMatch(
        new RegExp(`^Invalid login token\\. Token is not yet valid: \\d+ < ${now + 120}$`),
      );
    }
  });

  test("refuses a token for another client, and one that is forged", async () => {
    expect(await refused(await loginOf("ann", { aud: `${audience}x` }))).toBe(wrongAudience);
    expect(await refused(await loginOf("ann", { aud: [] }))).toBe(wrongAudience);
    expect(await refused(await loginOf("ann", {}, forgers))).toBe(NOT_VERIFIED);
    expect(found(forgers, name).requests).toEqual([]);
  });

  test("refuses its issuer in any other spelling", async () => {
    const iss = `https://${name}`;
    for (const other of [
      `${iss}//`,
      `http://${name}`,
      iss.toUpperCase(),
      iss.replace("o", "о"),
      `${iss}.evil.example`,
      [iss],
    ]) {
      expect(await refused(await loginOf("ann", { iss: other }))).toBe(
        "Invalid login token. Issuer doesn't match providerName",
      );
    }
  });
});

describe("an issuer with an unusable key set", () => {
  async function refusedWith(
    index: number,
    keysOf: (published: readonly object[]) => readonly object[],
  ): Promise<Error> {
    const issuer = badKeys[index];
    if (issuer === undefined) throw new Error("no issuer");
    const response = await fetch(`${issuer.address}${KEY_SET}`);
    const { keys } = (await response.json()) as { keys: readonly object[] };
    issuer.answer(KEY_SET, (answer) => void answer.end(JSON.stringify({ keys: keysOf(keys) })));
    const login = { [issuer.providerName]: await issuer.loginToken({ sub: "ann", aud: "app" }) };
    return await refusalOf(getId(app(), commonPoolId, login), Error);
  }

  test("verifies nothing by a key whose private half is published", async () => {
    const refusal = await refusedWith(0, (keys) => keys.map((key) => ({ ...key, d: "AAAA" })));
    expect(refusal).toBeInstanceOf(ExternalServiceException);
    await expect.poll(() => worker.log()).toContain("issuer-publishes-private-keys");
  });

  test("verifies nothing by a symmetric key", async () => {
    const refusal = await refusedWith(1, () => [
      { kty: "oct", kid: "key-1", k: "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA" },
    ]);
    expect(refusal).toBeInstanceOf(ExternalServiceException);
  });

  test("does not choose between two keys of one kid, and the log says so", async () => {
    const { publicKey } = await generateKeyPair("ES256");
    const other = await exportJWK(publicKey);
    const refusal = await refusedWith(2, (keys) => [...keys, ...keys.map((key) => ({ ...key, ...other }))]);
    expect(refusal).toBeInstanceOf(NotAuthorizedException);
    expect(refusal.message).toBe(NOT_VERIFIED);
    await expect.poll(() => worker.log()).toContain('"event":"issuer-publishes-ambiguous-kids"');
    await expect.poll(() => worker.log()).toContain('"reason":"twins.example.com: ambiguous-key"');
  });
});
