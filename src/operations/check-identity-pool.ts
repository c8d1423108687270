/** CheckIdentityPool, an extension of this service: what is wrong, or could be better, with one pool's settings; and its key sets. A read. */
import { ok, type Result } from "../domain/errors.ts";
import type { KeySetAnswer } from "../key-sets/key-set-life.ts";
import type { ExtensionInputOf, ExtensionOutputOf } from "../protocol/extensions.ts";
import { keyIssuersOf, poolFindings } from "../providers/pool-findings.ts";
import { poolProvidersOf } from "../providers/pool-providers.ts";
import { identityPoolIdOfInput, poolRefusal, type SignedContext } from "./context.ts";
import { findingsAs } from "./findings-output.ts";
import { readNamedPool } from "./named-pool.ts";

/** Asks each issuer's object once, which loads keys only where it has none that are fresh, as for a login. */
export async function checkIdentityPool(
  { IdentityPoolId }: ExtensionInputOf<"CheckIdentityPool">,
  context: SignedContext,
): Promise<Result<ExtensionOutputOf<"CheckIdentityPool">>> {
  const identityPoolId = identityPoolIdOfInput(IdentityPoolId);
  const refusal = poolRefusal(context, identityPoolId);
  if (refusal !== null) return refusal;
  const pool = await readNamedPool(context, identityPoolId);
  if (!pool.ok) return pool;
  const { config, objects } = context;
  const providers = poolProvidersOf(pool.value, config.oidcProviders);
  const issuers = keyIssuersOf(providers, config);
  const answers = [...new Set(issuers.values())].map(async (issuer) => {
    return [issuer, await objects.issuer(issuer).keys({ issuer })] as const;
  });
  const keySets = new Map(await Promise.all(answers));
  return ok({
    Findings: findingsAs(poolFindings({ pool: pool.value, providers, config, issuers, keySets })),
    KeySets: [...issuers].flatMap(([providerName, issuer]) => keySetAs(providerName, issuer, keySets.get(issuer))),
  });
}

function keySetAs(providerName: string, issuer: string, answer: KeySetAnswer | undefined) {
  if (answer === undefined) return [];
  const loaded =
    answer.state === "known" ? { KeyCount: answer.keys.length, LoadedAt: answer.fetchedAt } : { KeyCount: 0 };
  return [{ ProviderName: providerName, Issuer: issuer, ...loaded, Failure: answer.failure }];
}
