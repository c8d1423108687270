import { env } from "cloudflare:workers";
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { identityPoolIdOf } from "../../../src/domain/identifiers.ts";
import { loginIdOf } from "../../../src/domain/login.ts";
import { Isolate } from "../../../src/isolate.ts";
import { IsolateCache } from "../../../src/domain/isolate-cache.ts";
import { createIssuerKeys, type IssuerEntry } from "../../../src/key-sets/issuer-keys.ts";
import { type VerificationContext, verifyLogins } from "../../../src/providers/verify-logins.ts";
import { FakeUpstream } from "../../support/fake-upstream.ts";
import { base64url, makeSigningKey, sign, type SigningKey, signRaw, signToken } from "../../support/login-tokens.ts";
import { SignJWT, importJWK } from "jose";

const GOOGLE = "accounts.google.com";
const APPLE = "appleid.apple.com";
const USER_POOL = "cognito-idp.eu-central-1.amazonaws.com/eu-central-1_AbCdEfGhI";
const ISSUER = "issuer.example/tenant";
const OTHER = "other.example";
const BY_ARN = "by-arn.example";
const ARN = `arn:aws:iam::123456789012:oidc-provider/${BY_ARN}`;
const SAML_ARN = "arn:aws:iam::123456789012:saml-provider/Corp";

const pool: IdentityPool = {
  identityPoolId: identityPoolIdOf("us-east-1", "11111111-1111-4111-8111-111111111111"),
  name: "test",
  allowsUnauthenticated: false,
  developerProviderName: "login.developer.example",
  supportedLoginProviders: {
    [GOOGLE]: "google-web;google-ios",
    [APPLE]: "com.example.app",
    [ISSUER]: "client-1;client-2",
    [OTHER]: "other-client",
    "graph.facebook.com": "123456",
    "www.facebook.com": "123456",
    "www.amazon.com": "amzn1.application.1",
    "api.twitter.com": "key;secret",
    "www.digits.com": "key;secret",
    "192.168.0.1/issuer": "client-1",
    "HOST.example": "client-1",
  },
  openIdConnectProviderArns: [ARN],
  cognitoIdentityProviders: [
    { providerName: USER_POOL, clientId: "pool-client-1" },
    { providerName: USER_POOL, clientId: "pool-client-2" },
  ],
  samlProviderArns: [SAML_ARN],
};

const parsedConfig = parseConfig({
  ISSUER: "https://identity.example.com",
  KEY_ENCRYPTION_KEY: "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=",
  OIDC_PROVIDERS: JSON.stringify({ [BY_ARN]: ["arn-client"] }),
});
if (!parsedConfig.ok) throw new Error(parsedConfig.error.join());
const config = parsedConfig.value;

const NOT_VALID = "Invalid login token. Not a valid OpenId Connect identity token.";
const NOT_VERIFIED = "Invalid login token. Couldn't verify signed token.";
const NOT_SUPPORTED = "Token is not from a supported provider of this identity pool.";
const WRONG_ISSUER = "Invalid login token. Issuer doesn't match providerName";
const WRONG_AUDIENCE = "Invalid login token. Incorrect token audience.";

const now = Math.floor(Date.now() / 1000);

let rsa: SigningKey;
let ec: SigningKey;
let otherRsa: SigningKey;
let upstream: FakeUpstream;

/** Claims of a good token, for the provider whose tokens are verified by `key`. */
function claimsOf(providerName: string, clientId: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { iss: `https://${providerName}`, aud: clientId, sub: "user-1", iat: now, exp: now + 3600, ...more };
}

/** Of one isolate, as far as genuine tokens, addresses and hashes go. */
const memory = new Isolate();

function contextOf(more: Partial<VerificationContext> = {}): VerificationContext {
  const cache = new IsolateCache<IssuerEntry>(100);
  const issuerKeys = createIssuerKeys(
    (issuer) => env.ISSUER_KEYS.getByName(issuer),
    cache,
    () => Date.now() / 1000,
    () => 0,
  );
  return { config, now, issuerKeys, memory, ...more };
}

function verify(logins: Record<string, string> | [string, string][], more: Partial<VerificationContext> = {}) {
  return verifyLogins(pool, new Map(Array.isArray(logins) ? logins : Object.entries(logins)), contextOf(more));
}

/** The wire's view of a refusal, or the subjects of the verified logins. */
async function outcome(logins: Record<string, string> | [string, string][], more: Partial<VerificationContext> = {}) {
  const result = await verify(logins, more);
  return result.ok ? result.value.map((login) => login.subject) : result.error.message;
}

beforeAll(async () => {
  [rsa, ec, otherRsa] = await Promise.all([
    makeSigningKey("RS256", "key-1"),
    makeSigningKey("ES256", "key-ec"),
    makeSigningKey("RS256", "key-1"),
  ]);
});

beforeEach(() => {
  upstream = new FakeUpstream().install();
  for (const providerName of [GOOGLE, APPLE, "www.facebook.com", ISSUER, BY_ARN]) {
    upstream.serveIssuer(`https://${providerName}`, [rsa.publicJwk, ec.publicJwk]);
  }
  upstream.serveIssuer(`https://${OTHER}`, [otherRsa.publicJwk]);
  upstream.serve(`https://${USER_POOL}/.well-known/jwks.json`, () => Response.json({ keys: [rsa.publicJwk] }));
});

afterEach(() => {
  vi.unstubAllGlobals();
});

describe("verifyLogins", () => {
  it("verifies a login of each kind, in the order of the map, with both entries of amr", async () => {
    const result = await verify([
      [BY_ARN, await signToken(rsa, claimsOf(BY_ARN, "arn-client"))],
      [GOOGLE, await signToken(rsa, claimsOf(GOOGLE, "google-ios", { sub: "google-user" }))],
      [APPLE, await signToken(ec, claimsOf(APPLE, "com.example.app"))],
      [USER_POOL, await signToken(rsa, claimsOf(USER_POOL, "pool-client-2", { token_use: "id" }))],
      [ISSUER, await signToken(rsa, claimsOf(ISSUER, "client-2"))],
    ]);
    expect(result.ok && result.value.map(({ amr }) => amr)).toEqual([
      [BY_ARN, `${ARN}:OIDC:user-1`],
      [GOOGLE, `${GOOGLE}:google-ios:google-user`],
      [APPLE, `${APPLE}:com.example.app:user-1`],
      [USER_POOL, `${USER_POOL}:CognitoSignIn:user-1`],
      [ISSUER, `${ISSUER}:client-2:user-1`],
    ]);
    expect(result.ok && result.value[1]).toMatchObject({
      providerName: GOOGLE,
      subject: "google-user",
      loginId: await loginIdOf(pool.identityPoolId, GOOGLE, "google-user"),
    });
  });

  it("verifies nothing and asks nobody when there are no logins", async () => {
    expect(await verify({})).toEqual({ ok: true, value: [] });
    expect(upstream.fetched).toEqual([]);
  });

  it("accepts a token that another library made", async () => {
    const key = await importJWK(ec.privateJwk, "ES256");
    const token = await new SignJWT({ azp: "client-1" })
      .setProtectedHeader({ alg: "ES256", kid: ec.kid })
      .setIssuer(`https://${ISSUER}`)
      .setAudience("client-1")
      .setSubject("user-1")
      .setIssuedAt()
      .setExpirationTime("5m")
      .sign(key);
    expect(await outcome({ [ISSUER]: token })).toEqual(["user-1"]);
  });

  it.each(["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"])(
    "T1: accepts %s from an OpenID Connect issuer",
    async (algorithm) => {
      const issuer = `${algorithm.toLowerCase()}.example`;
      const key = await makeSigningKey(algorithm, "k");
      upstream.serveIssuer(`https://${issuer}`, [key.publicJwk]);
      const only = { ...pool, supportedLoginProviders: { [issuer]: "client-1" } };
      const logins = new Map([[issuer, await signToken(key, claimsOf(issuer, "client-1"))]]);
      expect(await verifyLogins(only, logins, contextOf())).toMatchObject({ ok: true });
    },
  );

  it.each([
    ["EdDSA", "EdDSA"],
    ["EdDSA", "Ed25519"],
    ["Ed25519", "EdDSA"],
    ["Ed25519", "Ed25519"],
    ["Ed25519", undefined],
    ["Ed25519", "custom"],
  ])("takes the header's %s for a key that is published for %s", async (inHeader, inKey) => {
    const key = await makeSigningKey("EdDSA", "k");
    const issuer = `ed-${inHeader}-${inKey}.example`.toLowerCase();
    upstream.serveIssuer(`https://${issuer}`, [{ ...key.publicJwk, alg: inKey }]);
    const only = { ...pool, supportedLoginProviders: { [issuer]: "client-1" } };
    const logins = new Map([[issuer, await signToken(key, claimsOf(issuer, "client-1"), { alg: inHeader })]]);
    expect(await verifyLogins(only, logins, contextOf())).toMatchObject({ ok: true });
  });

  it("takes no Ed25519 from a provider that signs otherwise", async () => {
    const key = await makeSigningKey("EdDSA", "k");
    upstream.serveIssuer(`https://${GOOGLE}`, [key.publicJwk]);
    for (const alg of ["Ed25519", "EdDSA"]) {
      expect(await outcome({ [GOOGLE]: await signToken(key, claimsOf(GOOGLE, "google-ios"), { alg }) })).toBe(
        NOT_VERIFIED,
      );
    }
  });

  it("needs discovery for no user pool", async () => {
    await outcome({ [USER_POOL]: await signToken(rsa, claimsOf(USER_POOL, "pool-client-1", { token_use: "id" })) });
    expect(upstream.fetched.every((url) => url.endsWith("/.well-known/jwks.json"))).toBe(true);
  });
});

describe("the token as bytes", () => {
  const header = (more: Record<string, unknown>) => signToken(rsa, claimsOf(ISSUER, "client-1"), more);

  it.each([
    ["T1: alg none", "none"],
    ["T1: alg NONE", "NONE"],
    ["T1: alg nOnE", "nOnE"],
    ["T1: a lower-case alg", "rs256"],
    ["T1: no alg", undefined],
    ["T1: an alg that is a list", ["RS256"]],
    ["T1: an alg that is null", null],
    ["T2: HS256", "HS256"],
    ["T2: HS512", "HS512"],
    ["T3: ES256 on an RSA key", "ES256"],
    ["T3: PS256 on a key published for RS256", "PS256"],
    ["T3: RS512 on a key published for RS256", "RS512"],
    ["T7: a JWE algorithm", "RSA-OAEP-256"],
  ])("refuses %s", async (_, alg) => {
    expect(await outcome({ [ISSUER]: await header({ alg }) })).toBe(NOT_VERIFIED);
  });

  it("T1: refuses none with an empty signature", async () => {
    const token = `${base64url('{"alg":"none"}')}.${base64url(JSON.stringify(claimsOf(ISSUER, "client-1")))}.`;
    expect(await outcome({ [ISSUER]: token })).toBe(NOT_VALID);
  });

  it.each([
    [GOOGLE, "google-web"],
    [USER_POOL, "pool-client-1"],
    ["www.facebook.com", "123456"],
  ])("T1: %s signs with RS256 alone, so ES256 is refused", async (providerName, clientId) => {
    const claims = claimsOf(providerName, clientId, { token_use: "id" });
    expect(await outcome({ [providerName]: await signToken(ec, claims) })).toBe(NOT_VERIFIED);
    expect(await outcome({ [providerName]: await signToken(rsa, claims) })).toEqual(["user-1"]);
  });

  it("T1: Apple signs with RS256 and ES256, and with nothing else", async () => {
    const claims = claimsOf(APPLE, "com.example.app");
    for (const key of [rsa, ec]) expect(await outcome({ [APPLE]: await signToken(key, claims) })).toEqual(["user-1"]);
    for (const algorithm of ["RS512", "PS256", "ES384", "EdDSA"]) {
      const result = await verify({ [APPLE]: await signToken(await makeSigningKey(algorithm, "other"), claims) });
      expect(result.ok ? "ok" : result.error.reason).toBe(`${APPLE}: algorithm-not-allowed`);
    }
  });

  it("T2: refuses an HMAC keyed by the public key in each of its forms", async () => {
    const spki = new Uint8Array(
      (await crypto.subtle.exportKey(
        "spki",
        await crypto.subtle.importKey("jwk", rsa.publicJwk, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, true, [
          "verify",
        ]),
      )) as ArrayBuffer,
    );
    const encode = (text: string) => new TextEncoder().encode(text);
    const body = spki.toBase64().replace(/(.{64})/g, "$1\n");
    const pem = `-----BEGIN PUBLIC KEY-----\n${body}\n-----END PUBLIC KEY-----\n`;
    const secrets = [
      spki,
      encode(pem),
      encode(` ${pem}`),
      encode(rsa.publicJwk.n ?? ""),
      encode(JSON.stringify(rsa.publicJwk)),
    ];
    for (const secret of secrets) {
      const parameters = { name: "HMAC", hash: "SHA-256" };
      const key = await crypto.subtle.importKey("raw", secret, parameters, false, ["sign"]);
      for (const alg of ["HS256", "RS256"]) {
        const head = base64url(JSON.stringify({ alg, kid: rsa.kid }));
        const text = `${head}.${base64url(JSON.stringify(claimsOf(ISSUER, "client-1")))}`;
        const mac = new Uint8Array(await crypto.subtle.sign("HMAC", key, encode(text)));
        expect(await outcome({ [ISSUER]: `${text}.${base64url(mac)}` })).toBe(NOT_VERIFIED);
      }
    }
  });

  it("T4: takes no key from the token, whether embedded or by address", async () => {
    const forged = { ...otherRsa, kid: rsa.kid };
    const sources = {
      jwk: otherRsa.publicJwk,
      jku: `https://${OTHER}/keys`,
      x5u: `https://${OTHER}/keys`,
      x5c: ["MIIB"],
    };
    const token = await signToken(forged, claimsOf(ISSUER, "client-1"), sources);
    expect(await outcome({ [ISSUER]: token })).toBe(NOT_VERIFIED);
    expect(upstream.fetched.filter((url) => url.includes(OTHER))).toEqual([]);
    const honest = await signToken(rsa, claimsOf(ISSUER, "client-1"), sources);
    expect(await outcome({ [ISSUER]: honest })).toEqual(["user-1"]);
  });

  it.each([
    ["a number", 1],
    ["an object", { toString: "key-1" }],
    ["a list", ["key-1"]],
    ["null", null],
    ["257 characters", "k".repeat(257)],
  ])("T5: refuses a kid that is %s", async (_, kid) => {
    expect(await outcome({ [ISSUER]: await header({ kid }) })).toBe(NOT_VALID);
  });

  it.each([
    "../../key-1",
    "' OR 1=1 --",
    "https://evil.example/jwks",
    "__proto__",
    "constructor",
    "key-1\u0000",
    "KEY-1",
    "",
  ])("T5: the kid %j is just one that nobody has", async (kid) => {
    expect(await outcome({ [ISSUER]: await header({ kid }) })).toBe(NOT_VERIFIED);
    expect(upstream.fetched.every((url) => url.startsWith(`https://${ISSUER}/`))).toBe(true);
  });

  it.each([
    ["any crit", { crit: ["exp"] }],
    ["an unknown crit", { crit: ["urn:example"], "urn:example": true }],
    ["an empty crit", { crit: [] }],
    ["a crit that is null", { crit: null }],
    ["b64: false", { b64: false, crit: ["b64"] }],
    ["b64: true", { b64: true }],
    ["zip", { zip: "DEF" }],
  ])("T6: refuses a token with %s", async (_, more) => {
    expect(await outcome({ [ISSUER]: await header(more) })).toBe(NOT_VALID);
  });

  it("T8: refuses another spelling of a good signature", async () => {
    const token = await header({});
    expect(await outcome({ [ISSUER]: token })).toEqual(["user-1"]);
    // 256 bytes leave four bits of the last character unused.
    const last = token.at(-1) ?? "";
    const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const sibling = alphabet[alphabet.indexOf(last) + 1] ?? "";
    for (const other of [`${token.slice(0, -1)}${sibling}`, `${token}==`, `${token}\n`, ` ${token}`]) {
      expect(await outcome({ [ISSUER]: other })).toBe(NOT_VALID);
    }
  });

  it("T9: judges the last of two audiences, as the one parser reads it", async () => {
    const claims = JSON.stringify(claimsOf(ISSUER, "client-1"));
    const head = JSON.stringify({ alg: "RS256", kid: rsa.kid });
    const foreignLast = `${claims.slice(0, -1)},"aud":"foreign"}`;
    const oursLast = `${claims.slice(0, -1).replace("client-1", "foreign")},"aud":"client-1"}`;
    expect(await outcome({ [ISSUER]: await signRaw(rsa, head, foreignLast) })).toBe(WRONG_AUDIENCE);
    expect(await outcome({ [ISSUER]: await signRaw(rsa, head, oursLast) })).toEqual(["user-1"]);
  });

  it("T10 and T11: refuses texts that are no token at all", async () => {
    for (const token of ["a", "EAACEdEose0cBA", "a.b.c", "..", "null", "{}", "x".repeat(50_000)]) {
      expect(await outcome({ [ISSUER]: token })).toBe(NOT_VALID);
    }
  });

  it("T12: refuses a signature over other claims, by another key, or of another token", async () => {
    const token = await header({});
    const [head, , signature] = token.split(".");
    const raised = base64url(JSON.stringify(claimsOf(ISSUER, "client-1", { sub: "admin" })));
    expect(await outcome({ [ISSUER]: `${head}.${raised}.${signature}` })).toBe(NOT_VERIFIED);
    expect(await outcome({ [ISSUER]: await signToken(otherRsa, claimsOf(ISSUER, "client-1")) })).toBe(NOT_VERIFIED);
    const zeros = base64url(new Uint8Array(256));
    expect(await outcome({ [ISSUER]: `${token.split(".").slice(0, 2).join(".")}.${zeros}` })).toBe(NOT_VERIFIED);
  });

  it("T12: refuses an ECDSA signature of zeros", async () => {
    const token = await signToken(ec, claimsOf(APPLE, "com.example.app"));
    const zeros = base64url(new Uint8Array(64));
    expect(await outcome({ [APPLE]: token })).toEqual(["user-1"]);
    expect(await outcome({ [APPLE]: `${token.split(".").slice(0, 2).join(".")}.${zeros}` })).toBe(NOT_VERIFIED);
  });

  it.each(["JWT", "jwt", "application/jwt", "Application/JWT", "JOSE", "application/jose", undefined])(
    "T14: accepts typ %s",
    async (typ) => {
      expect(await outcome({ [ISSUER]: await header({ typ }) })).toEqual(["user-1"]);
    },
  );

  it.each([
    "at+jwt",
    "application/at+jwt",
    "logout+jwt",
    "dpop+jwt",
    "secevent+jwt",
    "JWS",
    "",
    null,
    1,
    ["JWT"],
    " JWT",
    "JOSE+JSON",
    "jose+jwt",
  ])("T14: refuses typ %j", async (typ) => {
    expect(await outcome({ [ISSUER]: await header({ typ }) })).toBe(NOT_VALID);
  });

  it("T15: keeps no verdict: a token of one provider, verified a moment ago, is nothing under another", async () => {
    const context = contextOf();
    const token = await signToken(rsa, claimsOf(ISSUER, "client-1"));
    expect(await verifyLogins(pool, new Map([[ISSUER, token]]), context)).toMatchObject({ ok: true });
    expect(await verifyLogins(pool, new Map([[BY_ARN, token]]), context)).toMatchObject({ ok: false });
    const late = { ...context, now: now + 3600 + config.clockSkewSeconds };
    expect(await verifyLogins(pool, new Map([[ISSUER, token]]), late)).toMatchObject({ ok: false });
  });
});

describe("the claims", () => {
  const claims = (more: Record<string, unknown>) => signToken(rsa, claimsOf(ISSUER, "client-1", more));

  it.each([
    "https://issuer.example/tenant//",
    "https://ISSUER.example/tenant",
    "https://issuer.example:443/tenant",
    "https://issuer.example/tenant#",
    "https://issuer.example/tenant?",
    "https://user@issuer.example/tenant",
    "https://issuer.example/tenant@evil.example",
    "https://issuer.example/tenant.evil.example",
    "https://evil.example/https://issuer.example/tenant",
    "https://issuer.example/%74enant",
    "https://issuer.example/./tenant",
    "https://issuer.example/x/../tenant",
    "https://issuer.example\\tenant",
    "https://issuеr.example/tenant",
    " https://issuer.example/tenant",
    "https://issuer.example/tenant\n",
    "http://issuer.example/tenant",
    "issuer.example/tenant",
    "https://issuer.example",
    "",
    ["https://issuer.example/tenant"],
    { toString: "https://issuer.example/tenant" },
    null,
    1,
  ])("T16: refuses iss %j", async (iss) => {
    expect(await outcome({ [ISSUER]: await claims({ iss }) })).toBe(WRONG_ISSUER);
  });

  it("T16: takes Google's issuer with and without its scheme, and nobody else's without", async () => {
    for (const iss of ["https://accounts.google.com", "accounts.google.com"]) {
      expect(await outcome({ [GOOGLE]: await signToken(rsa, claimsOf(GOOGLE, "google-web", { iss })) })).toEqual([
        "user-1",
      ]);
    }
    for (const iss of [
      "http://accounts.google.com",
      "accounts.google.com/",
      "https://accounts.google.com.evil.example",
    ]) {
      expect(await outcome({ [GOOGLE]: await signToken(rsa, claimsOf(GOOGLE, "google-web", { iss })) })).toBe(
        WRONG_ISSUER,
      );
    }
    const bare = await signToken(rsa, claimsOf(APPLE, "com.example.app", { iss: APPLE }));
    expect(await outcome({ [APPLE]: bare })).toBe(WRONG_ISSUER);
  });

  it.each(["iss", "aud", "exp", "iat", "sub"])("T17 to T19: refuses a token without %s", async (claim) => {
    const token = await claims({ [claim]: undefined });
    expect(await outcome({ [ISSUER]: token })).toBe(`Invalid login token. Missing a required claim: ${claim}`);
  });

  it.each([
    ["another client", "client-3"],
    ["a prefix", "client-"],
    ["an extension", "client-1x"],
    ["both clients as the pool joins them", "client-1;client-2"],
    ["another case", "Client-1"],
    ["nothing", ""],
    ["an empty list", []],
    ["a list of others", ["client-3", "client-4"]],
    ["two, without azp", ["client-1", "foreign"]],
    ["a client of another provider", "google-web"],
  ])("T17: refuses an audience of %s", async (_, aud) => {
    expect(await outcome({ [ISSUER]: await claims({ aud }) })).toBe(WRONG_AUDIENCE);
  });

  it.each([
    ["an object", { "client-1": true }],
    ["a number", 1],
    ["null", null],
    ["a list within a list", [["client-1"]]],
    ["a list with a number", ["client-1", 1]],
  ])("T17: refuses an audience that is %s", async (_, aud) => {
    expect(await outcome({ [ISSUER]: await claims({ aud }) })).toBe(NOT_VALID);
  });

  it.each([
    ["one of ours, and no azp", { aud: ["client-1"] }, "client-1"],
    ["two of ours", { aud: ["client-2", "client-1"] }, "client-1"],
    ["ours and a foreign one, for us by azp", { aud: ["foreign", "client-2"], azp: "client-2" }, "client-2"],
    ["two of ours, made for the second", { aud: ["client-1", "client-2"], azp: "client-2" }, "client-2"],
    ["ours, and azp the same", { aud: "client-1", azp: "client-1" }, "client-1"],
    ["ours, and azp our other client", { aud: "client-1", azp: "client-2" }, "client-1"],
  ])("T17: accepts an audience of %s", async (_, more, clientId) => {
    const result = await verify({ [ISSUER]: await claims(more) });
    expect(result.ok && result.value[0]?.amr[1]).toBe(`${ISSUER}:${clientId}:user-1`);
  });

  it.each([
    ["two audiences and a foreign azp", { aud: ["client-1", "foreign"], azp: "foreign" }],
    ["two of ours and a foreign azp", { aud: ["client-1", "client-2"], azp: "foreign" }],
    ["one audience of ours and a foreign azp", { aud: "client-1", azp: "foreign" }],
    ["a foreign audience and an azp of ours", { aud: "foreign", azp: "client-1" }],
  ])("T17: refuses %s", async (_, more) => {
    expect(await outcome({ [ISSUER]: await claims(more) })).toBe(WRONG_AUDIENCE);
  });

  it("T17: takes a foreign azp from Google alone, where mobile apps ask for the web client's token", async () => {
    const token = (more: Record<string, unknown>) => signToken(rsa, claimsOf(GOOGLE, "google-web", more));
    expect(await outcome({ [GOOGLE]: await token({ azp: "google-android" }) })).toEqual(["user-1"]);
    expect(await outcome({ [GOOGLE]: await token({ azp: 1 }) })).toBe(NOT_VALID);
    expect(await outcome({ [GOOGLE]: await token({ aud: ["google-web", "x"], azp: "google-android" }) })).toBe(
      WRONG_AUDIENCE,
    );
    expect(await outcome({ [GOOGLE]: await token({ aud: "google-android", azp: "google-web" }) })).toBe(WRONG_AUDIENCE);
  });

  it.each([
    ["empty", ""],
    ["a number", 1],
    ["null", null],
    ["a list", ["user-1"]],
    ["1,025 characters", "u".repeat(1025)],
    ["1,025 characters beyond the first plane", "\u{1f600}".repeat(1025)],
    ["with a control character", "user\u0000"],
    ["with a line feed", "user\n"],
    ["with DEL", "user\u007f"],
    ["with a control character of the second block", "us\u0085er"],
    ["with the first half of a pair alone", "user\ud83d"],
    ["with the second half of a pair alone", "\ude00user"],
    ["with a pair the wrong way round", "\ude00\ud83d"],
  ])("T18: refuses a subject that is %s", async (_, sub) => {
    expect(await outcome({ [ISSUER]: await claims({ sub }) })).toBe(NOT_VALID);
  });

  it("T18: takes a subject as it is: no folding, no trimming, no prototype", async () => {
    for (const sub of [" User ", "__proto__", "u".repeat(1024), "\u{1f600}".repeat(1024), "a:b|c", "0"]) {
      expect(await outcome({ [ISSUER]: await claims({ sub }) })).toEqual([sub]);
    }
  });

  it("T18: takes a subject in any script, and two normal forms for two users", async () => {
    const subjects = [
      "repo:größe/実装:ref:refs/heads/føø",
      "é",
      "e\u0301",
      "ﬁ",
      "fi",
      "\u200duser",
      "مستخدم",
      "\ufeffuser",
    ];
    const ids = new Set<string>();
    for (const sub of subjects) {
      const result = await verify({ [ISSUER]: await claims({ sub }) });
      expect(result).toMatchObject({ ok: true, value: [{ subject: sub, amr: [ISSUER, `${ISSUER}:client-1:${sub}`] }] });
      if (result.ok) ids.add(result.value[0]?.loginId ?? "");
    }
    expect(ids.size).toBe(subjects.length);
  });

  it.each([
    ["exp as text", "exp", "9999999999"],
    ["exp null", "exp", null],
    ["exp true", "exp", true],
    ["exp as a list", "exp", [9999999999]],
    ["nbf as text", "nbf", "0"],
    ["nbf null", "nbf", null],
    ["iat as text", "iat", "0"],
    ["iat null", "iat", null],
  ])("T19: refuses %s", async (_, claim, value) => {
    expect(await outcome({ [ISSUER]: await claims({ [claim]: value }) })).toBe(NOT_VALID);
  });

  it.each([
    ["iat an hour ahead", "iat", now + 3600],
    ["nbf an hour ahead", "nbf", now + 3600],
    ["iat just beyond the skew", "iat", now + 60.5],
    ["nbf just beyond the skew", "nbf", now + 61],
    ["iat in milliseconds", "iat", now * 1000],
  ])("T19: refuses %s, and says that a clock is wrong", async (_, claim, value) => {
    expect(await outcome({ [ISSUER]: await claims({ [claim]: value }) })).toBe(
      `Invalid login token. Token is not yet valid: ${Math.floor(now)} < ${Math.ceil(value)}`,
    );
  });

  it("T19: takes times with fractions of a second", async () => {
    const times = { iat: now - 0.25, nbf: now - 0.5, exp: now + 60.125 };
    expect(await outcome({ [ISSUER]: await claims(times) })).toEqual(expect.any(Array));
  });

  it.each(["exp", "nbf", "iat"])("T19: refuses %s of 1e400 and -1e400, which no clock reaches", async (claim) => {
    for (const number of ["1e400", "-1e400"]) {
      const payload = JSON.stringify(claimsOf(ISSUER, "client-1", { [claim]: "N" })).replace('"N"', number);
      const token = await signRaw(rsa, JSON.stringify({ alg: "RS256", kid: rsa.kid }), payload);
      expect(await outcome({ [ISSUER]: token })).toBe(NOT_VALID);
    }
  });

  it("T19: refuses an expired token in the live wording, and grants the skew to the second", async () => {
    expect(await outcome({ [ISSUER]: await claims({ exp: now - 60 }) })).toBe(
      `Invalid login token. Token expired: ${now} >= ${now - 60}`,
    );
    expect(await outcome({ [ISSUER]: await claims({ exp: now - 59 }) })).toEqual(["user-1"]);
    expect(await outcome({ [ISSUER]: await claims({ iat: now + 60, nbf: now + 60 }) })).toEqual(["user-1"]);
    const strict = { config: { ...config, clockSkewSeconds: 0 } };
    expect(await outcome({ [ISSUER]: await claims({ exp: now }) }, strict)).toMatch(/Token expired/);
    expect(await outcome({ [ISSUER]: await claims({ exp: now + 1 }) }, strict)).toEqual(["user-1"]);
  });

  it("T14: refuses a security event, and a user pool's token that is no ID token", async () => {
    const events = { events: { "http://schemas.openid.net/event/backchannel-logout": {} } };
    expect(await outcome({ [ISSUER]: await claims(events) })).toBe(NOT_VALID);
    const poolToken = (more: Record<string, unknown>) => signToken(rsa, claimsOf(USER_POOL, "pool-client-1", more));
    expect(await outcome({ [USER_POOL]: await poolToken({ token_use: "access" }) })).toBe(NOT_VALID);
    expect(await outcome({ [USER_POOL]: await poolToken({}) })).toMatch(/Missing a required claim: token_use/);
    const access = await poolToken({ token_use: "access", aud: undefined, client_id: "pool-client-1" });
    expect(await outcome({ [USER_POOL]: access })).toBe("Invalid login token. Missing a required claim: aud");
  });

  it("T14: knows a user pool by its name also where a pool registers it as any issuer", async () => {
    const registered = {
      ...pool,
      cognitoIdentityProviders: [],
      supportedLoginProviders: { [USER_POOL]: "pool-client-1" },
    };
    const access = await signToken(rsa, claimsOf(USER_POOL, "pool-client-1", { token_use: "access" }));
    expect(await verifyLogins(registered, new Map([[USER_POOL, access]]), contextOf())).toMatchObject({ ok: false });
  });

  it("T14: takes a token that says that it is no ID token from no issuer at all", async () => {
    for (const token_use of ["access", "refresh", "ID", "", null, ["id"]]) {
      expect(await outcome({ [ISSUER]: await claims({ token_use }) })).toBe(NOT_VALID);
    }
    expect(await outcome({ [ISSUER]: await claims({ token_use: "id" }) })).toEqual(["user-1"]);
  });

  it("T17: words a user pool's foreign client id as the live service does", async () => {
    const token = await signToken(rsa, claimsOf(USER_POOL, "pool-client-3", { token_use: "id" }));
    expect(await outcome({ [USER_POOL]: token })).toBe(NOT_SUPPORTED);
  });

  it("T20: does not ask for a nonce and does not mind one", async () => {
    expect(await outcome({ [ISSUER]: await claims({ nonce: "n" }) })).toEqual(["user-1"]);
  });

  it("T21: refuses a token of one provider under the name of another that has the same keys", async () => {
    const token = await signToken(rsa, claimsOf(ISSUER, "client-1"));
    expect(await outcome({ [APPLE]: token })).toBe(WRONG_ISSUER);
    expect(await outcome({ [GOOGLE]: await signToken(rsa, claimsOf(USER_POOL, "google-web")) })).toBe(WRONG_ISSUER);
  });

  it("T21: refuses a token for a client of another pool", async () => {
    const elsewhere = { ...pool, supportedLoginProviders: { [ISSUER]: "client-of-pool-b" } };
    const token = await claims({});
    const result = await verifyLogins(elsewhere, new Map([[ISSUER, token]]), contextOf());
    expect(result).toMatchObject({ ok: false, error: { message: WRONG_AUDIENCE } });
  });

  it("T35: never reads an e-mail", async () => {
    const plain = await verify({ [ISSUER]: await claims({}) });
    expect(await verify({ [ISSUER]: await claims({ email: "victim@example.com", email_verified: true }) })).toEqual(
      plain,
    );
  });
});

describe("provider names", () => {
  it("refuses a token of this service", async () => {
    const message = "Invalid login token. Can't pass in a Cognito token.";
    expect(await outcome({ "cognito-identity.amazonaws.com": "anything" })).toBe(message);
  });

  it("refuses SAML in words of its own, and the log names a provider that the pool has and no other", async () => {
    const stranger = "arn:aws:iam::123456789012:saml-provider/s3cret";
    for (const [name, place] of [
      [SAML_ARN, SAML_ARN],
      [stranger, "unknown provider"],
    ] as const) {
      const error = {
        type: "NotAuthorizedException",
        message: "Invalid login token. SAML logins are not supported.",
        reason: `${place}: saml-not-verified`,
      };
      expect(await verify({ [name]: "PHNhbWw+" })).toMatchObject({ ok: false, error });
    }
    expect(upstream.fetched).toEqual([]);
  });

  it.each(["www.digits.com", "login.developer.example"])(
    "refuses %s, which nothing here verifies, though the pool names it",
    async (providerName) => {
      expect(await outcome({ [providerName]: "anything" })).toBe(NOT_SUPPORTED);
      expect(upstream.fetched).toEqual([]);
    },
  );

  it("refuses a good token of a provider that the pool does not have", async () => {
    upstream.serveIssuer("https://stranger.example", [rsa.publicJwk]);
    const token = await signToken(rsa, claimsOf("stranger.example", "client-1"));
    expect(await outcome({ "stranger.example": token })).toBe(NOT_SUPPORTED);
    expect(upstream.fetched.filter((url) => url.includes("stranger"))).toEqual([]);
  });

  it("tells a key with a scheme, and a text that is no token, as the live service does", async () => {
    expect(await outcome({ [`https://${GOOGLE}`]: await signToken(rsa, claimsOf(GOOGLE, "google-web")) })).toBe(
      WRONG_ISSUER,
    );
    expect(await outcome({ Facebook: "EAACEdEose0cBA" })).toBe(NOT_VALID);
  });

  it.each(["__proto__", "constructor", "toString", "then", "toJSON", "hasOwnProperty"])(
    "T39: %s is an ordinary unknown provider",
    async (providerName) => {
      const token = await signToken(rsa, claimsOf(providerName, "client-1"));
      expect(await outcome([[providerName, token]])).toBe(NOT_SUPPORTED);
    },
  );

  it.each([
    "Issuer.example/tenant",
    "issuer.example/tenant//",
    "issuer.example//tenant",
    "issuer.example/Tenant",
    " issuer.example/tenant",
    "issuеr.example/tenant",
  ])("T40: %j is not the provider that the pool names", async (providerName) => {
    const token = await signToken(rsa, claimsOf(providerName, "client-1"));
    expect(await outcome({ [providerName]: token })).toBe(NOT_SUPPORTED);
    expect(upstream.fetched).toEqual([]);
  });

  it.each(["192.168.0.1/issuer", "HOST.example"])(
    "T23: never fetches for %s, though the pool names it",
    async (providerName) => {
      const token = await signToken(rsa, claimsOf(providerName, "client-1"));
      expect(await outcome({ [providerName]: token })).toBe(NOT_SUPPORTED);
      expect(upstream.fetched).toEqual([]);
    },
  );

  it("says that a pool has no providers", async () => {
    const empty: IdentityPool = { identityPoolId: pool.identityPoolId, name: "empty", allowsUnauthenticated: true };
    const result = await verifyLogins(empty, new Map([[GOOGLE, "a"]]), contextOf());
    const message = `Identity pool - ${pool.identityPoolId} does not have identity providers configured.`;
    expect(result).toMatchObject({ ok: false, error: { type: "NotAuthorizedException", message } });
  });
});

describe("the two names of a user pool", () => {
  const SECOND = `issuer-${USER_POOL}`;
  const { supportedLoginProviders } = pool;
  const client = "pool-client-1";
  const oidc = { [SECOND]: [client] };
  /** Every way in which a pool may come to the user pool, with the name that it is written by. */
  const ROUTES: readonly (readonly [string, Partial<IdentityPool>])[] = [USER_POOL, SECOND].flatMap(
    (name) =>
      [
        [`CognitoIdentityProviders ${name}`, { cognitoIdentityProviders: [{ providerName: name, clientId: client }] }],
        [
          `SupportedLoginProviders ${name}`,
          { supportedLoginProviders: { ...supportedLoginProviders, [name]: client } },
        ],
        [`an ARN of ${name}`, { openIdConnectProviderArns: [ARN, `arn:aws:iam::123456789012:oidc-provider/${name}`] }],
        [`${name} with a slash`, { supportedLoginProviders: { [`${name}/`]: client } }],
      ] as const,
  );

  async function verifyBy(settings: Partial<IdentityPool>, logins: readonly (readonly [string, string])[]) {
    const parsed = parseConfig({
      ISSUER: "https://identity.example.com",
      KEY_ENCRYPTION_KEY: "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=",
      OIDC_PROVIDERS: JSON.stringify({ [BY_ARN]: ["arn-client"], ...oidc }),
    });
    if (!parsed.ok) throw new Error(parsed.error.join());
    const { cognitoIdentityProviders: _, ...rest } = pool;
    const only = { ...rest, ...settings };
    return await verifyLogins(only, new Map(logins), contextOf({ config: parsed.value }));
  }

  const tokenOf = (name: string, more: Record<string, unknown> = {}) =>
    signToken(rsa, claimsOf(name, client, { token_use: "id", ...more }));

  beforeEach(() => {
    upstream.serveIssuer(`https://${SECOND}`, [rsa.publicJwk]);
  });

  it.each(ROUTES)("are one login under one name, whichever one is used: %s", async (_, settings) => {
    const loginId = await loginIdOf(pool.identityPoolId, USER_POOL, "user-1");
    for (const name of [USER_POOL, SECOND, `${SECOND}/`]) {
      for (const iss of [USER_POOL, SECOND]) {
        const result = await verifyBy(settings, [[name, await tokenOf(iss)]]);
        expect(result).toMatchObject({ ok: true, value: [{ providerName: USER_POOL, loginId }] });
        if (result.ok) expect(result.value[0]?.amr[0]).toBe(USER_POOL);
      }
    }
  });

  it.each(ROUTES)("T14: let no access token in: %s", async (_, settings) => {
    for (const name of [USER_POOL, SECOND]) {
      for (const iss of [USER_POOL, SECOND]) {
        const access = await tokenOf(iss, { token_use: "access" });
        const refused = { ok: false, error: { type: "NotAuthorizedException", message: NOT_VALID } };
        expect(await verifyBy(settings, [[name, access]])).toMatchObject(refused);
        const silent = await tokenOf(iss, { token_use: undefined });
        expect(await verifyBy(settings, [[name, silent]])).toMatchObject({ ok: false });
      }
    }
  });

  it("T16: are two, and no token chooses a third one", async () => {
    const settings = { cognitoIdentityProviders: [{ providerName: USER_POOL, clientId: client }] };
    const third = "issuer-cognito-idp.eu-central-1.amazonaws.com/eu-central-1_Other";
    upstream.serveIssuer(`https://${third}`, [rsa.publicJwk]);
    const other = await verifyBy(settings, [[SECOND, await tokenOf(third)]]);
    expect(other).toMatchObject({ ok: false, error: { message: WRONG_ISSUER } });
    for (const iss of [`issuer-${SECOND}`, SECOND.replace("issuer-", "issuer."), SECOND.toUpperCase()]) {
      const result = await verifyBy(settings, [[SECOND, await tokenOf(iss)]]);
      expect(result).toMatchObject({ ok: false, error: { message: WRONG_ISSUER } });
    }
    expect(upstream.fetched).toEqual([]);
  });

  it("T41: in one call are one login of one user, and a conflict of two", async () => {
    const [, settings = {}] = ROUTES[0] ?? [];
    const same = await verifyBy(settings, [
      [USER_POOL, await tokenOf(USER_POOL)],
      [SECOND, await tokenOf(SECOND)],
    ]);
    expect(same.ok && same.value.map(({ amr }) => amr)).toEqual([[USER_POOL, `${USER_POOL}:CognitoSignIn:user-1`]]);
    const two = await verifyBy(settings, [
      [USER_POOL, await tokenOf(USER_POOL)],
      [SECOND, await tokenOf(SECOND, { sub: "user-2" })],
    ]);
    expect(two).toMatchObject({ ok: false, error: { type: "ResourceConflictException" } });
    const oneBad = await verifyBy(settings, [
      [USER_POOL, await tokenOf(USER_POOL)],
      [SECOND, `${(await tokenOf(SECOND)).slice(0, -8)}AAAAAAAA`],
    ]);
    expect(oneBad).toMatchObject({ ok: false, error: { message: NOT_VERIFIED } });
  });
});

describe("several logins", () => {
  it.each([0, 1, 2])("T32: one bad token at place %i refuses them all", async (bad) => {
    const good: [string, string][] = [
      [GOOGLE, await signToken(rsa, claimsOf(GOOGLE, "google-web"))],
      [APPLE, await signToken(ec, claimsOf(APPLE, "com.example.app"))],
      [ISSUER, await signToken(rsa, claimsOf(ISSUER, "client-1"))],
    ];
    expect(await outcome(good)).toEqual(["user-1", "user-1", "user-1"]);
    const logins = good.map(([name, token], place): [string, string] => [
      name,
      place === bad ? `${token.slice(0, -8)}AAAAAAAA` : token,
    ]);
    const result = await verify(logins);
    expect(result).toMatchObject({ ok: false, error: { message: NOT_VERIFIED } });
  });

  it("T28: asks no upstream while any login can be refused from its text", async () => {
    const logins: [string, string][] = [
      [OTHER, await signToken(otherRsa, claimsOf(OTHER, "other-client"))],
      [ISSUER, await signToken(rsa, claimsOf(ISSUER, "client-1", { exp: now - 3600 }))],
    ];
    expect(await outcome(logins)).toMatch(/Token expired/);
    expect(upstream.fetched.filter((url) => url.includes(OTHER))).toEqual([]);
  });

  it("reports the first refusal in the order of the map, whichever issuer answers first", async () => {
    const logins: [string, string][] = [
      ["down.example", await signToken(rsa, claimsOf("down.example", "client-1"))],
      [ISSUER, `${(await signToken(rsa, claimsOf(ISSUER, "client-1"))).slice(0, -8)}AAAAAAAA`],
    ];
    const withDown = {
      ...pool,
      supportedLoginProviders: { ...pool.supportedLoginProviders, "down.example": "client-1" },
    };
    const result = await verifyLogins(withDown, new Map(logins), contextOf());
    expect(result).toMatchObject({ ok: false, error: { type: "ExternalServiceException" } });
  });
});

describe("upstream trouble", () => {
  it("T31: tells an unreachable issuer from a wrong token, and names no host", async () => {
    const name = "outage.example";
    const only = { ...pool, supportedLoginProviders: { [name]: "client-1" } };
    const result = await verifyLogins(
      only,
      new Map([[name, await signToken(rsa, claimsOf(name, "client-1"))]]),
      contextOf(),
    );
    expect(result).toMatchObject({
      ok: false,
      error: { type: "ExternalServiceException", message: "The identity provider is not responding." },
    });
  });

  it("T46: repeats no piece of a token, no subject and no unknown name, on the wire or for the log", async () => {
    const secret = "s3cret-subject";
    const tokens = await Promise.all([
      signToken(otherRsa, claimsOf(ISSUER, "client-1", { sub: secret })),
      signToken(rsa, claimsOf(ISSUER, "client-1", { sub: secret, exp: 1 })),
      signToken(rsa, claimsOf(ISSUER, secret)),
      signToken(rsa, claimsOf(secret, "client-1")),
      signToken(rsa, claimsOf(ISSUER, "client-1"), { kid: secret }),
      signToken(rsa, claimsOf(ISSUER, "client-1"), { typ: secret }),
    ]);
    for (const [name, token] of [
      ...tokens.map((text) => [ISSUER, text] as const),
      [secret, tokens[0] ?? ""] as const,
    ]) {
      const result = await verify({ [name]: token });
      expect(result.ok).toBe(false);
      expect(JSON.stringify(result)).not.toMatch(/s3cret|eyJ/);
    }
  });
});

it("the builder signs what it says it signs", async () => {
  expect(await sign(rsa, "a")).toHaveLength(256);
});
