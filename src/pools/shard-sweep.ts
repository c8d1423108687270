/**
 * The end of one shard of a deleted pool's list, as an actor: its own alarm deletes the identities that are in it, page by page, and
 * goes on at once while it comes further. It goes past those that stand still, and comes back to them, ever more seldom.
 */
import { backoffSeconds } from "../domain/backoff.ts";
import type { IdentityId } from "../domain/identifiers.ts";
import { type IdentityDirectory, idOf } from "./identity-directory.ts";

/** Identities that are deleted at once, and how often in one alarm: a bounded piece of work, repeated until none is left. */
const PAGE = 50;
const PAGES = 40;

export type SweepRecord = {
  /** The round goes on past this id; empty at its beginning. */
  readonly after: string;
  /** When it last came a step further, in epoch seconds: what is left has been waiting since. */
  readonly movedAt: number;
};

/** What the actor asks of the object that it lives in. Instants are epoch seconds. */
export type SweepHost = {
  /** Another one for each shard: it decides when the shard tries again, among those that wait as long. */
  readonly name: string;
  now(): number;
  read(): SweepRecord | null;
  /** One storage step, with the alarm at `wakeAt`; null ends it. Throws where nothing was stored. */
  save(record: SweepRecord | null, wakeAt: number | null): void;
  /** In place of the alarm that is set. */
  setAlarm(wakeAt: number): void;
  /** Deletes an identity for good. */
  removeIdentity(identityId: IdentityId): Promise<{ readonly kind: "done" | "refused" | "busy" }>;
  /** Something is left for the alarm. */
  leftOver(cause: unknown): void;
};

export class ShardSweep {
  readonly #host: SweepHost;
  readonly #directory: IdentityDirectory;

  constructor(host: SweepHost, directory: IdentityDirectory) {
    this.#host = host;
    this.#directory = directory;
  }

  /**
   * The pool was deleted: nobody is added any more, and whoever is there goes. Whether nobody is left. To say it again wakes what has
   * fallen asleep: an alarm that a release before did not know how to take.
   */
  close(): boolean {
    this.#directory.close();
    if (this.#isEmpty()) return true;
    this.#host.save(this.#record(), this.#host.now());
    return false;
  }

  /** Never throws: the platform gives up an alarm after six failures. Safe to run twice, late, or together with a call. */
  async alarm(): Promise<void> {
    if (!this.#directory.isClosed()) return;
    try {
      await this.#sweep();
    } catch (cause) {
      this.#host.leftOver(cause);
      this.#host.setAlarm(this.#laterThan(this.#record().movedAt));
    }
  }

  async #sweep(): Promise<void> {
    const { after, movedAt } = this.#record();
    let at: string | null = after;
    let hasMoved = false;
    for (let page = 0; at !== null && page < PAGES; page++) {
      const swept = await this.#sweepPage(at);
      hasMoved ||= swept.hasMoved;
      at = swept.next;
    }
    if (this.#isEmpty()) {
      this.#host.save(null, null);
      return;
    }
    const now = this.#host.now();
    const record = { after: at ?? "", movedAt: hasMoved ? now : movedAt };
    this.#host.save(record, hasMoved || at !== null ? now : this.#laterThan(movedAt));
  }

  /** One page, and where the round goes on; null ends it. */
  async #sweepPage(after: string): Promise<{ readonly hasMoved: boolean; readonly next: string | null }> {
    const identityIds = this.#directory.page(after, PAGE).map(idOf);
    const last = identityIds.at(-1);
    if (last === undefined) return { hasMoved: false, next: null };
    const areGone = await Promise.all(identityIds.map(async (identityId) => await this.#remove(identityId)));
    const gone = identityIds.filter((_, index) => areGone[index]);
    // Taken out here as well as by the identity's own outbox: an entry that came late has no identity to do it.
    this.#directory.takeOut(gone);
    return { hasMoved: gone.length > 0, next: gone.length === identityIds.length ? after : last };
  }

  async #remove(identityId: IdentityId): Promise<boolean> {
    try {
      return (await this.#host.removeIdentity(identityId)).kind !== "busy";
    } catch (cause) {
      // One that cannot be reached holds up no other of its page.
      this.#host.leftOver(cause);
      return false;
    }
  }

  #isEmpty(): boolean {
    return this.#directory.page("", 1).length === 0;
  }

  #record(): SweepRecord {
    return this.#host.read() ?? { after: "", movedAt: this.#host.now() };
  }

  #laterThan(movedAt: number): number {
    const now = this.#host.now();
    return now + backoffSeconds(now - movedAt, this.#host.name);
  }
}
