/** One login with an ID token through the whole verifier, the real issuer objects included, at each kind of provider. */
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import { identityPoolIdOf } from "../../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { IsolateCache } from "../../../src/domain/isolate-cache.ts";
import { createIssuerKeys, type IssuerEntry } from "../../../src/key-sets/issuer-keys.ts";
import { verifyLogins } from "../../../src/providers/verify-logins.ts";
import { FakeUpstream, knownKeysOf } from "../../support/fake-upstream.ts";
import { makeSigningKey, type SigningKey, signToken } from "../../support/login-tokens.ts";
import { Isolate } from "../../../src/isolate.ts";
import { amazonStandIn, facebookStandIn, type StandIn, twitterStandIn } from "../../support/provider-stand-ins.ts";

const DAY_SECONDS = 86_400;
const USER_POOL = "cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI";
const ARN = "arn:aws:iam::123456789012:oidc-provider/by-arn.example/tenant";

export type Provider = { readonly name: string; readonly algorithm: "RS256" | "ES256"; readonly more?: object };
export const PROVIDERS: readonly Provider[] = [
  { name: "accounts.google.com", algorithm: "RS256" },
  { name: "appleid.apple.com", algorithm: "ES256" },
  { name: USER_POOL, algorithm: "RS256", more: { token_use: "id" } },
  { name: "www.facebook.com", algorithm: "RS256" },
  { name: "any.example/tenant", algorithm: "ES256" },
  { name: "slash.example/", algorithm: "ES256" },
  { name: "by-arn.example/tenant", algorithm: "ES256" },
];

export const ACCESS_TOKENS: readonly (readonly [name: string, value: string, token: string])[] = [
  ["graph.facebook.com", "123", "EAAgood"],
  ["www.amazon.com", "amzn1.client", "Atza|good"],
  ["api.twitter.com", "key;secret", "7-ann;s"],
];
/** By host. */
export const STAND_INS: ReadonlyMap<string, StandIn> = new Map([
  ["graph.facebook.com", facebookStandIn({ tokens: new Map([["EAAgood", { appId: "123", userId: "user-1" }]]) })],
  ["api.amazon.com", amazonStandIn(new Map([["Atza|good", { aud: "amzn1.client", appId: "a", userId: "user-1" }]]))],
  [
    "api.twitter.com",
    twitterStandIn({
      consumerKey: "key",
      consumerSecret: "secret",
      tokens: new Map([["7-ann", { secret: "s", userId: "user-1" }]]),
      origin: "https://api.twitter.com",
    }),
  ],
]);

const pool: IdentityPool = {
  identityPoolId: identityPoolIdOf("us-east-1", "11111111-1111-4111-8111-111111111111"),
  name: "test",
  allowsUnauthenticated: false,
  supportedLoginProviders: Object.fromEntries([
    ...PROVIDERS.filter(({ name }) => name !== USER_POOL && !ARN.endsWith(name)).map(({ name }) => [name, "client-1"]),
    ...ACCESS_TOKENS.map(([name, value]) => [name, value]),
  ]),
  openIdConnectProviderArns: [ARN],
  cognitoIdentityProviders: [{ providerName: USER_POOL, clientId: "client-1" }],
};
const parsedConfig = parseConfig({
  ISSUER: "https://identity.example.com",
  KEY_ENCRYPTION_KEY: "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=",
  OIDC_PROVIDERS: JSON.stringify({ "by-arn.example/tenant": ["client-1"] }),
});
if (!parsedConfig.ok) throw new Error(parsedConfig.error.join());
const config = parsedConfig.value;

let keys: ReadonlyMap<string, readonly [SigningKey, SigningKey]>;
let cache: IsolateCache<IssuerEntry>;
let startsAt = Date.now() + DAY_SECONDS * 1000;

export const now = () => Math.floor(Date.now() / 1000);
export const elapse = (seconds: number) => vi.setSystemTime(Date.now() + seconds * 1000);
export const keyOf = ({ algorithm }: Provider, index: 0 | 1 = 0): SigningKey => {
  const key = keys.get(algorithm)?.[index];
  if (key === undefined) throw new Error(`no key for ${algorithm}`);
  return key;
};
/** The provider's one name, in the log and in the name of its issuer's object: without the slash of its issuer. */
export const canonicalNameOf = ({ name }: Provider) => name.replace(/\/$/, "");
/** What is served for a provider: its discovery document, unless it has none, and its key set. */
export const addressesOf = ({ name }: Provider) => {
  const issuer = `https://${name}`;
  const known = knownKeysOf(issuer);
  const discovery = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  return known === undefined
    ? { issuer, discovery, keySet: `https://keys.example/${name}` }
    : { issuer, discovery: undefined, keySet: known };
};

export function serve(upstream: FakeUpstream, provider: Provider, published: readonly unknown[]): void {
  const { issuer, discovery, keySet } = addressesOf(provider);
  if (discovery !== undefined) upstream.serve(discovery, () => Response.json({ issuer, jwks_uri: keySet }));
  upstream.serve(keySet, () => Response.json({ keys: published }));
}

export function tokenOf(provider: Provider, claims: object = {}, key = keyOf(provider)): Promise<string> {
  const times = { iat: now(), exp: now() + 3600 };
  return signToken(key, {
    iss: `https://${provider.name}`,
    aud: "client-1",
    sub: "user-1",
    ...times,
    ...provider.more,
    ...claims,
  });
}

type Answer = { readonly said: string; readonly reason?: string | undefined };

export async function present(name: string, token: string, standIns = STAND_INS): Promise<Answer> {
  const result = await verifyAt(name, token, standIns);
  if (result.ok) return { said: result.value.map(({ subject }) => subject).join() };
  const { error } = result;
  return { said: `${error.type}: ${error.message}`, reason: error.reason };
}

/** Name of the login's object. */
export async function loginIdAt(name: string, token: string): Promise<string> {
  const result = await verifyAt(name, token);
  return result.ok ? result.value.map(({ loginId }) => loginId).join() : result.error.message;
}

async function verifyAt(name: string, token: string, standIns = STAND_INS) {
  const issuerKeys = createIssuerKeys(
    (issuer) => env.ISSUER_KEYS.getByName(issuer),
    cache,
    () => Date.now() / 1000,
    () => 0,
  );
  const fetch = async (input: string, init: RequestInit) => {
    const request = new Request(input, init);
    const standIn = standIns.get(new URL(input).host);
    if (standIn === undefined) throw new Error(`nobody is at ${input}`);
    return await standIn(request);
  };
  const context = { config, now: now(), issuerKeys, fetch, memory: new Isolate() };
  return await verifyLogins(pool, new Map([[name, token]]), context);
}

export const presentAt = async (provider: Provider, claims?: object, key?: SigningKey) =>
  await present(provider.name, await tokenOf(provider, claims, key));

export async function makeKeys(): Promise<void> {
  const pair = async (algorithm: string) =>
    [await makeSigningKey(algorithm, "first"), await makeSigningKey(algorithm, "second")] as const;
  keys = new Map([
    ["RS256", await pair("RS256")],
    ["ES256", await pair("ES256")],
  ]);
}

/** Every issuer is well, and two days are over: what its object holds is too old to serve, and no failure is remembered. */
export function startDay(): FakeUpstream {
  startsAt += 2 * DAY_SECONDS * 1000;
  vi.useFakeTimers({ now: startsAt, toFake: ["Date"] });
  cache = new IsolateCache<IssuerEntry>(100);
  const upstream = new FakeUpstream().install();
  for (const provider of PROVIDERS) serve(upstream, provider, [keyOf(provider).publicJwk]);
  return upstream;
}
