/** What an operation is given where a test runs it by itself, over the real objects of the test's own environment. */
import { env } from "cloudflare:workers";
import { parseConfig } from "../../src/config.ts";
import { sha256Hex } from "../../src/domain/digest.ts";
import { ok, RATE_EXCEEDED } from "../../src/domain/errors.ts";
import { objectsOf } from "../../src/durable/objects.ts";
import { PresentedTokens, verifiersOf } from "../../src/durable/presented-tokens.ts";
import type { OperationContext } from "../../src/operations/context.ts";
import { signerOver } from "./signing.ts";

/** Whoever is asked beyond the objects refuses. */
export function operationContext(): OperationContext {
  const parsed = parseConfig({ ...env });
  if (!parsed.ok) throw new Error(parsed.error.join());
  const config = parsed.value;
  return {
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
    fixJurisdiction: async () => ok(undefined),
    sourceOf: () => null,
    chargeForLists: async () => null,
    unlinkAtSource() {},
    assumeRole: async () => ({ credentials: { ok: false, error: RATE_EXCEEDED }, trace: { role: "" } }),
  };
}
