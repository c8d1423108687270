/** T12 and T13 over HTTP: degenerate signatures, and keys that are too weak to verify anything. */
import { createHash } from "node:crypto";
import { afterAll, beforeAll, it } from "vitest";
import { base64url, makeKey, signatureOf, tokenOf } from "./forge.ts";
import { setStage, type Stage } from "./stage.ts";

let stage: Stage;
let rsa: Stage;
beforeAll(async () => {
  [stage, rsa] = await Promise.all([setStage("ES256"), setStage("RS256")]);
  await Promise.all([stage.expectAccepted(stage.token()), rsa.expectAccepted(rsa.token())]);
});
afterAll(async () => {
  await Promise.all([stage.close(), rsa.close()]);
});

it("T12: a signature of zeros, in DER, too short or too long verifies nothing", async () => {
  const [header = "", payload = ""] = stage.token().split(".");
  const real = signatureOf(stage.key, `${header}.${payload}`);
  const der = Buffer.concat([
    Buffer.from([0x30, 0x44, 0x02, 0x20]),
    real.subarray(0, 32),
    Buffer.from([0x02, 0x20]),
    real.subarray(32),
  ]);
  const order = Buffer.from("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", "hex");
  const wrong = [
    Buffer.alloc(64),
    Buffer.concat([order, order]),
    Buffer.concat([real.subarray(0, 32), Buffer.alloc(32)]),
    der,
    real.subarray(1),
    Buffer.concat([real, Buffer.alloc(1)]),
    Buffer.concat([Buffer.alloc(1), real]),
  ];
  for (const signature of wrong) await stage.expectRefused(`${header}.${payload}.${base64url(signature)}`);
  const [rsaHeader = "", rsaPayload = ""] = rsa.token().split(".");
  const rsaReal = signatureOf(rsa.key, `${rsaHeader}.${rsaPayload}`);
  for (const signature of [
    Buffer.alloc(256),
    Buffer.alloc(256, 1),
    rsaReal.subarray(1),
    Buffer.concat([Buffer.alloc(1), rsaReal]),
  ]) {
    await rsa.expectRefused(`${rsaHeader}.${rsaPayload}.${base64url(signature)}`);
  }
});

it("T13: a weak key verifies nothing, and does no harm to a strong one beside it", async () => {
  const weak = makeKey("RS256", "weak", 1024);
  const mixed = await setStage("RS256", (key) => [
    weak.publicJwk,
    { ...key.publicJwk, kid: "e-is-1", e: "AQ" },
    { ...key.publicJwk, kid: "e-is-even", e: "Ag" },
    { kty: "EC", crv: "P-256", alg: "ES256", kid: "off-the-curve", x: "A".repeat(43), y: "A".repeat(43) },
    { kty: "RSA", kid: "junk", n: "!", e: 7 },
    key.publicJwk,
  ]);
  await mixed.expectRefused(tokenOf(weak, mixed.claims()));
  for (const kid of ["e-is-1", "e-is-even", "junk"]) await mixed.expectRefused(mixed.token({}, { kid }));
  // With an exponent of 1 the padded hash is its own signature, so that anybody can sign.
  await mixed.expectRefused(unsignedRsaTokenOf("e-is-1", mixed.claims()));
  await mixed.expectAccepted(mixed.token());
  await mixed.close();
});

/** A token whose signature is the padded hash itself (RFC 8017, section 9.2): 256 bytes, made without any key. */
function unsignedRsaTokenOf(kid: string, claims: object): string {
  const signed = [{ alg: "RS256", typ: "JWT", kid }, claims].map((part) => base64url(JSON.stringify(part))).join(".");
  const hash = createHash("sha256").update(signed).digest();
  const info = Buffer.concat([Buffer.from("3031300d060960864801650304020105000420", "hex"), hash]);
  const padding = Buffer.alloc(256 - 3 - info.length, 0xff);
  return `${signed}.${base64url(Buffer.concat([Buffer.from([0, 1]), padding, Buffer.from([0]), info]))}`;
}
