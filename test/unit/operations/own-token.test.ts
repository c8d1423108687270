/** A token of this service as a login: taken if this service signed it for that identity, and for nothing else. */
import { beforeAll, describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/domain/json.ts";
import type { PublishedKey } from "../../../src/keys/key-ring.ts";
import { readOwnToken } from "../../../src/operations/own-token.ts";
import { makeSigningKey, type SigningKey, signRaw, signToken } from "../../support/login-tokens.ts";

const ISSUER = "https://identity.example.com";
const IDENTITY = "us-east-1:22222222-2222-4222-8222-222222222222";
const POOL = "us-east-1:11111111-1111-4111-8111-111111111111";
const NOW = 1_800_000_000;
const GOOGLE = ["accounts.google.com", "accounts.google.com:client:ann"];
const CLAIMS: JsonObject = {
  sub: IDENTITY,
  aud: POOL,
  amr: ["authenticated", ...GOOGLE],
  iss: ISSUER,
  exp: NOW + 600,
  iat: NOW,
  jti: "5b1f",
};
const TAGS = "https://aws.amazon.com/tags";

let own: SigningKey;
let foreign: SigningKey;
let elliptic: SigningKey;

beforeAll(async () => {
  [own, foreign, elliptic] = await Promise.all([
    makeSigningKey("RS256", "key-1"),
    makeSigningKey("RS256", "key-1"),
    makeSigningKey("ES256", "key-2"),
  ]);
});

function published({ kid, algorithm, publicJwk }: SigningKey): PublishedKey {
  return { kid, alg: algorithm, publicJwk } as unknown as PublishedKey;
}

async function read(token: string, now = NOW + 1) {
  const keys = [own, elliptic].map(published);
  return await readOwnToken(token, { issuer: ISSUER, identityId: IDENTITY, keys, now });
}

const NOT_OURS = { ok: false, error: { kind: "not-own-token" } };

describe("readOwnToken", () => {
  it("reads pool, logins and tags of a token that this service signed", async () => {
    const tags = { [TAGS]: { principal_tags: { team: ["red"], constructor: ["x"] } } };
    expect(await read(await signToken(own, { ...CLAIMS, ...tags }))).toEqual({
      ok: true,
      value: { identityPoolId: POOL, pairs: [GOOGLE], principalTags: { team: "red", constructor: "x" } },
    });
    expect((await read(await signToken(elliptic, CLAIMS))).ok).toBe(true);
  });

  it("takes it to the last second, and says when it was over", async () => {
    const token = await signToken(own, CLAIMS);
    expect((await read(token, NOW + 599)).ok).toBe(true);
    expect(await read(token, NOW + 600)).toEqual({
      ok: false,
      error: { kind: "expired", now: NOW + 600, expiresAt: NOW + 600 },
    });
  });

  it.each<[string, JsonObject]>([
    ["another identity", { sub: "us-east-1:33333333-3333-4333-8333-333333333333" }],
    ["another issuer", { iss: "https://accounts.google.com" }],
    ["no pool", { aud: "client" }],
    ["several audiences", { aud: [POOL] }],
    ["a guest", { amr: ["unauthenticated"] }],
    ["nobody", { amr: ["authenticated"] }],
    ["half a login", { amr: ["authenticated", GOOGLE[0]] }],
    ["more logins than there can be", { amr: ["authenticated", ...Array.from({ length: 21 }, () => GOOGLE).flat()] }],
    ["logins that are no texts", { amr: ["authenticated", "a", 7] }],
    ["a text for its logins", { amr: "authenticated" }],
    ["STS, which it is pinned to a role for", { "https://aws.amazon.com/roles": ["arn:aws:iam::1:role/x"] }],
    ["tags of two values", { [TAGS]: { principal_tags: { team: ["red", "blue"] } } }],
    ["no end", { exp: null }],
  ])("refuses one for %s, whoever signed it", async (_, claims) => {
    expect(await read(await signToken(own, { ...CLAIMS, ...claims }))).toEqual(NOT_OURS);
  });

  it("refuses what this service did not sign", async () => {
    expect(await read(await signToken(foreign, CLAIMS))).toEqual(NOT_OURS);
    // With its own key under the name of one of ours.
    const [header, payload] = (await signToken(own, CLAIMS)).split(".");
    expect(await read(`${header}.${payload}.AAAA`)).toEqual(NOT_OURS);
    expect(
      await read(await signRaw(own, JSON.stringify({ alg: "RS256", kid: "key-2" }), JSON.stringify(CLAIMS))),
    ).toEqual(NOT_OURS);
    expect(await read(await signRaw(own, JSON.stringify({ alg: "RS256" }), JSON.stringify(CLAIMS)))).toEqual(NOT_OURS);
    expect(
      await read(await signRaw(own, JSON.stringify({ alg: "RS512", kid: "key-1" }), JSON.stringify(CLAIMS))),
    ).toEqual(NOT_OURS);
  });

  it.each(["", "a", "a.b.c", "eyJhbGciOiJub25lIn0.e30."])("refuses the text %j", async (text) => {
    expect(await read(text)).toEqual(NOT_OURS);
  });

  it("says of an old token that is no good that it is no good", async () => {
    expect(await read(await signToken(foreign, CLAIMS), NOW + 900)).toEqual(NOT_OURS);
  });
});
