/** T1 to T15 over HTTP, but for T12 and T13 (token-keys.test.ts): the login token as bytes. Each attack differs from an accepted token in one way. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createPool, getId } from "../support/cognito-clients.ts";
import { startLoopbackIssuer } from "../support/loopback-issuer.ts";
import { call } from "../support/wire-call.ts";
import { base64url, compactOf, type ForgeKey, hmacTokenOf, makeKey, tokenOf } from "./forge.ts";
import { CLIENT_ID, errorOf, newPerson, setStage, type Stage } from "./stage.ts";

/** Far above what an answer takes on a busy machine, and far below what the attack would cost. */
const A_MOMENT_MS = 30_000;

let stage: Stage;
let rsa: Stage;
beforeAll(async () => {
  [stage, rsa] = await Promise.all([setStage("ES256"), setStage("RS256")]);
  await Promise.all([stage.expectAccepted(stage.token()), rsa.expectAccepted(rsa.token())]);
});
afterAll(async () => {
  await Promise.all([stage.close(), rsa.close()]);
});

function headerOf(key: ForgeKey): object {
  return { alg: key.algorithm, typ: "JWT", kid: key.kid };
}

describe("the signature's algorithm", () => {
  it.each(["none", "None", "nOnE", "NONE", "", "es256", "ES256 ", null, 1, ["ES256"], { alg: "ES256" }, true])(
    "T1: an alg of %j is on no list",
    async (alg) => {
      await stage.expectRefused(stage.token({}, { alg }));
    },
  );

  it("T1: a token without alg, and one without a signature, proves nothing", async () => {
    await stage.expectRefused(stage.token({}, { alg: undefined }));
    const claims = JSON.stringify(stage.claims());
    for (const alg of ["none", "ES256"]) {
      await stage.expectRefused(`${base64url(JSON.stringify({ alg, typ: "JWT" }))}.${base64url(claims)}.`);
    }
  });

  it("T2: no public text is the secret of an HMAC: PEM, DER, JWK, modulus, nothing", async () => {
    const { publicKey, publicJwk, kid } = rsa.key;
    const secrets = [
      publicKey.export({ format: "pem", type: "spki" }),
      publicKey.export({ format: "pem", type: "pkcs1" }),
      ` ${publicKey.export({ format: "pem", type: "spki" }).toString().trim()}`,
      publicKey.export({ format: "der", type: "spki" }),
      JSON.stringify(publicJwk),
      publicJwk.n ?? "",
      Buffer.from(publicJwk.n ?? "", "base64url"),
      "",
    ];
    for (const secret of secrets) {
      for (const alg of ["HS256", "RS256"]) {
        await rsa.expectRefused(hmacTokenOf(secret, rsa.claims(), { alg, typ: "JWT", kid }));
      }
    }
  });

  it("T3: a key serves the algorithm that it was published for, and no other", async () => {
    for (const alg of ["PS256", "RS384", "RS512", "ES256"]) {
      const header = JSON.stringify({ ...headerOf(rsa.key), alg });
      const made = alg === "ES256" ? "RS256" : alg;
      await rsa.expectRefused(compactOf(rsa.key, header, JSON.stringify(rsa.claims()), made));
    }
    for (const alg of ["ES384", "RS256", "EdDSA"]) await stage.expectRefused(stage.token({}, { alg }));
  });

  it("T3: a key that is not for signing verifies nothing", async () => {
    for (const change of [{ use: "enc" }, { key_ops: ["encrypt"] }, { alg: "ES384" }]) {
      const other = await setStage("ES256", (key) => [{ ...key.publicJwk, ...change }]);
      const { answer } = await other.present(other.token());
      expect([400, 403]).toContain(answer.status);
      await other.close();
    }
  });

  it("T4: a key or an address that the token brings along is never used, and never asked", async () => {
    const attacker = await startLoopbackIssuer();
    const own = makeKey("ES256", "key-of-the-attacker");
    const jwk = own.publicJwk;
    const url = `${attacker.issuer}/.well-known/jwks.json`;
    attacker.answer("/.well-known/jwks.json", (response) => response.end(JSON.stringify({ keys: [jwk] })));
    const headers = [
      { jwk },
      { jku: url },
      { x5u: url },
      { x5c: ["MIIB"] },
      { kid: url },
      { kid: own.kid, jwk, jku: url },
    ];
    for (const header of headers) {
      await stage.expectRefused(tokenOf(own, stage.claims(), { kid: stage.key.kid, ...header }));
    }
    expect(attacker.requests).toEqual([]);
    await attacker.close();
  });

  it.each([
    "../../../../etc/passwd",
    "' OR 1=1 --",
    "http://127.0.0.1:1/keys",
    "__proto__",
    "constructor",
    "key-of-the-issuer\u0000",
    7,
    null,
    ["key-of-the-issuer"],
    { toString: "key-of-the-issuer" },
  ])("T5: a kid of %j finds no key", async (kid) => {
    await stage.expectRefused(stage.token({}, { kid }));
  });

  it("T5: a kid of more than 256 characters finds no key, even one that is published under it", async () => {
    await stage.expectRefused(stage.token({}, { kid: "k".repeat(30_000) }));
    const kid = "k".repeat(257);
    const other = await setStage("ES256", (key) => [{ ...key.publicJwk, kid }, makeKey("ES256", "short").publicJwk]);
    await other.expectRefused(other.token({}, { kid }));
    await other.close();
  });

  it.each([
    { crit: [] },
    { crit: ["exp"] },
    { crit: ["b64"], b64: true },
    { crit: "exp" },
    { crit: null },
    { b64: false },
    { b64: true },
    { zip: "DEF" },
  ])("T6: a header with %j is understood by nobody", async (header) => {
    await stage.expectRefused(stage.token({}, header));
  });
});

describe("the form of a token", () => {
  it("T7: an encrypted token is not taken apart, whatever its cost would be", async () => {
    const header = { alg: "PBES2-HS256+A128KW", enc: "A128CBC-HS256", p2c: 2_147_483_647, p2s: "c2FsdA" };
    for (const more of [{}, { zip: "DEF" }]) {
      const jwe = [JSON.stringify({ ...header, ...more }), "key", "iv", "ciphertext", "tag"].map(base64url).join(".");
      const startedAt = performance.now();
      await stage.expectRefused(jwe);
      expect(performance.now() - startedAt).toBeLessThan(A_MOMENT_MS);
    }
  });

  it("T7: two segments, four and none are no token", async () => {
    const token = stage.token();
    const [header = "", payload = ""] = token.split(".");
    for (const text of [`${header}.${payload}`, `${token}.${payload}`, header, ".", "..", "..."]) {
      await stage.expectRefused(text);
    }
  });

  it("T8: what decodes to the same bytes is not the same token", async () => {
    const token = stage.token();
    const [header = "", payload = "", signature = ""] = token.split(".");
    const lastBits = `${signature.slice(0, -1)}${signature.endsWith("A") ? "B" : nextBits(signature.at(-1) ?? "A")}`;
    const texts = [
      ` ${token}`,
      `${token}\n`,
      `${header} .${payload}.${signature}`,
      `${header}.${payload}.${signature}==`,
      `${header}.${payload}.${signature.slice(0, 10)}\r\n${signature.slice(10)}`,
      token.replaceAll("-", "+").replaceAll("_", "/").replace(/$/, "+"),
      `${header}.${payload}.${lastBits}`,
      JSON.stringify({ protected: header, payload, signature }),
      JSON.stringify({ payload, signatures: [{ protected: header, signature }] }),
      `Bearer ${token}`,
    ];
    for (const text of texts) await stage.expectRefused(text);
  });

  it("T9: of a member that comes twice the last one is judged, and no other", async () => {
    const good = JSON.stringify(stage.claims());
    const header = JSON.stringify(headerOf(stage.key));
    const doubled = (first: string, last: string) => `{${first},${good.slice(1, -1)},${last}}`;
    const refused = [
      doubled('"aud":"client-1"', '"aud":"client-2"'),
      doubled(`"iss":"${stage.issuer.issuer}"`, '"iss":"https://evil.example"'),
      doubled('"exp":9999999999', '"exp":1'),
      doubled('"sub":"a"', '"sub":""'),
    ];
    for (const payload of refused) await stage.expectRefused(compactOf(stage.key, header, payload));
    await stage.expectRefused(compactOf(stage.key, `{"alg":"ES256","alg":"none","kid":"${stage.key.kid}"}`, good));
    await stage.expectAccepted(compactOf(stage.key, header, doubled('"aud":"client-2"', `"aud":"${CLIENT_ID}"`)));
  });

  it("T10: bytes that are no UTF-8, a byte order mark, and what is no object are no claims", async () => {
    const header = JSON.stringify(headerOf(stage.key));
    const claims = JSON.stringify(stage.claims());
    // Within a text that nobody reads: a lenient decoder would put another character there, and find a good token.
    const broken = Buffer.from(JSON.stringify(stage.claims({ name: "Ann?" })));
    broken[broken.indexOf("?")] = 0xff;
    const brokenHeader = Buffer.from(JSON.stringify({ ...headerOf(stage.key), note: "?" }));
    brokenHeader[brokenHeader.indexOf("?")] = 0xff;
    for (const payload of [
      broken,
      `\uFEFF${claims}`,
      `[${claims}]`,
      '"text"',
      "null",
      "7",
      "",
      "{",
      claims.slice(0, -1),
    ]) {
      await stage.expectRefused(compactOf(stage.key, header, payload));
    }
    for (const wrong of [brokenHeader, `\uFEFF${header}`, `[${header}]`, "null", "{"]) {
      await stage.expectRefused(compactOf(stage.key, wrong, claims));
    }
  });

  it("T11: a bomb of a token is refused in a moment, and the next one is served", async () => {
    const header = JSON.stringify(headerOf(stage.key));
    const claims = JSON.stringify(stage.claims());
    const deep = `${"[".repeat(17_000)}${"]".repeat(17_000)}`;
    const texts = [
      compactOf(stage.key, header, deep),
      compactOf(stage.key, header, `{"a":${deep}`),
      // All else is in order, so that nothing but the limit of a header refuses these.
      compactOf(stage.key, JSON.stringify({ ...headerOf(stage.key), x5c: ["A".repeat(16_400)] }), claims),
      compactOf(stage.key, JSON.stringify({ ...headerOf(stage.key), x5c: ["A".repeat(20_000)] }), claims),
      "a".repeat(49_990),
      `${"a.".repeat(24_000)}a`,
    ];
    for (const text of texts) {
      const startedAt = performance.now();
      await stage.expectRefused(text);
      expect(performance.now() - startedAt).toBeLessThan(A_MOMENT_MS);
    }
    // What is merely large is judged like any other: in order, and in a moment. Nobody reads the chain of certificates.
    const chain = ["A".repeat(2700), "B".repeat(2700), "C".repeat(2700)];
    await stage.expectAccepted(compactOf(stage.key, JSON.stringify({ ...headerOf(stage.key), x5c: chain }), claims));
    const wide = Array.from({ length: 3000 }, (_, index) => `"${index}":0`).join();
    for (const more of [`"a":${deep}`, wide]) {
      const startedAt = performance.now();
      const inOrder = JSON.stringify(stage.claims()).slice(0, -1);
      await stage.expectAccepted(compactOf(stage.key, header, `${inOrder},${more}}`));
      expect(performance.now() - startedAt).toBeLessThan(A_MOMENT_MS);
    }
    const guest = await getId(stage.app, stage.identityPoolId);
    const tooLong = { IdentityId: guest, Logins: { [stage.issuer.providerName]: "a".repeat(50_001) } };
    expect(errorOf(await call(stage.endpoint, "GetOpenIdToken", tooLong)).type).toBe("ValidationException");
    await stage.expectAccepted(stage.token());
  });

  it.each([
    ["an access token", {}, { typ: "at+jwt" }],
    ["an access token by its full name", {}, { typ: "application/at+jwt" }],
    ["a logout token", {}, { typ: "logout+jwt" }],
    ["a DPoP proof", {}, { typ: "dpop+jwt" }],
    ["a token in another serialisation", {}, { typ: "JOSE+JSON" }],
    ["a signed request", {}, { typ: "oauth-authz-req+jwt" }],
    ["a security event", { events: { "http://schemas.openid.net/event/backchannel-logout": {} } }, {}],
    ["a token of no readable kind", {}, { typ: 7 }],
  ])("T14: %s of the same issuer is no login", async (_, claims, header) => {
    await stage.expectRefused(stage.token(claims, header));
  });

  it.each(["JWT", "jwt", "application/jwt", "JOSE", "jose", "application/jose"])(
    "T14: a typ of %s says nothing against a login",
    async (typ) => {
      await stage.expectAccepted(stage.token({}, { typ }));
    },
  );

  it("T15: what was verified once speaks for no other token, pool or provider", async () => {
    const sub = newPerson();
    const token = stage.token({ sub });
    await stage.expectAccepted(token);
    const [header = "", payload = "", signature = ""] = token.split(".");
    const otherClaims = base64url(JSON.stringify(stage.claims()));
    await stage.expectRefused(`${header}.${otherClaims}.${signature}`);
    await stage.expectRefused(`${header}.${payload}.${base64url(Buffer.alloc(64, 1))}`);
    await stage.expectRefused(token, rsa.issuer.providerName);
    const strict = await createPool(stage.admin, {
      SupportedLoginProviders: { [stage.issuer.providerName]: "client-2" },
    });
    const input = { IdentityPoolId: strict, Logins: { [stage.issuer.providerName]: token } };
    expect((await call(stage.endpoint, "GetId", input)).status).toBe(403);
  });
});

/** The same character of the alphabet with another last bit, which carries no data. */
function nextBits(character: string): string {
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  return alphabet[alphabet.indexOf(character) ^ 1] ?? "A";
}
