import { reset, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createLocalJWKSet, decodeJwt, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import type { Grant } from "../../../src/domain/grant.ts";
import { identityIdOf, identityPoolIdOf } from "../../../src/domain/identifiers.ts";
import { claimsOf, type OpenIdClaims } from "../../../src/domain/open-id-claims.ts";
import { TOKEN_ALGORITHMS } from "../../../src/domain/token-algorithm.ts";
import { KEY_RING_NAME } from "../../../src/durable/stubs.ts";
import { assertMintable, mint, mintForRole } from "../../../src/token/mint.ts";
import type { Signer, Signing } from "../../../src/keys/signer.ts";
import { jwksOf, signerOver } from "../../support/signing.ts";

const KEY = "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=";
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
  // Of AWS's STS there is nothing here, which would not take every algorithm.
  const config = parseConfig({ ...env, STS_URL: "none", ...settings });
  if (!config.ok) throw new Error(config.error.join("; "));
  await runInDurableObject(keyRing(), (object) => {
    Object.defineProperty(object, "config", { value: config.value, configurable: true });
  });
}

const signerHere = () => signerOver(keyRing, KEY);

async function tokenOf(grant: Grant, signer: Signer, at = now()): Promise<string> {
  const token = await mint(grant, { issuer, now: at, jti: crypto.randomUUID() }, signer.begin(at), () => at);
  if (!token.ok) throw new Error(token.error.reason ?? token.error.message);
  return token.value;
}

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
});

afterEach(async () => {
  vi.restoreAllMocks();
  await reset();
});

describe("mint", () => {
  it.each(TOKEN_ALGORITHMS)("makes a token that jose verifies with the published JWKS: %s", async (alg) => {
    await under({ TOKEN_ALG: alg });
    const signer = signerHere();
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

  it("makes a token for one role, which no other kind of token is", async () => {
    const signer = signerHere();
    const roleArn = "arn:aws:iam::123456789012:role/users";
    const stamp = { issuer, now: now(), jti: crypto.randomUUID() };
    const token = await mintForRole({ ...user, roleArn }, stamp, signer.begin(stamp.now), () => stamp.now);
    if (!token.ok) throw new Error(token.error.message);
    const { payload } = await jwtVerify(token.value, createLocalJWKSet(await jwksOf(signer)), {
      issuer,
      audience: guest.identityPoolId,
    });
    expect(payload).toMatchObject({ sub: user.identityId, "https://aws.amazon.com/roles": [roleArn] });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(300);
    expect(decodeJwt(await tokenOf({ ...user, roleArn }, signer))).not.toHaveProperty(["https://aws.amazon.com/roles"]);
    const sign = vi.fn<Signing["sign"]>();
    expect(() => mintForRole({ ...user, roleArn: "users" }, stamp, { sign }, () => stamp.now)).toThrow(
      "refused to sign: a role",
    );
    expect(sign).not.toHaveBeenCalled();
  });

  it("refuses, as a defect, to sign what the evidence does not permit, and never comes to the signature", async () => {
    const signer = signerHere();
    const sign = vi.fn<Signing["sign"]>();
    const twice: Grant = { ...user, logins: [...user.logins, ...user.logins] };
    await expect(tokenOf(twice, signer)).rejects.toThrow("refused to sign: amr");
    await expect(tokenOf({ ...user, lifetimeSeconds: 601 }, signer)).rejects.toThrow("refused to sign: the lifetime");
    const stamp = { issuer, now: now(), jti: "1" };
    expect(() => mint(twice, stamp, { sign }, () => stamp.now)).toThrow("refused to sign: amr");
    expect(sign).not.toHaveBeenCalled();
    const stolen: OpenIdClaims = { ...claimsOf(user, stamp), sub: "us-east-1:somebody-else" };
    expect(() => assertMintable(stolen, user, stamp)).toThrow("sub");
  });
});
