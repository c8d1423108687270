/**
 * Who may unlink what (invariant no-theft), and that a repeat of it is answered as the first call was (invariant
 * no-second-effect).
 */
import { isVisible, type LinkedLogin } from "../../src/domain/identity.ts";
import type { StoredRecord } from "../../src/linking/first-record.ts";
import type { Network } from "./network.ts";
import { isToGo, type UnlinkRequest } from "./record-rules.ts";

type Evidence = {
  readonly network: Pick<Network, "nowMs" | "violate">;
  readonly identities: ReadonlyMap<string, { readonly stored: StoredRecord | null }>;
};

/** A storage step that unlinked something: what a retry must find done. */
type Unlinked = { readonly identityId: string; readonly removed: readonly LinkedLogin[]; readonly atMs: number };

export class UnlinkJudge {
  readonly #world: Evidence;
  readonly #unlinks: UnlinkRequest[] = [];
  readonly #unlinked: Unlinked[] = [];
  /** What each call is to take away, and the calls that an identity has taken note of as done. */
  readonly #calls = new Map<string, (login: LinkedLogin) => boolean>();
  readonly #done = new Set<string>();

  constructor(world: Evidence) {
    this.#world = world;
  }

  asked(request: UnlinkRequest): void {
    this.#unlinks.push(request);
  }

  called(callKey: string | null, isMeant: (login: LinkedLogin) => boolean): void {
    if (callKey !== null) this.#calls.set(callKey, isMeant);
  }

  wasDone(identityId: string, callKey: string | null): boolean {
    return this.#done.has(`${identityId} ${callKey}`);
  }

  /**
   * Invariant acknowledged-is-kept: only a call that is done is noted as done, and what it was to take away is gone by
   * then.
   */
  stored(name: string, before: StoredRecord | null, { logins, unlinkCalls = [] }: StoredRecord): void {
    for (const noted of unlinkCalls) {
      if (before?.unlinkCalls?.includes(noted) === true) continue;
      this.#done.add(`${name} ${noted.key}`);
      const isMeant = this.#calls.get(noted.key);
      if (isMeant === undefined || logins.some(isMeant))
        this.#world.network.violate(`acknowledged-is-kept: ${name} notes a call as done`);
    }
  }

  /** Invariant no-second-effect: a repeat of an unlink that was done is answered as the first one was. */
  refused(request: UnlinkRequest, firstAskedAtMs: number, repeatedAtMs: number): void {
    const record = this.#world.identities.get(request.identityId)?.stored ?? null;
    if (record === null || !isVisible(record)) return;
    const done = this.#unlinked.some(({ identityId, removed, atMs }) => {
      return (
        identityId === request.identityId &&
        atMs >= firstAskedAtMs &&
        atMs <= repeatedAtMs &&
        removed.some((login) => request.proofs.includes(login.loginId) && isToGo(request, login))
      );
    });
    const isLeft = record.logins.some((login) => isToGo(request, login));
    if (done && !isLeft)
      this.#world.network.violate(
        `no-second-effect: ${request.identityId} refused to repeat an unlink that it has done`,
      );
  }

  /** Invariant no-theft: a login leaves a living identity only when somebody who proved one of its logins unlinked it. */
  lost(name: string, before: StoredRecord, lost: readonly LinkedLogin[]): void {
    this.#unlinked.push({ identityId: name, removed: lost, atMs: this.#world.network.nowMs });
    const isAsked = this.#unlinks.some((request) => {
      return (
        request.identityId === name &&
        request.proofs.some((loginId) => before.logins.some((login) => login.loginId === loginId)) &&
        lost.every((login) => isToGo(request, login))
      );
    });
    if (!isAsked) this.#world.network.violate(`no-theft: ${name} lost ${lost[0]?.loginId}, and nobody unlinked it`);
  }
}
