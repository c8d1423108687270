import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";

describe("the configuration of an object", () => {
  it.each([
    ["IdentityObject", () => env.IDENTITY.getByName("us-east-1:rpc")],
    ["IssuerObject", () => env.ISSUER_KEYS.getByName("https://rpc.example.com")],
    ["KeyRingObject", () => env.KEY_RING.getByName("rpc")],
  ])("T46: %s hands it to nobody over RPC, for it holds secrets", async (_name, stubOf) => {
    // The stub's type does not show it; RPC would, were it a getter of the prototype.
    const config: unknown = Reflect.get(stubOf(), "config");
    await expect(Promise.resolve(config)).rejects.toThrow(/does not implement|config/);
  });
});
