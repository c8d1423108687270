import fc from "fast-check";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { AdminCredential } from "../../../src/domain/admin-credential.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { isolate } from "../../../src/isolate.ts";
import { rulesFor } from "../../../src/providers/verify-logins.ts";
import { anHourAhead } from "../../support/an-hour-ahead.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import { base64url, makeSigningKey, type SigningKey, signToken } from "../../support/login-tokens.ts";
import { makePool, newPoolId, noteCalls } from "../../support/objects.ts";
import { amazonStandIn, facebookStandIn, type StandIn, twitterStandIn } from "../../support/provider-stand-ins.ts";
import { ADMIN, makeService } from "../../support/service.ts";

const ISSUER = "issuer.example/tenant";
const USER_POOL = "cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI";
const SAML = "arn:aws:iam::123456789012:saml-provider/Corp";
const DEVELOPER = "login.backend.example";
const SUBJECT = "ann.secret.subject";
const LIMITED: AdminCredential = {
  accessKeyId: "limited",
  secretAccessKey: "secret-of-the-limited",
  operations: ["CheckLogin"],
  pools: ["us-east-1:de300000-0000-4000-8000-0000000de300"],
};

const service = makeService({ credentials: [ADMIN, LIMITED] });
const TARGET = { "x-amz-target": "Edgepool.CheckLogin" };
const [good, forger] = [await makeSigningKey("RS256", "key-1"), await makeSigningKey("RS256", "key-1")];

let upstream: FakeUpstream;
let pool: IdentityPool;
let now: number;

anHourAhead();

beforeEach(async () => {
  vi.spyOn(console, "log").mockImplementation(() => {});
  vi.spyOn(console, "warn").mockImplementation(() => {});
  upstream = new FakeUpstream().install();
  for (const name of [ISSUER, "accounts.google.com", USER_POOL]) {
    upstream.serveIssuer(`https://${name}`, [good.publicJwk]);
  }
  const issuers = globalThis.fetch;
  const standIns = new Map<string, StandIn>([
    ["graph.facebook.com", facebookStandIn({ tokens: new Map([["EAAgood", { appId: "123", userId: SUBJECT }]]) })],
    ["api.amazon.com", amazonStandIn(new Map([["Atza|other", { aud: "other", appId: "o", userId: SUBJECT }]]))],
    [
      "api.twitter.com",
      twitterStandIn({
        consumerKey: "key",
        consumerSecret: "consumer-secret",
        tokens: new Map([["7-ann", { secret: "token-secret", userId: SUBJECT }]]),
        origin: "https://api.twitter.com",
      }),
    ],
  ]);
  vi.stubGlobal("fetch", async (input: string, init: RequestInit) => {
    const standIn = standIns.get(new URL(input).host);
    return standIn === undefined ? await issuers(input, init) : await standIn(new Request(input, init));
  });
  pool = await makePool({
    allowsUnauthenticated: false,
    supportedLoginProviders: {
      [ISSUER]: "client-1;client-2",
      "accounts.google.com": "google-web",
      "graph.facebook.com": "123",
      "www.amazon.com": "amzn1.client",
      "api.twitter.com": "key;consumer-secret",
      "www.digits.com": "key;secret",
    },
    cognitoIdentityProviders: [{ providerName: USER_POOL, clientId: "client-1" }],
    samlProviderArns: [SAML],
    developerProviderName: DEVELOPER,
  });
  now = Math.floor(Date.now() / 1000);
});

type Rule = { readonly Rule: string; readonly Outcome: string; readonly Expected?: string; readonly Found?: string };
type Checked = { readonly Accepted: boolean; readonly Rules: readonly Rule[]; readonly Refusal?: string };

async function check(name: string, token: string): Promise<Checked> {
  const input = { IdentityPoolId: pool.identityPoolId, Logins: { [name]: token } };
  const answer = await service.call("CheckLogin", input, { credential: ADMIN, headers: TARGET });
  expect([answer.status, answer.text]).toEqual([200, expect.any(String)]);
  const signature = token.split(".")[2] ?? token;
  for (const secret of [SUBJECT, token, signature, "consumer-secret", "token-secret"]) {
    expect(answer.text).not.toContain(secret);
  }
  const checked = answer.json as unknown as Checked;
  // Every rule of the kind, in order: those that passed, at most one that failed, and those behind it.
  expect(checked.Rules.map(({ Rule: rule }) => rule)).toEqual(rulesFor(name));
  expect(checked.Rules.map(({ Outcome }) => Outcome[0]).join("")).toMatch(checked.Accepted ? /^p+$/ : /^p*fn*$/);
  return checked;
}

const failedIn = ({ Rules }: Checked) => Rules.find(({ Outcome }) => Outcome === "failed");

const claimsOf = (more: object = {}) => {
  return { iss: `https://${ISSUER}`, aud: "client-1", sub: SUBJECT, iat: now, exp: now + 3600, ...more };
};
const tokenOf = async (claims: object = {}, header: object = {}, key: SigningKey = good) =>
  await signToken(key, { ...claimsOf(claims) }, { ...header });

async function getId(name: string, token: string) {
  return await service.call("GetId", { IdentityPoolId: pool.identityPoolId, Logins: { [name]: token } });
}

describe("CheckLogin", () => {
  it("says of a good token that every rule was passed, what was expected and what is there", async () => {
    const checked = await check(ISSUER, await tokenOf());
    expect(checked).toMatchObject({ Accepted: true });
    expect(checked).not.toHaveProperty("Refusal");
    expect(checked.Rules).toEqual(
      expect.arrayContaining([
        { Rule: "algorithm", Outcome: "passed", Expected: expect.stringContaining("RS256"), Found: "RS256" },
        { Rule: "issuer", Outcome: "passed", Expected: `iss is https://${ISSUER}`, Found: `https://${ISSUER}` },
        { Rule: "subject", Outcome: "passed", Expected: expect.any(String), Found: "present" },
        { Rule: "audience", Outcome: "passed", Expected: expect.stringContaining("client-2"), Found: "client-1" },
        { Rule: "signing-key", Outcome: "passed", Expected: expect.stringContaining("key-1"), Found: "key-1" },
      ]),
    );
  });

  it("makes, links and remembers nothing", async () => {
    const token = await tokenOf();
    const calls = noteCalls();
    await check(ISSUER, token);
    expect(calls.filter((call) => call !== "IssuerObject.keys")).toEqual(["IdentityPoolObject.read"]);
    expect(isolate.genuineTokens.peek(token)).toBeUndefined();
    await getId(ISSUER, token);
    expect(isolate.genuineTokens.peek(token)).toBeDefined();
  });

  const iso = (seconds: number) => `${seconds} (${new Date(seconds * 1000).toISOString().slice(0, 19)}Z)`;

  it.each<[what: string, rule: string, make: () => Promise<string>, found: () => string | undefined]>([
    ["what is no token", "form", async () => "junk", () => "none of these"],
    ["critical extensions", "header-members", async () => await tokenOf({}, { crit: ["x"] }), () => "crit"],
    ["an access token", "token-type", async () => await tokenOf({}, { typ: "at+jwt" }), () => "at+jwt"],
    ["a key id that is none", "key-id", async () => await tokenOf({}, { kid: 7 }), () => "7"],
    ["no signature at all", "algorithm", async () => await tokenOf({}, { alg: "none" }), () => "none"],
    [
      "another issuer",
      "issuer",
      async () => await tokenOf({ iss: "https://evil.example" }),
      () => "https://evil.example",
    ],
    ["no issuer", "issuer", async () => await tokenOf({ iss: undefined }), () => undefined],
    ["no expiry", "required-claims", async () => await tokenOf({ exp: undefined }), () => "aud, iat, sub"],
    ["a logout token", "token-kind", async () => await tokenOf({ events: {} }), () => "events"],
    ["an access token by its use", "token-kind", async () => await tokenOf({ token_use: "access" }), () => "access"],
    ["yesterday's", "expiry", async () => await tokenOf({ exp: now - 86_400 }), () => iso(now - 86_400)],
    ["tomorrow's", "not-before", async () => await tokenOf({ nbf: now + 86_400 }), () => iso(now + 86_400)],
    ["one from the future", "issued-at", async () => await tokenOf({ iat: now + 86_400 }), () => iso(now + 86_400)],
    ["no user", "subject", async () => await tokenOf({ sub: 7 }), () => "no text"],
    ["another app", "audience", async () => await tokenOf({ aud: "client-3" }), () => "client-3"],
    ["another app's party", "audience", async () => await tokenOf({ azp: "x" }), () => 'aud "client-1", azp "x"'],
    ["a key that is not published", "signing-key", async () => await tokenOf({}, { kid: "old" }), () => "old"],
    ["another's signature", "signature", async () => await tokenOf({}, {}, forger), () => undefined],
    [
      "a long claim",
      "issuer",
      async () => await tokenOf({ iss: `é\n${"x".repeat(100)}` }),
      () => `??${"x".repeat(62)}`,
    ],
  ])("refuses %s by the rule %s, in the words of GetId", async (_, rule, make, found) => {
    const token = await make();
    const checked = await check(ISSUER, token);
    expect(checked.Accepted).toBe(false);
    const failed = failedIn(checked);
    expect([failed?.Rule, failed?.Found]).toEqual([rule, found()]);
    expect(failed?.Expected).toEqual(expect.any(String));
    expect((await getId(ISSUER, token)).json["message"]).toBe(checked.Refusal);
  });

  it("tells that the issuer's keys could not be had, and why", async () => {
    pool = await makePool({ supportedLoginProviders: { "down.example": "client-1" } });
    const checked = await check("down.example", await tokenOf({ iss: "https://down.example" }));
    expect(failedIn(checked)).toMatchObject({ Rule: "issuer-keys", Found: "connection" });
    expect(checked).toMatchObject({
      Exception: "ExternalServiceException",
      Refusal: "The identity provider is not responding.",
    });
  });

  it.each([
    ["graph.facebook.com", "EAAgood", null, "123"],
    ["graph.facebook.com", "EAAbad", "provider-verdict", "access-token-refused"],
    ["graph.facebook.com", "EAA bad", "form", "7 characters"],
    ["www.amazon.com", "Atza|other", "provider-verdict", "foreign-app"],
    ["api.twitter.com", "7-ann;token-secret", null, "key"],
    ["api.twitter.com", "7-ann", "form", "5 characters"],
    ["cognito-identity.amazonaws.com", "an.own.token-of-it", "verifiable-provider", "this service"],
    ["www.digits.com", "a-digits-token", "verifiable-provider", "Digits, which is closed"],
    [SAML, "<saml/>", "verifiable-provider", "a SAML provider"],
    [DEVELOPER, "bob-of-the-backend", "not-developer-provider", "the developer provider"],
  ])("judges a login at %s with %s as GetId does: %s", async (name, token, rule, found) => {
    const checked = await check(name, token);
    const shown = failedIn(checked) ?? checked.Rules.at(-1);
    expect(checked.Accepted).toBe(rule === null);
    expect([shown?.Rule, shown?.Found]).toEqual([rule ?? "provider-verdict", found]);
    const answer = await getId(name, token);
    expect(answer.json["message"]).toBe(checked.Refusal);
  });

  it("tells a provider that the pool does not have from one whose issuer is another, and repeats no name of it", async () => {
    const stranger = "stranger.example";
    const unlisted = await check(stranger, await tokenOf({ iss: `https://${stranger}` }));
    expect(failedIn(unlisted)).toMatchObject({ Rule: "provider-in-pool" });
    const other = await check(stranger, await tokenOf());
    expect(failedIn(other)).toMatchObject({ Rule: "issuer", Found: `https://${ISSUER}` });
    expect(JSON.stringify(other)).not.toContain(stranger);
    pool = await makePool({});
    expect(failedIn(await check(ISSUER, await tokenOf()))).toMatchObject({ Rule: "pool-has-providers" });
  });

  it("asks a user pool whether the user is still signed in only where the pool wants that", async () => {
    const checked = await check(USER_POOL, await tokenOf({ iss: `https://${USER_POOL}`, token_use: "id" }));
    expect(checked.Rules.at(-1)).toMatchObject({ Rule: "still-signed-in", Outcome: "passed", Found: "not asked" });
  });

  it("agrees with GetId on any token, in verdict and words", async () => {
    const claim = fc.constantFrom<object>(
      {},
      { exp: 1 },
      { exp: "soon" },
      { iat: 4e9 },
      { nbf: 4e9 },
      { nbf: null },
      { aud: undefined },
      { aud: 7 },
      { aud: ["client-1", "client-2"] },
      { aud: ["client-1", "x"] },
      { azp: 7 },
      { azp: "client-2" },
      { sub: "" },
      { iss: 7 },
      { events: 1 },
      { token_use: "id" },
      { token_use: "access" },
    );
    const header = fc.constantFrom<object>(
      {},
      {},
      { typ: "logout+jwt" },
      { alg: "rs256" },
      { kid: "other" },
      { b64: true },
    );
    const name = fc.constantFrom(ISSUER, `${ISSUER}/`, "accounts.google.com", USER_POOL, "stranger.example", SAML);
    const login = fc.record({ name, claims: fc.tuple(claim, claim), header, isForged: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(login, async ({ name: at, claims: [one, other], header: more, isForged }) => {
        const iss = `https://${at === `${ISSUER}/` ? ISSUER : at}`;
        const token = await tokenOf({ iss, ...one, ...other }, more, isForged ? forger : good);
        const [checked, answer] = [await check(at, token), await getId(at, token)];
        expect([checked.Accepted, checked.Refusal]).toEqual([answer.status === 200, answer.json["message"]]);
      }),
      { numRuns: 60 },
    );
  });

  it("does so for what is hardly a token", async () => {
    const segment = fc.oneof(fc.json().map(base64url), fc.string());
    await fc.assert(
      fc.asyncProperty(fc.array(segment, { minLength: 1, maxLength: 4 }), async (segments) => {
        const token = segments.join(".") || "-";
        const input = { IdentityPoolId: pool.identityPoolId, Logins: { [ISSUER]: token } };
        const answer = await service.call("CheckLogin", input, { credential: ADMIN, headers: TARGET });
        const { json } = await getId(ISSUER, token);
        expect([answer.status, answer.json["Refusal"]]).toEqual([200, json["message"]]);
      }),
      { numRuns: 40 },
    );
  });

  it("is for the pools of the credential, for a pool that is there, and for one login", async () => {
    const call = async (IdentityPoolId: string, Logins: object, credential = ADMIN) =>
      (await service.call("CheckLogin", { IdentityPoolId, Logins }, { credential, headers: TARGET })).json["__type"];
    const logins = { [ISSUER]: "x" };
    expect(await call(pool.identityPoolId, logins, LIMITED)).toBe("AccessDeniedException");
    expect(await call(newPoolId(), logins)).toBe("ResourceNotFoundException");
    expect(await call(pool.identityPoolId, {})).toBe("ValidationException");
    expect(await call(pool.identityPoolId, { ...logins, [USER_POOL]: "x" })).toBe("ValidationException");
  });
});
