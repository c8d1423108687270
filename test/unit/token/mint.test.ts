import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createLocalJWKSet, decodeJwt, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import type { Grant } from "../../../src/domain/grant.ts";
import { identityIdOf, identityPoolIdOf } from "../../../src/domain/identifiers.ts";
import { PUBLICATION_LEAD_SECONDS } from "../../../src/keys/key-ring.ts";
import { claimsOf, type OpenIdClaims } from "../../../src/domain/open-id-claims.ts";
import { TOKEN_ALGORITHMS } from "../../../src/domain/token-algorithm.ts";
import { KEY_RING_NAME } from "../../../src/durable/key-ring-object.ts";
import { jwksResponse } from "../../../src/token/metadata.ts";
import { assertMintable, mint } from "../../../src/token/mint.ts";
import { createSigner, type KeyRingStub, type Signer } from "../../../src/keys/signer.ts";

const KEY = "dGVzdC1vbmx5LWtleS1lbmNyeXB0aW9uLWtleS0wMDE=";
const OTHER_KEY = "b3RoZXItb25seS1rZXktZW5jcnlwdGlvbi1rZXktMDI=";
const issuer = "https://identity.example.com";
const now = () => Math.floor(Date.now() / 1000);

const guest: Grant = {
  identityId: identityIdOf("us-east-1", "22222222-2222-4222-8222-222222222222"),
  identityPoolId: identityPoolIdOf("us-east-1", "11111111-1111-4111-8111-111111111111"),
  logins: [],
  lifetimeSeconds: 600,
};
const user: Grant = {
  ...guest,
  logins: [
    {
      providerName: "accounts.google.com",
      subject: "1",
      loginId: "0",
      amr: ["accounts.google.com", "accounts.google.com:c:1"],
    },
  ],
};

const keyRing = () => env.KEY_RING.getByName(KEY_RING_NAME);

async function under(settings: Record<string, string>): Promise<void> {
  const config = parseConfig({ ...env, ...settings });
  if (!config.ok) throw new Error(config.error.join("; "));
  await runInDurableObject(keyRing(), (object) => {
    Object.defineProperty(object, "config", { value: config.value, configurable: true });
  });
}

/** The real key ring, with its calls counted and its line cut at will. */
function ring() {
  const state = { signingKey: 0, publishedKeys: 0, isCut: false };
  const stub: KeyRingStub = {
    async signingKey() {
      state.signingKey++;
      if (state.isCut) throw new Error("Network connection lost");
      return keyRing().signingKey();
    },
    async publishedKeys() {
      state.publishedKeys++;
      if (state.isCut) throw new Error("Network connection lost");
      return keyRing().publishedKeys();
    },
  };
  return { state, signer: createSigner(() => stub, KEY) };
}

async function tokenOf(grant: Grant, signer: Signer, at = now()): Promise<string> {
  const token = await mint(grant, { issuer, now: at, jti: crypto.randomUUID() }, signer);
  if (!token.ok) throw new Error(token.error.reason ?? token.error.message);
  return token.value;
}

async function jwksOf(signer: Signer): Promise<JSONWebKeySet> {
  const keys = await signer.publishedKeys(now());
  if (!keys.ok) throw new Error(keys.error.reason ?? keys.error.message);
  return jwksResponse(keys.value).json();
}

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await reset();
});

describe("mint", () => {
  it.each(TOKEN_ALGORITHMS)("makes a token that jose verifies with the published JWKS: %s", async (alg) => {
    await under({ TOKEN_ALG: alg });
    const { signer } = ring();
    const token = await tokenOf(user, signer);
    const { payload, protectedHeader } = await jwtVerify(token, createLocalJWKSet(await jwksOf(signer)), {
      issuer,
      audience: guest.identityPoolId,
      algorithms: [alg],
      typ: "JWT",
    });
    expect(Object.keys(protectedHeader)).toEqual(["alg", "typ", "kid"]);
    expect(Object.keys(payload)).toEqual(["sub", "aud", "amr", "iss", "exp", "iat", "jti"]);
    expect(payload).toMatchObject({ sub: guest.identityId, amr: ["authenticated", ...(user.logins[0]?.amr ?? [])] });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(600);
    // One changed byte of the claims, and it is no token any more.
    const [header = "", , signature = ""] = token.split(".");
    const forged = btoa(JSON.stringify({ ...decodeJwt(token), sub: "us-east-1:0" })).replaceAll("=", "");
    await expect(
      jwtVerify(`${header}.${forged}.${signature}`, createLocalJWKSet(await jwksOf(signer))),
    ).rejects.toThrow();
  });

  it("refuses, as a defect, to sign what the evidence does not permit, and asks no key for it", async () => {
    const { state, signer } = ring();
    const twice: Grant = { ...user, logins: [...user.logins, ...user.logins] };
    await expect(tokenOf(twice, signer)).rejects.toThrow("refused to sign: amr");
    await expect(tokenOf({ ...user, lifetimeSeconds: 601 }, signer)).rejects.toThrow("refused to sign: the lifetime");
    expect(state.signingKey).toBe(0);
    const stamp = { issuer, now: now(), jti: "1" };
    const stolen: OpenIdClaims = { ...claimsOf(user, stamp), sub: "us-east-1:somebody-else" };
    expect(() => assertMintable(stolen, user, stamp)).toThrow("sub");
  });
});

describe("the signer", () => {
  it("asks the ring once, imports once, and signs every further token alone", async () => {
    const { state, signer } = ring();
    const unwrap = vi.spyOn(crypto.subtle, "unwrapKey");
    const kids = new Set<string | undefined>();
    for (let i = 0; i < 20; i++) kids.add(decodeProtectedHeader(await tokenOf(guest, signer)).kid);
    expect(kids.size).toBe(1);
    expect(state.signingKey).toBe(1);
    expect(unwrap).toHaveBeenCalledTimes(1);
    // After the terms it asks again, and keeps the imported key since it is the same.
    await tokenOf(guest, signer, now() + 61);
    expect(state.signingKey).toBe(2);
    expect(unwrap).toHaveBeenCalledTimes(1);
  });

  it("stops with the end of its lease when the ring cannot be reached", async () => {
    const { state, signer } = ring();
    const start = now();
    await tokenOf(guest, signer, start);
    state.isCut = true;
    await tokenOf(guest, signer, start + 599);
    await expect(tokenOf(guest, signer, start + 601)).rejects.toThrow("no answer of the key ring");
  });

  it("fails with a reason that names the setting under another KEY_ENCRYPTION_KEY, and shows neither key", async () => {
    const signer = createSigner(keyRing, OTHER_KEY);
    const token = await mint(guest, { issuer, now: now(), jti: "1" }, signer);
    expect(token).toMatchObject({ ok: false, error: { type: "InternalErrorException" } });
    const text = JSON.stringify(token);
    expect(text).toContain("KEY_ENCRYPTION_KEY");
    expect(text).not.toContain(OTHER_KEY);
    expect(text).not.toContain(KEY);
  });

  it("follows an emergency rotation within the refresh time; the dropped key is in no new set", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2100, 0, 1) });
    const { signer } = ring();
    const before = decodeProtectedHeader(await tokenOf(guest, signer)).kid;
    vi.setSystemTime(Date.now() + PUBLICATION_LEAD_SECONDS * 1000);
    expect((await keyRing().rotateNow()).ok).toBe(true);
    vi.setSystemTime(Date.now() + 61_000);
    const token = await tokenOf(guest, signer);
    expect(decodeProtectedHeader(token).kid).not.toBe(before);
    const jwks = await jwksOf(signer);
    expect(jwks.keys.map(({ kid }) => kid)).not.toContain(before);
    await jwtVerify(token, createLocalJWKSet(jwks), { currentDate: new Date() });
  });

  it("signs across a rotation with one key or the other, both published (F11)", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2100, 0, 1) });
    const early = ring().signer;
    await tokenOf(guest, early);
    vi.setSystemTime(Date.now() + 90 * 86_400_000 - 30_000);
    const first = await tokenOf(guest, early);
    vi.setSystemTime(Date.now() + 30_000);
    const late = ring().signer;
    const tokens = [first, await tokenOf(guest, early), await tokenOf(guest, late)];
    const kids = tokens.map((token) => decodeProtectedHeader(token).kid);
    expect(kids[0]).toBe(kids[1]);
    expect(kids[2]).not.toBe(kids[1]);
    const jwks = createLocalJWKSet(await jwksOf(late));
    for (const token of tokens) await jwtVerify(token, jwks, { currentDate: new Date() });
  });
});
