/**
 * What is promised while a pool takes over one at Cognito, found out anew from what the source really answered to each call: whom it is
 * asked about (invariant asked-once), which ids come in (invariants named-by-the-source, own-source-only), and what never comes back
 * that way (invariants never-comes-back, dead-ids-stay-dead).
 */
import type { IdentityId, IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { PoolSource } from "../../src/domain/pool-source.ts";
import type { StoredRecord } from "../../src/linking/first-record.ts";
import type { LinkOrder } from "../../src/linking/link-order.ts";
import type { PoolRecord } from "../../src/pools/pool-host.ts";
import type { BarJudge } from "./bar-judge.ts";
import type { Cognito } from "./simulated-cognito.ts";
import type { Network } from "./network.ts";
import type { LoginOf } from "./requests.ts";
import type { Life } from "./slots.ts";

type Evidence = {
  readonly network: Pick<Network, "nowMs" | "violate" | "coverage">;
  readonly identities: ReadonlyMap<string, { readonly stored: StoredRecord | null }>;
  readonly login: LoginOf;
  readonly judge: { readonly bars: BarJudge };
};

/** One question of a call: what it names and presents. */
export type Question = {
  /** When the call came in. */
  readonly askedAtMs: number;
  /** The source pool that it names; null where it names an identity alone. */
  readonly sourcePoolId: IdentityPoolId | null;
  readonly named: IdentityId | null;
  readonly presented: ReadonlyMap<string, string>;
};
type Answer = Question & { readonly identityId: string };

/** By then everybody knows that a pool has a source: no memory of it is older, and no call. */
const KNOWN_AFTER_MS = 150_000;

export class SourceJudge {
  readonly #world: Evidence;
  readonly #cognito: Cognito;
  /** What the source has told each attempt of a call. */
  readonly #answers = new WeakMap<Life, Answer[]>();
  /** Attempts that have named an id which is none here. */
  readonly #provers = new WeakSet<Life>();
  /** By pool: its source now, those that it ever had, and since when everybody knows that it has or had one. */
  readonly #sources = new Map<IdentityPoolId, PoolSource>();
  readonly #everSources = new Map<IdentityPoolId, Set<IdentityPoolId>>();
  readonly #knownFromMs = new Map<IdentityPoolId, number>();
  /** When a login was first an identity's, while everybody knew that it must be kept in mind; when an identity was first there. */
  readonly #ownedAtMs = new Map<string, number>();
  readonly #bornAtMs = new Map<string, number>();
  readonly #diedAtMs = new Map<string, number>();
  /** Ids of the source of which an operator was told that they are deleted. */
  readonly #deleted = new Set<string>();
  /** Whether each pool has had the source that it has from the beginning. */
  #isSteady = true;
  readonly #mergedInto = new Map<string, string>();
  /** Ids that some call was told of, for what is born of them. */
  readonly #claimed = new Set<string>();
  /** Those of them that an import has named. */
  readonly #imported = new Set<string>();

  constructor(world: Evidence, cognito: Cognito) {
    this.#world = world;
    this.#cognito = cognito;
  }

  poolStored(before: PoolRecord | null, { pool, state }: PoolRecord): void {
    const { identityPoolId, source } = pool;
    if (before !== null && before.pool.source !== source) this.#isSteady = false;
    if (source === undefined || state === "deleted") {
      this.#sources.delete(identityPoolId);
      return;
    }
    this.#sources.set(identityPoolId, source);
    const ever = this.#everSources.get(identityPoolId) ?? new Set();
    this.#everSources.set(identityPoolId, ever.add(source.identityPoolId));
    const sinceMs = before === null ? Number.NEGATIVE_INFINITY : this.#world.network.nowMs + KNOWN_AFTER_MS;
    if (!this.#knownFromMs.has(identityPoolId)) this.#knownFromMs.set(identityPoolId, sinceMs);
  }

  // What is asked of the source, and said by it.

  /** A call names an identity, also where its question for a developer's user does not: one that is none here is a reason to ask. */
  names(life: Life, identityId: IdentityId): void {
    if (!this.#bornAtMs.has(identityId)) this.#provers.add(life);
  }

  /** Nothing that was ever somebody's here is a reason to ask, nor is an id that is known. */
  asks(life: Life, question: Question): void {
    const { named, presented, askedAtMs, sourcePoolId } = question;
    const wasThere = (atMs: number | undefined) => (atMs ?? Number.POSITIVE_INFINITY) < askedAtMs;
    if (named !== null && wasThere(this.#diedAtMs.get(named)))
      this.#violate(`dead-ids-stay-dead: ${life.name} asks the source about ${named}, which was deleted here`);
    // To prove an id may take two questions, of which the second one names the logins alone.
    if (named !== null && !wasThere(this.#bornAtMs.get(named))) this.#provers.add(life);
    if (this.#provers.has(life)) return;
    const identityPoolId = named === null ? this.#poolOfSource(sourcePoolId) : this.#stored(named)?.identityPoolId;
    if (identityPoolId === undefined || (named === null && presented.size === 0)) return;
    const isAnyUnseen = [...presented].some(([providerName, subject]) => {
      return !wasThere(this.#ownedAtMs.get(this.#world.login(identityPoolId, providerName, subject).loginId));
    });
    if (!isAnyUnseen)
      this.#violate(`asked-once: ${life.name} asks the source about ${[...presented].join(" ")}, which is known`);
  }

  answered(life: Life, question: Question, identityId: string): void {
    const answers = this.#answers.get(life) ?? [];
    this.#answers.set(life, [...answers, { ...question, identityId }]);
  }

  /** An attempt of a call has an identity link logins on the source's word: that very attempt was told so. */
  claims(life: Life, { identityPoolId, adopts = [] }: LinkOrder): void {
    for (const { identityIds, loginIds } of adopts) {
      const isTold = (this.#answers.get(life) ?? []).some(({ identityId, named, presented }) => {
        const shown = new Set(
          [...presented].map(([name, subject]) => this.#world.login(identityPoolId, name, subject).loginId),
        );
        const isNamed = identityIds.every((one) => this.#leadsTo(identityId, one) || one === named);
        return isNamed && loginIds.every((loginId) => shown.has(loginId));
      });
      if (!isTold)
        this.#violate(`named-by-the-source: ${life.name} claims ${loginIds.join(" ")} for ${identityIds.join(" ")}`);
      for (const identityId of identityIds) this.#claimed.add(identityId);
    }
  }

  /** The same of a guest's id, which was presented alone, or made for the call. */
  claimsGuest(life: Life, identityId: string): void {
    const isTold = (this.#answers.get(life) ?? []).some((answer) => {
      return answer.identityId === identityId && answer.presented.size === 0;
    });
    if (!isTold) this.#violate(`named-by-the-source: ${life.name} makes a guest of ${identityId}`);
    this.#claimed.add(identityId);
  }

  /** An operator has named an identity that was born elsewhere. */
  imports(identityId: string): void {
    this.#claimed.add(identityId);
    this.#imported.add(identityId);
  }

  /** An operator was told that the identity is deleted, whether anybody had come with it or not. */
  isDeleted(identityId: string): void {
    const of = this.#cognito.poolOf(identityId);
    const isOfSource = [...this.#sources.values()].some((source) => source.identityPoolId === of);
    if (this.#isSteady && isOfSource) this.#deleted.add(identityId);
  }

  /** An operator was told that the login is nobody's for good. */
  isSettled(loginId: string): void {
    if (!this.#ownedAtMs.has(loginId)) this.#ownedAtMs.set(loginId, this.#world.network.nowMs);
  }

  /** In a deployment that is restored from an export of another, what was somebody's or deleted there is so here. */
  goOnFrom(other: SourceJudge): void {
    const { nowMs } = this.#world.network;
    for (const loginId of other.#ownedAtMs.keys()) this.#ownedAtMs.set(loginId, nowMs);
    for (const name of other.#diedAtMs.keys()) {
      if (this.#stored(name)?.standing.kind === "deleted") this.#diedAtMs.set(name, nowMs);
    }
  }

  // What happened.

  stored(name: string, before: StoredRecord | null, after: StoredRecord | null): void {
    const { nowMs } = this.#world.network;
    if (after === null) {
      if (before !== null && before.standing.kind === "deleted" && originOf(before) === "source")
        this.#violate(`dead-ids-stay-dead: the tombstone of ${name}, which came from the source, is gone`);
      return;
    }
    // One that another absorbs before it was known here is stored before it is anything.
    if (after.standing.kind !== "unborn" && !this.#bornAtMs.has(name)) this.#born(name, after);
    if (after.standing.kind === "merged") this.#mergedInto.set(name, after.standing.into);
    if (after.standing.kind === "deleted" && !this.#diedAtMs.has(name)) this.#diedAtMs.set(name, nowMs);
    if (nowMs < (this.#knownFromMs.get(after.identityPoolId) ?? Number.POSITIVE_INFINITY)) return;
    for (const { loginId } of after.logins) {
      if (!this.#ownedAtMs.has(loginId)) this.#ownedAtMs.set(loginId, nowMs);
    }
  }

  #born(name: string, after: StoredRecord): void {
    this.#bornAtMs.set(name, this.#world.network.nowMs);
    if (this.#deleted.has(name) && after.standing.kind !== "deleted")
      this.#violate(`dead-ids-stay-dead: ${name} was deleted before anybody came, and lives`);
    const isOfSource = this.#cognito.poolOf(name) !== undefined && !this.#imported.has(name);
    if (isOfSource && originOf(after) === "here")
      this.#violate(`named-by-the-source: ${name} is the source's, and is said to be born here`);
    // A tombstone alone lets nobody in.
    if (originOf(after) !== "source" || after.standing.kind === "deleted") return;
    if (!this.#claimed.has(name)) this.#violate(`named-by-the-source: ${name} is from the source, and nobody was told`);
    const of = this.#cognito.poolOf(name);
    if (this.#imported.has(name)) return;
    if (of === undefined || this.#everSources.get(after.identityPoolId)?.has(of) !== true)
      this.#violate(`own-source-only: ${name} of ${of} is adopted by ${after.identityPoolId}`);
  }

  /** Somebody who proved a login of the identity was told that these are unlinked. */
  unlinked(identityId: IdentityId, providerNames: readonly string[]): void {
    const record = this.#stored(identityId);
    if (record === null) return;
    const { identityPoolId, logins } = record;
    const isKnown = this.#world.network.nowMs >= (this.#knownFromMs.get(identityPoolId) ?? Number.POSITIVE_INFINITY);
    const source = this.#sources.get(identityPoolId);
    if (!isKnown || source === undefined) return;
    const isHeld = (name: string) => logins.some(({ providerName }) => providerName === name);
    this.#world.judge.bars.bar(
      identityId,
      providerNames.filter((name) => source.providers.includes(name) && !isHeld(name)),
    );
  }

  #poolOfSource(sourcePoolId: IdentityPoolId | null): IdentityPoolId | undefined {
    return [...this.#everSources].find(([, sources]) => sourcePoolId !== null && sources.has(sourcePoolId))?.[0];
  }

  /** Whether an id is this one here, or was merged into it, also where it was deleted since. */
  #leadsTo(identityId: string, name: string): boolean {
    let current: string | undefined = identityId;
    for (let hops = 0; hops < 10 && current !== undefined && current !== name; hops++)
      current = this.#mergedInto.get(current);
    return current === name;
  }

  #stored(identityId: string): StoredRecord | null {
    return this.#world.identities.get(identityId)?.stored ?? null;
  }

  #violate(words: string): void {
    this.#world.network.violate(words);
  }
}

function originOf(record: StoredRecord): "here" | "source" {
  return record.version === 1 ? "here" : record.origin;
}
