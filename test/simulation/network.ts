/**
 * The simulated platform: owns time, messages, alarms and the lives of objects. Every delivery, reply, alarm and pause is
 * one event, and between two events all promises have settled. It knows nothing about identities.
 */
import { moveSomeClock, stopSomeClock } from "./clocks.ts";
import { Coverage } from "./coverage.ts";
import { Delays } from "./delays.ts";
import { Events } from "./events.ts";
import { Faults, type FaultPlan } from "./faults.ts";
import { readable } from "./platform.ts";
import { type Random, streamOf } from "../support/random.ts";
import {
  type Alarmed,
  type AnySlot,
  type Call,
  type Life,
  lifeOf,
  NetworkFailure,
  type Slot,
  type SlotKind,
  slotOf,
  StorageFailure,
} from "./slots.ts";
import { brief } from "./trace.ts";

/** One for all: to capture a stack for each costs more than the call itself. */
const FAILURE = new NetworkFailure("the call failed");

/** The platform retries an alarm whose run died, after two seconds. */
const ALARM_RETRY_MS = 2000;
/** An alarm in the past fires at once, and yet not faster than this, so that a clock that is behind makes no hot loop. */
const SHORTEST_ALARM_MS = 1000;

export class Network {
  nowMs = 1_000_000_000_000;
  readonly faults: Faults;
  readonly coverage = new Coverage();
  readonly random: Random;
  readonly slots: AnySlot[] = [];
  /** The first rule that was broken, in words; it ends the run. */
  violation: string | null = null;
  readonly trace: string[] | null;
  steps = 0;
  /** No object runs the release before: nobody gives a pool a source before all run the one that knows of sources. */
  isNewCodeAlone = false;
  /** Told of each life of an object that ends before its time, while its storage is still as it left it. */
  onDeath: ((slot: AnySlot) => void) | null = null;
  #calls = 0;
  readonly #events = new Events();
  readonly #delays: Delays;
  readonly #startMs = this.nowMs;

  constructor(plan: FaultPlan, isTracing: boolean) {
    this.#delays = new Delays(plan.seed);
    this.faults = new Faults(plan);
    this.random = streamOf(plan.seed, "network");
    this.trace = isTracing ? [] : null;
  }

  note(line: () => string): void {
    this.trace?.push(`${((this.nowMs - this.#startMs) / 1000).toFixed(3).padStart(9)}s  ${readable(line())}`);
  }

  violate(words: string): void {
    if (this.violation !== null) return;
    this.violation = readable(words);
    this.note(() => `VIOLATION ${words}`);
  }

  addSlot<N extends Alarmed, S>(name: string, kind: SlotKind, boot: (slot: Slot<N, S>, life: Life) => N): Slot<N, S> {
    const slot = slotOf(name, kind, boot);
    this.slots.push(slot);
    return slot;
  }

  /** What the object's own clock says. */
  clockOf(slot: AnySlot): number {
    return (slot.clockStandsAtMs ?? this.nowMs) + slot.clockOffsetMs;
  }

  after(ms: number, run: () => void): void {
    this.#events.add(this.nowMs + ms, run);
  }

  /** When the next event is due, or null when nothing is left to happen. */
  get nextAtMs(): number | null {
    return this.#events.nextAtMs;
  }

  /** Runs one event; its promises settle before the next. */
  step(): void {
    const event = this.#events.take();
    if (event === undefined) return;
    this.steps++;
    this.nowMs = Math.max(this.nowMs, event.atMs);
    if (this.faults.strikes("crash")) this.#crashSomebody();
    if (this.faults.strikes("clock-jump")) moveSomeClock(this);
    if (this.faults.strikes("clock-stands")) stopSomeClock(this);
    event.run();
  }

  async sleep(life: Life, ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      this.after(ms, () => {
        if (life.isAlive) resolve();
      });
    });
  }

  /** A message or call from one life to the object of a slot; rejects with NetworkFailure when it failed. */
  call<N extends Alarmed, S, T>(
    caller: Life,
    slot: Slot<N, S>,
    label: string,
    run: (node: N) => T | Promise<T>,
  ): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (!caller.isAlive) return;
      const number = ++this.#calls;
      const call: Call = { caller, label, number, isOpen: true, resolve: resolve as Call["resolve"], reject };
      if (this.faults.strikes("lose-request")) {
        this.coverage.hit("F5 a request is lost");
        this.note(() => `${caller.name} -> ${slot.name}: ${label}   LOST`);
        this.#fail(call, this.#delays.failureMs(caller));
        return;
      }
      const random = this.streamOf(caller);
      let delayMs = this.#delays.latencyMs(caller);
      if (this.faults.strikes("late-request")) {
        this.coverage.hit("F5 a request is late");
        delayMs = 5000 + random.below(55_000);
        this.note(() => `${caller.name} -> ${slot.name}: ${label}   LATE by ${delayMs} ms`);
        if (random.chance(0.5)) this.#fail(call, random.below(delayMs));
      }
      this.after(delayMs, () => this.#deliver(call, slot, run));
      if (this.faults.strikes("duplicate")) {
        this.coverage.hit("F5 a message is delivered twice");
        // At once, while the clients are still busy, or when nobody thinks of it any more.
        const again = random.below(random.pick([20, 400, 20_000]));
        this.note(() => `${caller.name} -> ${slot.name}: ${label}   TWICE, again after ${again} ms`);
        this.after(again, () => this.#deliver(call, slot, run));
      }
    });
  }

  /** All memory of a life is gone; whoever waits for it learns that the call failed. */
  kill(life: Life): void {
    if (!life.isAlive) return;
    life.isAlive = false;
    this.note(() => `${life.name} loses its memory`);
    const slot = this.slots.find((one) => one.life === life);
    if (slot !== undefined) {
      if (life.inbound.size > 0) this.coverage.hit(EVICTED[slot.kind]);
      this.onDeath?.(slot);
    }
    for (const call of life.inbound) this.#fail(call, this.#delays.failureMs(life));
    life.onEnd?.();
  }

  setAlarm(slot: AnySlot, atMs: number | null): void {
    slot.alarmAtMs = atMs;
    const token = ++slot.alarmToken;
    if (atMs === null) return;
    const isLate = this.faults.strikes("alarm-late");
    if (isLate) this.coverage.hit("F7 an alarm is late");
    const lateMs = isLate ? this.random.below(60_000) : 0;
    this.after(Math.max(SHORTEST_ALARM_MS, atMs - this.nowMs) + lateMs, () => {
      if (slot.alarmToken === token) this.#ring(slot);
    });
  }

  #ring(slot: AnySlot): void {
    slot.alarmAtMs = null;
    slot.isAlarmRunning = true;
    const life = this.#wake(slot);
    this.note(() => `${slot.name} alarm`);
    if (life === null) return;
    if (life.inbound.size > 0) this.coverage.hit("F7 an alarm runs together with a request");
    void this.#runAlarm(slot, life);
    if (this.faults.strikes("alarm-twice")) {
      this.after(this.random.below(5000), () => {
        this.coverage.hit("F7 an alarm runs twice");
        const later = this.#wake(slot);
        this.note(() => `${slot.name} alarm AGAIN`);
        if (later !== null) void this.#runAlarm(slot, later);
      });
    }
  }

  async #runAlarm(slot: AnySlot, life: Life): Promise<void> {
    try {
      await slot.node?.alarm();
    } catch (error) {
      this.violate(`defect: the alarm of ${slot.name} threw ${String(error)}`);
    }
    if (life.isAlive) slot.isAlarmRunning = false;
  }

  /** The life of an object, begun if need be; null when it died while it began. */
  #wake(slot: AnySlot): Life | null {
    if (slot.life !== null) return slot.life;
    const life = lifeOf(slot.name);
    life.onEnd = () => {
      slot.life = null;
      slot.node = null;
      // An alarm whose run did not end is run again.
      if (slot.isAlarmRunning && slot.alarmAtMs === null) this.setAlarm(slot, this.nowMs + ALARM_RETRY_MS);
      slot.isAlarmRunning = false;
    };
    slot.life = life;
    life.isOlder = slot.kind === "identity" && !this.isNewCodeAlone && this.faults.strikes("older-code");
    try {
      slot.begin(life);
    } catch (error) {
      // An object whose constructor threw is not there: the next call builds it anew.
      if (!(error instanceof StorageFailure)) throw error;
      this.kill(life);
    }
    return life.isAlive ? life : null;
  }

  #deliver<N extends Alarmed, S, T>(call: Call, slot: Slot<N, S>, run: (node: N) => T | Promise<T>): void {
    const life = this.#wake(slot);
    if (life === null || slot.node === null) {
      this.#fail(call, this.#delays.failureMs(call.caller));
      return;
    }
    this.note(() => `${call.caller.name} -> ${slot.name}: ${call.label}`);
    if (call.number < slot.lastCall) this.coverage.hit("F5 a message overtakes another");
    slot.lastCall = Math.max(slot.lastCall, call.number);
    life.inbound.add(call);
    void this.#answer(call, life, slot.node, run);
  }

  async #answer<N, T>(call: Call, life: Life, node: N, run: (node: N) => T | Promise<T>): Promise<void> {
    try {
      const value = await run(node);
      if (!life.isAlive) return;
      life.inbound.delete(call);
      this.#reply(call, life, value);
    } catch (error) {
      if (!life.isAlive) return;
      life.inbound.delete(call);
      if (!(error instanceof NetworkFailure || error instanceof StorageFailure)) {
        this.violate(
          `defect: ${call.label} threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
      }
      this.#fail(call, this.#delays.latencyMs(life));
    }
  }

  #reply(call: Call, life: Life, value: unknown): void {
    if (this.faults.strikes("lose-reply")) {
      this.coverage.hit("F5 a reply is lost");
      this.note(() => `${life.name} answers ${call.label}   LOST`);
      this.#fail(call, this.#delays.failureMs(life));
      return;
    }
    const isLate = this.faults.strikes("late-reply");
    if (isLate) this.coverage.hit("F5 a reply is late");
    const lateMs = isLate ? 5000 + this.streamOf(life).below(55_000) : 0;
    this.after(this.#delays.latencyMs(life) + lateMs, () => {
      if (!call.isOpen) return;
      call.isOpen = false;
      if (!call.caller.isAlive) return;
      this.note(() => `${call.caller.name} <- ${life.name}: ${call.label} = ${brief(value)}`);
      call.resolve(value);
    });
  }

  #fail(call: Call, afterMs: number): void {
    this.after(afterMs, () => {
      if (!call.isOpen) return;
      call.isOpen = false;
      if (!call.caller.isAlive) return;
      this.note(() => `${call.caller.name} <- ${call.label} = failed`);
      call.reject(FAILURE);
    });
  }

  #crashSomebody(): void {
    const alive = this.slots.filter((slot) => slot.life !== null);
    const life = alive[this.random.below(alive.length)]?.life;
    if (life) this.kill(life);
  }

  streamOf(life: Life): Random {
    return this.#delays.of(life);
  }
}

const EVICTED = {
  identity: "F6 an identity is evicted at an await",
  login: "F6 a login is evicted at an await",
  pool: "F6 a pool is evicted at an await",
  directory: "F6 a directory is evicted at an await",
  "pool directory": "F6 a directory is evicted at an await",
  "key ring": "F6 a key ring is evicted at an await",
  issuer: "F6 an issuer's object is evicted at an await",
} as const;
