/**
 * What a pool promises: nothing of it is seen from another pool (T37), it is made once and ends once, it keeps its secrets, and
 * a change is seen everywhere within the life of an isolate's memory, and at once where it was made (invariant
 * pool-changes-are-seen).
 */
import type { IdentityPoolId } from "../../src/domain/identifiers.ts";
import type { StoredRecord } from "../../src/linking/first-record.ts";
import type { PoolRecord } from "../../src/pools/pool-host.ts";
import type { Network } from "./network.ts";
import { POOLS } from "./settings.ts";
import { SettingsJudge } from "./settings-judge.ts";

/** How long a changed pool may be seen as it was. */
const SEEN_FOR_MS = 30_000;

/** What a pool has in place of a name of its roles, or of its tags, before it is given any. */
export const NONE = "none";

/** A name that a pool had, or null where there was none, and when it got that. */
type Version = { readonly name: string | null; readonly fromMs: number };

type Evidence = {
  readonly network: Pick<Network, "nowMs" | "violate" | "faults" | "coverage">;
  readonly identities: ReadonlyMap<string, { readonly stored: StoredRecord | null }>;
  poolOf(loginId: string): IdentityPoolId | undefined;
};

export class PoolJudge {
  readonly settings: SettingsJudge;
  readonly roles: SettingsJudge;
  readonly tags: SettingsJudge;
  /** Pools that somebody was told of. */
  readonly known: IdentityPoolId[] = POOLS.map(({ identityPoolId }) => identityPoolId);
  /** Whether anything was asked of pools themselves. */
  isConcerned = false;
  readonly #world: Evidence;
  /** The calls that ask for a pool's end. */
  readonly #deletes = new Map<IdentityPoolId, Set<string | null>>();
  /** What each call to make a pool was answered. */
  readonly #made = new Map<string | null, IdentityPoolId>();
  readonly #versions = new Map<IdentityPoolId, Version[]>(
    POOLS.map(({ identityPoolId, name }) => [identityPoolId, [{ name, fromMs: 0 }]]),
  );

  constructor(world: Evidence) {
    this.#world = world;
    this.settings = new SettingsJudge(
      world.network,
      "settings",
      (id) => POOLS.find(({ identityPoolId }) => identityPoolId === id)?.name,
    );
    this.roles = new SettingsJudge(world.network, "roles", () => NONE);
    this.tags = new SettingsJudge(world.network, "tags", () => NONE);
  }

  asksToDelete(identityPoolId: IdentityPoolId, callId: string | null): void {
    const callIds = this.#deletes.get(identityPoolId) ?? new Set();
    this.#deletes.set(identityPoolId, callIds.add(callId));
  }

  /** Whether anybody has asked for its end: its identities may go at any time. */
  mayBeGone(identityPoolId: IdentityPoolId): boolean {
    return this.#deletes.has(identityPoolId);
  }

  get mayAnyBeGone(): boolean {
    return this.#deletes.size > 0;
  }

  /** Invariant no-second-effect: a creation that comes again is answered as it was, unless its pool is gone. */
  created(callId: string | null, identityPoolId: IdentityPoolId): void {
    const first = this.#made.get(callId);
    if (first !== undefined && first !== identityPoolId && !this.mayBeGone(first)) {
      this.#violate(
        `no-second-effect: the call ${callId} has made ${first}, and was answered ${identityPoolId} when it came again`,
      );
    }
    this.#made.set(callId, identityPoolId);
    if (!this.known.includes(identityPoolId)) this.known.push(identityPoolId);
  }

  /**
   * Nobody but who asked for its end is told that a pool is not there; and not who did, if nobody else asked (invariant
   * no-second-effect).
   */
  notFound(identityPoolId: IdentityPoolId, deletedBy?: string | null): void {
    const callIds = this.#deletes.get(identityPoolId);
    if (callIds === undefined)
      this.#violate(`acknowledged-is-kept: ${identityPoolId} is not there, and nobody has asked to delete it`);
    else if (deletedBy !== undefined && [...callIds].every((callId) => callId === deletedBy)) {
      this.#violate(
        `no-second-effect: ${identityPoolId} was deleted by ${deletedBy} itself, which is told that it is not there`,
      );
    }
  }

  /**
   * T46: nothing secret rests in the clear, nor at all once the pool is deleted; and what is deleted stays so (invariant
   * fresh-ids).
   */
  poolStored(name: string, before: PoolRecord | null, { pool, state, sealed }: PoolRecord): void {
    this.#changed(pool.identityPoolId, state === "live" ? pool.name : null);
    const values = Object.values(pool.supportedLoginProviders ?? {});
    if (values.some((value) => value !== "")) this.#violate(`T46: ${name} stores a secret in the clear`);
    if (state === "deleted" && sealed !== undefined) this.#violate(`T46: ${name} is deleted and keeps its secrets`);
    if (before?.state === "deleted" && state === "live")
      this.#violate(`fresh-ids: ${name} was deleted and is made again`);
  }

  /** T37: an identity holds logins of its own pool alone. */
  identityStored(name: string, { identityPoolId, logins }: StoredRecord): void {
    const foreign = logins.find(({ loginId }) => this.#world.poolOf(loginId) !== identityPoolId);
    if (foreign === undefined) return;
    this.#violate(`T37: ${name} of ${identityPoolId} holds ${foreign.loginId}, a login of another pool`);
  }

  /** T37: what a call that names a pool is told of is an identity of that pool. */
  answered(identityPoolId: IdentityPoolId, identityId: string): void {
    const record = this.#world.identities.get(identityId)?.stored ?? null;
    if (record === null || record.identityPoolId === identityPoolId) return;
    this.#violate(`T37: ${identityPoolId} was asked, and told of ${identityId}, which is another's`);
  }

  /**
   * Invariant pool-changes-are-seen: an isolate was asked for a pool at `askedAtMs`, and had last changed it at
   * `changedAtMs`.
   */
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
    if (isLate || isForgotten)
      this.#violate(`pool-changes-are-seen: ${identityPoolId} is seen as ${name}, and is no more`);
  }

  #changed(identityPoolId: IdentityPoolId, name: string | null): void {
    const versions = this.#versions.get(identityPoolId) ?? [{ name: null, fromMs: 0 }];
    if (versions.at(-1)?.name !== name) versions.push({ name, fromMs: this.#world.network.nowMs });
    this.#versions.set(identityPoolId, versions);
  }

  #violate(words: string): void {
    this.#world.network.violate(words);
  }
}
