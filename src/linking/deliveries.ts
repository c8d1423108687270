/**
 * What an identity owes to others, and the alarm that sees to it: settlements, releases and listings are sent after the
 * answer, and again by the alarm until each has been answered.
 */
import type { IdentityHost } from "./identity-host.ts";
import { isAtRest, outbox, PATIENCE_SECONDS } from "./identity-record.ts";
import type { KeptRecord } from "./kept-record.ts";
import type { Participant } from "./messages.ts";
import { acknowledge } from "./replies.ts";
import { abort } from "./transaction.ts";
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
    if (record !== null && !isAtRest(record)) this.#host.afterAnswer(this.deliver());
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
    for (;;) {
      const before = this.#kept.value;
      const messages = (before === null ? [] : outbox(before)).filter(
        (message) => !attempted.has(JSON.stringify(message)),
      );
      if (messages.length === 0) return;
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

  /**
   * The alarm. It must not throw: after six tries the platform would forget it, and what is owed would stay owed. `isDriven`
   * tells a transaction that a call of this life drives from one that nobody does.
   */
  async alarm(isDriven: (transactionId: string) => boolean): Promise<void> {
    this.#kept.rang();
    try {
      await this.#wake(isDriven);
    } catch (cause) {
      this.#host.unsettled(cause);
      this.#kept.mayRing();
      await this.#host.setAlarm(this.#host.now() + RETRY_SECONDS);
    }
  }

  /** Ends what hangs, then delivers what is owed. Safe to run twice, late, and beside a request. */
  async #wake(isDriven: (transactionId: string) => boolean): Promise<void> {
    const record = this.#kept.value;
    if (record === null) return;
    const now = this.#host.now();
    const { transaction } = record;
    if (transaction?.phase === "preparing") {
      // A call that still drives it finds it aborted after its next await, and gives up.
      const isOverdue = now - transaction.startedAt >= PATIENCE_SECONDS;
      if (isOverdue || !isDriven(transaction.id)) this.#kept.write(abort(record, transaction));
    }
    if (record.freeze !== null && now - record.freeze.since >= PATIENCE_SECONDS) await this.askAboutFreeze();
    await this.deliver();
    // Re-arms the alarm while anything is pending, and erases what has served its time.
    if (this.#kept.value !== null) this.#kept.write(this.#kept.value);
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
