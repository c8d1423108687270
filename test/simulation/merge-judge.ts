/**
 * What a merge promises to those who ask again: the very call that asked for it, and calls that came in before its commit,
 * are sent on, and nobody else; a developer's merge that was done is answered as it was, with no second effect (invariant
 * no-second-effect).
 */
import type { ClientCall, LinkedLogin } from "../../src/domain/identity.ts";
import type { StoredRecord } from "../../src/linking/first-record.ts";
import type { Network } from "./network.ts";

type Evidence = {
  readonly network: Pick<Network, "steps" | "nowMs" | "violate" | "faults">;
  readonly identities: ReadonlyMap<string, { readonly stored: StoredRecord | null }>;
};

type Absorption = { readonly into: string; readonly atMs: number; readonly callIds: ReadonlySet<string> };
/** In steps of the simulation. */
type Span = { readonly since: number; readonly until: number };

/** Two clocks of one schedule may differ by this much, once they jump. */
const CLOCK_SLACK_MS = 700_000;

export class MergeJudge {
  readonly #world: Evidence;
  readonly #absorbed = new Map<string, Absorption>();
  /** Which identity has held two developer users together, and when. */
  readonly #together = new Map<string, Map<string, Span>>();
  readonly #changedAtMs = new Map<string, number>();
  /** When an identity stored that it is merged, which is later than the commit. */
  readonly #heardAtMs = new Map<string, number>();

  constructor(world: Evidence) {
    this.#world = world;
  }

  absorbed(name: string, into: string, callIds: ReadonlySet<string>): void {
    this.#absorbed.set(name, { into, atMs: this.#world.network.nowMs, callIds });
  }

  /** Whether an identity stores what it stored then. */
  isUnchangedSince(name: string, atMs: number): boolean {
    return (this.#changedAtMs.get(name) ?? Number.POSITIVE_INFINITY) < atMs;
  }

  changed(name: string, before: StoredRecord | null, after: StoredRecord | null): void {
    if (before?.logins === after?.logins && before?.standing === after?.standing) return;
    const { steps, nowMs } = this.#world.network;
    this.#changedAtMs.set(name, nowMs);
    if (after?.standing.kind === "merged" && before?.standing.kind !== "merged") this.#heardAtMs.set(name, nowMs);
    const pairs = new Set(pairsOf(after?.logins ?? []));
    for (const pair of pairsOf(before?.logins ?? [])) {
      if (!pairs.has(pair)) this.#spans(pair).set(name, { since: 0, until: steps });
    }
    for (const pair of pairs) {
      const span = this.#spans(pair).get(name);
      if (span?.until !== Number.POSITIVE_INFINITY) {
        this.#spans(pair).set(name, { since: steps, until: Number.POSITIVE_INFINITY });
      }
    }
  }

  /**
   * A merged identity has sent a call on to the one that absorbed it. `isUnderWay` is a call that met it before it had heard
   * of the merge, and was still being judged when it heard.
   */
  sentOn(name: string, { askedAt, callId }: ClientCall, isUnderWay: boolean): void {
    const { network } = this.#world;
    const absorption = this.#absorbed.get(name);
    // Older code dates a merge by when it hears of it.
    if (absorption === undefined || network.faults.hasStruck("older-code")) return;
    if (callId !== null && absorption.callIds.has(callId)) return;
    const haveMoved = network.faults.hasStruck("clock-jump") || network.faults.hasStruck("clock-stands");
    const untilMs = isUnderWay ? (this.#heardAtMs.get(name) ?? 0) : absorption.atMs;
    if (askedAt * 1000 <= untilMs + (haveMoved ? CLOCK_SLACK_MS : 0)) return;
    network.violate(`no-way-back: ${name} is merged, and sent a new call on to ${absorption.into}`);
  }

  /** GetOpenIdToken was refused for good: not where it repeats the call that merged the identity. */
  refusedToken(name: string, loginIds: readonly string[], callId: string, askedAtMs: number): void {
    const { network } = this.#world;
    const absorption = this.#absorbed.get(name);
    if (absorption === undefined || network.faults.hasStruck("older-code")) return;
    // Where two calls asked for the same, the record remembers one of them.
    if (!absorption.callIds.has(callId) || absorption.callIds.size > 1) return;
    // Deleted since, it is not found any more.
    if (this.#world.identities.get(name)?.stored?.standing.kind !== "merged") return;
    const record = this.#world.identities.get(absorption.into)?.stored ?? null;
    const isThere = record?.standing.kind === "linked" && record.freeze === null;
    const holdsAll = loginIds.every((loginId) => record?.logins.some((login) => login.loginId === loginId));
    if (!isThere || !holdsAll || !this.isUnchangedSince(absorption.into, askedAtMs)) return;
    network.violate(`no-second-effect: ${name} refused the repeat of the call that merged it into ${absorption.into}`);
  }

  /**
   * Invariant acknowledged-is-kept: what MergeDeveloperIdentities and LookupDeveloperIdentity answer was so at some moment
   * since they were asked.
   */
  saidTogether(users: readonly [string, string], identityId: string, calledAtStep: number): void {
    const until = this.#together.get(pairOf(users))?.get(identityId)?.until ?? -1;
    if (until >= calledAtStep) return;
    this.#world.network.violate(
      `acknowledged-is-kept: ${users.join(" and ")} are said to be of ${identityId}, and are not`,
    );
  }

  /** Invariant no-second-effect: the repeat of a merge that was done, and that nothing has undone since, is never refused. */
  refusedMerge(users: readonly [string, string], calledAtStep: number): void {
    for (const [name, { since, until }] of this.#together.get(pairOf(users)) ?? []) {
      const isHeld = since < calledAtStep && until === Number.POSITIVE_INFINITY;
      const record = this.#world.identities.get(name)?.stored ?? null;
      if (!isHeld || record?.standing.kind !== "linked" || record.freeze !== null) continue;
      this.#world.network.violate(
        `no-second-effect: ${users.join(" and ")} are of ${name}, and their merge was refused`,
      );
    }
  }

  #spans(pair: string): Map<string, Span> {
    let spans = this.#together.get(pair);
    if (spans === undefined) {
      spans = new Map();
      this.#together.set(pair, spans);
    }
    return spans;
  }
}

function pairOf([one, other]: readonly [string, string]): string {
  return one < other ? `${one} ${other}` : `${other} ${one}`;
}

function pairsOf(logins: readonly LinkedLogin[]): readonly string[] {
  const users = logins.filter((login) => login.isDeveloper === true).map(({ loginId }) => loginId);
  return users.flatMap((one, index) => users.slice(index).map((other) => pairOf([one, other])));
}
