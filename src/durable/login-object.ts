/** One login: the socket of linking/login-actor.ts, which decides everything. */
import { DurableObject } from "cloudflare:workers";
import { LoginActor, type LoginHost, type LoginRecord } from "../linking/login-actor.ts";
import type { Release, Reserve, Settle } from "../linking/messages.ts";
import { isolate } from "../isolate.ts";
import { writeEvent } from "../log/write.ts";
import { refuseElsewhere } from "./configured-object.ts";
import { deliverMessage } from "./deliver-message.ts";
import { ofKnownVersion } from "./stored-record.ts";

const RECORD_KEY = "login";

export class LoginObject extends DurableObject<Env> {
  readonly #actor: LoginActor;

  constructor(ctx: DurableObjectState, env: Env) {
    super(ctx, env);
    refuseElsewhere(ctx.id, isolate.placeOf(env).jurisdiction);
    const stored = ofKnownVersion(ctx.storage.kv.get<LoginRecord>(RECORD_KEY), RECORD_KEY, [1, 2]);
    this.#actor = new LoginActor(this.#host(), stored);
  }

  view(loginId: string) {
    return this.#actor.view(loginId);
  }
  async reserve(message: Reserve) {
    return await this.#actor.reserve(message);
  }
  async settle(message: Settle) {
    await this.#actor.settle(message);
  }
  async release(message: Release) {
    await this.#actor.release(message);
  }
  async remember(loginId: string) {
    await this.#actor.remember(loginId);
  }
  override async alarm() {
    await this.#actor.alarm();
  }

  #host(): LoginHost {
    const unsettled = (cause: unknown): void => {
      writeEvent({ event: "login-not-settled", cause: String(cause) });
    };
    return {
      save: (record, alarm) => {
        const { storage } = this.ctx;
        if (record === null) return storage.deleteAll();
        storage.kv.put(RECORD_KEY, record);
        if (alarm === "as it is") return Promise.resolve();
        return alarm === "none" ? storage.deleteAlarm() : storage.setAlarm(alarm * 1000);
      },
      setAlarm: async (atSeconds) => await this.ctx.storage.setAlarm(atSeconds * 1000),
      send: async (message) => {
        try {
          return await deliverMessage(this.env, message);
        } catch (cause) {
          unsettled(cause);
          return { kind: "failed" };
        }
      },
      now: () => Date.now() / 1000,
      newTicket: () => crypto.randomUUID(),
      unsettled,
    };
  }
}
