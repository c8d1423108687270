/**
 * What a pool promises: nothing of it is seen from another pool (T37), a change is seen everywhere within the life of an
 * isolate's memory, and at once where it was made (P1).
 */
import type { IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { IdentityRecord } from "../../src/linking/identity-record.ts";
import type { PoolRecord } from "../../src/pools/pool-actor.ts";
import type { Network } from "./network.ts";
import { POOLS } from "./settings.ts";

/** How long a changed pool may be seen as it was. */
const SEEN_FOR_MS = 30_000;

/** A name that a pool had, or null after its end, and when it got that. */
type Version = { readonly name: string | null; readonly fromMs: number };

type Evidence = {
  readonly network: Pick<Network, "nowMs" | "violate" | "coverage">;
  readonly identities: ReadonlyMap<string, { readonly stored: IdentityRecord | null }>;
  poolOf(loginId: string): IdentityPoolId | undefined;
};

export class PoolJudge {
  readonly #world: Evidence;
  readonly #deletes = new Set<IdentityPoolId>();
  readonly #versions = new Map<IdentityPoolId, Version[]>(
    POOLS.map(({ identityPoolId, name }) => [identityPoolId, [{ name, fromMs: 0 }]]),
  );

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

  poolStored({ pool, state }: PoolRecord): void {
    const name = state === "live" ? pool.name : null;
    const versions = this.#versions.get(pool.identityPoolId);
    if (versions?.at(-1)?.name !== name) versions?.push({ name, fromMs: this.#world.network.nowMs });
  }

  /** P1: an isolate was asked for a pool at `askedAtMs`, and had last changed it at `changedAtMs`. */
  seen(identityPoolId: IdentityPoolId, name: string | null, askedAtMs: number, changedAtMs: number): void {
    const { coverage } = this.#world.network;
    const versions = this.#versions.get(identityPoolId) ?? [];
    // Each was there until the next one was.
    const lastMs = Math.max(
      ...versions.map((version, index) =>
        version.name === name ? (versions[index + 1]?.fromMs ?? Number.POSITIVE_INFINITY) : Number.NEGATIVE_INFINITY,
      ),
    );
    if (lastMs < askedAtMs) coverage.hit("F13 an isolate goes by what a pool is no more");
    const isLate = lastMs < askedAtMs - SEEN_FOR_MS;
    const isForgotten = changedAtMs <= askedAtMs && lastMs < changedAtMs;
    if (isLate || isForgotten) this.#world.network.violate(`P1: ${identityPoolId} is seen as ${name}, and is no more`);
  }
}
