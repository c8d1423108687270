/** What a source is asked with, by the Worker and by the objects of one environment: its object, its credential, and the way out. */
import type { Config } from "../config.ts";
import { sha256Hex } from "../domain/digest.ts";
import type { IdentityId } from "../domain/identifiers.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import type { PoolSource } from "../domain/pool-source.ts";
import { isolate } from "../isolate.ts";
import { charge, type ClientAddress } from "../limits/client-limit.ts";
import type { SourceParty } from "../linking/source.ts";
import { writeEvent } from "../log/write.ts";
import type { SourceTools } from "../source/ask-source.ts";
import { unlinkAtSource } from "../source/at-source.ts";
import { askCognito, type CognitoTools } from "../source/cognito.ts";
import { type CallTools, sourcePartyOf } from "../source/source-party.ts";

const WAY_OUT: Pick<CognitoTools, "fetch"> = { fetch: (input, init) => fetch(input, init) };

export function sourceToolsOf(env: Env, config: Config): SourceTools {
  return {
    askCognito: async (question) => await askCognito(question, { ...WAY_OUT, upstreams: config.upstreams }),
    region: config.region,
    credentials: config.sourceCredentials,
    budgetOf: (sourcePoolId) => isolate.stubsOf(env).source(sourcePoolId),
    log: writeEvent,
  };
}

/** `client` is charged for each ask; null: nobody is. */
type Call = Pick<CallTools, "note" | "later"> & { readonly client: ClientAddress | null };

type Logins = ReadonlyMap<string, string>;

/** The sources, as one call may ask them. */
export function sourcesOfCall(env: Env, config: Config, { client, note, later }: Call) {
  const chargeForAsk = async () => (client === null ? null : await charge(env, "ask", client));
  return {
    chargeForLists: chargeForAsk,
    sourceOf: (pool: IdentityPool, logins: Logins): SourceParty | null =>
      sourcePartyOf(pool, logins, {
        ...sourceToolsOf(env, config),
        later,
        refused: isolate.refusedAtSource,
        // The isolate's own hash would remember the tokens.
        hash: sha256Hex,
        now: () => Date.now() / 1000,
        charge: chargeForAsk,
        note,
      }),
    unlinkAtSource: (source: PoolSource, identityId: IdentityId, logins: Logins, names: readonly string[]): void =>
      later(unlinkAtSource(source, identityId, logins, names, sourceToolsOf(env, config))),
  };
}
