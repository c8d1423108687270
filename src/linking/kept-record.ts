/**
 * The record of an identity, in memory and on disk, and the alarm that looks after it. Memory is ahead of the disk by a
 * transaction that is not committed: a later life knows nothing of it, and so says that it was aborted (presumed abort).
 */
import type { AlarmStep, IdentityHost } from "./identity-host.ts";
import { durablePart, type IdentityRecord, isErasable, wakeAt } from "./identity-record.ts";

export class KeptRecord {
  readonly #host: Pick<IdentityHost, "save" | "setAlarm" | "now" | "linked">;
  #value: IdentityRecord | null;
  /** What a later life will find. */
  #stored: IdentityRecord | null;
  /** Whether the alarm is set, as far as this life knows: setting it again would be one more row written. */
  #alarm: "set" | "none" | "unknown";
  #auditedLink: string | null = null;

  /** `stored` is the record as a former life left it. */
  constructor(host: Pick<IdentityHost, "save" | "setAlarm" | "now" | "linked">, stored: IdentityRecord | null) {
    this.#host = host;
    this.#value = stored;
    this.#stored = stored;
    this.#alarm = stored === null ? "none" : "unknown";
    // The life before may have ended between the commit and its line of the audit.
    if (stored !== null) this.#audit(stored);
  }

  get value(): IdentityRecord | null {
    return this.#value;
  }

  /**
   * One storage step, or none where no later life need know of the change. The alarm comes along with it, or `later` by
   * `arm`. What has served its time is erased. Throws what the storage throws, and then nothing has happened.
   */
  write(record: IdentityRecord, alarm: "along" | "later" = "along"): void {
    const now = this.#host.now();
    const kept = isErasable(record, now) ? null : record;
    const stored = kept === null ? null : durablePart(kept);
    // Memory follows the disk: a step that could not be stored has not happened, and nobody may be told of it.
    if (!isSame(stored, this.#stored)) this.#save(stored, alarm === "later" ? "as it is" : this.#alarmFor(stored, now));
    this.#value = kept;
    if (kept !== null) this.#audit(kept);
  }

  #save(stored: IdentityRecord | null, alarm: AlarmStep): void {
    this.#host.save(stored, alarm);
    this.#stored = stored;
    if (alarm !== "as it is") this.#alarm = alarm === "none" ? "none" : "set";
  }

  #alarmFor(stored: IdentityRecord | null, now: number): AlarmStep {
    const at = stored === null ? null : wakeAt(stored, now);
    return this.#alarm === (at === null ? "none" : "set") ? "as it is" : (at ?? "none");
  }

  /** Sets the alarm where a later life would find something to do, unless it is set: before anybody is told of it. */
  async arm(): Promise<void> {
    const at = this.#stored === null ? null : wakeAt(this.#stored, this.#host.now());
    if (at === null || this.#alarm === "set") return;
    const armed = this.#host.setAlarm(at);
    // From now on: a step that comes before the confirmation may take the alarm away.
    this.#alarm = "set";
    try {
      await armed;
    } catch (cause) {
      this.#alarm = "unknown";
      throw cause;
    }
  }

  /** The alarm has come, maybe for the second time, or was set beside the record: whether it is set, nobody knows. */
  doubtAlarm(): void {
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

/** Transitions copy a record and replace what they change, so that equal members are the same. */
function isSame(one: IdentityRecord | null, other: IdentityRecord | null): boolean {
  if (one === null || other === null) return one === other;
  const [ones, others] = [Object.entries(one), new Map<string, unknown>(Object.entries(other))];
  return ones.length === others.size && ones.every(([name, value]) => others.get(name) === value);
}
