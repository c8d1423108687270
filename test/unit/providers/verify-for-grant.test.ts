/** What verified login tokens say, as far as a role and tags are chosen by it: of every kind, and of a token that is remembered. */
import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, expect, it, vi } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { identityPoolIdOf } from "../../../src/domain/identifiers.ts";
import { IsolateCache } from "../../../src/domain/isolate-cache.ts";
import type { PoolAccess } from "../../../src/domain/pool-access.ts";
import { Isolate } from "../../../src/isolate.ts";
import { createIssuerKeys, type IssuerEntry } from "../../../src/key-sets/issuer-keys.ts";
import { verifyForGrant, verifyLogins } from "../../../src/providers/verify-logins.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import { makeSigningKey, type SigningKey, signToken } from "../../support/login-tokens.ts";
import { role } from "../../support/account-roles.ts";
import { ACCESS_TOKENS, STAND_INS } from "./id-token-logins.ts";

const ISSUER = "issuer.example";
const USER_POOL = "cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI";
const parsed = parseConfig({
  ISSUER: "https://identity.example.com",
  KEY_ENCRYPTION_KEY: "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=",
});
if (!parsed.ok) throw new Error(parsed.error.join());
const config = parsed.value;
const now = Math.floor(Date.now() / 1000);
const tagsOf = (...claims: readonly string[]) => ({
  useDefaults: false,
  principalTags: Object.fromEntries(claims.map((claim) => [claim, claim])),
});

let key: SigningKey;
let memory: Isolate;

function poolWith(access: Partial<PoolAccess>): IdentityPool {
  return {
    identityPoolId: identityPoolIdOf("us-east-1", "11111111-1111-4111-8111-111111111111"),
    name: "pool",
    allowsUnauthenticated: false,
    supportedLoginProviders: {
      [ISSUER]: "client-1;client-2",
      ...Object.fromEntries(ACCESS_TOKENS.map(([name, value]) => [name, value])),
    },
    cognitoIdentityProviders: [1, 2].map((number) => ({ providerName: USER_POOL, clientId: `client-${number}` })),
    access: { roles: { authenticated: role("user") }, roleMappings: {}, principalTagMaps: {}, ...access },
  };
}

async function tokenOf(providerName: string, claims: object): Promise<string> {
  const times = { iat: now, exp: now + 3600 };
  return await signToken(key, { iss: `https://${providerName}`, aud: "client-1", sub: "ann", ...times, ...claims });
}

function contextOf() {
  const cache = new IsolateCache<IssuerEntry>(100);
  const issuers = (issuer: string) => env.ISSUER_KEYS.getByName(issuer);
  const issuerKeys = createIssuerKeys(
    issuers,
    cache,
    () => Date.now() / 1000,
    () => 0,
  );
  const fetch = async (input: string, init: RequestInit) => {
    const standIn = STAND_INS.get(new URL(input).host);
    if (standIn === undefined) throw new Error(`nobody is at ${input}`);
    return await standIn(new Request(input, init));
  };
  return { config, now, issuerKeys, memory, fetch };
}

async function accessFor(access: Partial<PoolAccess>, logins: readonly (readonly [string, string])[]) {
  const wish = { flow: "enhanced" } as const;
  const verified = await verifyForGrant(poolWith(access), new Map(logins), contextOf(), wish);
  return verified.ok ? verified.value.access : verified;
}

beforeAll(async () => {
  key = await makeSigningKey("RS256", "key-1");
});

beforeEach(() => {
  memory = new Isolate();
  const upstream = new FakeUpstream().install();
  upstream.serveIssuer(`https://${ISSUER}`, [key.publicJwk]);
  upstream.serve(`https://${USER_POOL}/.well-known/jwks.json`, () => Response.json({ keys: [key.publicJwk] }));
});

afterEach(() => {
  vi.unstubAllGlobals();
});

it("reads every claim of an ID token, its lists too, also when the token is remembered as genuine", async () => {
  const token = await tokenOf(ISSUER, {
    "cognito:roles": [role("staff")],
    "cognito:preferred_role": role("staff"),
    team: ["red"],
  });
  const rules = [{ claim: "team", match: "Equals", value: "red", roleArn: role("reds") }] as const;
  const access = {
    roleMappings: { [ISSUER]: { type: "Rules", ambiguousRoleResolution: "Deny", rules } },
    principalTagMaps: { [ISSUER]: tagsOf("team", "sub") },
  } as const;
  const expected = { ok: true, value: { roleArn: role("reds"), principalTags: { team: "red", sub: "ann" } } };
  // The second and third time nothing but the text of the token is left to read them from.
  for (let time = 0; time < 3; time++) expect(await accessFor(access, [[ISSUER, token]])).toEqual(expected);
});

it.each(ACCESS_TOKENS)(
  "says of a login at %s its provider, client and user, and no secret",
  async (name, value, token) => {
    const access = { principalTagMaps: { [name]: { useDefaults: true, principalTags: {} }, other: tagsOf("iss") } };
    const client = value.split(";")[0];
    expect(await accessFor(access, [[name, token]])).toEqual({
      ok: true,
      value: { roleArn: role("user"), principalTags: { client, username: "user-1" } },
    });
    const named = await accessFor({ principalTagMaps: { [name]: tagsOf("iss", "aud", "sub", "email") } }, [
      [name, token],
    ]);
    expect(named).toMatchObject({ value: { principalTags: { iss: name, aud: client, sub: "user-1" } } });
  },
);

it("hears each token where two are of one user: a second spelling of a provider goes round no mapping", async () => {
  const claims = { token_use: "id" };
  const deny = { type: "Token", ambiguousRoleResolution: "Deny" } as const;
  const access = { roleMappings: { [`${USER_POOL}:client-2`]: deny } };
  const [one, two] = [await tokenOf(USER_POOL, claims), await tokenOf(USER_POOL, { ...claims, aud: "client-2" })];
  expect(await accessFor(access, [[USER_POOL, one]])).toMatchObject({ ok: true });
  const both = [
    [USER_POOL, one],
    [`issuer-${USER_POOL}`, two],
  ] as const;
  expect(await accessFor(access, both)).toMatchObject({ error: { kind: "role-denied" } });
});

it("gives nothing for a token that does not verify, whatever it says", async () => {
  const token = await tokenOf(ISSUER, { "cognito:preferred_role": role("admin") });
  const forged = `${token.slice(0, -8)}AAAAAAAA`;
  const access = { roleMappings: { [ISSUER]: { type: "Token", ambiguousRoleResolution: "Deny" } } } as const;
  expect(await accessFor(access, [[ISSUER, token]])).toMatchObject({ value: { roleArn: role("admin") } });
  expect(await accessFor(access, [[ISSUER, forged]])).toMatchObject({ error: { type: "NotAuthorizedException" } });
});

it("leaves no claim in what comes of a login", async () => {
  const token = await tokenOf(ISSUER, { secret: "for nobody" });
  const verified = await verifyForGrant(poolWith({}), new Map([[ISSUER, token]]), contextOf(), { flow: "basic" });
  expect(JSON.stringify(verified)).not.toContain("for nobody");
  expect(verified).toMatchObject({ ok: true, value: { access: { ok: true, value: {} } } });
  const logins = await verifyLogins(poolWith({}), new Map([[ISSUER, token]]), contextOf());
  expect(Object.keys((logins.ok && logins.value[0]) || {}).toSorted()).toEqual([
    "amr",
    "loginId",
    "providerName",
    "subject",
  ]);
});
