/** Identities and logins that speak with each other, all of them the real actors, and a source that says what a test has it say. */
import { err, ok, type Result } from "../../../src/domain/errors.ts";
import type { IdentityId } from "../../../src/domain/identifiers.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import type { PoolSource } from "../../../src/domain/pool-source.ts";
import type { Refusal } from "../../../src/domain/refusals.ts";
import type { IdentityRecord } from "../../../src/linking/identity-record.ts";
import { LoginActor, type LoginRecord } from "../../../src/linking/login-actor.ts";
import type { Message, Reply } from "../../../src/linking/messages.ts";
import type { Parties } from "../../../src/linking/parties.ts";
import type { SourceParty } from "../../../src/linking/source.ts";
import { agreeable, PUBLIC_POOL, Stage } from "./actor-stage.ts";
import { id, NOW, POOL } from "./records.ts";

/** Providers `a` and `b` are at the source, `c` is not. */
export const SOURCE: PoolSource = {
  identityPoolId: POOL,
  proof: "open-id-token",
  guests: "source",
  unknownIds: "ask",
  providers: ["a", "b", "login.example"],
};

type Login = { readonly actor: LoginActor; record: LoginRecord | null };

export class LinkWorld {
  readonly pool: IdentityPool = { ...PUBLIC_POOL, source: SOURCE };
  readonly identities = new Map<string, Stage>();
  readonly logins = new Map<string, Login>();
  /** What the source was asked, in order. */
  readonly asked: (readonly [identityId: IdentityId | null, about: string])[] = [];
  readonly counted: string[] = [];
  readonly parties: Parties;
  #uuids = 0;

  constructor(mergePolicy: "conflict" | "merge" = "conflict") {
    this.parties = {
      objects: {
        identity: (identityId) => {
          const { actor } = this.identity(identityId);
          return {
            link: async (...given) => await actor.link(...given),
            standingHere: async (...given) => actor.standingHere(...given),
            createGuest: async (...given) => actor.createGuest(...given),
            confirmOwner: async (message) => await actor.confirmOwner(message),
            outcome: async (message) => await actor.outcome(message),
            describe: async () => await actor.describe(),
            developerUsers: async (...given) => await actor.developerUsers(...given),
          };
        },
        login: (loginId) => ({ view: async () => this.login(loginId).actor.view(loginId) }),
      },
      config: { region: "us-east-1", mergePolicy },
      pause: async () => await this.rest(),
      random: () => 0,
      newUuid: () => `new-${++this.#uuids}`,
    };
  }

  identity(identityId: IdentityId, former: IdentityRecord | null = null): Stage {
    let stage = this.identities.get(identityId);
    if (stage === undefined) {
      stage = new Stage(former, { pool: this.pool, answer: async (message) => await this.#deliver(message) });
      this.identities.set(identityId, stage);
    }
    return stage;
  }

  /** An identity that is here already, and has these logins. */
  async put(record: IdentityRecord): Promise<void> {
    this.identity(record.identityId, record);
    for (const { loginId, linkId } of record.logins) {
      const owner = { identityId: record.identityId, linkId };
      this.login(loginId, { version: 1, loginId, owner, reservation: null });
    }
    await this.rest();
  }

  login(loginId: string, former: LoginRecord | null = null): Login {
    const known = this.logins.get(loginId);
    if (known !== undefined) return known;
    let tickets = 0;
    const made: Login = {
      record: former,
      actor: new LoginActor(
        {
          save: async (record) => void (made.record = record),
          setAlarm: async () => {},
          send: async (message) => await this.#deliver(message),
          now: () => NOW,
          newTicket: () => `${loginId} ${++tickets}`,
          unsettled: (cause) => {
            throw cause;
          },
        },
        former,
      ),
    };
    this.logins.set(loginId, made);
    return made;
  }

  /** Who has the login, once all is at rest. */
  ownerOf(loginId: string): string | null {
    return this.login(loginId).record?.owner?.identityId ?? null;
  }

  recordOf(name: string): IdentityRecord | null {
    return this.identity(id(name)).record;
  }

  /** `answers`: by what it is asked, `public` or `developer`. A refusal is one that the source gives. */
  source(answers: Partial<Record<"public" | "developer", string | Refusal | null>>): SourceParty {
    return {
      settings: SOURCE,
      ask: async (identityId, about): Promise<Result<IdentityId | null, Refusal>> => {
        this.asked.push([identityId, about]);
        const answer = answers[about];
        if (answer === undefined) throw new Error(`the source is not to be asked about ${about} logins`);
        if (answer === null) return ok(null);
        return typeof answer === "string" ? ok(id(answer)) : err(answer);
      },
      count: (fact) => void this.counted.push(fact),
      locate: async () => await Promise.reject(new Error("nobody looks for the pool of an id")),
    };
  }

  async rest(): Promise<void> {
    for (const stage of [...this.identities.values(), ...this.identities.values()]) await stage.rest();
  }

  async #deliver(message: Message): Promise<Reply> {
    switch (message.kind) {
      case "reserve":
        return await this.login(message.loginId).actor.reserve(message);
      case "release":
        await this.login(message.loginId).actor.release(message);
        return { kind: "released" };
      case "freeze":
        return this.identity(message.identityId).actor.freeze(message);
      case "settle":
        if (message.participant.kind === "login") await this.login(message.participant.loginId).actor.settle(message);
        else this.identity(message.participant.identityId).actor.settle(message);
        return { kind: "settled" };
      case "confirm-owner":
        return await this.identity(message.identityId).actor.confirmOwner(message);
      case "ask-outcome":
        return { kind: "outcome", outcome: await this.identity(message.coordinator).actor.outcome(message) };
      default:
        return agreeable(message);
    }
  }
}
