import { env } from "cloudflare:workers";
import { describe, expect, it } from "vitest";
import { parseConfig } from "../../../src/config.ts";
import { sha256Hex } from "../../../src/domain/digest.ts";
import { RATE_EXCEEDED } from "../../../src/domain/errors.ts";
import { objectsOf } from "../../../src/durable/objects.ts";
import { PresentedTokens, verifiersOf } from "../../../src/durable/presented-tokens.ts";
import type { OperationContext } from "../../../src/operations/context.ts";
import { registry } from "../../../src/operations/registry.ts";
import { operations } from "../../../src/protocol/shapes.ts";
import { signerOver } from "../../support/signing.ts";

const parsed = parseConfig({ ...env });
if (!parsed.ok) throw new Error(parsed.error.join());
const config = parsed.value;

const context: OperationContext = {
  config,
  bindings: [],
  objects: objectsOf(env),
  signer: signerOver(() => env.KEY_RING.getByName("key-ring"), config.keyEncryptionKey),
  hash: sha256Hex,
  now: () => Date.now() / 1000,
  newUuid: () => crypto.randomUUID(),
  call: { askedAt: 0, callId: null },
  client: null,
  ...verifiersOf(
    (tokens) => new PresentedTokens(env, config, tokens),
    () => {},
  ),
  random: () => 0.5,
  pause: async () => {},
  askPoints: async () => ({ ok: false, error: RATE_EXCEEDED }),
  sourceOf: () => null,
  unlinkAtSource() {},
  assumeRole: async () => ({ credentials: { ok: false, error: RATE_EXCEEDED }, trace: { role: "" } }),
};

const all = Object.entries(registry);

describe("the registry of operations", () => {
  it("says of each operation what the service model says: public or signed", () => {
    const modelled = Object.entries(operations).map(([name, { access }]) => [name, access]);
    expect(all.map(([name, { access }]) => [name, access])).toEqual(modelled);
  });

  it("T44: exactly these are open to everybody", () => {
    expect(all.filter(([, { access }]) => access === "public").map(([name]) => name)).toEqual([
      "GetCredentialsForIdentity",
      "GetId",
      "GetOpenIdToken",
      "UnlinkIdentity",
    ]);
  });

  it.each(all.filter(([, { access }]) => access === "signed"))(
    "%s does not run without a verified caller",
    async (_, operation) => {
      await expect(operation.run({}, context, null)).rejects.toThrow(/without a verified caller/);
    },
  );

  it.each(all)("%s checks the shape of its input before anything else", async (_, operation) => {
    const credential = { accessKeyId: "a", secretAccessKey: "secret-of-sixteen", operations: "*", pools: "*" } as const;
    const result = await operation.run(
      { IdentityPoolId: 7, IdentityId: 7, MaxResults: "x", IdentityIdsToDelete: {} },
      context,
      {
        credential,
        callKey: null,
        signature: "s",
        origin: "https://identity.example.com",
      },
    );
    expect(result).toMatchObject({
      ok: false,
      error: { type: expect.stringMatching(/^(ValidationException|SerializationException)$/) },
    });
  });
});
