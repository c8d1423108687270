import { afterEach, describe, expect, it, vi } from "vitest";
import { identityPoolIdOf } from "../../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import { sealSecrets, withSecrets } from "../../../src/durable/pool-secrets.ts";
import { withoutSecrets } from "../../../src/pools/sealed-secrets.ts";

const KEY = "+dJkifMM71wrjEKIlXt8BBgC4V/lhppDmzmFJktMV5k=";
const OTHER_KEY = "PwBM8DvS5zT2p0NUD+bQrgeSuMKrg1etF795i7Q/h20=";
const identityPoolId = identityPoolIdOf("us-east-1", "11111111-1111-4111-8111-111111111111");
const other = identityPoolIdOf("us-east-1", "22222222-2222-4222-8222-222222222222");
const supportedLoginProviders = {
  "accounts.google.com": "client",
  "api.twitter.com": "key;the consumer secret",
  "www.amazon.com": "app",
};
const pool: IdentityPool = { identityPoolId, name: "pool", allowsUnauthenticated: true, supportedLoginProviders };

async function sealed() {
  const secrets = await sealSecrets(identityPoolId, pool, KEY);
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
      await sealSecrets(identityPoolId, { ...pool, supportedLoginProviders: { "a.example": "c" } }, KEY),
    ).toBeNull();
    expect(withoutSecrets(pool, null)).toBe(pool);
  });

  it("come back where they were, in the order of the providers", async () => {
    const secrets = await sealed();
    const opened = await withSecrets({ ...withoutSecrets(pool, secrets), identityPoolId }, secrets, KEY);
    expect(opened).toEqual(pool);
    expect(Object.keys(opened.supportedLoginProviders ?? {})).toEqual(Object.keys(supportedLoginProviders));
  });

  it.each([
    ["another key", pool, OTHER_KEY],
    ["another pool", { ...pool, identityPoolId: other }, KEY],
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
      expect(opened.supportedLoginProviders).toEqual({ ...supportedLoginProviders, "api.twitter.com": "" });
      const provider = "api.twitter.com";
      expect(log.mock.calls).toEqual([
        [JSON.stringify({ event: "provider-secret-unreadable", identityPoolId: of.identityPoolId, provider })],
      ]);
    },
  );
});
