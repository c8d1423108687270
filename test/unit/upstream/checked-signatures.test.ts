import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { isGenuine, type SignedToken } from "../../../src/upstream/checked-signatures.ts";
import { parseLoginToken } from "../../../src/upstream/login-token.ts";
import { importVerificationKey } from "../../../src/upstream/signature.ts";
import { makeSigningKey, type SigningKey, signToken } from "../../support/login-tokens.ts";

const NOW = 1_800_000_000;

let signer: SigningKey;
let forger: SigningKey;
let key: CryptoKey;
/** Signatures that WebCrypto was asked about. */
let checks: { readonly mock: { readonly calls: readonly unknown[] } };

function signedToken(token: string): SignedToken {
  const parsed = parseLoginToken(token);
  if (!parsed.ok) throw new Error("not a token");
  return { token, ...parsed.value };
}

const tokenOf = async (subject: string, by = signer) => signedToken(await signToken(by, { sub: subject }));
const judge = async (signed: SignedToken, now = NOW, by = key) => await isGenuine("ES256", by, signed, now);

beforeAll(async () => {
  [signer, forger] = await Promise.all([makeSigningKey("ES256", "key-1"), makeSigningKey("ES256", "key-1")]);
});

beforeEach(async () => {
  key = await importVerificationKey(signer.publicJwk, "ES256");
  checks = vi.spyOn(crypto.subtle, "verify");
});

afterEach(() => {
  vi.restoreAllMocks();
});

describe("isGenuine", () => {
  it("checks the signature of a token once in a minute", async () => {
    const ann = await tokenOf("ann");
    expect([await judge(ann), await judge(ann, NOW + 59)]).toEqual([true, true]);
    expect(checks.mock.calls).toHaveLength(1);
    expect(await judge(ann, NOW + 60)).toBe(true);
    expect(checks.mock.calls).toHaveLength(2);
  });

  it("T15: knows each token by all of it: the next one, of the same claims or of others, is checked for itself", async () => {
    const ann = await tokenOf("ann");
    expect(await judge(ann)).toBe(true);
    const again = await tokenOf("ann");
    expect(again.token).not.toBe(ann.token);
    expect([await judge(again), await judge(await tokenOf("bob"))]).toEqual([true, true]);
    expect(checks.mock.calls).toHaveLength(3);
    expect(await judge(await tokenOf("ann", forger))).toBe(false);
    const other = await tokenOf("ann", forger);
    const [header, payload] = ann.token.split(".");
    expect(await judge(signedToken(`${header}.${payload}.${other.token.split(".")[2]}`))).toBe(false);
  });

  it("remembers nothing of a bad signature", async () => {
    const forged = await tokenOf("ann", forger);
    expect([await judge(forged), await judge(forged)]).toEqual([false, false]);
    expect(checks.mock.calls).toHaveLength(2);
  });

  it("T15: knows nothing of another key, not even of the same one imported anew", async () => {
    const ann = await tokenOf("ann");
    expect(await judge(ann)).toBe(true);
    const foreign = await importVerificationKey(forger.publicJwk, "ES256");
    expect(await judge(ann, NOW, foreign)).toBe(false);
    expect(await judge(ann, NOW, await importVerificationKey(signer.publicJwk, "ES256"))).toBe(true);
    expect(checks.mock.calls).toHaveLength(3);
  });

  it("checks again when the clock was set back", async () => {
    const ann = await tokenOf("ann");
    expect([await judge(ann), await judge(ann, NOW - 1)]).toEqual([true, true]);
    expect(checks.mock.calls).toHaveLength(2);
  });

  it("remembers a thousand tokens of a key, the latest", async () => {
    const first = await tokenOf("first");
    expect(await judge(first)).toBe(true);
    const others = await Promise.all(Array.from({ length: 1000 }, (_, index) => tokenOf(`user-${index}`)));
    for (const other of others) expect(await judge(other)).toBe(true);
    expect(checks.mock.calls).toHaveLength(1001);
    expect(await judge(first)).toBe(true);
    expect(checks.mock.calls).toHaveLength(1002);
    const last = others.at(-1);
    expect(last !== undefined && (await judge(last))).toBe(true);
    expect(checks.mock.calls).toHaveLength(1002);
  });
});
