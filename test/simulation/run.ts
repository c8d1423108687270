/** Runs schedules to their end and says what was broken. Worlds are independent, so that many can go step by step together. */
import { nextTick } from "node:process";
import { setImmediate } from "node:timers";
import { upgraded } from "../../src/linking/first-record.ts";
import { unrest } from "./at-rest.ts";
import { Client, type Knowledge } from "./clients.ts";
import { firstAnomaly, History } from "./history.ts";
import type { Fault } from "./faults.ts";
import type { Hits } from "./coverage.ts";
import { ownPlatform } from "./platform.ts";
import { checkersOf, mergersOf, running } from "./last-questions.ts";
import { MovedDeployment } from "./moved-deployment.ts";
import { PROVIDERS, USERS } from "./operations.ts";
import { PoolChecks } from "./pool-checks.ts";
import type { Schedule } from "./schedule.ts";
import { times } from "./races.ts";
import { visitOf } from "./source-races.ts";
import { streamOf } from "../support/random.ts";
import { lifeOf } from "./slots.ts";
import { DEVELOPER, POOL_ID, POOLS } from "./settings.ts";
import { FOREIGN_IDS } from "./line-plans.ts";
import { World } from "./world.ts";

export type Outcome = {
  readonly schedule: Schedule;
  /** The rule that was broken, in words; null when none was. */
  readonly violation: string | null;
  readonly steps: number;
  readonly struck: readonly number[];
  /** The kinds of fault that struck. */
  readonly kinds: readonly Fault[];
  readonly trace: readonly string[];
  /** How often each fault point was hit. */
  readonly hits: Hits;
};

ownPlatform();

const SUBJECTS = ["1", "2"];
const NAMES = [
  ...PROVIDERS.flatMap((provider) => SUBJECTS.map((subject) => [provider, subject] as const)),
  ...USERS.map((user) => [DEVELOPER, user] as const),
];
const LOGINS = POOLS.flatMap(({ identityPoolId }) => {
  return NAMES.map(([provider, subject]) => [identityPoolId, provider, subject] as const);
});
/** When relying parties look at the key set again, after a rotation: tokens of the run still live. */
const KEYS_READ_AFTER_MS = [290_000, 580_000];
/** Faults end after this, so that with finitely many of them every request ends in an answer (invariant all-comes-to-rest). */
const FAULTS_END_AFTER_MS = 240_000;
/** By then every alarm has run often enough; tombstones stay for longer. */
const REST_MS = 3_600_000;
const TOMBSTONES_GONE_MS = 2 * 86_400_000;
const MAX_STEPS = 20_000;
/** Worlds that go on together between two ticks, in which promises settle; more of them only cost memory. */
const TOGETHER = 8;
/** So often the event loop turns as well: a whole turn costs as much as an event, and whoever watches the run needs some. */
const TICKS_OF_A_TURN = 256;

/** Of the schedules with imports, one in so many moves to another deployment in the end. */
const MOVED = 4;
const UNANSWERED = "all-comes-to-rest: where all was moved to, somebody was not answered";

type Phase = "faults" | "calm" | "agreement" | "lists" | "tombstones" | "written down" | "moved" | "at home" | "over";

class Run {
  readonly schedule: Schedule;
  readonly #world: World;
  readonly #history: History;
  readonly #knowledge: Knowledge = { ids: [], pools: new Map(), logins: new Map() };
  #clients: readonly { readonly isDone: boolean }[] = [];
  #phase: Phase = "faults";
  readonly #startMs: number;
  #restAtMs = 0;
  #moved: MovedDeployment | null = null;
  readonly #isTracing: boolean;

  constructor(schedule: Schedule, isTracing: boolean) {
    this.schedule = schedule;
    this.#isTracing = isTracing;
    this.#world = new World(schedule.faults, isTracing, schedule);
    this.#remember();
    const { login } = this.#world;
    this.#history = new History(
      login,
      LOGINS.map((name) => login(...name)),
    );
    this.#startMs = this.#world.network.nowMs;
    this.#clients = schedule.clients.map((operations, index) => {
      const client = this.#client(`client${index + 1}`);
      running(this.#world, client.run(operations));
      return client;
    });
  }

  /** Where things happen now. */
  get #stage(): World {
    return this.#phase === "moved" || this.#phase === "at home" ? (this.#moved?.world ?? this.#world) : this.#world;
  }

  /** What devices keep of identities that are known at a source. */
  #remember(): void {
    if (this.schedule.hasTransfers === true) this.#knowledge.ids.push(...FOREIGN_IDS);
    for (const { identityId, identityPoolId, logins } of this.#world.sources?.kept ?? []) {
      this.#knowledge.ids.push(identityId);
      this.#knowledge.pools.set(identityId, identityPoolId);
      this.#knowledge.logins.set(identityId, new Map(logins));
    }
  }

  #client(name: string, world = this.#world): Client {
    return new Client(world, this.#knowledge, this.#history, name, this.schedule.seed);
  }

  /** One event; false when the schedule is over. */
  step(): boolean {
    let { network } = this.#stage;
    if (network.violation !== null) return false;
    if (network.steps > MAX_STEPS) network.violate("all-comes-to-rest: it never comes to rest");
    while (this.#isPhaseOver() && network.violation === null && this.#phase !== "over") this.#nextPhase();
    ({ network } = this.#stage);
    if (network.violation !== null || this.#phase === "over") return false;
    network.step();
    return true;
  }

  #isPhaseOver(): boolean {
    const { network } = this.#stage;
    if (this.#phase === "faults") {
      const isLate = network.nowMs > this.#startMs + FAULTS_END_AFTER_MS;
      return isLate || network.nextAtMs === null || this.#clients.every((client) => client.isDone);
    }
    return network.nextAtMs === null || network.nextAtMs > this.#restAtMs;
  }

  #nextPhase(): void {
    const { network } = this.#world;
    switch (this.#phase) {
      case "faults":
        network.faults.calm();
        for (const slot of network.slots) {
          slot.clockOffsetMs = 0;
          slot.clockStandsAtMs = null;
        }
        if (this.#world.isRotationDue || this.#world.keyJudge.droppedAtMs.size > 0) this.#readKeysLater();
        this.#world.isRotationDue = false;
        return this.#enter("calm", REST_MS);
      case "calm": {
        if (!this.#clients.every((client) => client.isDone))
          return network.violate("all-comes-to-rest: a request never ended");
        const reason = unrest(this.#world) ?? this.#anomaly() ?? this.#firstApart();
        if (reason !== null) return network.violate(reason);
        if (this.schedule.seed % 8 !== 0 || this.#world.judge.pools.mayAnyBeGone) return this.#leave();
        const newClient = (name: string) => this.#client(name);
        this.#clients = [...checkersOf(this.#world, LOGINS, newClient), ...mergersOf(this.#world, newClient)];
        return this.#enter("agreement", REST_MS);
      }
      case "agreement": {
        if (!this.#clients.every((client) => client.isDone))
          return network.violate("operations-agree: a question was not answered at rest");
        const reason = unrest(this.#world) ?? this.#anomaly() ?? this.#firstApart();
        return reason === null ? this.#leave() : network.violate(reason);
      }
      case "lists": {
        if (!this.#clients.every((client) => client.isDone))
          return network.violate("lists-are-true: a list was not answered at rest");
        const reason = unrest(this.#world);
        return reason === null ? this.#enter("tombstones", TOMBSTONES_GONE_MS) : network.violate(reason);
      }
      case "tombstones": {
        // The key ring always has a next rotation to wake for.
        const kept = network.slots.find((slot) => slot.alarmAtMs !== null && slot.kind !== "key ring");
        if (kept !== undefined) network.violate(`${kept.name} still has an alarm after two days`);
        const { keyRing, isolates } = this.#world;
        const isInUse = isolates.some(({ signsWith }) => signsWith !== null);
        if (isInUse && keyRing.alarmAtMs === null)
          network.violate("no-stale-key: nobody wakes the key ring for its rotation");
        if (this.#world.keptKeySet !== null) network.violate("the key set of an issuer was never erased");
        const tombstone = [...this.#world.identities.values()].find(({ stored }) => {
          return stored?.standing.kind === "deleted" && upgraded(stored).origin === "here";
        });
        if (tombstone !== undefined) network.violate(`the tombstone of ${tombstone.name} was never erased`);
        if (this.schedule.hasTransfers === true && this.schedule.seed % MOVED === 0) return this.#writeDown();
        this.#phase = "over";
        return;
      }
      case "written down": {
        if (this.#moved?.isDone !== true) return network.violate("restored-as-told: an export never ended");
        this.#enter("moved", REST_MS);
        return running(this.#moved.world, this.#moved.takeIn());
      }
      case "moved":
        return this.#comeHome();
      case "at home": {
        const { world } = this.#moved ?? { world: this.#world };
        const reason = this.#clients.every((client) => client.isDone) ? unrest(world) : UNANSWERED;
        if (reason !== null) world.network.violate(reason);
        this.#phase = "over";
        return;
      }
      case "over":
        return;
    }
  }

  /** To the end: by way of the lists where anybody administered pools, and in some of the others. */
  #leave(): void {
    const { judge } = this.#world;
    if (this.schedule.seed % (judge.pools.isConcerned ? 4 : 32) !== 0)
      return this.#enter("tombstones", TOMBSTONES_GONE_MS);
    const checks = new PoolChecks(this.#world, this.schedule.seed);
    this.#clients = [checks];
    running(this.#world, checks.run());
    this.#enter("lists", REST_MS);
  }

  #writeDown(): void {
    this.#moved = new MovedDeployment(this.#world, this.schedule, this.#isTracing);
    this.#clients = [this.#moved];
    this.#enter("written down", REST_MS);
    running(this.#world, this.#moved.writeDown());
  }

  /** Everybody is who he was, and some come to see. */
  #comeHome(): void {
    const { world } = this.#moved ?? { world: this.#world };
    const reason = this.#moved?.isDone === true ? (unrest(world) ?? this.#moved.difference()) : UNANSWERED;
    if (reason !== null) world.network.violate(reason);
    const random = streamOf(this.schedule.seed, "at home");
    this.#clients = times(1 + random.below(2), () => {
      const client = this.#client(this.#world.newName("home"), world);
      running(world, client.run(times(1 + random.below(3), () => visitOf(random, random.below(4)))));
      return client;
    });
    this.#enter("at home", REST_MS);
  }

  #enter(phase: Phase, ms: number): void {
    this.#phase = phase;
    const { network } = this.#stage;
    this.#restAtMs = network.nowMs + ms;
    network.note(() => `--- ${phase}`);
  }

  #readKeysLater(): void {
    const { network, isolates } = this.#world;
    for (const ms of KEYS_READ_AFTER_MS) {
      for (const isolate of isolates) network.after(ms, () => void isolate.publish(lifeOf("reader")));
    }
  }

  #firstApart(): string | null {
    const own = LOGINS.filter(([identityPoolId]) => identityPoolId === POOL_ID);
    return this.#world.sources?.arrivals.firstApart(own.map((name) => this.#world.login(...name))) ?? null;
  }

  #anomaly(): string | null {
    // A merge moves logins that its request does not name, and a pool's end all of them: the judge watches those.
    const { pools, hasDeveloperMerges } = this.#world.judge;
    const isMoved = hasDeveloperMerges || this.#world.judge.imports.isUsed;
    if (this.schedule.mergePolicy === "merge" || pools.mayAnyBeGone || isMoved) return null;
    const loginId = firstAnomaly(this.#history.entries);
    return loginId === null ? null : `one-register-a-login: what clients saw of ${loginId} is not linearizable`;
  }

  outcome(): Outcome {
    const { faults, coverage } = this.#world.network;
    const networks = [this.#world, ...(this.#moved === null ? [] : [this.#moved.world])].map(({ network }) => network);
    const violation = networks.find((network) => network.violation !== null)?.violation ?? null;
    const steps = networks.reduce((sum, network) => sum + network.steps, 0);
    const trace = networks.flatMap((network) => network.trace ?? []);
    return {
      schedule: this.schedule,
      violation,
      steps,
      struck: faults.struck,
      kinds: faults.kinds,
      trace,
      hits: coverage.hits,
    };
  }
}

export async function runSchedule(schedule: Schedule, isTracing = false): Promise<Outcome> {
  const run = new Run(schedule, isTracing);
  // oxlint-disable-next-line no-await-in-loop -- promises settle between two events
  while (run.step()) await settled();
  return run.outcome();
}

/** Runs many; stops early when `onOutcome` returns false. */
export async function runSchedules(
  schedules: Iterable<Schedule>,
  onOutcome: (outcome: Outcome) => boolean,
): Promise<void> {
  const source = schedules[Symbol.iterator]();
  const runs: Run[] = [];
  for (;;) {
    while (runs.length < TOGETHER) {
      const next = source.next();
      if (next.done === true) break;
      runs.push(new Run(next.value, false));
    }
    if (runs.length === 0) return;
    for (let index = runs.length - 1; index >= 0; index--) {
      const run = runs[index];
      if (run === undefined || run.step()) continue;
      runs.splice(index, 1);
      if (!onOutcome(run.outcome())) return;
    }
    await settled();
  }
}

let ticks = 0;

/** All promises have settled by the next tick, which waits until no microtask is left: nothing here waits for the world outside. */
async function settled(): Promise<void> {
  await new Promise<void>((resolve) => {
    ticks++;
    if (ticks % TICKS_OF_A_TURN === 0) setImmediate(resolve);
    else nextTick(resolve);
  });
}
