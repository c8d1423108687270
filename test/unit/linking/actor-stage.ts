/** An identity's actor over a scripted host: a disk, a clock, and others who answer as a test has them answer. */
import { ok, RATE_EXCEEDED } from "../../../src/domain/errors.ts";
import type { VerifiedForGrant } from "../../../src/domain/grant-access.ts";
import type { ClientCall } from "../../../src/domain/identity.ts";
import type { IdentityPool } from "../../../src/domain/identity-pool.ts";
import type { VerifiedLogin } from "../../../src/domain/login.ts";
import { IdentityActor } from "../../../src/linking/identity-actor.ts";
import type { GrantReply, LinkReply } from "../../../src/linking/identity-calls.ts";
import type { AlarmStep, IdentityHost, PresentedLogins } from "../../../src/linking/identity-host.ts";
import type { IdentityRecord } from "../../../src/linking/identity-record.ts";
import type { Message, Reply } from "../../../src/linking/messages.ts";
import type { LinkOrder } from "../../../src/linking/link-order.ts";
import { id, login, NOW, POOL } from "./records.ts";

export type Answer = (message: Message) => Reply | Promise<Reply>;

/** Everybody does as asked. */
export function agreeable(message: Message): Reply {
  switch (message.kind) {
    case "reserve":
      return { kind: "reserved", ticket: `k-${message.loginId}` };
    case "freeze":
      return { kind: "frozen", logins: [] };
    case "settle":
      return { kind: "settled" };
    case "release":
      return { kind: "released" };
    case "confirm-owner":
      return { kind: "ownership", owns: true };
    case "ask-outcome":
      return { kind: "outcome", outcome: "aborted" };
    case "update-listing":
      return { kind: "listing", poolDeleted: false };
    case "delete-at-source":
      return { kind: "deleted-at-source" };
  }
}

/** All answers as agreed, except to one kind of message. */
export function except(kind: Message["kind"], reply: Reply | ((message: Message) => Reply | Promise<Reply>)): Answer {
  return (message) => {
    if (message.kind !== kind) return agreeable(message);
    return typeof reply === "function" ? reply(message) : reply;
  };
}

export const PUBLIC_POOL: IdentityPool = { identityPoolId: POOL, name: "pool", allowsUnauthenticated: true };
export const CALL: ClientCall = { askedAt: NOW, callId: null };

type Scene = {
  readonly answer?: Answer;
  /** Tokens in the bucket. */
  readonly tokens?: number;
  readonly pool?: IdentityPool | null | (() => Promise<IdentityPool | null>);
  readonly proofRule?: IdentityHost["proofRule"];
};

export class Stage {
  readonly actor: IdentityActor;
  readonly sent: Message[] = [];
  /** What was stored when each message left. */
  readonly storedAt: (IdentityRecord | null)[] = [];
  readonly saved: (IdentityRecord | null)[] = [];
  /** What each storage step made of the alarm. */
  readonly alarms: AlarmStep[] = [];
  readonly clock = { now: NOW };
  readonly disk: { record: IdentityRecord | null; wakeAt: number | null };
  /** Alarms that were set beside the record, links that the audit heard of, and runs of the alarm that failed. */
  readonly rearmed: number[] = [];
  readonly linked: string[] = [];
  readonly failures: unknown[] = [];
  /** How many tokens were asked for, and how often somebody only looked. */
  readonly limit = { draws: 0, looks: 0 };
  /** The next storage step fails. */
  isDiskFull = false;
  /** And only the record is refused, not the alarm. */
  failsToSave = false;
  readonly #after: (() => Promise<void>)[] = [];

  constructor(former: IdentityRecord | null, { answer = agreeable, tokens = 100, pool, proofRule }: Scene = {}) {
    this.disk = { record: former, wakeAt: null };
    let transactions = 0;
    const host: IdentityHost = {
      save: (record, alarm) => {
        if (this.isDiskFull || this.failsToSave) throw new Error("the disk is full");
        this.saved.push(record);
        this.alarms.push(alarm);
        this.disk.record = record;
        if (record === null || alarm === "none") this.disk.wakeAt = null;
        else if (alarm !== "as it is") this.disk.wakeAt = alarm;
      },
      setAlarm: async (atSeconds) => {
        if (this.isDiskFull) throw new Error("the disk is full");
        this.rearmed.push(atSeconds);
        this.disk.wakeAt = atSeconds;
      },
      send: async (message) => {
        this.sent.push(message);
        this.storedAt.push(this.disk.record);
        return await answer(message);
      },
      afterAnswer: (work) => this.#after.push(work),
      now: () => this.clock.now,
      newTransactionId: () => `t${++transactions}`,
      readPool: async () => (typeof pool === "function" ? await pool() : pool === undefined ? PUBLIC_POOL : pool),
      limit: {
        draw: () => (this.limit.draws++ < tokens ? null : RATE_EXCEEDED),
        level: () => ({ tokens: tokens - this.limit.draws, limit: { perSecond: 5, burst: tokens }, lastLowMs: null }),
        look: () => (this.limit.looks++, this.limit.draws < tokens ? null : RATE_EXCEEDED),
      },
      ...(proofRule !== undefined && { proofRule }),
      linked: (_, link) => this.linked.push(link.id),
      unsettled: (cause) => this.failures.push(cause),
    };
    this.actor = new IdentityActor(host, former);
  }

  get record(): IdentityRecord | null {
    return this.disk.record;
  }

  kinds(): readonly string[] {
    return this.sent.map(({ kind }) => kind);
  }

  /** Until all that goes on after the answers is done. */
  async rest(): Promise<void> {
    while (this.#after.length > 0) await this.#after.shift()?.();
  }

  /** The alarm comes: it is not set any more while it runs. */
  async ring(): Promise<void> {
    this.disk.wakeAt = null;
    await this.actor.alarm();
  }

  /** GetOpenIdToken with login tokens that are good: `a/1` is that of subject 1 at provider a. */
  async grant(logins: readonly (string | VerifiedLogin)[], call = CALL): Promise<GrantReply> {
    return await this.actor.grant(id("a"), presented(logins), call, { flow: "basic" });
  }

  async link(order: LinkOrder, draws = false): Promise<LinkReply> {
    const logins = order.logins.map((one) => ({ ...login(one.loginId), ...one }));
    return await this.actor.link(order, logins, draws);
  }
}

/** `access` is what the pool gives for these logins, whatever is wished for. */
export function presented(
  logins: readonly (string | VerifiedLogin)[],
  access: VerifiedForGrant["access"] = ok({}),
): PresentedLogins {
  const verified = logins.map((one) => (typeof one === "string" ? login(one) : one));
  return {
    tokens: new Map(verified.map(({ providerName, subject }) => [`${providerName}/${subject}`, subject])),
    begin: () => {},
    presentTo: () => {},
    verify: async () => ok(verified),
    verifyForGrant: async () => ok({ logins: verified, access }),
  };
}
