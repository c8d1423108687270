/** One upstream issuer: the socket of key-sets/key-set-actor.ts, which decides everything. The only object that calls upstream. */
import { retryable } from "cloudflare:durable-objects";
import { KeySetActor } from "../key-sets/key-set-actor.ts";
import type { KeySetAnswer, KeySetRequest } from "../key-sets/key-set-life.ts";
import { loadKeySet } from "../key-sets/load-key-set.ts";
import { writeEvent } from "../log/write.ts";
import { ConfiguredObject } from "./configured-object.ts";

const STORAGE_KEY = "key-set";

export class IssuerObject extends ConfiguredObject {
  static {
    // Safe to run twice, so the runtime may repeat a call that a deployment cut off.
    // oxlint-disable-next-line typescript/unbound-method -- the mark is on the function itself, and nothing calls it here
    retryable(this.prototype.keys);
  }

  readonly #actor = new KeySetActor({
    issuer: () => this.ctx.id.name,
    settings: () => this.config,
    load: async (issuer, source) => {
      const { upstreams } = this.config;
      return await loadKeySet(issuer, { fetch: async (url, init) => await fetch(url, init), upstreams }, source);
    },
    now: () => Date.now() / 1000,
    kept: () => this.ctx.storage.kv.get(STORAGE_KEY),
    save: (keySet, wakeAt) => {
      // With no await between them they are stored together or not at all.
      this.ctx.storage.kv.put(STORAGE_KEY, keySet);
      if (wakeAt !== null) this.ctx.waitUntil(this.ctx.storage.setAlarm(wakeAt * 1000));
    },
    erase: async () => await this.ctx.storage.deleteAll(),
    setAlarm: (at) => this.ctx.waitUntil(this.ctx.storage.setAlarm(at * 1000)),
    behindAnswer: (work) => this.ctx.waitUntil(work),
    notLoaded: (issuer, reason) => writeEvent({ event: "issuer-keys-not-loaded", issuer, reason }),
  });

  async keys(request: KeySetRequest): Promise<KeySetAnswer> {
    return await this.#actor.keys(request);
  }

  override async alarm(): Promise<void> {
    await this.#actor.alarm();
  }
}
