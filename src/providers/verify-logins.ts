/**
 * The `Logins` map in, verified logins out: all of them or none. Chooses the verifier by provider name; keeps no verdict
 * for later, so no token can ever answer for another one (T15).
 */
import type { Config } from "../config.ts";
import type { Hash } from "../domain/digest.ts";
import { err, ok, type Result } from "../domain/errors.ts";
import { accessOf, type GrantWish, type VerifiedForGrant } from "../domain/grant-access.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import type { Members } from "../domain/json.ts";
import { loginIdOf, type VerifiedLogin } from "../domain/login.ts";
import type { LoginRule } from "../domain/login-rules.ts";
import type { LoginEvidence } from "../domain/login-evidence.ts";
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

/** What a login under the provider name, in any spelling, is judged by, in order. */
export function rulesFor(spelling: string): readonly LoginRule[] {
  return ["pool-has-providers", "not-developer-provider", ...providerKindOf(canonicalName(spelling)).rules];
}

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
  const proven = await proveLogins(pool, logins, context);
  return proven.ok ? ok(proven.value.logins) : proven;
}

/**
 * The same for a token or credentials, where the pool's role mappings and tag maps have a say. Their verdict leaves this file, and no
 * claim does.
 */
export async function verifyForGrant(
  pool: IdentityPool,
  logins: ReadonlyMap<string, string>,
  context: VerificationContext,
  wish: GrantWish,
): Promise<Result<VerifiedForGrant>> {
  const proven = await proveLogins(pool, logins, context);
  if (!proven.ok) return proven;
  const { logins: verified, evidence } = proven.value;
  return ok({ logins: verified, access: accessOf(pool, evidence, wish) });
}

type ProvenEntry = { readonly login: VerifiedLogin; readonly evidence: LoginEvidence };
/** Of the evidence there is a piece for each token, also where two of them are one login: what each says counts. */
type ProvenLogins = { readonly logins: readonly VerifiedLogin[]; readonly evidence: readonly LoginEvidence[] };

async function proveLogins(
  pool: IdentityPool,
  logins: ReadonlyMap<string, string>,
  context: VerificationContext,
): Promise<Result<ProvenLogins>> {
  const unproven = inspectLogins(pool, logins, context);
  if (!unproven.ok) return unproven;
  // Only who asks for the age of a proof is told: in each reply of the hot path it would be bytes for nothing.
  const isDated = (context.config.linkProofRule ?? null) !== null;
  // Side by side, so that the request waits for the slowest issuer and not for all of them in turn.
  const results = await Promise.all(
    unproven.value.map((entry) => proveLogin(pool, entry, isDated, context.memory.hash)),
  );
  const verified = new Map<string, VerifiedLogin>();
  const evidence: LoginEvidence[] = [];
  for (const result of results) {
    if (!result.ok) return result;
    const { providerName, loginId } = result.value.login;
    const other = verified.get(providerName);
    if (other !== undefined && other.loginId !== loginId) return err(errorOf({ kind: "two-users", providerName }));
    if (other === undefined) verified.set(providerName, result.value.login);
    evidence.push(result.value.evidence);
  }
  return ok({ logins: [...verified.values()], evidence });
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
  const { tell } = context;
  const providers = context.memory.poolProviders.of(pool).of(oidcProviders);
  const entries: UnprovenEntry[] = [];
  for (const [spelling, token] of logins) {
    const providerName = canonicalName(spelling);
    const clients = clientsOf(providers, providerName);
    // T46: a name that the pool did not configure is the client's text, and could be anything: the log does not repeat it.
    const isNamed = clients.length > 0 || isUnverifiedName(providers, providerName);
    const place = isNamed ? providerName : "unknown provider";
    tell?.("pool-has-providers", "the pool has a provider", hasProviders(pool) ? "yes" : "no");
    if (!hasProviders(pool))
      return err(refusalOf({ kind: "no-providers", identityPoolId: pool.identityPoolId }, place));
    const isDeveloper = providerName === pool.developerProviderName;
    tell?.(
      "not-developer-provider",
      "login tokens that clients bring: a developer's users come by GetOpenIdTokenForDeveloperIdentity",
      isDeveloper ? "the developer provider" : "another provider",
    );
    if (isDeveloper) return err(refusalOf({ kind: "unsupported-provider" }, place));
    const login = providerKindOf(providerName).inspect({ providerName, token, clients }, inspection);
    if (!login.ok) return err(refusalOf(login.error, place));
    entries.push({ providerName, place, login: login.value });
  }
  return ok(entries);
}

async function proveLogin(
  pool: IdentityPool,
  { providerName, place, login: unproven }: UnprovenEntry,
  isDated: boolean,
  hash: Hash,
): Promise<Result<ProvenEntry>> {
  const proven = await unproven.prove();
  if (!proven.ok) return err(refusalOf(proven.error, place));
  const { subject, client, issuedAt, readClaims } = proven.value;
  const loginId = await loginIdOf(pool.identityPoolId, providerName, subject, hash);
  const amr = [providerName, `${client.amrPrefix}:${subject}`];
  const login = { providerName, subject, loginId, amr, ...(isDated && issuedAt !== undefined && { issuedAt }) };
  const { clientId } = client;
  return ok({ login, evidence: { providerName, clientId, claims: readClaims ?? (() => tokenless(login, clientId)) } });
}

/** What is known of a login whose token says nothing to read (developer guide, "Role-based access control"). Never a client's secret. */
function tokenless({ providerName, subject }: VerifiedLogin, clientId: string): Members {
  return new Map([
    ["iss", providerName],
    ["aud", clientId],
    ["sub", subject],
  ]);
}
