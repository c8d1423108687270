/** What a pool promises: nothing of it is seen from another pool (T37). */
import type { IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { IdentityRecord } from "../../src/linking/identity-record.ts";
import type { Network } from "./network.ts";

type Evidence = {
  readonly network: Pick<Network, "violate">;
  readonly identities: ReadonlyMap<string, { readonly stored: IdentityRecord | null }>;
  poolOf(loginId: string): IdentityPoolId | undefined;
};

export class PoolJudge {
  readonly #world: Evidence;
  readonly #deletes = new Set<IdentityPoolId>();

  constructor(world: Evidence) {
    this.#world = world;
  }

  asksToDelete(identityPoolId: IdentityPoolId): void {
    this.#deletes.add(identityPoolId);
  }

  /** Whether anybody has asked for its end: its identities may go at any time. */
  mayBeGone(identityPoolId: IdentityPoolId): boolean {
    return this.#deletes.has(identityPoolId);
  }

  get mayAnyBeGone(): boolean {
    return this.#deletes.size > 0;
  }

  /** T37: an identity holds logins of its own pool alone. */
  identityStored(name: string, { identityPoolId, logins }: IdentityRecord): void {
    const foreign = logins.find(({ loginId }) => this.#world.poolOf(loginId) !== identityPoolId);
    if (foreign === undefined) return;
    this.#world.network.violate(`T37: ${name} of ${identityPoolId} holds ${foreign.loginId}, a login of another pool`);
  }

  /** T37: what a call that names a pool is told of is an identity of that pool. */
  answered(identityPoolId: IdentityPoolId, identityId: string): void {
    const record = this.#world.identities.get(identityId)?.stored ?? null;
    if (record === null || record.identityPoolId === identityPoolId) return;
    this.#world.network.violate(`T37: ${identityPoolId} was asked, and told of ${identityId}, which is another's`);
  }
}
