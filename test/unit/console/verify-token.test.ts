import { beforeAll, describe, expect, it } from "vitest";
import { checkSignature } from "../../../console/verify-token.ts";
import { makeSigningKey, type SigningKey, signToken } from "../../support/login-tokens.ts";

const keys = new Map<string, SigningKey>();
const keyOf = (name: string): SigningKey => {
  const key = keys.get(name);
  if (key === undefined) throw new Error(`no key ${name}`);
  return key;
};
const keySet = () => ({ keys: [keyOf("RS256").publicJwk, keyOf("ES256").publicJwk] as never[] });

beforeAll(async () => {
  for (const algorithm of ["RS256", "ES256"]) keys.set(algorithm, await makeSigningKey(algorithm, `key-${algorithm}`));
  keys.set("forger", await makeSigningKey("RS256", "key-RS256"));
});

describe("the signature of a token", () => {
  it.each(["RS256", "ES256"])("is genuine if a published key made it: %s", async (algorithm) => {
    const token = await signToken(keyOf(algorithm), { sub: "x" });
    expect(await checkSignature(token, keySet())).toEqual({ state: "genuine", keyId: `key-${algorithm}` });
  });

  it("is forged if another key of that name made it", async () => {
    const token = await signToken(keyOf("forger"), { sub: "x" });
    expect(await checkSignature(token, keySet())).toMatchObject({ state: "forged" });
  });

  it("is forged if what it covers was changed", async () => {
    const [header, , signature] = (await signToken(keyOf("ES256"), { sub: "x" })).split(".");
    const [, claims] = (await signToken(keyOf("ES256"), { sub: "y" })).split(".");
    expect(await checkSignature(`${header}.${claims}.${signature}`, keySet())).toMatchObject({ state: "forged" });
  });

  it.each([{ alg: "none" }, { alg: "HS256" }, { alg: "ES256" }, { crit: ["x"] }, { kid: undefined, alg: "none" }])(
    "is forged with a header %j",
    async (header) => {
      const token = await signToken(keyOf("RS256"), { sub: "x" }, header);
      expect(await checkSignature(token, keySet())).toMatchObject({ state: "forged" });
    },
  );

  it("is of nobody here if its key is not published", async () => {
    const token = await signToken(keyOf("RS256"), { sub: "x" }, { kid: "gone" });
    expect(await checkSignature(token, keySet())).toEqual({ state: "unknown-key", keyId: "gone" });
  });

  it("is not called anything without the key set", async () => {
    const token = await signToken(keyOf("RS256"), { sub: "x" });
    const reason = "the key set could not be loaded";
    expect(await checkSignature(token, reason)).toEqual({ state: "not-checked", reason });
  });
});
