import { afterEach, describe, expect, it, vi } from "vitest";
import { identityPoolIdOf } from "../../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { sealSecrets, withSecrets } from "../../../src/durable/pool-secrets.ts";
import { withoutSecrets } from "../../../src/pools/sealed-secrets.ts";

const KEYS = { keyEncryptionKey: "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=", keyEncryptionKeyOther: null };
const OTHERS = { keyEncryptionKey: "PwBM8DvS5zT2p0NUD+bQrgeSuMKrg1etF795i7Q/h20=", keyEncryptionKeyOther: null };
const identityPoolId = identityPoolIdOf("us-east-1", "11111111-1111-4111-8111-111111111111");
const other = identityPoolIdOf("us-east-1", "22222222-2222-4222-8222-222222222222");
const supportedLoginProviders = {
  "accounts.google.com": "client",
  "api.twitter.com": "key;the consumer secret",
  "www.amazon.com": "app",
};
const pool: IdentityPool = { identityPoolId, name: "pool", allowsUnauthenticated: true, supportedLoginProviders };

async function sealed() {
  const secrets = await sealSecrets(identityPoolId, pool, KEYS);
  if (secrets === null) throw new Error("nothing was sealed");
  return secrets;
}

afterEach(() => vi.restoreAllMocks());

describe("a pool's secrets", () => {
  it("are Twitter's value alone; of other settings nothing is sealed", async () => {
    const secrets = await sealed();
    expect(Object.keys(secrets)).toEqual(["api.twitter.com"]);
    const resting = withoutSecrets(pool, secrets);
    expect(resting.supportedLoginProviders).toEqual({ ...supportedLoginProviders, "api.twitter.com": "" });
    expect(JSON.stringify([resting, secrets])).not.toMatch(/consumer|;/);
    expect(
      await sealSecrets(identityPoolId, { ...pool, supportedLoginProviders: { "a.example": "c" } }, KEYS),
    ).toBeNull();
    expect(withoutSecrets(pool, null)).toBe(pool);
  });

  it("come back where they were, in the order of the providers", async () => {
    const secrets = await sealed();
    const opened = await withSecrets({ ...withoutSecrets(pool, secrets), identityPoolId }, secrets, KEYS);
    expect(opened).toEqual({ pool, resealed: null });
    expect(Object.keys(opened.pool.supportedLoginProviders ?? {})).toEqual(Object.keys(supportedLoginProviders));
  });

  it("are opened by either key while that is changed, and sealed anew under the one that is set", async () => {
    const secrets = await sealed();
    const resting = { ...withoutSecrets(pool, secrets), identityPoolId };
    const both = { keyEncryptionKey: OTHERS.keyEncryptionKey, keyEncryptionKeyOther: KEYS.keyEncryptionKey };
    const { pool: opened, resealed } = await withSecrets(resting, secrets, both);
    expect(opened).toEqual(pool);
    if (resealed === null) throw new Error("nothing was sealed anew");
    expect(await withSecrets(resting, resealed, OTHERS)).toEqual({ pool, resealed: null });
    // One that rests under the key that is set already stays as it is, whatever the other is.
    const before = { keyEncryptionKey: KEYS.keyEncryptionKey, keyEncryptionKeyOther: OTHERS.keyEncryptionKey };
    expect(await withSecrets(resting, secrets, before)).toEqual({ pool, resealed: null });
  });

  it.each([
    ["another key", pool, OTHERS],
    ["another pool", { ...pool, identityPoolId: other }, KEYS],
  ])(
    "do not open under %s: the provider is empty, the log says so without a secret, and all else is there",
    async (_, of, key) => {
      const log = vi.spyOn(console, "error").mockImplementation(() => {});
      const secrets = await sealed();
      const opened = await withSecrets(
        { ...withoutSecrets(of, secrets), identityPoolId: of.identityPoolId },
        secrets,
        key,
      );
      expect(opened.pool.supportedLoginProviders).toEqual({ ...supportedLoginProviders, "api.twitter.com": "" });
      const provider = "api.twitter.com";
      expect(log.mock.calls).toEqual([
        [JSON.stringify({ event: "provider-secret-unreadable", identityPoolId: of.identityPoolId, provider })],
      ]);
    },
  );
});
