/** The link transactions of one identity: which order is run, which runs are alive, and who waits until none is in the way. */
import { freshOnes } from "../domain/link-proof.ts";
import type { Deliveries } from "./deliveries.ts";
import type { IdentityHost } from "./identity-host.ts";
import type { KeptRecord } from "./kept-record.ts";
import { type LinkOutcome, LinkRun } from "./link-run.ts";
import type { Busy, Holder } from "./messages.ts";
import type { LinkOrder } from "./link-order.ts";
import { abort, admit, preparing } from "./transaction.ts";

/** How often a call waits for another change of the same identity before it tells its caller to come again. */
const MAX_ATTEMPTS = 20;

export class Links {
  readonly #host: IdentityHost;
  readonly #kept: KeptRecord;
  readonly #deliveries: Deliveries;
  #last: Promise<void> = Promise.resolve();

  constructor(host: IdentityHost, kept: KeptRecord, deliveries: Deliveries) {
    this.#host = host;
    this.#kept = kept;
    this.#deliveries = deliveries;
  }

  /** Links verified logins to this identity: all of them or none. */
  async link(order: LinkOrder): Promise<LinkOutcome> {
    const fresh = freshOnes(order.logins, this.#host.proofRule ?? null, this.#host.now());
    const admitted = admit(this.#kept.value, order, fresh);
    if (admitted.kind === "nothing-to-do") return { kind: "linked", record: admitted.record };
    if (admitted.kind !== "prepare") return admitted;
    const transactionId = this.#host.newTransactionId();
    const run = new LinkRun(this.#host, this.#kept, order, transactionId).run(admitted.wanted);
    const outcome = run.finally(() => this.#end(transactionId));
    this.#last = outcome.then(ignore, ignore);
    return await outcome;
  }

  /** A transaction does not survive its call: one that neither committed nor aborted, because a step threw, is aborted. */
  #end(transactionId: string): void {
    const record = this.#kept.value;
    const transaction = preparing(record, transactionId);
    if (record !== null && transaction !== null) this.#kept.write(abort(record, transaction));
  }

  /** Attempts, until no transaction of this identity's own is in the way. One of another identity is its caller's to wait for. */
  async whenFree<R extends { readonly kind: string; readonly holder?: Holder }>(
    attempt: (count: number) => R | Promise<R>,
  ): Promise<R | Busy> {
    for (let count = 0; count < MAX_ATTEMPTS; count++) {
      this.#deliveries.abortOverdue();
      const reply = await attempt(count);
      if (reply.kind !== "busy" || reply.holder !== undefined) return reply;
      await this.#last;
      await this.#deliveries.deliver();
    }
    return { kind: "busy" };
  }
}

function ignore(): void {}
