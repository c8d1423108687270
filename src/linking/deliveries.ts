/**
 * What an identity owes to others, and the alarm that sees to it: settlements, releases and listings are sent after the
 * answer, and again by the alarm until each has been answered. The alarm is set before the first of them leaves: until then
 * each participant has one of its own, which leads back here.
 */
import type { IdentityHost } from "./identity-host.ts";
import { isErasable, outbox, PATIENCE_SECONDS } from "./identity-record.ts";
import type { KeptRecord } from "./kept-record.ts";
import type { Message, Participant } from "./messages.ts";
import { acknowledge } from "./replies.ts";
import { abortOverdue } from "./transaction.ts";
import { thaw } from "./absorption.ts";

/** When an alarm that met an error comes again, in seconds. */
const RETRY_SECONDS = 60;

export class Deliveries {
  readonly #host: IdentityHost;
  readonly #kept: KeptRecord;
  /** The delivery under way, so that two triggers do not send everything twice. */
  #delivery: Promise<void> | null = null;

  constructor(host: IdentityHost, kept: KeptRecord) {
    this.#host = host;
    this.#kept = kept;
  }

  /** What is owed to others is sent after the answer, never in its way. */
  later(): void {
    const record = this.#kept.value;
    if (record !== null && outbox(record).length > 0) this.#host.afterAnswer(async () => await this.deliver());
  }

  /** Sends what is owed, once each; what is not answered stays owed, and the alarm tries again. */
  async deliver(): Promise<void> {
    this.#delivery ??= this.#deliverAll().finally(() => {
      this.#delivery = null;
    });
    await this.#delivery;
  }

  async #deliverAll(): Promise<void> {
    const attempted = new Set<string>();
    const owed = (): readonly Message[] => {
      const record = this.#kept.value;
      return record === null ? [] : outbox(record).filter((message) => !attempted.has(JSON.stringify(message)));
    };
    while (owed().length > 0) {
      await this.#kept.arm();
      const messages = owed();
      for (const message of messages) attempted.add(JSON.stringify(message));
      const replies = await Promise.all(messages.map((message) => this.#host.send(message)));
      let record = this.#kept.value;
      for (const [index, message] of messages.entries()) {
        const reply = replies[index];
        if (record !== null && reply !== undefined) record = acknowledge(record, message, reply, this.#host.now());
      }
      if (record !== null && record !== this.#kept.value) this.#kept.write(record);
    }
  }

  /** Ends a transaction whose call hangs. Should it go on after all, it finds it aborted, and gives up. */
  abortOverdue(): void {
    const record = this.#kept.value;
    if (record !== null) this.#kept.write(abortOverdue(record, this.#host.now()));
  }

  /** The alarm. It must not throw: after six tries the platform would forget it, and what is owed would stay owed. */
  async alarm(): Promise<void> {
    this.#kept.doubtAlarm();
    try {
      await this.#wake();
    } catch (cause) {
      this.#host.unsettled(cause);
      this.#kept.doubtAlarm();
      await this.#host.setAlarm(this.#host.now() + RETRY_SECONDS);
    }
  }

  /** Ends what hangs, then delivers what is owed. Safe to run twice, late, and beside a request. */
  async #wake(): Promise<void> {
    this.abortOverdue();
    const freeze = this.#kept.value?.freeze ?? null;
    if (freeze !== null && this.#host.now() - freeze.since >= PATIENCE_SECONDS) await this.askAboutFreeze();
    await this.deliver();
    const record = this.#kept.value;
    if (record !== null && isErasable(record, this.#host.now())) this.#kept.write(record);
    await this.#kept.arm();
  }

  /** Merged or free, as the coordinator of an open merge says; whether it could be asked. */
  async askAboutFreeze(): Promise<boolean> {
    const before = this.#kept.value;
    if (before === null || before.freeze === null) return true;
    const { transactionId, coordinator, since } = before.freeze;
    const participant: Participant = { kind: "identity", identityId: before.identityId };
    const reply = await this.#host.send({ kind: "ask-outcome", transactionId, coordinator, participant });
    const record = this.#kept.value;
    // Its settlement comes on a way of its own, and mostly first. When it was decided, this answer does not say: not before
    // the freeze.
    if (reply.kind === "outcome" && reply.outcome !== "preparing" && record?.freeze?.transactionId === transactionId) {
      this.#kept.write(thaw(record, transactionId, reply.outcome, since));
    }
    return reply.kind === "outcome";
  }
}
