import { beforeAll, describe, expect, it } from "vitest";
import { parsePublicKeys, type PublicKey, selectKey } from "../../../src/upstream/public-keys.ts";
import { base64url, makeSigningKey, type SigningKey } from "../../support/login-tokens.ts";

let rs256: SigningKey;
let es256: SigningKey;
let es384: SigningKey;
let eddsa: SigningKey;

beforeAll(async () => {
  [rs256, es256, es384, eddsa] = await Promise.all([
    makeSigningKey("RS256", "rsa"),
    makeSigningKey("ES256", "p256"),
    makeSigningKey("ES384", "p384"),
    makeSigningKey("EdDSA", "ed"),
  ]);
});

function keysOf(...entries: unknown[]): readonly PublicKey[] | undefined {
  return parsePublicKeys({ keys: entries })?.keys;
}

/** A modulus of so many bits, odd; nobody has its factors, and nobody needs them here. */
function modulus(bits: number): string {
  const bytes = new Uint8Array(Math.ceil(bits / 8)).fill(0xff);
  bytes[0] = 0xff >> ((8 - (bits % 8)) % 8);
  return base64url(bytes);
}

describe("parsePublicKeys", () => {
  it("keeps the public members of an allow list, and no other", () => {
    const entry = {
      ...rs256.publicJwk,
      x5c: ["MII"],
      x5u: "https://a.example",
      ext: true,
      extra: 1,
      __proto__: { d: 1 },
    };
    const { n, e } = rs256.publicJwk;
    expect(keysOf(entry)).toEqual([{ kty: "RSA", n, e, kid: "rsa", alg: "RS256" }]);
    expect(
      keysOf(es256.publicJwk, es384.publicJwk, eddsa.publicJwk)?.map((key) => Object.keys(key).toSorted()),
    ).toEqual([
      ["alg", "crv", "kid", "kty", "x", "y"],
      ["alg", "crv", "kid", "kty", "x", "y"],
      ["alg", "crv", "kid", "kty", "x"],
    ]);
  });

  it("reads a modulus with the sign byte of a big-number library", () => {
    const bytes = Uint8Array.fromBase64(rs256.publicJwk.n ?? "", { alphabet: "base64url" });
    expect(keysOf({ ...rs256.publicJwk, n: base64url(Uint8Array.from([0, ...bytes])) })).toEqual(
      keysOf(rs256.publicJwk),
    );
  });

  it.each([undefined, null, 1, "keys", [], {}, { keys: {} }, { keys: "a" }, Object.create({ keys: [] })])(
    "takes %j for no key set at all",
    (document) => {
      expect(parsePublicKeys(document)).toBeUndefined();
    },
  );

  it.each([
    ["T2: oct keys", () => ({ kty: "oct", k: "c2VjcmV0", kid: "rsa", alg: "HS256" })],
    ["T2: an HMAC algorithm on a public key", () => ({ ...rs256.publicJwk, alg: "HS256" })],
    ["T3: an alg that the curve cannot serve", () => ({ ...es256.publicJwk, alg: "ES384" })],
    ["T3: an alg of another kty", () => ({ ...rs256.publicJwk, alg: "ES256" })],
    ["T3: an alg that is not text", () => ({ ...rs256.publicJwk, alg: ["RS256"] })],
    ["T5: a kid that is a number", () => ({ ...rs256.publicJwk, kid: 1 })],
    ["T5: a kid of 257 characters", () => ({ ...rs256.publicJwk, kid: "k".repeat(257) })],
    ["T13: RSA under 2048 bits", () => ({ ...rs256.publicJwk, n: modulus(2047) })],
    ["T13: RSA over 8192 bits", () => ({ ...rs256.publicJwk, n: modulus(8193) })],
    ["T13: an even modulus", () => ({ ...rs256.publicJwk, n: base64url(new Uint8Array(256).fill(0xfe)) })],
    ["T13: e = 1", () => ({ ...rs256.publicJwk, e: "AQ" })],
    ["T13: e = 0", () => ({ ...rs256.publicJwk, e: "AA" })],
    ["T13: an even e", () => ({ ...rs256.publicJwk, e: "Ag" })],
    ["T13: e over 2^32", () => ({ ...rs256.publicJwk, e: base64url(Uint8Array.from([1, 0, 0, 0, 1])) })],
    ["T13: no e", () => ({ kty: "RSA", n: rs256.publicJwk.n })],
    ["T8: a modulus with padding", () => ({ ...rs256.publicJwk, n: `${rs256.publicJwk.n}==` })],
    ["T26: use: enc", () => ({ ...rs256.publicJwk, use: "enc" })],
    ["T26: use that is not text", () => ({ ...rs256.publicJwk, use: ["sig"] })],
    ["T26: key_ops without verify", () => ({ ...rs256.publicJwk, key_ops: ["encrypt"] })],
    ["T26: key_ops that is no list", () => ({ ...rs256.publicJwk, key_ops: "verify" })],
    ["T26: an unknown curve", () => ({ kty: "EC", crv: "secp256k1", x: es256.publicJwk.x, y: es256.publicJwk.y })],
    ["T26: P-521, which no algorithm here uses", () => ({ kty: "EC", crv: "P-521", x: "AA", y: "AA" })],
    ["T26: a coordinate of the wrong length", () => ({ ...es256.publicJwk, x: es384.publicJwk.x })],
    ["T26: an EC key without y", () => ({ kty: "EC", crv: "P-256", x: es256.publicJwk.x })],
    ["T26: Ed25519 as an EC key", () => ({ ...eddsa.publicJwk, kty: "EC", y: eddsa.publicJwk.x })],
    ["T26: a P-256 key as an OKP", () => ({ ...es256.publicJwk, kty: "OKP", alg: undefined })],
    ["T26: an unknown kty", () => ({ ...rs256.publicJwk, kty: "rsa" })],
    ["T26: junk", () => "junk"],
    ["T26: null", () => null],
    ["T26: an array", () => [rs256.publicJwk]],
    ["T26: an empty entry", () => ({})],
    ["T39: members of a prototype", () => Object.create(rs256.publicJwk)],
  ])("skips %s and keeps its neighbours", (_, entry) => {
    expect(keysOf(entry(), es256.publicJwk)?.map((key) => key.kid)).toEqual(["p256"]);
  });

  it.each(["d", "p", "q", "dp", "dq", "qi", "oth", "k"])(
    "T26: drops an entry with the secret member %s, and counts it for the alarm",
    (member) => {
      const parsed = parsePublicKeys({ keys: [{ ...rs256.publicJwk, [member]: "AQAB" }, es256.publicJwk] });
      expect(parsed?.keys.map((key) => key.kid)).toEqual(["p256"]);
      expect(parsed?.leakedKeyCount).toBe(1);
    },
  );

  it("T25: reads at most 100 entries", () => {
    expect(
      keysOf(...Array.from({ length: 150 }, (_, index) => ({ ...es256.publicJwk, kid: `${index}` }))),
    ).toHaveLength(100);
  });
});

describe("selectKey", () => {
  const select = (keys: readonly unknown[], ...header: [Parameters<typeof selectKey>[1], string | undefined]) => {
    const selected = selectKey(
      (keysOf(...keys) ?? []).map((publicKey) => ({ publicKey })),
      ...header,
    );
    return selected.ok ? selected.value.publicKey : selected.error.kind;
  };

  it("finds the key by its kid", () => {
    expect(select([rs256.publicJwk, es256.publicJwk], "ES256", "p256")).toMatchObject({ kid: "p256" });
  });

  it.each(["P256", "p256 ", "", "__proto__", "constructor", "../p256", "p256\u0000"])(
    "T5: %j is not the kid p256",
    (kid) => {
      expect(select([es256.publicJwk], "ES256", kid)).toBe("unknown-key");
    },
  );

  it("T3: refuses a key whose kty, curve or alg disagrees with the header", () => {
    expect(select([rs256.publicJwk], "ES256", "rsa")).toBe("unknown-key");
    expect(select([es256.publicJwk], "ES384", "p256")).toBe("unknown-key");
    expect(select([rs256.publicJwk], "PS256", "rsa")).toBe("unknown-key");
    expect(select([rs256.publicJwk], "RS512", "rsa")).toBe("unknown-key");
    const { alg: _, ...anyAlg } = rs256.publicJwk;
    expect(select([anyAlg], "RS512", "rsa")).toMatchObject({ kid: "rsa" });
  });

  it("T26: uses duplicate kids only when kty or alg tells them apart", async () => {
    const twin = { ...(await makeSigningKey("RS256", "rsa")).publicJwk };
    expect(select([rs256.publicJwk, twin], "RS256", "rsa")).toBe("ambiguous-key");
    expect(select([rs256.publicJwk, { ...twin, alg: "RS512" }], "RS256", "rsa")).toEqual(keysOf(rs256.publicJwk)?.[0]);
    expect(select([rs256.publicJwk, { ...es256.publicJwk, kid: "rsa" }], "RS256", "rsa")).toMatchObject({ kty: "RSA" });
  });

  it("T27: without a kid, exactly one key of the set must fit the algorithm", async () => {
    expect(select([rs256.publicJwk, es256.publicJwk], "ES256", undefined)).toMatchObject({ kid: "p256" });
    expect(select([rs256.publicJwk], "ES256", undefined)).toBe("unknown-key");
    const second = await makeSigningKey("ES256", "second");
    expect(select([es256.publicJwk, second.publicJwk], "ES256", undefined)).toBe("missing-kid");
  });
});
