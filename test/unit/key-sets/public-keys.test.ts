import { beforeAll, describe, expect, it } from "vitest";
import { countAmbiguousKids, parsePublicKeys, type PublicKey, selectKey } from "../../../src/key-sets/public-keys.ts";
import { base64url, makeSigningKey, type SigningKey } from "../../support/login-tokens.ts";

let rs256: SigningKey;
let es256: SigningKey;
let es384: SigningKey;
let es512: SigningKey;
let eddsa: SigningKey;

beforeAll(async () => {
  [rs256, es256, es384, es512, eddsa] = await Promise.all([
    makeSigningKey("RS256", "rsa"),
    makeSigningKey("ES256", "p256"),
    makeSigningKey("ES384", "p384"),
    makeSigningKey("ES512", "p521"),
    makeSigningKey("EdDSA", "ed"),
  ]);
});

function keysOf(...entries: unknown[]): readonly PublicKey[] | undefined {
  return parsePublicKeys({ keys: entries })?.keys;
}

const bytesOf = (text: string) => Uint8Array.fromBase64(text, { alphabet: "base64url" });

/** Of 256 keys one begins with a zero. */
async function keyWithLeadingZero(algorithm: string): Promise<JsonWebKey> {
  // A coordinate of P-521 begins with seven bits that are always zero, so that half of its keys do.
  for (;;) {
    const { publicJwk } = await makeSigningKey(algorithm, "led");
    if (bytesOf(publicJwk.x ?? "")[0] === 0) return publicJwk;
  }
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
      keysOf(es256.publicJwk, es384.publicJwk, es512.publicJwk, eddsa.publicJwk)?.map((key) =>
        Object.keys(key).toSorted(),
      ),
    ).toEqual([
      ["alg", "crv", "kid", "kty", "x", "y"],
      ["alg", "crv", "kid", "kty", "x", "y"],
      ["alg", "crv", "kid", "kty", "x", "y"],
      ["alg", "crv", "kid", "kty", "x"],
    ]);
  });

  it("T26: takes a member that is null for one that is not there", () => {
    for (const jwk of [rs256.publicJwk, es256.publicJwk, eddsa.publicJwk]) {
      const absent = ["d", "p", "q", "dp", "dq", "qi", "oth", "k", "key_ops", "x5c", "x5t", "x5u", "ext", "iat"];
      const nulls = Object.fromEntries(absent.map((member) => [member, null]));
      expect(parsePublicKeys({ keys: [{ ...nulls, ...jwk }] })).toEqual({
        keys: keysOf(jwk),
        leakedKeyCount: 0,
        unreadKeyCount: 0,
      });
    }
    const bare = { kty: "EC", crv: "P-256", x: es256.publicJwk.x, y: es256.publicJwk.y };
    expect(keysOf({ ...bare, use: null, alg: null, kid: null, key_ops: null, n: null, e: null })).toEqual([bare]);
  });

  it.each([
    ["an empty use", { use: "" }],
    ["an empty alg", { alg: "" }],
    ["the name of a key type", { alg: "RSA" }],
    ["white space after an alg", { alg: "RS256 " }],
    ["another case", { alg: "rs256" }],
    ["a name of its own", { alg: "custom" }],
    ["the name of a prototype's member", { alg: "constructor" }],
  ])("passes over %s, which says nothing", (_, members) => {
    const { alg, ...anyAlg } = rs256.publicJwk;
    expect(keysOf({ ...rs256.publicJwk, ...members })).toEqual(keysOf("alg" in members ? anyAlg : { ...anyAlg, alg }));
  });

  it("takes key_ops that name verify among others", () => {
    for (const key_ops of [["verify"], ["sign", "verify"], ["verify", "encrypt"]]) {
      expect(keysOf({ ...es256.publicJwk, key_ops })).toEqual(keysOf(es256.publicJwk));
    }
  });

  it("takes either name of EdDSA in a key", () => {
    expect(keysOf({ ...eddsa.publicJwk, alg: "Ed25519" })).toEqual(keysOf(eddsa.publicJwk));
  });

  it.each(["RSA", "EC", "OKP"])("reads the numbers of an %s key however they are padded", (kty) => {
    const jwk = [rs256, es256, eddsa].map((key) => key.publicJwk).find((published) => published.kty === kty);
    const spell = (change: (text: string) => string) =>
      Object.fromEntries(
        ["n", "e", "x", "y"].flatMap((name) => {
          const text: unknown = Reflect.get(jwk ?? {}, name);
          return typeof text === "string" ? [[name, change(text)]] : [];
        }),
      );
    const plain = (text: string) => text.replaceAll("-", "+").replaceAll("_", "/");
    for (const change of [
      (text: string) => text.padEnd(Math.ceil(text.length / 4) * 4, "="),
      (text: string) => plain(text).padEnd(Math.ceil(text.length / 4) * 4, "="),
      plain,
    ]) {
      expect(keysOf({ ...jwk, ...spell(change) })).toEqual(keysOf(jwk));
    }
    for (const change of [
      (text: string) => `${text}===`,
      (text: string) => `=${text}`,
      (text: string) => ` ${text}`,
      (text: string) => `${text.slice(0, 8)}\n${text.slice(8)}`,
      (text: string) => `${text.slice(0, 4)}=${text.slice(4)}`,
    ]) {
      expect(keysOf({ ...jwk, ...spell(change) })).toEqual([]);
    }
  });

  it("reads numbers with zeros before them, or without those that their length asks for", async () => {
    const longer = (text: string, zeros: number) =>
      base64url(Uint8Array.from([...new Uint8Array(zeros), ...bytesOf(text)]));
    const { n = "", e = "" } = rs256.publicJwk;
    for (const zeros of [1, 2, 8]) {
      const spelled = { ...rs256.publicJwk, n: longer(n, zeros), e: longer(e, zeros) };
      expect(keysOf(spelled)).toEqual(keysOf(rs256.publicJwk));
    }
    for (const [algorithm, key] of [
      ["ES256", es256],
      ["ES384", es384],
      ["ES512", es512],
    ] as const) {
      const { x = "", y = "" } = key.publicJwk;
      const spelled = { ...key.publicJwk, x: longer(x, 1), y: longer(y, 3) };
      expect(keysOf(spelled)).toEqual([{ ...keysOf(key.publicJwk)?.[0], x, y }]);
      const led = await keyWithLeadingZero(algorithm);
      const short = { ...led, x: base64url(bytesOf(led.x ?? "").subarray(1)) };
      expect(keysOf(short)).toEqual([expect.objectContaining({ x: led.x, y: led.y })]);
    }
  });

  it.each([
    ["P-256", 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n],
    ["P-384", 2n ** 384n - 2n ** 128n - 2n ** 96n + 2n ** 32n - 1n],
    ["P-521", 2n ** 521n - 1n],
  ])("T13: takes no coordinate on %s that exceeds its field", (crv, prime) => {
    const text = (value: bigint) => {
      const hex = value.toString(16);
      return base64url(Uint8Array.fromHex(hex.padStart(hex.length + (hex.length % 2), "0")));
    };
    const [inside, outside] = [text(prime - 1n), [text(prime), text(prime + 1n), text(prime << 8n)]];
    expect(keysOf({ kty: "EC", crv, x: inside, y: inside })).toHaveLength(1);
    for (const number of outside) {
      expect(keysOf({ kty: "EC", crv, x: number, y: inside }, { kty: "EC", crv, x: inside, y: number })).toEqual([]);
    }
  });

  it("T13: takes no Ed25519 key of another length, nor one that exceeds its field", () => {
    const x = bytesOf(eddsa.publicJwk.x ?? "");
    const all = new Uint8Array(32).fill(0xff);
    for (const other of [[0, ...x], [...x, 0], x.subarray(1), all, [0xed, ...all.subarray(1, 31), 0x7f]]) {
      expect(keysOf({ ...eddsa.publicJwk, x: base64url(Uint8Array.from(other)) })).toEqual([]);
    }
    const last = base64url(Uint8Array.from([0xec, ...all.subarray(1)]));
    expect(keysOf({ ...eddsa.publicJwk, x: last })).toHaveLength(1);
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
    ["T2: the algorithm of an encryption", () => ({ ...rs256.publicJwk, alg: "RSA-OAEP" })],
    ["T2: the algorithm of another key wrap", () => ({ ...es256.publicJwk, alg: "ECDH-ES+A128KW" })],
    ["T1: no algorithm by name", () => ({ ...rs256.publicJwk, alg: "none" })],
    ["T3: a known algorithm that none here uses", () => ({ ...es256.publicJwk, alg: "ES256K" })],
    ["T3: Ed448 on Ed25519", () => ({ ...eddsa.publicJwk, alg: "Ed448" })],
    ["T3: Ed25519 on P-256", () => ({ ...es256.publicJwk, alg: "Ed25519" })],
    ["T26: key_ops that are empty", () => ({ ...rs256.publicJwk, key_ops: [] })],
    ["T26: use: enc", () => ({ ...rs256.publicJwk, use: "enc" })],
    ["T26: use that is not text", () => ({ ...rs256.publicJwk, use: ["sig"] })],
    ["T26: key_ops without verify", () => ({ ...rs256.publicJwk, key_ops: ["encrypt"] })],
    ["T26: key_ops that is no list", () => ({ ...rs256.publicJwk, key_ops: "verify" })],
    ["T26: an unknown curve", () => ({ kty: "EC", crv: "secp256k1", x: es256.publicJwk.x, y: es256.publicJwk.y })],
    ["T13: P-521 without a point", () => ({ kty: "EC", crv: "P-521", x: "AA", y: "AA" })],
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

  it("T26: drops a key whose private half is published anywhere in the set, whatever it is called there", () => {
    const leaked = { ...rs256.privateJwk, kid: "other" };
    for (const keys of [
      [leaked, rs256.publicJwk, es256.publicJwk],
      [rs256.publicJwk, es256.publicJwk, leaked],
    ]) {
      expect(parsePublicKeys({ keys })).toMatchObject({ keys: [{ kid: "p256" }], leakedKeyCount: 1 });
    }
  });

  it("T25: reads at most 100 entries, and counts the others", () => {
    const entries = Array.from({ length: 150 }, (_, index) => ({ ...es256.publicJwk, kid: `${index}` }));
    expect(parsePublicKeys({ keys: entries })).toMatchObject({ unreadKeyCount: 50 });
    expect(keysOf(...entries)).toHaveLength(100);
    expect(parsePublicKeys({ keys: entries.slice(0, 100) })).toMatchObject({ unreadKeyCount: 0 });
  });

  it("T26: one key is one key, and T3: says all that is said of it", () => {
    const { alg: _, ...anyAlg } = rs256.publicJwk;
    const { kid: __, ...nameless } = rs256.publicJwk;
    const padded = { ...rs256.publicJwk, n: `${rs256.publicJwk.n}==` };
    for (const twin of [
      rs256.publicJwk,
      anyAlg,
      nameless,
      padded,
      { ...anyAlg, x5c: ["MII"] },
      { ...anyAlg, alg: "RSA" },
    ]) {
      expect(keysOf(rs256.publicJwk, twin)).toEqual(keysOf(rs256.publicJwk));
      expect(keysOf(twin, twin, rs256.publicJwk)).toEqual(keysOf(rs256.publicJwk));
    }
    expect(keysOf(rs256.publicJwk, { ...rs256.publicJwk, alg: "PS256" })).toHaveLength(2);
    expect(keysOf(rs256.publicJwk, { ...anyAlg, kid: "RSA" })).toHaveLength(2);
  });
});

describe("countAmbiguousKids", () => {
  const count = (...entries: unknown[]) => countAmbiguousKids(keysOf(...entries) ?? []);

  it("counts the kids of different keys that one token could mean alike, and no others", async () => {
    const twin = (await makeSigningKey("RS256", "rsa")).publicJwk;
    const { alg: _, ...anyAlg } = twin;
    expect(count(rs256.publicJwk, twin, es256.publicJwk)).toBe(1);
    expect(count(rs256.publicJwk, anyAlg)).toBe(1);
    expect(count(rs256.publicJwk, { ...twin, alg: "RS512" }, { ...es256.publicJwk, kid: "rsa" })).toBe(0);
    expect(count(rs256.publicJwk, { ...rs256.publicJwk, alg: undefined }, es256.publicJwk)).toBe(0);
    expect(count({ ...twin, kid: undefined }, { ...rs256.publicJwk, kid: undefined })).toBe(0);
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

  it("T26: a key that is listed more than once is one", () => {
    const { alg: _, ...anyAlg } = rs256.publicJwk;
    expect(select([anyAlg, rs256.publicJwk, rs256.publicJwk], "RS256", "rsa")).toMatchObject({ kid: "rsa" });
    expect(select([anyAlg, rs256.publicJwk], "PS256", "rsa")).toBe("unknown-key");
    expect(select([rs256.publicJwk, { ...rs256.publicJwk, kid: "again" }], "RS256", undefined)).toMatchObject({
      kid: "rsa",
    });
    expect(select([rs256.publicJwk, { ...rs256.publicJwk, kid: "again" }], "RS256", "RSA")).toBe("unknown-key");
  });

  it("T27: without a kid, exactly one key of the set must fit the algorithm", async () => {
    expect(select([rs256.publicJwk, es256.publicJwk], "ES256", undefined)).toMatchObject({ kid: "p256" });
    expect(select([rs256.publicJwk], "ES256", undefined)).toBe("unknown-key");
    const second = await makeSigningKey("ES256", "second");
    expect(select([es256.publicJwk, second.publicJwk], "ES256", undefined)).toBe("missing-kid");
  });
});
