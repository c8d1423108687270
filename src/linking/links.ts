/** The link transactions of one identity: which order is run, which runs are alive, and when none is in the way. */
import { freshOnes } from "../domain/link-proof.ts";
import type { Deliveries } from "./deliveries.ts";
import type { IdentityHost } from "./identity-host.ts";
import type { KeptRecord } from "./kept-record.ts";
import { type LinkOutcome, LinkRun } from "./link-run.ts";
import { admit, type LinkOrder } from "./transaction.ts";

export class Links {
  readonly #host: IdentityHost;
  readonly #kept: KeptRecord;
  readonly #deliveries: Deliveries;
  /** Transactions that a call of this very life drives: an older one on disk has nobody, and is aborted. */
  readonly #driven = new Set<string>();
  #last: Promise<void> = Promise.resolve();

  constructor(host: IdentityHost, kept: KeptRecord, deliveries: Deliveries) {
    this.#host = host;
    this.#kept = kept;
    this.#deliveries = deliveries;
  }

  readonly isDriven = (transactionId: string): boolean => this.#driven.has(transactionId);

  /** Links verified logins to this identity: all of them or none. */
  async link(order: LinkOrder): Promise<LinkOutcome> {
    const fresh = freshOnes(order.logins, this.#host.proofRule ?? null, this.#host.now());
    const admitted = admit(this.#kept.value, order, fresh);
    if (admitted.kind === "nothing-to-do") return { kind: "linked", record: admitted.record };
    if (admitted.kind !== "prepare") return admitted;
    const transactionId = this.#host.newTransactionId();
    this.#driven.add(transactionId);
    const run = new LinkRun(this.#host, this.#kept, order, transactionId).run(admitted.wanted);
    const outcome = run.finally(() => this.#driven.delete(transactionId));
    this.#last = outcome.then(ignore, ignore);
    return await outcome;
  }

  /** Resolves when no transaction of this identity is open any more, or its settlement was tried. */
  async whenFree(): Promise<void> {
    await this.#last;
    await this.#deliveries.deliver();
  }
}

function ignore(): void {}
