/**
 * Every wait of one living object, counted: its calls to other objects, to its storage, to the network and to Web Crypto.
 * At the n-th of them a blow falls. What is wrapped is what the platform hands to the object; its code is untouched.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { vi } from "vitest";
import * as worker from "../../src/worker.ts";
import { dieInNext } from "./objects.ts";

const CLASSES: Readonly<Record<string, object>> = {
  IDENTITY: worker.IdentityObject.prototype,
  LOGIN: worker.LoginObject.prototype,
  IDENTITY_POOL: worker.IdentityPoolObject.prototype,
  POOL_DIRECTORY: worker.PoolDirectoryObject.prototype,
  IDENTITY_DIRECTORY: worker.IdentityDirectoryObject.prototype,
  ISSUER_KEYS: worker.IssuerObject.prototype,
};
const STORAGE_WAITS: ReadonlySet<unknown> = new Set(["setAlarm", "deleteAlarm", "getAlarm", "deleteAll", "sync"]);
const STORAGE_READS: ReadonlySet<unknown> = new Set(["getAlarm", "sync"]);
const CRYPTO_WAITS = ["digest", "importKey", "verify", "generateKey", "exportKey", "wrapKey", "unwrapKey"];
/** Calls to another object during which a second call, which waits for the first, may come as far as it can. */
const TURNS = 6;

/** What falls on the object that waits, or on the one that it waits for, or what comes beside its call. */
export const BLOWS = [
  // What it has written since its last wait is lost.
  "it dies at once",
  "it dies when its writes are stored",
  "the other dies before its work",
  "the other dies after its work",
  "its alarm comes twice, and the call again",
  "its alarm comes twice, and late",
] as const;

export type Blow = (typeof BLOWS)[number];

export type Wait = {
  readonly name: string;
  readonly kind: "call" | "storage" | "outside";
  /** Whether anything was written since the wait before. */
  readonly isAfterWrite: boolean;
};
type Place = Omit<Wait, "isAfterWrite"> & { dieInOther?(when: Moment): void };
type Moment = "before" | "after";
type Method = (...parameters: unknown[]) => unknown;
type Living = { readonly ctx: DurableObjectState; alarm?(): Promise<void> };

export class Waits {
  /** Those that were reached, in their order. */
  readonly reached: Wait[] = [];
  /** The one on which the blow fell; null as long as it has not. */
  struck: Wait | null = null;
  /** Answers to the call that came again. */
  readonly answers: unknown[] = [];
  readonly #at: number;
  readonly #blow: Blow;
  readonly #again: () => Promise<unknown>;
  #living: Living | null = null;
  #hasWritten = false;
  #isDying = false;

  /** The blow falls on wait `at`, counted from 1, of those that it can fall on; `again` makes the call under test once more. */
  constructor(at: number, blow: Blow, again: () => Promise<unknown>) {
    this.#at = at;
    this.#blow = blow;
    this.#again = again;
  }

  /** Counts the waits of the life that the object has now; the next one is as it ever was. */
  async watch<T extends Rpc.DurableObjectBranded>(stub: DurableObjectStub<T>, ownsGlobals: boolean): Promise<void> {
    await runInDurableObject(stub, (instance, ctx) => {
      const alarm: unknown = Reflect.get(instance, "alarm");
      const own = typeof alarm === "function" ? () => Reflect.apply(alarm, instance, []) as Promise<void> : undefined;
      this.#living = { ctx, ...(own && { alarm: own }) };
      const { env: given } = instance as unknown as { env: Env };
      Object.assign(instance, { ctx: this.#watchedContext(ctx), env: this.#watchedEnv(given) });
    });
    if (ownsGlobals) this.#watchOutside();
  }

  /** Gives back what is global. */
  end(): void {
    for (const method of CRYPTO_WAITS) Reflect.deleteProperty(crypto.subtle, method);
  }

  #watchedContext(ctx: DurableObjectState): DurableObjectState {
    const kv = watched(ctx.storage.kv, (key, method) => (...parameters) => {
      if (key === "put" || key === "delete") this.#hasWritten = true;
      return method(...parameters);
    });
    const methods = watched(ctx.storage, (key, method) => {
      if (!STORAGE_WAITS.has(key)) return method;
      const around = this.#around({ name: `storage.${String(key)}`, kind: "storage" }, method);
      return (...parameters) => {
        if (!STORAGE_READS.has(key)) this.#hasWritten = true;
        return around(...parameters);
      };
    });
    const storage = new Proxy(methods, { get: (target, key) => (key === "kv" ? kv : Reflect.get(target, key)) });
    return new Proxy(ctx, { get: (target, key) => (key === "storage" ? storage : bound(target, key)) });
  }

  #watchedEnv(given: Env): Env {
    return new Proxy(given, {
      get: (target, key) => {
        const value: unknown = Reflect.get(target, key);
        const prototype = CLASSES[String(key)];
        return prototype === undefined ? value : this.#watchedNamespace(String(key), prototype, value);
      },
    });
  }

  #watchedNamespace(binding: string, prototype: object, namespace: unknown): unknown {
    if (typeof namespace !== "object" || namespace === null) throw new Error(`no namespace ${binding}`);
    const stubOf = (name: string): unknown => {
      const stub = (namespace as DurableObjectNamespace).getByName(name);
      return watched(stub, (key, method) => {
        const dieInOther = (when: Moment) => dieInNext(prototype, String(key), when);
        return this.#around({ name: `${binding}.${String(key)}`, kind: "call", dieInOther }, method);
      });
    };
    return { getByName: stubOf };
  }

  #watchOutside(): void {
    const { fetch } = globalThis;
    vi.stubGlobal(
      "fetch",
      this.#around({ name: "fetch", kind: "outside" }, (...given) => Reflect.apply(fetch, null, given)),
    );
    for (const method of CRYPTO_WAITS) {
      const original: unknown = bound(crypto.subtle, method);
      if (typeof original !== "function") throw new Error(`no ${method}`);
      const place = { name: `crypto.${method}`, kind: "outside" } as const;
      const value = this.#around(place, (...given) => Reflect.apply(original, null, given) as unknown);
      Object.defineProperty(crypto.subtle, method, { value, configurable: true });
    }
  }

  #around(place: Place, method: Method): Method {
    return (...parameters) => {
      const proceed = (): unknown => method(...parameters);
      const wait = { name: place.name, kind: place.kind, isAfterWrite: this.#hasWritten };
      this.#hasWritten = false;
      if (!canFall(this.#blow, wait)) return proceed();
      this.reached.push(wait);
      if (this.reached.length !== this.#at) return proceed();
      this.struck = wait;
      return this.#strike(place, proceed);
    };
  }

  #strike(wait: Place, proceed: () => unknown): unknown {
    switch (this.#blow) {
      case "it dies at once":
        return this.#die();
      case "it dies when its writes are stored":
        return this.#dieWhenStored(wait, proceed);
      case "the other dies before its work":
        wait.dieInOther?.("before");
        return proceed();
      case "the other dies after its work":
        wait.dieInOther?.("after");
        return proceed();
      case "its alarm comes twice, and the call again":
        return this.#beside([this.#alarm(), this.#alarm(), this.#answer()]).then(proceed);
      case "its alarm comes twice, and late":
        return this.#lateAlarmsBefore(proceed());
    }
  }

  /** The answer is there, and what it answers is long over. */
  async #lateAlarmsBefore(answer: unknown): Promise<unknown> {
    const answered = await answer;
    vi.setSystemTime(Date.now() + 15_000);
    await this.#beside([this.#alarm(), this.#alarm()]);
    return answered;
  }

  /** Resolves when a death that waits for the storage has come: it may come after the answer, and must not strike a later life. */
  async dead(): Promise<void> {
    while (this.#isDying) await turns();
  }

  #die(): never {
    this.#isDying = false;
    this.#living?.ctx.abort("crash of the test");
    throw new Error("crash of the test");
  }

  async #dieWhenStored(wait: Place, proceed: () => unknown): Promise<never> {
    this.#isDying = true;
    if (wait.kind === "storage") await proceed();
    await this.#living?.ctx.storage.sync();
    return this.#die();
  }

  /** Until the company has come as far as it can: some of it may wait for the very call that waits for it. */
  async #beside(company: readonly Promise<void>[]): Promise<void> {
    await Promise.race([Promise.all(company), turns()]);
  }

  /** As the platform runs it: it is not set any more when it runs. */
  async #alarm(): Promise<void> {
    await this.#living?.ctx.storage.deleteAlarm();
    await this.#living?.alarm?.();
  }

  async #answer(): Promise<void> {
    this.answers.push(await this.#again());
  }
}

/**
 * Whether a blow of this kind makes a difference there: nothing is stored that was not written, only a call has another side,
 * and while an object waits for its storage the platform lets nothing else in.
 */
export function canFall(blow: Blow, wait: Wait): boolean {
  if (blow === "it dies at once") return true;
  if (blow === "it dies when its writes are stored") return wait.isAfterWrite;
  return blow.startsWith("the other") ? wait.kind === "call" : wait.kind !== "storage";
}

async function turns(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await env.POOL_DIRECTORY.getByName("turns").page("", 1);
}

/** A property as the platform's own objects give it. Not by `bind`, which on a stub would be one more method to call. */
function bound(target: object, key: string | symbol): unknown {
  const value: unknown = Reflect.get(target, key, target);
  if (typeof value !== "function") return value;
  return (...parameters: unknown[]): unknown => Reflect.apply(value, target, parameters);
}

function watched(target: object, around: (key: string | symbol, method: Method) => Method): object {
  return new Proxy(target, {
    get: (_, key) => {
      const value = bound(target, key);
      return typeof value === "function" ? around(key, value as Method) : value;
    },
  });
}
