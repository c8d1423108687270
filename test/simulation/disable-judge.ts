/** What an operator's word on an identity is worth: nothing of it is had or changed while it is disabled (invariant disabled-is-stopped). */
import type { StoredRecord } from "../../src/linking/first-record.ts";
import type { Network } from "./network.ts";

export class DisableJudge {
  readonly #network: Pick<Network, "violate">;
  /** What operators have asked for, so that nothing else may happen. */
  readonly #asked = new Set<string>();

  constructor(network: Pick<Network, "violate">) {
    this.#network = network;
  }

  asked(identityId: string, isDisabled: boolean): void {
    this.#asked.add(`${identityId} ${isDisabled}`);
  }

  /** Whether a refusal that is final otherwise may be an operator's doing. */
  get hasStruck(): boolean {
    return this.#asked.size > 0;
  }

  /** `records` are those of the event in which it was answered. */
  said(identityId: string, isDisabled: boolean, records: readonly (StoredRecord | null)[]): void {
    if (!records.some((record) => (record?.isDisabled === true) === isDisabled))
      this.#violate(`${identityId} said that it is ${isDisabled ? "disabled" : "enabled"}, and is not`);
  }

  /** `isRestored`: an import has made it so. */
  stored(name: string, before: StoredRecord | null, after: StoredRecord, isRestored: boolean): void {
    const [was, is] = [before?.isDisabled === true, after.isDisabled === true];
    if (was !== is && !isRestored && !this.#asked.has(`${name} ${is}`)) {
      this.#violate(`${name} is ${is ? "disabled" : "enabled"}, and nobody asked for it`);
    }
    if (!is || after.standing.kind === "deleted") return;
    if (after.freeze !== null) this.#violate(`${name} is disabled, and stands still for a merge`);
    // What an import makes is disabled from its first link on.
    const isItsFirst = isRestored || (was && before?.transaction?.id === after.transaction?.id);
    if (after.transaction !== null && !isItsFirst) this.#violate(`${name} is disabled, and links`);
    if (before !== null && was && (before.standing !== after.standing || before.logins !== after.logins))
      this.#violate(`${name} is disabled, and its standing or logins changed`);
  }

  #violate(words: string): void {
    this.#network.violate(`disabled-is-stopped: ${words}`);
  }
}
