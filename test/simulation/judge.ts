/**
 * The safety invariants (docs/ARCHITECTURE.md, docs/reliability.md), judged at every single storage step and at every
 * answer of an identity. It reads all storage at once, as nothing in the product can, and changes none of it.
 */
import type { Grant } from "../../src/domain/grant.ts";
import type { IdentityId, IdentityPoolId } from "../../src/domain/identifiers.ts";
import { isVisible, type LinkedLogin, type Standing } from "../../src/domain/identity.ts";
import { MAX_LINKED_LOGINS, type VerifiedLogin } from "../../src/domain/login.ts";
import { type IdentityRecord, TOMBSTONE_SECONDS } from "../../src/linking/identity-record.ts";
import type { LinkOrder } from "../../src/linking/transaction.ts";
import type { LoginState } from "../../src/linking/participant.ts";
import type { Network } from "./network.ts";

/** All storage, and where to say what is wrong with it. */
type Evidence = {
  readonly network: Pick<Network, "steps" | "nowMs" | "violate">;
  readonly mergePolicy: "conflict" | "merge";
  readonly poolId: IdentityPoolId;
  readonly identities: ReadonlyMap<string, { readonly stored: IdentityRecord | null }>;
  readonly logins: ReadonlyMap<string, { readonly stored: LoginState | null }>;
};

/** Standings only ever move to a higher rank (I5). */
const RANKS: Record<Standing["kind"], number> = { unborn: 0, guest: 1, linked: 2, closed: 3, merged: 3, deleted: 4 };
/** Clocks of objects may differ by this much, so that a tombstone may seem to go early by as much. */
const CLOCK_SLACK_SECONDS = 700;

type UnlinkRequest = {
  readonly identityId: IdentityId;
  readonly proofs: readonly string[];
  readonly providerNames: readonly string[];
};

export class Judge {
  readonly #world: Evidence;
  readonly #orders: LinkOrder[] = [];
  readonly #unlinks: UnlinkRequest[] = [];
  readonly #deletes = new Set<IdentityId>();
  #isPoolDeleted = false;
  /** What was overwritten in the event under way. */
  #earlier: { readonly step: number; readonly name: string; readonly record: IdentityRecord | null }[] = [];
  /** Ids that anybody may have seen: they are never used for another identity. */
  readonly #everVisible = new Set<string>();
  /** Storage steps that unlinked something, by identity: what a retry must find done. */
  readonly #unlinked: {
    readonly identityId: string;
    readonly removed: readonly LinkedLogin[];
    readonly atMs: number;
  }[] = [];

  constructor(world: Evidence) {
    this.#world = world;
  }

  // What was asked for: nothing else may ever happen.

  ordered(order: LinkOrder): void {
    this.#orders.push(order);
  }

  asksForToken(identityId: IdentityId, logins: readonly VerifiedLogin[]): void {
    this.#orders.push({
      identityId,
      identityPoolId: this.#world.poolId,
      logins,
      absorb: [],
      guest: null,
      isBirth: false,
    });
  }

  asksToUnlink(request: UnlinkRequest): void {
    this.#unlinks.push(request);
  }

  asksToDelete(identityId: IdentityId): void {
    this.#deletes.add(identityId);
  }

  asksToDeletePool(): void {
    this.#isPoolDeleted = true;
  }

  get isPoolDeleted(): boolean {
    return this.#isPoolDeleted;
  }

  // What happened.

  stored(name: string, before: unknown, after: unknown): void {
    const slot = this.#world.identities.get(name);
    const { steps } = this.#world.network;
    if (this.#earlier[0]?.step !== steps) this.#earlier = [];
    if (slot !== undefined) this.#earlier.push({ step: steps, name, record: before as IdentityRecord | null });
    if (slot !== undefined) this.#step(name, before as IdentityRecord | null, after as IdentityRecord | null);
    if (slot !== undefined || this.#world.logins.has(name)) this.#owners();
  }

  /** I8: a grant names an identity that holds every login it was proved with, at that very instant. */
  granted(identityId: IdentityId, grant: Grant, logins: readonly VerifiedLogin[]): void {
    const records = this.#versions(identityId);
    const objections = records.map((record) => this.#objection(identityId, record, logins));
    // Calls that go on in one event are told apart by their storage steps: the grant must fit one of those states.
    if (!objections.includes(null)) this.#violate(objections[0] ?? "");
    const verified = logins.map(({ loginId }) => loginId).join();
    const named = grant.logins.map(({ loginId }) => loginId).join();
    if (grant.identityId !== identityId || named !== verified)
      this.#violate(`invariant 7: the grant of ${identityId} names ${named}`);
  }

  #objection(identityId: IdentityId, record: IdentityRecord | null, logins: readonly VerifiedLogin[]): string | null {
    if (record === null) return `I8: ${identityId} granted and is not there`;
    if (this.#isSuperseded(record)) return `I5: ${identityId} granted and is merged`;
    const isGuest = record.standing.kind === "guest" && logins.length === 0;
    const isLinked = record.standing.kind === "linked" && logins.length > 0;
    if (!isGuest && !isLinked)
      return `I5: ${identityId} granted to ${logins.length} logins and is ${record.standing.kind}`;
    const missing = logins.find(({ loginId }) => !record.logins.some((login) => login.loginId === loginId));
    return missing === undefined ? null : `I8: ${identityId} granted without ${missing.loginId}`;
  }

  /** What an identity stored at any moment of this very event. */
  #versions(identityId: IdentityId): readonly (IdentityRecord | null)[] {
    const earlier = this.#earlier.filter((one) => one.step === this.#world.network.steps && one.name === identityId);
    return [this.#stored(identityId), ...earlier.map((one) => one.record)];
  }

  unlinked(identityId: IdentityId, providerNames: readonly string[]): void {
    const isDone = this.#versions(identityId).some((record) => {
      return !record?.logins.some((login) => providerNames.includes(login.providerName));
    });
    if (!isDone) this.#violate(`D1: ${identityId} said that it unlinked ${providerNames.join()}`);
  }

  removed(identityId: IdentityId): void {
    const record = this.#stored(identityId);
    if (record !== null && isVisible(record)) this.#violate(`D1: ${identityId} said it is deleted`);
  }

  /** D3: a repeat of an unlink that was done is answered as the first one was. */
  refusedToUnlink(request: UnlinkRequest, firstAskedAtMs: number, repeatedAtMs: number): void {
    const record = this.#stored(request.identityId);
    if (record === null || !isVisible(record)) return;
    const done = this.#unlinked.some(({ identityId, removed, atMs }) => {
      return (
        identityId === request.identityId &&
        atMs >= firstAskedAtMs &&
        atMs <= repeatedAtMs &&
        removed.some(
          ({ loginId, providerName }) =>
            request.proofs.includes(loginId) && request.providerNames.includes(providerName),
        )
      );
    });
    const isLeft = record.logins.some((login) => request.providerNames.includes(login.providerName));
    if (done && !isLeft) this.#violate(`D3: ${request.identityId} refused to repeat an unlink that it has done`);
  }

  #stored(identityId: string): IdentityRecord | null {
    return this.#world.identities.get(identityId)?.stored ?? null;
  }

  #violate(words: string): void {
    this.#world.network.violate(words);
  }

  /** Merged already, though it has not heard of it: its coordinator has committed. */
  #isSuperseded(record: IdentityRecord): boolean {
    if (record.freeze === null) return false;
    const transaction = this.#stored(record.freeze.coordinator)?.transaction;
    return transaction?.id === record.freeze.transactionId && transaction.phase === "committed";
  }

  /** I1 and I9: one owner each, and the login's object never says that a held login is free or somebody else's. */
  #owners(): void {
    const owners = new Map<string, string>();
    for (const [name, { stored: record }] of this.#world.identities) {
      if (record === null || record.logins.length === 0 || this.#isSuperseded(record)) continue;
      for (const { loginId } of record.logins) {
        const other = owners.get(loginId);
        if (other !== undefined) this.#violate(`I1: ${loginId} has two owners, ${other} and ${name}`);
        owners.set(loginId, name);
        const state = this.#world.logins.get(loginId)?.stored ?? null;
        const isOwner = state?.owner?.identityId === name;
        const { transaction } = record;
        const isReserved = transaction?.phase === "committed" && state?.reservation?.transactionId === transaction.id;
        if (!isOwner && !isReserved) this.#violate(`I9: ${name} holds ${loginId}, and the login does not know`);
      }
    }
  }

  #step(name: string, before: IdentityRecord | null, after: IdentityRecord | null): void {
    if (before === null && this.#everVisible.has(name)) this.#violate(`I10: the id ${name} is used again`);
    if (after === null) {
      if (before !== null) this.#erased(name, before);
      return;
    }
    if (isVisible(after) || after.standing.kind === "deleted") this.#everVisible.add(name);
    const from = before?.standing.kind ?? "unborn";
    const to = after.standing.kind;
    if (from !== to && RANKS[to] <= RANKS[from]) this.#violate(`I5: ${name} went from ${from} to ${to}`);
    if ((to === "linked") !== after.logins.length > 0)
      this.#violate(`Q1: ${name} is ${to} with ${after.logins.length} logins`);
    const providers = new Set(after.logins.map((login) => login.providerName));
    if (providers.size !== after.logins.length || providers.size > MAX_LINKED_LOGINS) {
      this.#violate(`I6: ${name} has two logins of one provider, or too many`);
    }
    if (to === "merged" && from !== "merged" && !(before !== null && this.#isSuperseded(before))) {
      this.#violate(`I5: ${name} is merged, and nobody has merged it`);
    }
    if (to === "deleted" && from !== to && !this.#isPoolDeleted && !this.#deletes.has(after.identityId)) {
      this.#violate(`I2: ${name} is deleted, and nobody asked for it`);
    }
    const held = before?.logins ?? [];
    const added = after.logins.filter((login) => !held.some((other) => other.loginId === login.loginId));
    const lost = held.filter((login) => !after.logins.some((other) => other.loginId === login.loginId));
    const isCommit = before?.transaction?.phase === "preparing" && after.transaction?.phase === "committed";
    if (isCommit && before !== null) this.#committed(name, before, after, added);
    else if (added.length > 0) this.#violate(`I3: ${name} gained ${added[0]?.loginId} without a transaction`);
    if (lost.length > 0 && to !== "merged" && to !== "deleted" && before !== null) this.#lost(name, before, lost);
  }

  #erased(name: string, before: IdentityRecord): void {
    const { kind } = before.standing;
    const ageSeconds = this.#world.network.nowMs / 1000 - before.modifiedAt;
    const isOver = kind === "deleted" && ageSeconds >= TOMBSTONE_SECONDS - CLOCK_SLACK_SECONDS;
    if (kind !== "unborn" && !isOver) this.#violate(`D1: ${name} vanished while it was ${kind}`);
  }

  /** I2, I3, I4: a commit does what one request asked for, and that request had proved that it may. */
  #committed(name: string, before: IdentityRecord, after: IdentityRecord, added: readonly LinkedLogin[]): void {
    const absorbed = after.transaction?.absorbed ?? [];
    const victims = absorbed.flatMap((identityId) => this.#stored(identityId) ?? []);
    for (const identityId of absorbed) {
      const victim = this.#stored(identityId);
      if (victim?.freeze?.transactionId !== after.transaction?.id)
        this.#violate(`I2: ${name} took ${identityId}, which did not stand still`);
      if (victim?.standing.kind !== "guest" && this.#world.mergePolicy === "conflict")
        this.#violate(`${name} merged ${identityId}`);
    }
    const handedOver = victims.flatMap((victim) => victim.logins);
    const missing = handedOver.find(({ loginId }) => !after.logins.some((login) => login.loginId === loginId));
    if (missing !== undefined) this.#violate(`invariant 3: ${missing.loginId} is lost in the merge into ${name}`);
    const isAsked = this.#orders.some((order) => {
      const proved = new Set(order.logins.map((login) => login.loginId));
      const isSameOrder = this.#leadsTo(order.identityId, name) && order.absorb.join() === absorbed.join();
      const isWhole = order.logins.every(({ loginId }) => after.logins.some((login) => login.loginId === loginId));
      const isOwn =
        before.standing.kind === "linked"
          ? before.logins.some(({ loginId }) => proved.has(loginId))
          : absorbed.length === 0;
      const areProved = victims.every(
        ({ standing, logins }) => standing.kind === "guest" || logins.some(({ loginId }) => proved.has(loginId)),
      );
      const isFromRequest = added.every(
        ({ loginId }) => proved.has(loginId) || handedOver.some((login) => login.loginId === loginId),
      );
      return isSameOrder && isWhole && isOwn && areProved && isFromRequest;
    });
    if (!isAsked) this.#violate(`I3: ${name} committed what no request has proved`);
  }

  /** A request that names an identity which was merged away belongs to the one that absorbed it. */
  #leadsTo(identityId: string, name: string): boolean {
    let current = identityId;
    for (let hops = 0; hops < 10 && current !== name; hops++) {
      const standing = this.#stored(current)?.standing;
      if (standing?.kind !== "merged") return false;
      current = standing.into;
    }
    return current === name;
  }

  /** I2: a login leaves a living identity only when somebody who proved one of its logins unlinked it. */
  #lost(name: string, before: IdentityRecord, lost: readonly LinkedLogin[]): void {
    this.#unlinked.push({ identityId: name, removed: lost, atMs: this.#world.network.nowMs });
    const isAsked = this.#unlinks.some((request) => {
      return (
        request.identityId === name &&
        request.proofs.some((loginId) => before.logins.some((login) => login.loginId === loginId)) &&
        lost.every(({ providerName }) => request.providerNames.includes(providerName))
      );
    });
    if (!isAsked) this.#violate(`I2: ${name} lost ${lost[0]?.loginId}, and nobody unlinked it`);
  }
}
