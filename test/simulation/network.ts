/**
 * The simulated platform: owns time, messages, alarms and the lives of objects. Every delivery, reply, alarm and pause is
 * one event, and between two events all promises have settled. It knows nothing about identities.
 */
import { type Fault, Faults, type FaultPlan } from "./faults.ts";
import { type Random, streamOf } from "./random.ts";

/** What a caller sees of a call that failed: not whether it took effect. */
export class NetworkFailure extends Error {}
/** One for all: to capture a stack for each costs more than the call itself. */
const FAILURE = new NetworkFailure("the call failed");

/** One stretch of memory, of an object or of a request's isolate. What belongs to a dead life never resumes. */
export type Life = { readonly name: string; isAlive: boolean; readonly inbound: Set<Call>; onEnd: (() => void) | null };

type Call = {
  readonly caller: Life;
  readonly label: string;
  isOpen: boolean;
  readonly resolve: (value: unknown) => void;
  readonly reject: (failure: NetworkFailure) => void;
};

/** One named object: what its storage holds, and its life if it is in memory. */
export type Slot<N extends Alarmed, S> = {
  readonly name: string;
  stored: S | null;
  alarmAtMs: number | null;
  alarmToken: number;
  isAlarmRunning: boolean;
  clockOffsetMs: number;
  life: Life | null;
  node: N | null;
  /** Begins a life: builds the object from what is stored. */
  begin(life: Life): void;
};

type Alarmed = { alarm(): Promise<void> };
/** Slots of every kind live side by side; what they store is their own kind's affair. */
type AnySlot = Omit<Slot<Alarmed, unknown>, "stored">;
type Event = { readonly atMs: number; readonly order: number; readonly run: () => void };

/** The platform retries an alarm whose run died, after two seconds. */
const ALARM_RETRY_MS = 2000;
/** An alarm in the past fires at once, and yet not faster than this, so that a clock that is behind makes no hot loop. */
const SHORTEST_ALARM_MS = 1000;

export function lifeOf(name: string): Life {
  return { name, isAlive: true, inbound: new Set(), onEnd: null };
}

export class Network {
  nowMs = 1_000_000_000_000;
  readonly faults: Faults;
  readonly random: Random;
  readonly slots: AnySlot[] = [];
  /** The first rule that was broken, in words; it ends the run. */
  violation: string | null = null;
  readonly trace: string[] | null;
  steps = 0;
  #events: Event[] = [];
  readonly #seed: number;
  /** Each caller draws its own delays: to leave one of them out, in shrinking, does not shift the others. */
  readonly #streams = new Map<string, Random>();
  readonly #slownessMs = new Map<string, number>();
  #order = 0;
  readonly #startMs = this.nowMs;

  constructor(plan: FaultPlan, isTracing: boolean) {
    this.#seed = plan.seed;
    this.faults = new Faults(plan);
    this.random = streamOf(plan.seed, "network");
    this.trace = isTracing ? [] : null;
  }

  note(line: () => string): void {
    this.trace?.push(`${((this.nowMs - this.#startMs) / 1000).toFixed(3).padStart(9)}s  ${line()}`);
  }

  violate(words: string): void {
    if (this.violation !== null) return;
    this.violation = words;
    this.note(() => `VIOLATION ${words}`);
  }

  addSlot<N extends Alarmed, S>(name: string, boot: (slot: Slot<N, S>, life: Life) => N): Slot<N, S> {
    const slot: Slot<N, S> = {
      name,
      stored: null,
      alarmAtMs: null,
      alarmToken: 0,
      isAlarmRunning: false,
      clockOffsetMs: 0,
      life: null,
      node: null,
      begin: (life) => {
        const node = boot(slot, life);
        if (life.isAlive) slot.node = node;
      },
    };
    this.slots.push(slot);
    return slot;
  }

  after(ms: number, run: () => void): void {
    const event = { atMs: this.nowMs + ms, order: this.#order++, run };
    let index = this.#events.length;
    // Latest first, so that the next event is popped from the end.
    while (index > 0 && isAfter(event, this.#events[index - 1])) index--;
    this.#events.splice(index, 0, event);
  }

  /** When the next event is due, or null when nothing is left to happen. */
  get nextAtMs(): number | null {
    return this.#events.at(-1)?.atMs ?? null;
  }

  /** Runs one event; its promises settle before the next. */
  step(): void {
    const event = this.#events.pop();
    if (event === undefined) return;
    this.steps++;
    this.nowMs = Math.max(this.nowMs, event.atMs);
    if (this.#strikes("crash")) this.#crashSomebody();
    if (this.#strikes("clock-jump")) this.#moveSomeClock();
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
      const call: Call = { caller, label, isOpen: true, resolve: resolve as Call["resolve"], reject };
      if (this.#strikes("lose-request")) {
        this.note(() => `${caller.name} -> ${slot.name}: ${label}   LOST`);
        this.#fail(call, this.#failureDelayMs(caller));
        return;
      }
      const random = this.streamOf(caller);
      let delayMs = this.#latencyMs(caller);
      if (this.#strikes("late-request")) {
        delayMs = 5000 + random.below(55_000);
        this.note(() => `${caller.name} -> ${slot.name}: ${label}   LATE by ${delayMs} ms`);
        if (random.chance(0.5)) this.#fail(call, random.below(delayMs));
      }
      this.after(delayMs, () => this.#deliver(call, slot, run));
      if (this.#strikes("duplicate")) {
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
    for (const call of life.inbound) this.#fail(call, this.#failureDelayMs(life));
    life.onEnd?.();
  }

  setAlarm(slot: AnySlot, atMs: number | null): void {
    slot.alarmAtMs = atMs;
    const token = ++slot.alarmToken;
    if (atMs === null) return;
    const lateMs = this.#strikes("alarm-late") ? this.random.below(60_000) : 0;
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
    void this.#runAlarm(slot, life);
    if (this.#strikes("alarm-twice")) {
      this.after(this.random.below(5000), () => {
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
    slot.begin(life);
    return life.isAlive ? life : null;
  }

  #deliver<N extends Alarmed, S, T>(call: Call, slot: Slot<N, S>, run: (node: N) => T | Promise<T>): void {
    const life = this.#wake(slot);
    if (life === null || slot.node === null) {
      this.#fail(call, this.#failureDelayMs(call.caller));
      return;
    }
    this.note(() => `${call.caller.name} -> ${slot.name}: ${call.label}`);
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
      if (!(error instanceof NetworkFailure)) {
        this.violate(
          `defect: ${call.label} threw ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
      }
      this.#fail(call, this.#latencyMs(life));
    }
  }

  #reply(call: Call, life: Life, value: unknown): void {
    if (this.#strikes("lose-reply")) {
      this.note(() => `${life.name} answers ${call.label}   LOST`);
      this.#fail(call, this.#failureDelayMs(life));
      return;
    }
    const lateMs = this.#strikes("late-reply") ? 5000 + this.streamOf(life).below(55_000) : 0;
    this.after(this.#latencyMs(life) + lateMs, () => {
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

  #moveSomeClock(): void {
    const slot = this.slots[this.random.below(this.slots.length)];
    if (slot === undefined) return;
    slot.clockOffsetMs = this.random.below(600_000) - 300_000;
    this.note(() => `the clock of ${slot.name} is off by ${slot.clockOffsetMs} ms`);
  }

  #strikes(fault: Fault): boolean {
    return this.faults.strikes(fault);
  }

  streamOf({ name }: Life): Random {
    let stream = this.#streams.get(name);
    if (stream === undefined) {
      stream = streamOf(this.#seed, name);
      this.#streams.set(name, stream);
    }
    return stream;
  }

  #latencyMs(life: Life): number {
    // Some are far from the others, so that what is short for one is long for another.
    let slownessMs = this.#slownessMs.get(life.name);
    if (slownessMs === undefined) {
      slownessMs = this.streamOf(life).pick([3, 20, 20, 150]);
      this.#slownessMs.set(life.name, slownessMs);
    }
    return 1 + this.streamOf(life).below(slownessMs);
  }

  #failureDelayMs(life: Life): number {
    const random = this.streamOf(life);
    return random.chance(0.1) ? 10_000 + random.below(30_000) : 1 + random.below(50);
  }
}

function isAfter(event: Event, other: Event | undefined): boolean {
  if (other === undefined) return false;
  return event.atMs > other.atMs || (event.atMs === other.atMs && event.order > other.order);
}

/** A reply as the trace shows it: its kind and the little that tells it from others. */
function brief(value: unknown): string {
  return (JSON.stringify(value) ?? "nothing").replaceAll('"', "").slice(0, 110);
}
