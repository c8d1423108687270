/**
 * What a request costs on the platform, counted and never timed: calls of objects and the bytes that they carry, rows, fetches,
 * timers and background tasks. What is wrapped are prototypes that all objects of the isolate share; no code of ours is replaced.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import * as worker from "../../src/worker.ts";
import type { FakeUpstream } from "./fake-upstream.ts";
import { methodsOf } from "./objects.ts";

export type Cost = {
  /** HTTP status of the answer. */
  readonly status: number;
  /** Calls of objects, by anybody, until all is at rest. Sorted, because some run side by side. */
  readonly calls: readonly string[];
  /** What each of `calls` carries there and back: a text as its UTF-8 bytes, any other value as those of its JSON text. */
  readonly rpcBytes: readonly number[];
  /** Rows of all objects, as they are billed: keys, listed entries and alarms are rows, too. */
  readonly rowsRead: number;
  readonly rowsWritten: number;
  readonly fetched: number;
  /** Timers that were set, wherever in the isolate, whether they ran or were cleared. */
  readonly timers: number;
  /** Tasks that objects handed to `waitUntil`. */
  readonly tasks: number;
  /** Calls that the answer waited for one after the other. */
  readonly hops: number;
  /** Steps of storage before the answer, by class, "and alarm" where one is set in it: the answer waits for each. */
  readonly commits: readonly string[];
};

type Measured = {
  readonly cost: Cost;
  /** Names of what was still under way when the answer was there, and when all tasks were done: it would be billed. */
  readonly leftAtAnswer: readonly string[];
  readonly leftAtRest: readonly string[];
};

type Method = (...parameters: unknown[]) => unknown;
/** `proceed` does what would have been done, with other parameters where it is given some. */
type Around = (proceed: (given?: unknown[]) => unknown, parameters: readonly unknown[], self: unknown) => unknown;
type OpenCursor = {
  readonly sql: unknown;
  readonly cursor: SqlStorageCursor<Record<string, SqlStorageValue>>;
  rowsRead: number;
  rowsWritten: number;
};

/** Methods that call other objects before they answer, and those by which others are told once the answer is given. */
const CALLERS: ReadonlySet<string> = new Set(["grant", "grantVerified", "link", "unlink", "outcome"]);
const AFTERWARDS: ReadonlySet<string> = new Set(["settle", "release", "update"]);

/** Round trips to an object, in which a call that nobody awaits has time to arrive. */
const TURNS = 3;
/** Round trips after which nothing that is still under way will end by itself. */
const MAX_TURNS = 300;

/** Measures one request from its start until everything that it set off is at rest. */
export async function measure(
  upstream: FakeUpstream,
  request: () => Promise<{ readonly status: number }>,
): Promise<Measured> {
  const meter = new Meter();
  const fetchedBefore = upstream.fetched.length;
  await meter.begin();
  try {
    const { status } = await request();
    meter.answered();
    const leftAtAnswer = meter.underWay();
    await meter.untilAtRest();
    const cost = { status, ...meter.counted(), fetched: upstream.fetched.length - fetchedBefore };
    return { cost, leftAtAnswer, leftAtRest: meter.underWay() };
  } finally {
    meter.end();
  }
}

/** A call as its caller has it: `depth` of those that the answer waits for one after the other. */
type Hop = { readonly method: string; readonly depth: number; isOver: boolean };
type Commit = { readonly storage: unknown; readonly moment: number; readonly name: string; setsAlarm: boolean };

class Meter {
  readonly #calls: { readonly name: string; bytes: number }[] = [];
  readonly #hops: Hop[] = [];
  readonly #commits: Commit[] = [];
  /** Calls that somebody waits for, by the storage of the object that works on them. */
  readonly #atWork = new Map<unknown, number>();
  /** Class and storage of an object, by whatever of its storage is used. */
  readonly #owners = new Map<unknown, { readonly name: string; readonly storage: unknown }>();
  /** Counts beginnings and ends of calls: what is written between two of them is one step. */
  #moment = 0;
  #isAnswered = false;
  readonly #cursors: OpenCursor[] = [];
  /** Names of what has begun and has not ended. */
  readonly #open = new Set<{ readonly name: string }>();
  readonly #spies: { mockRestore(): void }[] = [];
  #rowsRead = 0;
  #rowsWritten = 0;
  #timers = 0;
  #tasks = 0;

  async begin(): Promise<void> {
    await inSomeObject((state) => {
      this.#watchKeys(state.storage.kv);
      this.#watchKeys(state.storage);
      this.#watchRest(state);
    });
    this.#watchCallers();
    for (const exported of Object.values(worker)) if (typeof exported === "function") this.#watchClass(exported);
    this.#watchTimers();
  }

  end(): void {
    for (const spy of this.#spies) spy.mockRestore();
  }

  /** What comes from now on, no answer waits for. */
  answered(): void {
    this.#isAnswered = true;
  }

  /** One deeper than the deepest call that was over when it was made, or that it was made in. */
  #hop(method: string): Hop {
    const before = this.#hops.filter((hop) => hop.isOver || CALLERS.has(hop.method));
    const hop = { method, depth: 1 + Math.max(0, ...before.map(({ depth }) => depth)), isOver: false };
    if (!this.#isAnswered && !AFTERWARDS.has(method)) this.#hops.push(hop);
    return hop;
  }

  #wrote(by: unknown, setsAlarm = false): void {
    const { name, storage } = this.#owners.get(by) ?? { name: "an object", storage: by };
    if (this.#isAnswered || (this.#atWork.get(storage) ?? 0) === 0) return;
    const last = this.#commits.find((commit) => commit.storage === storage && commit.moment === this.#moment);
    if (last === undefined) this.#commits.push({ storage, moment: this.#moment, name, setsAlarm });
    else last.setsAlarm ||= setsAlarm;
  }

  underWay(): readonly string[] {
    return Array.from(this.#open, ({ name }) => name).toSorted();
  }

  /** What never ends is not waited for: it is reported. */
  async untilAtRest(): Promise<void> {
    for (let turn = 0; turn < TURNS || (turn < MAX_TURNS && this.#open.size > 0); turn++) await inSomeObject(() => {});
  }

  counted(): Omit<Cost, "status" | "fetched"> {
    const calls = this.#calls.toSorted((a, b) => a.name.localeCompare(b.name) || a.bytes - b.bytes);
    return {
      calls: calls.map(({ name }) => name),
      rpcBytes: calls.map(({ bytes }) => bytes),
      rowsRead: this.#cursors.reduce((sum, { rowsRead }) => sum + rowsRead, this.#rowsRead),
      rowsWritten: this.#cursors.reduce((sum, { rowsWritten }) => sum + rowsWritten, this.#rowsWritten),
      timers: this.#timers,
      tasks: this.#tasks,
      hops: Math.max(0, ...this.#hops.map(({ depth }) => depth)),
      commits: this.#commits.map(({ name, setsAlarm }) => (setsAlarm ? `${name} and alarm` : name)).toSorted(),
    };
  }

  #watchClass({ name, prototype }: { readonly name: string; readonly prototype: object }): void {
    for (const method of methodsOf(prototype)) {
      this.#wrap(prototype, method, (proceed, parameters, self) => {
        const call = {
          name: `${name}.${method}`,
          bytes: parameters.reduce<number>((sum, one) => sum + bytesOf(one), 0),
        };
        this.#moment++;
        this.#calls.push(call);
        this.#open.add(call);
        const { storage } = (self as { readonly ctx: DurableObjectState }).ctx;
        const { sql } = storage;
        for (const part of [storage, storage.kv, sql]) this.#owners.set(part, { name, storage });
        const isAwaited = !AFTERWARDS.has(method);
        const works = (change: number) => void this.#atWork.set(storage, (this.#atWork.get(storage) ?? 0) + change);
        if (isAwaited) works(1);
        const answered = <T>(reply: T): T => {
          call.bytes += bytesOf(reply);
          this.#readCursors(sql);
          this.#moment++;
          if (isAwaited) works(-1);
          this.#open.delete(call);
          return reply;
        };
        const failed = (error: unknown): never => {
          answered(undefined);
          throw error;
        };
        const reply = proceed();
        // One that answers at once still does so: objects call methods of their own.
        return reply instanceof Promise ? reply.then(answered, failed) : answered(reply);
      });
    }
  }

  /** What callers are given to call: by it alone one sees which of their calls they make side by side. */
  #watchCallers(): void {
    this.#wrap(prototypeOf(env.LOGIN), "getByName", (proceed) => {
      return new Proxy(Object(proceed()), {
        get: (stub, method) => {
          const value: unknown = Reflect.get(stub, method, stub);
          if (typeof value !== "function") return value;
          return (...parameters: unknown[]): unknown => {
            const hop = this.#hop(String(method));
            return Promise.resolve(Reflect.apply(value, stub, parameters)).finally(() => {
              hop.isOver = true;
            });
          };
        },
      });
    });
  }

  /** The methods of the two ways to keys and values, of which one answers at once and the other later. */
  #watchKeys(storage: object): void {
    const prototype = prototypeOf(storage);
    this.#wrap(prototype, "get", (proceed, [keys]) => {
      this.#rowsRead += countOf(keys);
      return proceed();
    });
    this.#wrap(prototype, "list", (proceed) => {
      const listed = proceed();
      const counted = (entries: Iterable<unknown>): Iterable<unknown> => {
        const all = Array.from(entries);
        this.#rowsRead += all.length;
        return all;
      };
      if (!(listed instanceof Promise)) return counted(listed as Iterable<unknown>);
      return listed.then((entries: Map<unknown, unknown>) => {
        counted(entries);
        return entries;
      });
    });
    for (const method of ["put", "delete"]) {
      this.#wrap(prototype, method, (proceed, [keys], self) => {
        this.#rowsWritten += countOf(keys);
        this.#wrote(self);
        return proceed();
      });
    }
  }

  #watchRest(state: DurableObjectState): void {
    const storage = prototypeOf(state.storage);
    this.#wrap(storage, "getAlarm", (proceed) => {
      this.#rowsRead += 1;
      return proceed();
    });
    for (const method of ["setAlarm", "deleteAlarm", "deleteAll"]) {
      this.#wrap(storage, method, (proceed, _, self) => {
        this.#rowsWritten += 1;
        this.#wrote(self, method === "setAlarm");
        return proceed();
      });
    }
    this.#wrap(prototypeOf(state.storage.sql), "exec", (proceed, _, sql) => {
      const cursor = proceed() as OpenCursor["cursor"];
      const { rowsRead, rowsWritten } = cursor;
      this.#cursors.push({ sql, cursor, rowsRead, rowsWritten });
      if (rowsWritten > 0) this.#wrote(sql);
      return cursor;
    });
    this.#wrap(prototypeOf(state), "waitUntil", (proceed, [promise]) => {
      this.#tasks += 1;
      const task = { name: "task" };
      this.#open.add(task);
      const end = () => void this.#open.delete(task);
      Promise.resolve(promise).then(end, end);
      return proceed();
    });
  }

  /** A cursor reads on while it is used, and only its own object can ask it how far. */
  #readCursors(sql: unknown): void {
    for (const open of this.#cursors) {
      if (open.sql !== sql) continue;
      const { rowsRead, rowsWritten } = open.cursor;
      Object.assign(open, { rowsRead, rowsWritten });
    }
  }

  #watchTimers(): void {
    const endOf = new Map<unknown, () => void>();
    for (const name of ["setTimeout", "setInterval"]) {
      this.#wrap(globalThis, name, (proceed, [callback, ...rest]) => {
        if (isOfTheTestRunner(new Error().stack)) return proceed();
        this.#timers += 1;
        const timer = { name };
        this.#open.add(timer);
        const end = () => void this.#open.delete(timer);
        const run = (...given: unknown[]) => {
          if (name === "setTimeout") end();
          Reflect.apply(callback as Method, null, given);
        };
        const id = proceed([run, ...rest]);
        endOf.set(id, end);
        return id;
      });
    }
    for (const [target, name] of [
      [AbortSignal, "timeout"],
      [prototypeOf(scheduler), "wait"],
    ] as const) {
      this.#wrap(target, name, (proceed) => {
        this.#timers += 1;
        return proceed();
      });
    }
    for (const name of ["clearTimeout", "clearInterval"]) {
      this.#wrap(globalThis, name, (proceed, [id]) => {
        endOf.get(id)?.();
        return proceed();
      });
    }
  }

  #wrap(target: object, method: string, around: Around): void {
    const original: unknown = Reflect.get(target, method);
    if (typeof original !== "function") throw new Error(`no method ${method}`);
    const spy = vi.spyOn(target as Record<string, Method>, method);
    spy.mockImplementation(function (this: unknown, ...parameters: unknown[]) {
      return around((given = parameters) => Reflect.apply(original, this, given) as unknown, parameters, this);
    });
    this.#spies.push(spy);
  }
}

/** An object that stores nothing and that no request reaches. */
const nobody = env.LOGIN.getByName("of nobody");

async function inSomeObject(look: (state: DurableObjectState) => void): Promise<void> {
  await runInDurableObject(nobody, (_, state) => look(state));
}

/** Who waits for an answer's background work with a timer that no deployed Worker has. Objects, too, are called by it. */
function isOfTheTestRunner(stack = ""): boolean {
  const frames = stack.split("\n").slice(1);
  const caller = frames.find((frame) => !frame.includes("/support/cost.ts") && !frame.includes("/vitest/dist/"));
  return caller?.includes("/@cloudflare/vitest-plugin/") === true;
}

function prototypeOf(value: object): object {
  return Object(Object.getPrototypeOf(value));
}

/** How many keys are meant by what names them: one, a list, or an object of values. */
function countOf(keys: unknown): number {
  if (Array.isArray(keys)) return keys.length;
  return typeof keys === "object" && keys !== null ? Object.keys(keys).length : 1;
}

function bytesOf(value: unknown): number {
  const text = typeof value === "string" ? value : JSON.stringify(value, mapsAsEntries);
  return text === undefined ? 0 : new TextEncoder().encode(text).length;
}

function mapsAsEntries(_: string, value: unknown): unknown {
  return value instanceof Map ? [...value] : value;
}
