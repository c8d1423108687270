/**
 * Asks a pool's source, for one call, by the very call that its client made. Its tokens are held here and nowhere else: what is
 * remembered of them is a hash, and nothing of an answer is kept, logged or passed on but an id.
 */
import { err, ok, type Result, type ServiceError } from "../domain/errors.ts";
import { type IdentityId, type IdentityPoolId, isMadeIn, parseIdentityId } from "../domain/identifiers.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import type { IsolateCache } from "../domain/isolate-cache.ts";
import type { Members } from "../domain/json.ts";
import { canonicalName } from "../domain/provider-name.ts";
import type { Refusal, TaggedRefusal } from "../domain/refusals.ts";
import type { Trace } from "../domain/trace.ts";
import type { Hash } from "../domain/digest.ts";
import type { AskedLogins, Located, SourceParty } from "../linking/source.ts";
import { askSource, type SourceQuestion, type SourceTools } from "./ask-source.ts";
import { provenPool } from "./proof.ts";
import type { AskOutcome, Told } from "./source-actor.ts";
import { refusalOf, type SourceFailure } from "./source-answer.ts";

/** What belongs to the call that asks. */
export type CallTools = SourceTools & {
  /** Lets work go on that no answer waits for. */
  later(work: Promise<void>): void;
  /** What Cognito refused a moment ago, by a hash of the question. */
  readonly refused: IsolateCache<TaggedRefusal>;
  /** Remembers nothing of the text. */
  readonly hash: Hash;
  /** Epoch seconds. */
  now(): number;
  /** Charges the client's address for one ask (T47): the refusal, or null. */
  charge(): Promise<ServiceError | null>;
  note(trace: Trace): void;
};

type Asked<T> = Result<T, SourceFailure>;

/** Null where the pool has no source. `presented` is the call's map of logins, as the client spells it. */
export function sourcePartyOf(
  pool: IdentityPool,
  presented: ReadonlyMap<string, string>,
  tools: CallTools,
): SourceParty | null {
  const { source: settings, developerProviderName = "" } = pool;
  if (settings === undefined) return null;
  const { identityPoolId: sourcePoolId, providers, proof } = settings;
  const isOfSource = (name: string) => name !== developerProviderName && providers.includes(canonicalName(name));
  const Logins = Object.fromEntries([...presented].filter(([name]) => isOfSource(name)));
  const hasLogins = Object.keys(Logins).length > 0;
  const call = hasLogins ? { Logins } : {};

  const question = async (asked: SourceQuestion): Promise<Asked<Members>> =>
    await askSource(sourcePoolId, asked, tools, () => tools.note({ upstreamFetches: 1 }));

  /** One ask of the client's address, of whatever questions. Never rejects. */
  async function ask<T>(
    identityId: IdentityId | null,
    among: readonly IdentityPoolId[],
    run: () => Promise<Asked<T>>,
  ): Promise<Result<T, Refusal>> {
    const now = tools.now();
    const key = identityId === null ? null : await tools.hash(JSON.stringify([among, identityId, namedOf(Logins)]));
    const known = key === null ? undefined : tools.refused.get(key, now);
    if (known !== undefined) return err(known);
    const charged = await tools.charge();
    if (charged !== null) return err({ kind: "worded", error: charged });
    const answer = await run();
    if (key !== null && !answer.ok && answer.error.kind === "refused")
      tools.refused.set(key, answer.error.refusal, now);
    tell(answer);
    return answer.ok ? answer : err(refusalOf(answer.error));
  }

  function tell(answer: Asked<unknown>): void {
    const failure = answer.ok ? null : answer.error;
    const { identityPoolId } = pool;
    if (failure?.kind === "misconfigured") {
      tools.log({ event: "source-misconfigured", identityPoolId, problem: failure.problem });
    }
    if (failure?.kind === "disagrees") {
      const names = Object.keys(Logins).map(canonicalName);
      tools.log({ event: "source-disagrees", identityPoolId, providers: names });
    }
    // What the budget refused it has counted itself.
    if (failure?.kind === "throttled" && failure.by === "budget") return;
    const problem = failure?.kind === "misconfigured" ? { problem: failure.problem } : {};
    count({ outcome: outcomeOf(failure), ...problem });
  }

  function count(told: Told): void {
    tools.later(tools.budgetOf(sourcePoolId).tell(told).catch(uncounted));
  }

  async function byLogins(): Promise<Asked<IdentityId>> {
    const answer = await question({ operation: "GetId", input: { IdentityPoolId: sourcePoolId, ...call } });
    return answer.ok ? idIn(answer.value, tools.region) : answer;
  }

  /** Whose the id is, and of which pool, by the one answer that says so. */
  async function byToken(asked: IdentityId, among: readonly IdentityPoolId[]): Promise<Asked<Located>> {
    const input = { IdentityId: asked, ...call };
    const answer = await question({ operation: "GetOpenIdToken", input, identityId: asked });
    if (!answer.ok) return answer;
    const answered = idIn(answer.value, tools.region);
    if (!answered.ok) return answered;
    const identityId = answered.value;
    const proven = provenPool(answer.value.get("Token"), { identityId, among, isGuest: !hasLogins });
    if (proven === "not-a-token") return err(NO_ANSWER);
    const isAnothers = !hasLogins && identityId !== asked;
    return proven === "not-proven" || isAnothers ? notFound(asked) : ok({ identityId, sourcePoolId: proven });
  }

  /** The credentials themselves are dropped unread. Nothing in that answer names the pool, and so its own GetId must agree. */
  async function byCredentials(identityId: IdentityId): Promise<Asked<IdentityId>> {
    const input = { IdentityId: identityId, ...call };
    const answer = await question({ operation: "GetCredentialsForIdentity", input, identityId });
    if (!answer.ok) return answer;
    const answered = idIn(answer.value, tools.region);
    if (!answered.ok) return answered;
    if (!hasLogins) return answered.value === identityId ? answered : notFound(identityId);
    const owner = await byLogins();
    return !owner.ok || owner.value === answered.value ? owner : notFound(identityId);
  }

  async function byDeveloperUser(): Promise<Asked<IdentityId | null>> {
    const DeveloperUserIdentifier = presented.get(developerProviderName);
    const input = { IdentityPoolId: sourcePoolId, DeveloperUserIdentifier };
    const answer = await question({ operation: "LookupDeveloperIdentity", input, isSigned: true });
    if (answer.ok) return idIn(answer.value, tools.region);
    return answer.error.kind === "absent" ? ok(null) : answer;
  }

  return {
    settings,
    ask: async (identityId, logins: AskedLogins) =>
      await ask<IdentityId | null>(identityId, [sourcePoolId], async () => {
        if (logins === "developer") return await byDeveloperUser();
        if (identityId === null) return await byLogins();
        if (proof === "credentials") return await byCredentials(identityId);
        const proven = await byToken(identityId, [sourcePoolId]);
        return proven.ok ? ok(proven.value.identityId) : proven;
      }),
    locate: async (identityId, among) =>
      await ask<Located>(identityId, among, async () => await byToken(identityId, among)),
    count: (fact) => count({ fact }),
  };
}

/** Each login as one text, in an order of their own. */
function namedOf(logins: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(logins)
    .map((entry) => JSON.stringify(entry))
    .toSorted();
}

/** Of Cognito's, that is. */
const NO_ANSWER: SourceFailure = { kind: "unavailable", cause: "answer" };

function notFound(identityId: IdentityId): Asked<never> {
  return err({ kind: "refused", refusal: { kind: "identity-not-found", identityId } });
}

/** An id that is not of this region, or none, is no answer of Cognito's. */
function idIn(members: Members, region: string): Asked<IdentityId> {
  const text = members.get("IdentityId");
  const identityId = typeof text === "string" && isMadeIn(region, text) ? parseIdentityId(text) : undefined;
  return identityId === undefined ? err(NO_ANSWER) : ok(identityId);
}

function outcomeOf(failure: SourceFailure | null): AskOutcome {
  switch (failure?.kind) {
    case undefined:
      return "ok";
    case "refused":
      return "notFound";
    case "throttled":
      return "throttled";
    default:
      return "failed";
  }
}

/** A count that is lost is no reason to fail a call, and its object has said what was wrong. */
function uncounted(): void {}
