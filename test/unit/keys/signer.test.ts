import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from "jose";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Result } from "../../../src/domain/errors.ts";
import type { OpenIdClaims } from "../../../src/domain/open-id-claims.ts";
import { KEY_RING_NAME } from "../../../src/durable/stubs.ts";
import { PUBLICATION_LEAD_SECONDS } from "../../../src/keys/key-ring.ts";
import type { KeyRingStub, Signer } from "../../../src/keys/signer.ts";
import { jwksOf, signerOver } from "../../support/signing.ts";

const KEY = "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=";
const OTHER_KEY = "PwBM8DvS5zT2p0NUD+bQrgeSuMKrg1etF795i7Q/h20=";
const now = () => Math.floor(Date.now() / 1000);

const keyRing = () => env.KEY_RING.getByName(KEY_RING_NAME);

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
  return { state, signer: signerOver(() => stub, KEY) };
}

function claimsAt(at: number): OpenIdClaims {
  return { sub: "s", aud: "a", amr: ["unauthenticated"], iss: "i", exp: at + 600, iat: at, jti: "j" };
}

async function signed(signer: Signer, at = now()): Promise<Result<string>> {
  return await signer.begin(at).sign(claimsAt(at), () => at);
}

async function tokenOf(signer: Signer, at = now()): Promise<string> {
  const token = await signed(signer, at);
  if (!token.ok) throw new Error(token.error.reason ?? token.error.message);
  return token.value;
}

beforeEach(() => {
  vi.spyOn(console, "log").mockImplementation(() => undefined);
});

afterEach(async () => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  await reset();
});

describe("the signer", () => {
  it("asks the ring once, imports once, and signs every further token alone", async () => {
    const { state, signer } = ring();
    const unwrap = vi.spyOn(crypto.subtle, "unwrapKey");
    const kids = new Set<string | undefined>();
    for (let i = 0; i < 20; i++) kids.add(decodeProtectedHeader(await tokenOf(signer)).kid);
    expect(kids.size).toBe(1);
    expect(state.signingKey).toBe(1);
    expect(unwrap).toHaveBeenCalledTimes(1);
    // After the terms it asks again, and keeps the imported key since it is the same.
    await tokenOf(signer, now() + 61);
    expect(state.signingKey).toBe(2);
    expect(unwrap).toHaveBeenCalledTimes(1);
  });

  it("stops with the end of its lease when the ring cannot be reached", async () => {
    const { state, signer } = ring();
    const start = now();
    await tokenOf(signer, start);
    state.isCut = true;
    await tokenOf(signer, start + 599);
    await expect(tokenOf(signer, start + 601)).rejects.toThrow("no answer of the key ring");
  });

  it("fails with a reason that names the setting under another KEY_ENCRYPTION_KEY, and shows neither key", async () => {
    const token = await signed(signerOver(keyRing, OTHER_KEY));
    expect(token).toMatchObject({ ok: false, error: { type: "InternalErrorException" } });
    const text = JSON.stringify(token);
    expect(text).toContain("KEY_ENCRYPTION_KEY");
    expect(text).not.toContain(OTHER_KEY);
    expect(text).not.toContain(KEY);
  });

  it("follows an emergency rotation within the refresh time; the dropped key is in no new set", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2100, 0, 1) });
    const { signer } = ring();
    const before = decodeProtectedHeader(await tokenOf(signer)).kid;
    vi.setSystemTime(Date.now() + PUBLICATION_LEAD_SECONDS * 1000);
    expect((await keyRing().rotateNow()).ok).toBe(true);
    vi.setSystemTime(Date.now() + 61_000);
    const token = await tokenOf(signer);
    expect(decodeProtectedHeader(token).kid).not.toBe(before);
    const jwks = await jwksOf(signer);
    expect(jwks.keys.map(({ kid }) => kid)).not.toContain(before);
    await jwtVerify(token, createLocalJWKSet(jwks), { currentDate: new Date() });
  });

  it("signs across a rotation with one key or the other, both published (F11)", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2100, 0, 1) });
    const early = ring().signer;
    await tokenOf(early);
    vi.setSystemTime(Date.now() + 90 * 86_400_000 - 30_000);
    const first = await tokenOf(early);
    vi.setSystemTime(Date.now() + 30_000);
    const late = ring().signer;
    const tokens = [first, await tokenOf(early), await tokenOf(late)];
    const kids = tokens.map((token) => decodeProtectedHeader(token).kid);
    expect(kids[0]).toBe(kids[1]);
    expect(kids[2]).not.toBe(kids[1]);
    const jwks = createLocalJWKSet(await jwksOf(late));
    for (const token of tokens) await jwtVerify(token, jwks, { currentDate: new Date() });
  });

  it("asks for the key where a signature begins, and once for all of it", async () => {
    const { state, signer } = ring();
    const at = now();
    const signing = signer.begin(at);
    expect(state.signingKey).toBe(1);
    const token = await signing.sign(claimsAt(at), () => at + 59);
    expect(token.ok).toBe(true);
    expect(state.signingKey).toBe(1);
  });

  it("asks again when what came between took longer than the key is held for", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2100, 0, 1) });
    const { state, signer } = ring();
    const before = decodeProtectedHeader(await tokenOf(signer)).kid;
    vi.setSystemTime(Date.now() + PUBLICATION_LEAD_SECONDS * 1000);
    const signing = signer.begin(now());
    await signing.sign(claimsAt(now()), now);
    expect((await keyRing().rotateNow()).ok).toBe(true);
    vi.setSystemTime(Date.now() + 60_000);
    const token = await signing.sign(claimsAt(now()), now);
    expect(decodeProtectedHeader(token.ok ? token.value : "").kid).not.toBe(before);
    expect(state.signingKey).toBe(3);
  });

  it("asks again when the answer itself was longer on its way than the key is held for", async () => {
    vi.useFakeTimers({ toFake: ["Date"], now: Date.UTC(2100, 0, 1) });
    const { state, signer } = ring();
    const signing = signer.begin(now());
    const signs = signing.sign(claimsAt(now()), now);
    vi.setSystemTime(Date.now() + 61_000);
    expect((await signs).ok).toBe(true);
    expect(state.signingKey).toBe(2);
  });

  it("tells a failure to whoever signs, and to nobody who only began", async () => {
    const { state, signer } = ring();
    state.isCut = true;
    const at = now();
    const signing = signer.begin(at);
    signer.begin(at);
    // A rejection that nobody handled would fail this test.
    expect(await signing.sign(claimsAt(at), () => at)).toMatchObject({
      ok: false,
      error: { type: "InternalErrorException" },
    });
    expect(state.signingKey).toBe(2);
  });

  it("leaves it to the request that an answer outlives it", async () => {
    const later: Promise<unknown>[] = [];
    const signer = signerOver(keyRing, KEY, (work) => void later.push(work));
    const at = now();
    signer.begin(at);
    await signer.publishedKeys(at);
    expect(later).toHaveLength(2);
    expect(await Promise.all(later)).toEqual([
      expect.objectContaining({ ok: true }),
      expect.objectContaining({ ok: true }),
    ]);
    await signed(signer, at);
    expect(later).toHaveLength(2);
  });
});
