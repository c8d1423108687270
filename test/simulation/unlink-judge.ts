/** Who may unlink what (I2), and that a repeat of it is answered as the first call was (D3). */
import { isVisible, type LinkedLogin } from "../../src/domain/identity.ts";
import type { IdentityRecord } from "../../src/linking/identity-record.ts";
import type { Network } from "./network.ts";
import { isToGo, type UnlinkRequest } from "./record-rules.ts";

type Evidence = {
  readonly network: Pick<Network, "nowMs" | "violate">;
  readonly identities: ReadonlyMap<string, { readonly stored: IdentityRecord | null }>;
};

/** A storage step that unlinked something: what a retry must find done. */
type Unlinked = { readonly identityId: string; readonly removed: readonly LinkedLogin[]; readonly atMs: number };

export class UnlinkJudge {
  readonly #world: Evidence;
  readonly #unlinks: UnlinkRequest[] = [];
  readonly #unlinked: Unlinked[] = [];

  constructor(world: Evidence) {
    this.#world = world;
  }

  asked(request: UnlinkRequest): void {
    this.#unlinks.push(request);
  }

  /** D3: a repeat of an unlink that was done is answered as the first one was. */
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
      this.#world.network.violate(`D3: ${request.identityId} refused to repeat an unlink that it has done`);
  }

  /** I2: a login leaves a living identity only when somebody who proved one of its logins unlinked it. */
  lost(name: string, before: IdentityRecord, lost: readonly LinkedLogin[]): void {
    this.#unlinked.push({ identityId: name, removed: lost, atMs: this.#world.network.nowMs });
    const isAsked = this.#unlinks.some((request) => {
      return (
        request.identityId === name &&
        request.proofs.some((loginId) => before.logins.some((login) => login.loginId === loginId)) &&
        lost.every((login) => isToGo(request, login))
      );
    });
    if (!isAsked) this.#world.network.violate(`I2: ${name} lost ${lost[0]?.loginId}, and nobody unlinked it`);
  }
}
