/** The record of an identity, in memory as it is on disk, and the alarm that looks after it. */
import type { IdentityHost } from "./identity-host.ts";
import { type IdentityRecord, isErasable, wakeAt } from "./identity-record.ts";

export class KeptRecord {
  readonly #host: Pick<IdentityHost, "save" | "now" | "linked">;
  #value: IdentityRecord | null;
  /** Whether the alarm is set, as far as this life knows: setting it again would be one more row written. */
  #alarm: "set" | "none" | "unknown";
  #auditedLink: string | null = null;

  /** `stored` is the record as a former life left it. */
  constructor(host: Pick<IdentityHost, "save" | "now" | "linked">, stored: IdentityRecord | null) {
    this.#host = host;
    this.#value = stored;
    this.#alarm = stored === null ? "none" : "unknown";
    // The life before may have ended between the commit and its line of the audit.
    if (stored !== null) this.#audit(stored);
  }

  get value(): IdentityRecord | null {
    return this.#value;
  }

  /** One storage step. What has served its time is erased. Throws what the storage throws, and then nothing has happened. */
  write(record: IdentityRecord): void {
    const now = this.#host.now();
    const kept = isErasable(record, now) ? null : record;
    const at = kept === null ? null : wakeAt(record, now);
    const alarm = at === null ? "none" : "set";
    // Memory follows the disk: a step that could not be stored has not happened, and nobody may be told of it.
    this.#host.save(kept, alarm === this.#alarm ? "as it is" : (at ?? "none"));
    this.#value = kept;
    this.#alarm = alarm;
    if (kept !== null) this.#audit(kept);
  }

  /** The alarm has come, and is none any more. */
  rang(): void {
    this.#alarm = "none";
  }

  /** The alarm was set beside the record, to another time than its own. */
  mayRing(): void {
    this.#alarm = "unknown";
  }

  /** A link at its commit, and once more in a later life while it is open: an audit rather has it twice than not at all. */
  #audit(record: IdentityRecord): void {
    const { transaction } = record;
    if (transaction?.phase !== "committed" || transaction.id === this.#auditedLink) return;
    this.#auditedLink = transaction.id;
    this.#host.linked(record, transaction);
  }
}
