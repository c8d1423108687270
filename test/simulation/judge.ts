/**
 * The safety invariants (test/INVARIANTS.md), judged at every single storage step and at every
 * answer of an identity. It reads all storage at once, as nothing in the product can, and changes none of it.
 */
import type { Grant } from "../../src/domain/grant.ts";
import type { IdentityId, IdentityPoolId } from "../../src/domain/identifiers.ts";
import { type ClientCall, isVisible, type LinkedLogin, type Standing } from "../../src/domain/identity.ts";
import type { VerifiedLogin } from "../../src/domain/login.ts";
import type { StoredRecord } from "../../src/linking/first-record.ts";
import { TOMBSTONE_SECONDS } from "../../src/linking/identity-record.ts";
import type { LinkOrder } from "../../src/linking/link-order.ts";
import type { RestoreOrder } from "../../src/linking/restoration.ts";
import type { LoginState } from "../../src/linking/participant.ts";
import { BarJudge } from "./bar-judge.ts";
import { DisableJudge } from "./disable-judge.ts";
import type { FileLine } from "./line-plans.ts";
import { ImportJudge } from "./import-judge.ts";
import { lapseOfLife } from "./life-judge.ts";
import { MergeJudge } from "./merge-judge.ts";
import type { Network } from "./network.ts";
import { PoolJudge } from "./pool-judge.ts";
import { RateJudge } from "./rate-judge.ts";
import { idsOf, isOwnershipChanged, mixUpOf, objectionTo } from "./record-rules.ts";
import { RoleJudge } from "./roles.ts";
import type { LoginOf } from "./requests.ts";
import { RATE } from "./settings.ts";
import type { Sources } from "./sources.ts";
import { UnlinkJudge } from "./unlink-judge.ts";

/** All storage, and where to say what is wrong with it. */
type Evidence = {
  readonly network: Pick<Network, "steps" | "nowMs" | "violate" | "faults" | "coverage">;
  readonly mergePolicy: "conflict" | "merge";
  poolOf(loginId: string): IdentityPoolId | undefined;
  readonly login: LoginOf;
  readonly identities: ReadonlyMap<string, { readonly stored: StoredRecord | null }>;
  readonly logins: ReadonlyMap<string, { readonly stored: LoginState | null }>;
  readonly sources: Pick<Sources, "judge"> | null;
};

/** Standings only ever move to a higher rank (invariant no-way-back). */
const RANKS: Record<Standing["kind"], number> = { unborn: 0, guest: 1, linked: 2, closed: 3, merged: 3, deleted: 4 };
/** Clocks of objects may differ by this much, so that a tombstone may seem to go early by as much. */
const CLOCK_SLACK_SECONDS = 700;

export class Judge {
  readonly merges: MergeJudge;
  readonly rates: RateJudge;
  readonly unlinks: UnlinkJudge;
  readonly pools: PoolJudge;
  readonly roles: RoleJudge;
  readonly disabling: DisableJudge;
  readonly bars: BarJudge;
  readonly imports: ImportJudge;
  /** Links by their transactions: those that were committed, and those that the audit has heard of (T34). */
  readonly links = new Set<string>();
  readonly audited = new Set<string>();
  readonly #world: Evidence;
  readonly #orders: LinkOrder[] = [];
  /** Login ids that one request has verified, or that a signed call vouches for, as they are ordered. */
  readonly #proofs = new Set<string>();
  /** Those of them that came with a developer's user and an identity's name, and without one. */
  readonly #pinned = new Set<string>();
  readonly #unpinned = new Set<string>();
  /** Those of them that a developer has asked to merge. */
  readonly #developerMerges = new Set<string>();
  readonly #deletes = new Set<IdentityId>();
  /** What was overwritten in the event under way. */
  #earlier: { readonly step: number; readonly name: string; readonly record: StoredRecord | null }[] = [];
  /** Ids that anybody may have seen: they are never used for another identity. */
  readonly #everVisible = new Set<string>();

  constructor(world: Evidence) {
    this.#world = world;
    this.merges = new MergeJudge(world);
    this.unlinks = new UnlinkJudge(world);
    this.pools = new PoolJudge(world);
    this.roles = new RoleJudge(world.network);
    this.disabling = new DisableJudge(world.network);
    this.bars = new BarJudge(world.network);
    this.imports = new ImportJudge(world, this.bars);
    this.rates = new RateJudge(world.network, RATE);
  }

  // What was asked for: nothing else may ever happen.

  /** Invariant all-or-nothing: a request whose last login could not be verified has proved none of them. */
  proved(logins: readonly VerifiedLogin[]): void {
    this.#proofs.add(idsOf(logins));
  }

  ordered(order: LinkOrder): void {
    if (!this.#proofs.has(idsOf(order.logins))) {
      this.#violate(`no-gift: ${order.identityId} is to link ${idsOf(order.logins)}, which no request has proved`);
    }
    this.#orders.push(order);
  }

  asksForToken(identityId: IdentityId, logins: readonly VerifiedLogin[], { callId }: ClientCall): void {
    this.proved(logins);
    const identityPoolId = this.#stored(identityId)?.identityPoolId;
    if (identityPoolId === undefined) return;
    const call = callId === null ? {} : { callId };
    this.#orders.push({ identityId, identityPoolId, logins, absorb: [], guest: null, isBirth: false, ...call });
  }

  asksToMerge(logins: readonly VerifiedLogin[]): void {
    this.proved(logins);
    this.#developerMerges.add(idsOf(logins));
  }

  /** `isNamed` is a call that names an identity: it never takes the user, who comes first, from another one. */
  asksAsDeveloper(logins: readonly VerifiedLogin[], isNamed: boolean): void {
    this.proved(logins);
    (isNamed ? this.#pinned : this.#unpinned).add(idsOf(logins));
  }

  get hasDeveloperMerges(): boolean {
    return this.#developerMerges.size > 0;
  }

  asksToDelete(identityId: IdentityId): void {
    this.#deletes.add(identityId);
  }

  asksToImport(lines: readonly FileLine[], identityPoolId: IdentityPoolId): void {
    for (const identityId of this.imports.asked(lines, identityPoolId)) this.#deletes.add(identityId as IdentityId);
  }

  /** An identity is told what an import says of it. */
  restores(order: RestoreOrder): void {
    const linked = this.imports.restores(order);
    if (linked !== null) this.#orders.push(linked);
  }

  /** What is judged in a deployment that is restored from an export of another. */
  goOnFrom(other: Judge): void {
    this.bars.goOnFrom(other.bars);
  }

  // What happened.

  stored(name: string, before: unknown, after: unknown): void {
    const slot = this.#world.identities.get(name);
    const { steps } = this.#world.network;
    if (this.#earlier[0]?.step !== steps) this.#earlier = [];
    if (slot !== undefined) this.#earlier.push({ step: steps, name, record: before as StoredRecord | null });
    if (slot !== undefined) this.#step(name, before as StoredRecord | null, after as StoredRecord | null);
    const isOfOwners =
      slot === undefined
        ? this.#world.logins.has(name)
        : isOwnershipChanged(before as StoredRecord | null, after as StoredRecord | null);
    if (isOfOwners) this.#owners();
  }

  /**
   * Invariant names-what-was-verified: a grant names an identity that holds every login it was proved with, at that very
   * instant.
   */
  granted(identityId: IdentityId, grant: Grant, logins: readonly VerifiedLogin[]): void {
    const records = this.#versions(identityId);
    const objections = records.map((record) => this.#objection(identityId, record, logins));
    // Calls that go on in one event are told apart by their storage steps: the grant must fit one of those states.
    if (!objections.includes(null)) this.#violate(objections[0] ?? "");
    const verified = logins.map(({ loginId }) => loginId).join();
    const named = grant.logins.map(({ loginId }) => loginId).join();
    if (grant.identityId !== identityId || named !== verified)
      this.#violate(`names-what-was-verified: the grant of ${identityId} names ${named}`);
  }

  #objection(identityId: IdentityId, record: StoredRecord | null, logins: readonly VerifiedLogin[]): string | null {
    if (record !== null && this.#isSuperseded(record)) return `no-way-back: ${identityId} granted and is merged`;
    return objectionTo(identityId, record, logins);
  }

  /** What an identity stored at any moment of this very event. */
  #versions(identityId: IdentityId): readonly (StoredRecord | null)[] {
    const earlier = this.#earlier.filter((one) => one.step === this.#world.network.steps && one.name === identityId);
    return [this.#stored(identityId), ...earlier.map((one) => one.record)];
  }

  /** A call that was done may be answered so once more, whatever was linked since. */
  unlinked(identityId: IdentityId, callKey: string | null, isToGo: (login: LinkedLogin) => boolean): void {
    const isGone = this.#versions(identityId).some((record) => record?.logins.some(isToGo) !== true);
    if (!isGone && !this.unlinks.wasDone(identityId, callKey))
      this.#violate(`acknowledged-is-kept: ${identityId} said that it unlinked what it holds`);
  }

  /**
   * Invariant no-way-back: what is said of an identity that was merged when it was asked, though it may not have heard of
   * it.
   */
  described(identityId: IdentityId, isDisabled: boolean, wasMerged: boolean): void {
    if (wasMerged && !isDisabled) this.#violate(`no-way-back: ${identityId} says that it is not merged`);
  }

  isMerged(name: string): boolean {
    const record = this.#stored(name);
    return record !== null && (record.standing.kind === "merged" || this.#isSuperseded(record));
  }

  saidDisabled(identityId: IdentityId, isDisabled: boolean): void {
    this.disabling.said(identityId, isDisabled, this.#versions(identityId));
  }

  removed(identityId: IdentityId): void {
    const record = this.#stored(identityId);
    if (record !== null && isVisible(record)) this.#violate(`acknowledged-is-kept: ${identityId} said it is deleted`);
  }

  #stored(identityId: string): StoredRecord | null {
    return this.#world.identities.get(identityId)?.stored ?? null;
  }

  #violate(words: string): void {
    this.#world.network.violate(words);
  }

  /** Merged already, though it has not heard of it: its coordinator has committed. */
  #isSuperseded(record: StoredRecord): boolean {
    if (record.freeze === null) return false;
    const transaction = this.#stored(record.freeze.coordinator)?.transaction;
    return transaction?.id === record.freeze.transactionId && transaction.phase === "committed";
  }

  /**
   * Invariants one-owner and all-or-nothing: one owner each, and the login's object never says that a held login is free or
   * somebody else's.
   */
  #owners(): void {
    const owners = new Map<string, string>();
    for (const [name, { stored: record }] of this.#world.identities) {
      if (record === null || record.logins.length === 0 || this.#isSuperseded(record)) continue;
      for (const { loginId } of record.logins) {
        const other = owners.get(loginId);
        if (other !== undefined) this.#violate(`one-owner: ${loginId} has two owners, ${other} and ${name}`);
        owners.set(loginId, name);
        const state = this.#world.logins.get(loginId)?.stored ?? null;
        const isOwner = state?.owner?.identityId === name;
        const { transaction } = record;
        const isReserved = transaction?.phase === "committed" && state?.reservation?.transactionId === transaction.id;
        if (!isOwner && !isReserved)
          this.#violate(`all-or-nothing: ${name} holds ${loginId}, and the login does not know`);
      }
    }
  }

  #step(name: string, before: StoredRecord | null, after: StoredRecord | null): void {
    this.merges.changed(name, before, after);
    this.imports.stored(name, before, after);
    if (before === null && this.#everVisible.has(name)) this.#violate(`fresh-ids: the id ${name} is used again`);
    if (after === null) {
      if (before !== null) this.#erased(name, before);
      return;
    }
    const lapse = lapseOfLife(before, after);
    if (lapse !== null) this.#violate(`told-as-it-was: ${name} ${lapse}`);
    if (isVisible(after) || after.standing.kind === "deleted") this.#everVisible.add(name);
    const from = before?.standing.kind ?? "unborn";
    const to = after.standing.kind;
    if (from !== to && RANKS[to] <= RANKS[from]) this.#violate(`no-way-back: ${name} went from ${from} to ${to}`);
    if ((to === "linked") !== after.logins.length > 0)
      this.#violate(`both-sides-agree: ${name} is ${to} with ${after.logins.length} logins`);
    const mixUp = before?.logins === after.logins ? null : mixUpOf(after.logins);
    if (mixUp !== null) this.#violate(`one-user-of-a-provider: ${name} ${mixUp}`);
    if (before?.logins !== after.logins) this.pools.identityStored(name, after);
    const isMerged = before === null ? this.imports.isMade(before, after) : this.#isSuperseded(before);
    if (to === "merged" && from !== "merged" && !isMerged) {
      this.#violate(`no-way-back: ${name} is merged, and nobody has merged it`);
    }
    if (
      to === "deleted" &&
      from !== to &&
      !this.pools.mayBeGone(after.identityPoolId) &&
      !this.#deletes.has(after.identityId)
    ) {
      this.#violate(`no-theft: ${name} is deleted, and nobody asked for it`);
    }
    const held = before?.logins ?? [];
    const added = after.logins.filter((login) => !held.some((other) => other.loginId === login.loginId));
    const lost = held.filter((login) => !after.logins.some((other) => other.loginId === login.loginId));
    const { transaction } = after;
    // What comes before the commit is in memory alone, so that it is the first step that shows its transaction.
    const isCommit = transaction !== null && transaction.id !== before?.transaction?.id;
    if (isCommit) this.#committed(name, before, after, added);
    else if (added.length > 0) this.#violate(`no-gift: ${name} gained ${added[0]?.loginId} without a transaction`);
    this.unlinks.stored(name, before, after);
    this.disabling.stored(name, before, after, this.imports.isMade(before, after));
    if (lost.length > 0 && to !== "merged" && to !== "deleted" && before !== null)
      this.unlinks.lost(name, before, lost);
  }

  #erased(name: string, before: StoredRecord): void {
    const { kind } = before.standing;
    const ageSeconds = this.#world.network.nowMs / 1000 - before.modifiedAt;
    const isOver = kind === "deleted" && ageSeconds >= TOMBSTONE_SECONDS - CLOCK_SLACK_SECONDS;
    if (kind !== "unborn" && !isOver) this.#violate(`acknowledged-is-kept: ${name} vanished while it was ${kind}`);
  }

  /**
   * Invariants no-theft, no-gift and one-claim: a commit does what one request asked for, and that request had proved that
   * it may.
   */
  #committed(name: string, before: StoredRecord | null, after: StoredRecord, added: readonly LinkedLogin[]): void {
    const { id = "", absorbed = [], phase } = after.transaction ?? {};
    if (phase !== "committed") this.#violate(`one-claim: ${name} stored a transaction that is ${phase}`);
    this.links.add(id);
    const victims = absorbed.flatMap((identityId) => this.#stored(identityId) ?? []);
    if (added.length + absorbed.length === 0 || absorbed.some((identityId) => identityId === name)) {
      this.#violate(`no-second-effect: ${name} committed a transaction that does nothing`);
    }
    for (const identityId of absorbed) {
      const victim = this.#stored(identityId);
      if (victim?.freeze?.transactionId !== after.transaction?.id)
        this.#violate(`no-theft: ${name} took ${identityId}, which did not stand still`);
    }
    const handedOver = victims.flatMap((victim) => victim.logins);
    const missing = handedOver.find(({ loginId }) => !after.logins.some((login) => login.loginId === loginId));
    if (missing !== undefined)
      this.#violate(`acknowledged-is-kept: ${missing.loginId} is lost in the merge into ${name}`);
    const orders = this.#orders.filter((order) => {
      const proved = new Set(order.logins.map((login) => login.loginId));
      const isSameOrder = this.#leadsTo(order.identityId, name) && order.absorb.join() === absorbed.join();
      const isWhole = order.logins.every(({ loginId }) => after.logins.some((login) => login.loginId === loginId));
      // By the word of the source, of which its own judge knows whether it was given.
      const vouched = new Set(order.adopts?.flatMap(({ identityIds }) => identityIds));
      const isOwn =
        before?.standing.kind === "linked"
          ? before.logins.some(({ loginId }) => proved.has(loginId))
          : absorbed.length === 0;
      const areProved = victims.every(({ identityId, standing, logins }) => {
        const isOfSource = vouched.has(identityId) || standing.kind === "guest";
        return isOfSource || logins.some(({ loginId }) => proved.has(loginId));
      });
      const isFromRequest = added.every(
        ({ loginId }) => proved.has(loginId) || handedOver.some((login) => login.loginId === loginId),
      );
      return isSameOrder && isWhole && (isOwn || vouched.has(name as IdentityId)) && areProved && isFromRequest;
    });
    if (orders.length === 0) this.#violate(`no-gift: ${name} committed what no request has proved`);
    const mayMerge =
      this.#world.mergePolicy === "merge" || orders.some(({ logins }) => this.#developerMerges.has(idsOf(logins)));
    const linked = victims.find(({ standing }) => standing.kind === "linked");
    if (linked !== undefined && !mayMerge) this.#violate(`no-theft: ${name} merged ${linked.identityId}`);
    const user = orders.every((order) => this.#isPinned(order)) ? orders[0]?.logins[0] : undefined;
    if (victims.some(({ logins }) => logins.some(({ loginId }) => loginId === user?.loginId))) {
      this.#violate(`no-theft: ${name} took ${user?.loginId} by a call that only names an identity`);
    }
    const held = new Set(before?.logins.map(({ loginId }) => loginId));
    // An import proves nothing.
    const isProved = orders.some((order) => {
      return order.restores === undefined && order.logins.some(({ loginId }) => held.has(loginId));
    });
    this.bars.gained(name, added, isProved, absorbed);
    // An order without one counts as well: of several that ask for the same, nobody knows whose it was.
    const callIds = new Set(orders.map(({ callId }) => callId ?? ""));
    for (const identityId of absorbed) this.merges.absorbed(identityId, name, callIds);
  }

  #isPinned({ logins }: LinkOrder): boolean {
    return this.#pinned.has(idsOf(logins)) && !this.#unpinned.has(idsOf(logins));
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
}
