/** Cognito beside a simulated installation: whom it knows when a schedule begins, the way there, and what is judged of it. */
import { type IdentityId, type IdentityPoolId, identityPoolIdOf } from "../../src/domain/identifiers.ts";
import type { PoolSource } from "../../src/domain/pool-source.ts";
import type { StoredRecord } from "../../src/linking/first-record.ts";
import type { PoolRecord } from "../../src/pools/pool-host.ts";
import { ArrivalJudge } from "./arrival-judge.ts";
import { Cognito } from "./simulated-cognito.ts";
import type { BarJudge } from "./bar-judge.ts";
import type { Coverage } from "./coverage.ts";
import type { Network } from "./network.ts";
import { PROVIDERS, type Tokens } from "./operations.ts";
import type { LoginOf } from "./requests.ts";
import { OTHER_POOL_ID, POOL_ID } from "./settings.ts";
import type { AnySlot } from "./slots.ts";
import { SourceJudge } from "./source-judge.ts";
import { SourceLine } from "./source-line.ts";
import type { SourcePlan } from "./source-races.ts";

/** Somebody else's pool, which takes the logins of the same app. */
const STRANGERS_POOL_ID = identityPoolIdOf("r", "bad");
const STRANGERS: readonly Tokens[] = [[["a", "2"]], []];

type World = {
  readonly network: Network;
  readonly login: LoginOf;
  readonly judge: { readonly bars: BarJudge };
  readonly identities: ReadonlyMap<string, { readonly stored: StoredRecord | null }>;
  readonly logins: ReadonlyMap<
    string,
    { readonly stored: { readonly owner: { readonly identityId: string } | null } | null }
  >;
};

/** An id that somebody's device keeps, and the logins that it came with. */
export type KeptId = {
  readonly identityId: IdentityId;
  readonly identityPoolId: IdentityPoolId;
  readonly logins: Tokens;
};

export class Sources {
  readonly plan: SourcePlan;
  readonly cognito: Cognito;
  readonly line: SourceLine;
  readonly judge: SourceJudge;
  readonly arrivals: ArrivalJudge;
  readonly kept: readonly KeptId[];
  readonly #coverage: Coverage;
  #changes = 0;

  /** `cognito` is that of a deployment before. */
  constructor(world: World, plan: SourcePlan, seed: number, cognito: Cognito | null) {
    this.plan = plan;
    this.#coverage = world.network.coverage;
    const pools = [
      ...[POOL_ID, OTHER_POOL_ID].map((identityPoolId) => ({ identityPoolId, providers: plan.settings.providers })),
      { identityPoolId: STRANGERS_POOL_ID, providers: PROVIDERS },
    ];
    let count = 0;
    this.cognito = cognito ?? new Cognito(pools, plan.mergesLinked, () => idOf(++count));
    this.kept = cognito === null ? this.#enroll() : [];
    this.line = new SourceLine(world.network, this.cognito, seed);
    this.judge = new SourceJudge(world, this.cognito);
    this.arrivals = new ArrivalJudge(world, this.cognito, this.startingSourceOf(POOL_ID) ?? null);
  }

  /** Those that an operator has listed. */
  get listed(): readonly KeptId[] {
    const isOwn = ({ identityId, identityPoolId }: KeptId) => this.cognito.poolOf(identityId) === identityPoolId;
    return this.plan.hasList ? this.kept.filter(isOwn) : [];
  }

  /** The source of a pool as the schedule begins: the pool of the same id at Cognito. */
  startingSourceOf(identityPoolId: IdentityPoolId): PoolSource | undefined {
    const isSourced = identityPoolId === POOL_ID ? this.plan.isSet : this.plan.hasSecond;
    return isSourced ? { identityPoolId, ...this.plan.settings } : undefined;
  }

  /** What an administrator makes of it: the same pool at Cognito, asked in another way. */
  newSettings(identityPoolId: IdentityPoolId): PoolSource {
    const { proof, ...settings } = this.plan.settings;
    const guests = this.#changes++ % 2 === 0 ? settings.guests : "local";
    return { identityPoolId, ...settings, proof, guests };
  }

  stored(slot: AnySlot, before: unknown, after: unknown): void {
    if (slot.kind === "pool") {
      this.judge.poolStored(before as PoolRecord | null, after as PoolRecord);
      if (sourceIn(before) === sourceIn(after)) return;
      if (slot.name === `pool ${POOL_ID}`) this.arrivals.sourceChanged();
      if (this.line.isAsked) this.#coverage.hit("F22 the source is changed while it is asked");
    }
    if (slot.kind !== "identity") return;
    if (isEnd(before, after) && this.line.isAsked)
      this.#coverage.hit("F23 an identity is deleted while the source is asked");
    this.judge.stored(slot.name, before as StoredRecord | null, after as StoredRecord | null);
    this.arrivals.stored(slot.name, before as StoredRecord | null, after as StoredRecord | null);
  }

  #enroll(): readonly KeptId[] {
    const { known, hasStranger, hasSecond } = this.plan;
    const own = known.map((logins, index) => [hasSecond && index % 2 === 1 ? OTHER_POOL_ID : POOL_ID, logins] as const);
    const others = hasStranger ? STRANGERS.map((logins) => [STRANGERS_POOL_ID, logins] as const) : [];
    const ofSource = (logins: Tokens) => logins.filter(([name]) => this.plan.settings.providers.includes(name));
    return [...own.map(([at, logins]) => [at, ofSource(logins)] as const), ...others].flatMap(([at, logins]) => {
      const found = this.cognito.signIn(at, new Map(logins));
      if ("error" in found) return [];
      const identityPoolId = at === STRANGERS_POOL_ID ? POOL_ID : at;
      return [{ identityId: found.identityId as IdentityId, identityPoolId, logins }];
    });
  }
}

/** A UUID, as Cognito makes them, with another first digit for each: it lies in another shard of the list. */
function idOf(count: number): string {
  const digit = (count % 16).toString(16);
  return `r:${digit}0000000-0000-4000-8000-${count.toString(16).padStart(12, "0")}`;
}

function sourceIn(stored: unknown): PoolSource | undefined {
  return (stored as PoolRecord | null)?.pool.source;
}

function isEnd(before: unknown, after: unknown): boolean {
  const [from, to] = [before, after] as readonly (StoredRecord | null)[];
  return to?.standing.kind === "deleted" && from?.standing.kind !== "deleted";
}
