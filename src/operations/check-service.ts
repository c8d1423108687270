/**
 * CheckService, an extension of this service: what /health cannot know, tried for real. An object is asked, the key ring is asked, and
 * a token is minted, verified by the keys that relying parties load, and dropped. It leaves nothing behind but the first
 * token's signing keys, where a service has none yet.
 */
import { ok, type Result } from "../domain/errors.ts";
import { type Finding, worstFirst } from "../domain/finding.ts";
import { type Grant, TOKEN_LIFETIME_SECONDS } from "../domain/grant.ts";
import { identityIdOf, identityPoolIdOf } from "../domain/identifiers.ts";
import { expiryFindings } from "../domain/service-findings.ts";
import type { ExtensionOutputOf } from "../protocol/extensions.ts";
import { mint } from "../token/mint.ts";
import type { SignedContext } from "./context.ts";
import { findingsAs } from "./findings-output.ts";
import { isSignedByUs } from "./own-token.ts";

type Output = ExtensionOutputOf<"CheckService">;
type StepName = Output["Steps"][number]["Name"];

export async function checkService(_input: object, context: SignedContext): Promise<Result<Output>> {
  const object = await whatIsFound(async () => await askNewIdentity(context), OBJECT_NOT_REACHED);
  const token = await tryToken(context);
  // After the token: the first one of a new service makes the ring.
  const keyRing = await whatIsFound(
    async () => (await context.objects.keyRing().describe()).findings,
    KEY_RING_NOT_REACHED,
  );
  const step = (Name: StepName, found: readonly Finding[]) => ({ Name, Passed: !found.some(isError) });
  const credentials = expiryFindings(context.config.adminCredentials, context.now());
  const findings = worstFirst([...object, ...token, ...keyRing, ...credentials]);
  return ok({
    Healthy: !findings.some(isError),
    Steps: [step("object", object), step("token", token), step("key-ring", keyRing)],
    Findings: findingsAs(findings),
  });
}

function isError({ level }: Finding): boolean {
  return level === "error";
}

/** What the platform throws for a call that it cannot deliver is a finding of its own: this call is made to learn of it. */
async function whatIsFound(ask: () => Promise<readonly Finding[]>, unreached: Finding): Promise<readonly Finding[]> {
  try {
    return await ask();
  } catch {
    return [unreached];
  }
}

/** One that never lived reads its storage, and keeps nothing (T38). */
async function askNewIdentity({ config, newUuid, objects }: SignedContext): Promise<readonly Finding[]> {
  await objects.identity(identityIdOf(config.region, newUuid())).describe();
  return [];
}

/** Of an identity and a pool that are not there, and good for nothing: nobody is ever given it. */
async function tryToken(context: SignedContext): Promise<readonly Finding[]> {
  const { config, newUuid, signer } = context;
  const [identityId, identityPoolId] = [
    identityIdOf(config.region, newUuid()),
    identityPoolIdOf(config.region, newUuid()),
  ];
  const grant: Grant = { identityId, identityPoolId, logins: [], lifetimeSeconds: TOKEN_LIFETIME_SECONDS };
  const stamp = { issuer: config.issuer, now: context.now(), jti: newUuid() };
  const [token, keys] = await Promise.all([
    mint(grant, stamp, signer.begin(stamp.now), context.now),
    signer.publishedKeys(stamp.now),
  ]);
  if (!token.ok) return [notMinted(token.error.reason)];
  if (!keys.ok) return [notPublished(keys.error.reason)];
  return (await isSignedByUs(token.value, keys.value)) ? [] : [NOT_VERIFIED];
}

const OBJECT_NOT_REACHED: Finding = {
  level: "error",
  code: "object-not-reached",
  message: "A Durable Object of an identity could not be asked.",
  action: "Look at Cloudflare's status page, and at object-call-failed in the log. Call again in a minute.",
};

const KEY_RING_NOT_REACHED: Finding = {
  level: "error",
  code: "key-ring-not-reached",
  message: "The key ring's Durable Object could not be asked. What isolates hold serves for ten minutes at most.",
  action: "Look at Cloudflare's status page, and at key-ring-alarm-failed in the log. Call again in a minute.",
};

function notMinted(reason = "nobody said why"): Finding {
  return {
    level: "error",
    code: "token-not-minted",
    message: `No token can be signed here: ${reason}.`,
    action: "See docs/runbooks/health.md.",
  };
}

function notPublished(reason = "nobody said why"): Finding {
  return {
    level: "error",
    code: "keys-not-published",
    message: `The key set cannot be served here: ${reason}.`,
    action: "See docs/runbooks/health.md.",
  };
}

const NOT_VERIFIED: Finding = {
  level: "error",
  code: "token-not-verified",
  message: "A token that was just signed is not good by the published keys: relying parties refuse it, too.",
  action:
    "Call DescribeKeyRing, and rotate by force where the active key is not among the published ones: SECURITY.md.",
};
