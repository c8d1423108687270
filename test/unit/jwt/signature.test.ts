import { describe, expect, it } from "vitest";
import {
  importVerificationKey,
  SIGNATURE_ALGORITHMS,
  signatureAlgorithmOf,
  verifySignature,
} from "../../../src/jwt/signature.ts";
import { makeSigningKey, sign } from "../../support/login-tokens.ts";

const text = "header.payload";
const bytes = new TextEncoder().encode(text);

/** r and s as two DER integers: what ECDSA signatures look like outside JWS. */
function toDer(signature: Uint8Array): Uint8Array {
  const half = signature.length / 2;
  const integer = (part: Uint8Array) => {
    const unsigned = (part[0] ?? 0) >= 0x80 ? [0, ...part] : [...part];
    return [0x02, unsigned.length, ...unsigned];
  };
  const body = [...integer(signature.subarray(0, half)), ...integer(signature.subarray(half))];
  return Uint8Array.from([0x30, body.length, ...body]);
}

describe("verifySignature", () => {
  it.each(SIGNATURE_ALGORITHMS)(
    "accepts %s and refuses it over other bytes, cut, stretched or empty",
    async (algorithm) => {
      const signingKey = await makeSigningKey(algorithm, "k");
      const key = await importVerificationKey(signingKey.publicJwk, algorithm);
      expect(key.extractable).toBe(false);
      expect(key.usages).toEqual(["verify"]);
      const signature = await sign(signingKey, text);
      expect(await verifySignature(algorithm, key, signature, bytes)).toBe(true);

      const flipped = signature.map((byte, index) => (index === signature.length - 1 ? byte ^ 1 : byte));
      const wrong = {
        flipped,
        cut: signature.subarray(0, -1),
        stretched: Uint8Array.from([...signature, 0]),
        "led by a zero": Uint8Array.from([0, ...signature]),
        empty: new Uint8Array(),
        "one byte": new Uint8Array(1),
        "all zero": new Uint8Array(signature.length),
        "all ones": new Uint8Array(signature.length).fill(0xff),
      };
      for (const [name, bad] of Object.entries(wrong)) {
        expect(await verifySignature(algorithm, key, bad, bytes), `T12: ${name}`).toBe(false);
      }
      expect(await verifySignature(algorithm, key, signature, new TextEncoder().encode("header.payloaD"))).toBe(false);
    },
  );

  it.each(["ES256", "ES384", "ES512"] as const)(
    "T12: refuses %s signatures in DER, with r or s zero, or out of range",
    async (algorithm) => {
      const signingKey = await makeSigningKey(algorithm, "k");
      const key = await importVerificationKey(signingKey.publicJwk, algorithm);
      const signature = await sign(signingKey, text);
      const half = signature.length / 2;
      const zero = new Uint8Array(half);
      const one = Uint8Array.from([...new Uint8Array(half - 1), 1]);
      const [r, s] = [signature.subarray(0, half), signature.subarray(half)];
      for (const bad of [
        toDer(signature),
        [...zero, ...s],
        [...r, ...zero],
        [...zero, ...zero],
        [...one, ...one],
        [...s, ...r],
      ]) {
        expect(await verifySignature(algorithm, key, Uint8Array.from(bad), bytes)).toBe(false);
      }
    },
  );

  it("T3: a PS256 signature is no RS256 signature, nor the other way round", async () => {
    const rs = await makeSigningKey("RS256", "k");
    const ps = await makeSigningKey("PS256", "k");
    const { alg: _rs, ...rsJwk } = rs.publicJwk;
    const { alg: _ps, ...psJwk } = ps.publicJwk;
    const asPs = await importVerificationKey(rsJwk, "PS256");
    const asRs = await importVerificationKey(psJwk, "RS256");
    expect(await verifySignature("PS256", asPs, await sign(rs, text), bytes)).toBe(false);
    expect(await verifySignature("RS256", asRs, await sign(ps, text), bytes)).toBe(false);
  });
});

describe("signatureAlgorithmOf", () => {
  it.each([
    "none",
    "None",
    "NONE",
    "HS256",
    "rs256",
    "RS256 ",
    "RSA1_5",
    "",
    undefined,
    null,
    1,
    ["RS256"],
    {},
    "ES521",
    "ES256K",
    "Ed448",
    "ed25519",
    "eddsa",
  ])("T1: does not know %j", (name) => {
    expect(signatureAlgorithmOf(name)).toBeUndefined();
  });

  it("takes Ed25519 (RFC 9864) for the newer name of EdDSA", () => {
    expect(signatureAlgorithmOf("Ed25519")).toBe("EdDSA");
  });
});
