/**
 * The `Logins` map in, verified logins out: all of them or none. Chooses the verifier by provider name; keeps no verdict
 * for later, so no token can ever answer for another one (T15).
 */
import type { Config } from "../config.ts";
import type { Hash } from "../domain/digest.ts";
import { err, ok, type Result } from "../domain/errors.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import { loginIdOf, type VerifiedLogin } from "../domain/login.ts";
import { canonicalName } from "../domain/provider-name.ts";
import { errorOf } from "../domain/refusals.ts";
import { clientsOf, hasProviders, isUnverifiedName } from "./pool-providers.ts";
import type { InspectionContext, UnprovenLogin } from "./provider.ts";
import { providerKindOf } from "./provider-kinds.ts";
import { refusalOf } from "../domain/login-refusal.ts";

type FromConfig = "clockSkewSeconds" | "providerApis" | "upstreams";

export type VerificationContext = Omit<InspectionContext, FromConfig | "fetch"> & {
  readonly config: Pick<Config, FromConfig | "oidcProviders"> & Partial<Pick<Config, "linkProofRule">>;
  /** Default: the platform's. */
  readonly fetch?: InspectionContext["fetch"];
};

type UnprovenEntry = { readonly providerName: string; readonly place: string; readonly login: UnprovenLogin };

/**
 * Verifies every entry, in the map's order; the first that fails refuses the whole request (T32), and none is asked
 * about upstream before all have passed what can be judged from their text (T28). Entries under several spellings of one
 * provider are one login if they are of one user, and else a conflict (T41).
 */
export async function verifyLogins(
  pool: IdentityPool,
  logins: ReadonlyMap<string, string>,
  context: VerificationContext,
): Promise<Result<readonly VerifiedLogin[]>> {
  const unproven = inspectLogins(pool, logins, context);
  if (!unproven.ok) return unproven;
  // Only who asks for the age of a proof is told: in each reply of the hot path it would be bytes for nothing.
  const isDated = (context.config.linkProofRule ?? null) !== null;
  // Side by side, so that the request waits for the slowest issuer and not for all of them in turn.
  const results = await Promise.all(
    unproven.value.map((entry) => proveLogin(pool, entry, isDated, context.memory.hash)),
  );
  const verified = new Map<string, VerifiedLogin>();
  for (const result of results) {
    if (!result.ok) return result;
    const { providerName, loginId } = result.value;
    const other = verified.get(providerName);
    if (other !== undefined && other.loginId !== loginId) return err(errorOf({ kind: "two-users", providerName }));
    if (other === undefined) verified.set(providerName, result.value);
  }
  return ok([...verified.values()]);
}

const globalFetch: InspectionContext["fetch"] = (input, init) => globalThis.fetch(input, init);

function inspectLogins(
  pool: IdentityPool,
  logins: ReadonlyMap<string, string>,
  context: VerificationContext,
): Result<readonly UnprovenEntry[]> {
  const { config, fetch = globalFetch, ...rest } = context;
  const { clockSkewSeconds, oidcProviders, providerApis, upstreams } = config;
  const inspection = { ...rest, fetch, clockSkewSeconds, providerApis, upstreams };
  const providers = context.memory.poolProviders.of(pool).of(oidcProviders);
  const entries: UnprovenEntry[] = [];
  for (const [spelling, token] of logins) {
    const providerName = canonicalName(spelling);
    const clients = clientsOf(providers, providerName);
    // T46: a name that the pool did not configure is the client's text, and could be anything: the log does not repeat it.
    const isNamed = clients.length > 0 || isUnverifiedName(providers, providerName);
    const place = isNamed ? providerName : "unknown provider";
    if (!hasProviders(pool))
      return err(refusalOf({ kind: "no-providers", identityPoolId: pool.identityPoolId }, place));
    if (providerName === pool.developerProviderName) return err(refusalOf({ kind: "unsupported-provider" }, place));
    const login = providerKindOf(providerName).inspect({ providerName, token, clients }, inspection);
    if (!login.ok) return err(refusalOf(login.error, place));
    entries.push({ providerName, place, login: login.value });
  }
  return ok(entries);
}

async function proveLogin(
  pool: IdentityPool,
  { providerName, place, login }: UnprovenEntry,
  isDated: boolean,
  hash: Hash,
): Promise<Result<VerifiedLogin>> {
  const proven = await login.prove();
  if (!proven.ok) return err(refusalOf(proven.error, place));
  const { subject, client, issuedAt } = proven.value;
  const loginId = await loginIdOf(pool.identityPoolId, providerName, subject, hash);
  const amr = [providerName, `${client.amrPrefix}:${subject}`];
  return ok({ providerName, subject, loginId, amr, ...(isDated && issuedAt !== undefined && { issuedAt }) });
}
