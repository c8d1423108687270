// What is remembered of a genuine login token, through the kind of provider that remembers it: the signature is not checked
// again, and everything else is.
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import { err, ok } from "../../../src/domain/errors.ts";
import { Isolate } from "../../../src/isolate.ts";
import { openIdConnect } from "../../../src/providers/openid-connect.ts";
import type { ProviderKind } from "../../../src/providers/provider.ts";
import { importVerificationKey } from "../../../src/jwt/signature.ts";
import { productionUpstreams } from "../../../src/outbound/upstream-policy.ts";
import { userPool } from "../../../src/providers/user-pool.ts";
import { makeSigningKey, type SigningKey, signToken } from "../../support/login-tokens.ts";

const NOW = 1_800_000_000;
const PROVIDER = "issuer.example/tenant";

const config = parseConfig({
  ISSUER: "https://identity.example.com",
  KEY_ENCRYPTION_KEY: "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=",
});
if (!config.ok) throw new Error(config.error.join());
const { providerApis } = config.value;

let signer: SigningKey;
let forger: SigningKey;
let key: CryptoKey;
/** One for all tests: no token is presented in two of them. */
const memory = new Isolate();
/** Signatures that WebCrypto was asked about. */
let checks: { readonly mock: { readonly calls: readonly unknown[] } };

type Judging = {
  readonly now?: number;
  /** The key that the issuer publishes now; null: none of that name. */
  readonly by?: CryptoKey | null;
  readonly providerName?: string;
  readonly clientIds?: readonly string[];
  readonly kind?: ProviderKind;
};

/** The subject that the token speaks for, or why it is refused. */
async function judge(token: string, judging: Judging = {}): Promise<string> {
  const { now = NOW, by = key, providerName = PROVIDER, clientIds = ["client-1"], kind = openIdConnect } = judging;
  const clients = clientIds.map((clientId) => ({ clientId, amrPrefix: `${providerName}:${clientId}` }));
  const inspected = kind.inspect(
    { providerName, token, clients },
    {
      now,
      clockSkewSeconds: 0,
      providerApis,
      upstreams: productionUpstreams,
      issuerKeys: {
        async find({ isSigner }) {
          if (by === null) return err({ kind: "unknown-key" });
          return (await isSigner(by)) ? ok(by) : err({ kind: "bad-signature" });
        },
      },
      fetch: async () => await Promise.reject(new Error("nobody is asked")),
      memory,
    },
  );
  const proven = inspected.ok ? await inspected.value.prove() : inspected;
  return proven.ok ? proven.value.subject : proven.error.kind;
}

const tokenOf = async (subject: string, by = signer, claims: object = {}) =>
  await signToken(by, {
    iss: `https://${PROVIDER}`,
    aud: "client-1",
    sub: subject,
    iat: NOW,
    exp: NOW + 600,
    ...claims,
  });

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

describe("a login token that was found genuine", () => {
  it("has its signature checked once in a minute", async () => {
    const ann = await tokenOf("ann");
    expect([await judge(ann), await judge(ann, { now: NOW + 59 })]).toEqual(["ann", "ann"]);
    expect(checks.mock.calls).toHaveLength(1);
    expect(await judge(ann, { now: NOW + 60 })).toBe("ann");
    expect(checks.mock.calls).toHaveLength(2);
  });

  it("has its signature checked again when the clock was set back", async () => {
    const ann = await tokenOf("ann", signer, { iat: NOW - 60 });
    expect([await judge(ann), await judge(ann, { now: NOW - 1 })]).toEqual(["ann", "ann"]);
    expect(checks.mock.calls).toHaveLength(2);
  });

  it("T15: is known by all of it: the next one, of the same claims or of others, is checked for itself", async () => {
    const ann = await tokenOf("ann");
    expect(await judge(ann)).toBe("ann");
    const again = await tokenOf("ann");
    expect(again).not.toBe(ann);
    expect([await judge(again), await judge(await tokenOf("bob"))]).toEqual(["ann", "bob"]);
    expect(checks.mock.calls).toHaveLength(3);
    const forged = await tokenOf("ann", forger);
    expect(await judge(forged)).toBe("bad-signature");
    const [header, payload] = ann.split(".");
    expect(await judge(`${header}.${payload}.${forged.split(".")[2]}`)).toBe("bad-signature");
    const [, otherPayload] = (await tokenOf("eve")).split(".");
    expect(await judge(`${header}.${otherPayload}.${ann.split(".")[2]}`)).toBe("bad-signature");
  });

  it("leaves nothing behind when its signature was bad", async () => {
    const forged = await tokenOf("ann", forger);
    expect([await judge(forged), await judge(forged)]).toEqual(["bad-signature", "bad-signature"]);
    expect(checks.mock.calls).toHaveLength(2);
  });

  it("T15: is not vouched for by another key, not even by the same one imported anew", async () => {
    const ann = await tokenOf("ann");
    expect(await judge(ann)).toBe("ann");
    expect(await judge(ann, { by: await importVerificationKey(forger.publicJwk, "ES256") })).toBe("bad-signature");
    expect(await judge(ann, { by: await importVerificationKey(signer.publicJwk, "ES256") })).toBe("ann");
    expect(checks.mock.calls).toHaveLength(3);
  });

  it("T15: is refused from the moment that anything else about it is wrong", async () => {
    const ann = await tokenOf("ann", signer, { exp: NOW + 30, azp: "client-1" });
    expect(await judge(ann)).toBe("ann");
    expect(await judge(ann, { by: null })).toBe("unknown-key");
    expect(await judge(ann, { now: NOW + 30 })).toBe("expired");
    expect(await judge(ann, { now: NOW - 1 })).toBe("not-yet-valid");
    expect(await judge(ann, { clientIds: ["client-2"] })).toBe("wrong-audience");
    expect(await judge(ann, { clientIds: [] })).toBe("unsupported-provider");
    expect(await judge(ann, { providerName: "other.example" })).toBe("issuer-mismatch");
    expect(await judge(ann)).toBe("ann");
    expect(checks.mock.calls).toHaveLength(1);
  });

  it("is one of a thousand that are remembered, the latest", async () => {
    const first = await tokenOf("first");
    expect(await judge(first)).toBe("first");
    const others = await Promise.all(Array.from({ length: 1000 }, (_, index) => tokenOf(`user-${index}`)));
    for (const other of others) await judge(other);
    expect(checks.mock.calls).toHaveLength(1001);
    expect(await judge(first)).toBe("first");
    expect(checks.mock.calls).toHaveLength(1002);
    expect(await judge(others.at(-1) ?? "")).toBe("user-999");
    expect(checks.mock.calls).toHaveLength(1002);
  });

  it.each([
    ["it is so long", { groups: "g".repeat(4000) }],
    ["it has so many claims", Object.fromEntries(Array.from({ length: 100 }, (_, index) => [`claim-${index}`, 0]))],
  ])("is checked each time when %s that a thousand of them would fill the memory", async (_, claims: object) => {
    const large = await tokenOf("ann", signer, claims);
    expect([await judge(large), await judge(large)]).toEqual(["ann", "ann"]);
    expect(checks.mock.calls).toHaveLength(2);
  });

  it("is judged as before, whatever structures its claims have", async () => {
    const claims = {
      aud: ["client-2", "client-1"],
      azp: "client-1",
      groups: ["a", "b"],
      address: { street: "s" },
      none: null,
    };
    const ann = await tokenOf("ann", signer, claims);
    expect([await judge(ann), await judge(ann)]).toEqual(["ann", "ann"]);
    expect(await judge(ann, { clientIds: ["client-2"] })).toBe("wrong-audience");
    expect(checks.mock.calls).toHaveLength(1);
  });

  it("T21: is refused by another kind of provider whose rules it does not meet, though it is remembered", async () => {
    const name = "cognito-idp.us-east-1.amazonaws.com/us-east-1_AbC123";
    const token = await tokenOf("ann", signer, { iss: `https://${name}` });
    expect(await judge(token, { providerName: name })).toBe("ann");
    expect(await judge(token, { providerName: name, kind: userPool })).toBe("algorithm-not-allowed");
    expect(checks.mock.calls).toHaveLength(1);
  });
});
