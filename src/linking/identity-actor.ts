/**
 * One identity, as everybody calls it: who is let in, what is said to it, and what it says. Everything that it does to others
 * goes through its host, so that the same class runs in IdentityObject and in the simulation. It holds no gate across a call.
 */
import type { GrantWish } from "../domain/grant-access.ts";
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import {
  type ClientCall,
  describe,
  developerUsersOf,
  type IdentityDescription,
  isVisible,
} from "../domain/identity.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import type { VerifiedLogin } from "../domain/login.ts";
import { judgeStanding, permitsFlow } from "../domain/mint-rules.ts";
import { inWords, refused } from "../domain/refusals.ts";
import type { Traced } from "../domain/trace.ts";
import { freezeOf } from "./absorption.ts";
import { type Providers, providersToRemember } from "./adoption.ts";
import { type DisableOrder, setDisabled } from "./disabling.ts";
import {
  type ChangeReply,
  type GrantReply,
  grantToGuest,
  grantToLogins,
  grantToOwnProof,
  linkHere,
  type LinkReply,
  type OwnProof,
} from "./identity-calls.ts";
import { type ExportedIdentity, exportedIdentity } from "./identity-export.ts";
import type { IdentityHost, PresentedLogins } from "./identity-host.ts";
import { type IdentityReport, identityReportOf } from "./identity-report.ts";
import { type IdentityRecord, mergedDuring, newRecord, type Origin } from "./identity-record.ts";
import { IdentityPeer } from "./identity-peer.ts";
import { Links } from "./links.ts";
import type { LinkOrder } from "./link-order.ts";
import { type RestoreOrder, type RestoreReply, restore } from "./restoration.ts";
import { bury, removeIdentity, unlinkDeveloperUser, unlinkLogins } from "./removal-calls.ts";

/** Nobody can be told what a frozen identity is while its coordinator cannot be asked: the call fails. */
export class CoordinatorUnreachable extends Error {}

type Admission = GrantReply | { readonly kind: "admitted"; readonly pool: IdentityPool };

export class IdentityActor extends IdentityPeer {
  readonly #parts;

  /** `stored` is the record as a former life left it, whose open transaction nobody drives any more. */
  constructor(host: IdentityHost, stored: IdentityRecord | null) {
    super(host, stored);
    this.#parts = { host, kept: this.kept, links: new Links(host, this.kept, this.deliveries) };
  }

  /** The pool of the identity, also of one that nobody can see any more; null when there is none. */
  get #identityPoolId(): IdentityPoolId | null {
    return this.kept.value?.identityPoolId ?? null;
  }

  /**
   * What a client that presents logins, or none, is given of its wish: for a returning user nothing is written, and nobody else
   * called. Where the pool has no role for it, or a tag that cannot be, that is all that comes of it.
   */
  async grant(
    identityId: IdentityId,
    presented: PresentedLogins,
    call: ClientCall,
    wish: GrantWish,
  ): Promise<GrantReply> {
    const { tokens } = presented;
    // Beside the question for the pool. Never for what only a stranger's token names: this pool has let these providers in.
    presented.begin(this.kept.value?.logins ?? []);
    // Who presents no login is nobody that a merge could send on.
    const admitted = await this.#admit(identityId, tokens.size > 0 ? call : null);
    if (admitted.kind !== "admitted") return admitted;
    const { pool } = admitted;
    presented.presentTo(pool);
    const permitted = permitsFlow(wish.flow, pool, tokens.keys());
    if (!permitted.ok) return refused(permitted.error);
    if (tokens.size === 0) return grantToGuest(this.#parts, identityId, pool, wish);
    const verified = await presented.verifyForGrant(pool, wish, this.#admitQuestion);
    if (!verified.ok) return inWords(verified.error);
    const { logins, access } = verified.value;
    if (!access.ok) return refused(access.error);
    return await this.#deliveringAfter(grantToLogins(this.#parts, identityId, pool, logins, access.value));
  }

  /** Logins that nobody need verify again: those of a signed call, or of an attempt before that found something in its way. */
  async grantVerified(
    identityId: IdentityId,
    identityPoolId: IdentityPoolId,
    logins: readonly VerifiedLogin[],
    call: ClientCall,
  ): Promise<GrantReply> {
    const admitted = await this.#admit(identityId, call);
    if (admitted.kind !== "admitted") return admitted;
    // T37: an identity of another pool is none.
    if (admitted.pool.identityPoolId !== identityPoolId) {
      return refused({ kind: "identity-not-found", identityId });
    }
    return await this.#deliveringAfter(grantToLogins(this.#parts, identityId, admitted.pool, logins));
  }

  /** Credentials for a token of this service. Whoever was merged since is not sent on: the token is the absorbed one's. */
  async grantToOwnProof(identityId: IdentityId, proof: OwnProof): Promise<GrantReply> {
    const admitted = await this.#admit(identityId, null);
    if (admitted.kind !== "admitted") return admitted;
    return grantToOwnProof(this.#parts, identityId, admitted.pool, proof);
  }

  /** Brings logins together here that were verified before; `draws` when a token is to be minted for this identity. */
  async link(order: LinkOrder, logins: readonly VerifiedLogin[], draws: boolean): Promise<LinkReply> {
    return await this.#deliveringAfter(linkHere(this.#parts, order, logins, draws));
  }

  /** GetId for a guest, here or at the source. False when the id was ever used, which a random id is not. */
  createGuest(identityId: IdentityId, identityPoolId: IdentityPoolId, origin: Origin = "here"): boolean {
    // An id that was ever used is never made again: a repeated or late message changes nothing (invariant fresh-ids).
    const isNew = this.kept.value === null;
    if (isNew) this.kept.write(newRecord(identityId, identityPoolId, { kind: "guest" }, this.host.now(), origin));
    this.deliveries.later();
    return isNew;
  }

  // `callKey` as of domain/identity.ts; a Worker of the release before says none.

  async unlink(
    identityId: IdentityId,
    presented: PresentedLogins,
    providerNames: readonly string[],
    callKey: string | null = null,
  ): Promise<ChangeReply> {
    const notFound = refused({ kind: "identity-not-found", identityId });
    const record = this.kept.value;
    if (record === null || !isVisible(record)) return notFound;
    const busy = freezeOf(record);
    if (busy !== null) return busy;
    presented.begin(record.logins);
    const pool = await this.host.readPool(record.identityPoolId);
    if (pool === null) return notFound;
    presented.presentTo(pool);
    const verified = await presented.verify(pool, this.#admitQuestion);
    if (!verified.ok) return inWords(verified.error);
    const atSource = providersToRemember(record, pool);
    const reply = await this.#deliveringAfter(
      unlinkLogins(this.#parts, identityId, verified.value, providerNames, callKey, atSource),
    );
    const isKnownThere = record.origin === "source" && pool.source !== undefined;
    return reply.kind === "done" && isKnownThere ? { ...reply, source: pool.source } : reply;
  }

  async unlinkDeveloperUser(
    identityId: IdentityId,
    identityPoolId: IdentityPoolId,
    loginId: string,
    callKey: string | null = null,
  ): Promise<ChangeReply> {
    if (this.#identityPoolId !== identityPoolId) return refused({ kind: "identity-not-found", identityId });
    const atSource = await this.#providersAtSource();
    return await this.#deliveringAfter(unlinkDeveloperUser(this.#parts, identityId, loginId, callKey, atSource));
  }

  // The traces of these two say of which pool the identity was.

  /** Deletes the identity for good; `allowedPools` are those of the caller's credential. A pool that is swept goes before it. */
  async remove(
    identityId: IdentityId,
    allowedPools: readonly string[] | "*",
    isSwept = false,
  ): Promise<Traced<ChangeReply>> {
    const record = this.kept.value;
    const isOfUser = record !== null && (record.logins.length > 0 || record.transaction !== null);
    const isKept = !isSwept && (isOfUser || record?.origin === "source");
    const atSource = isKept ? await this.#providersAtSource() : null;
    return await this.#traced(removeIdentity(this.#parts, identityId, allowedPools, atSource));
  }

  /** An id that the source, or an import, could name is never to live here. */
  async bury(identityId: IdentityId, identityPoolId: IdentityPoolId): Promise<ChangeReply> {
    return await this.#deliveringAfter(bury(this.#parts, identityId, identityPoolId));
  }

  /** An identity that an export or an import tells of. */
  async restore(order: RestoreOrder): Promise<RestoreReply> {
    return await this.#deliveringAfter(restore(this.#parts, order));
  }

  /** Whether the identity may be used at all, by an operator's word. */
  async setDisabled(identityId: IdentityId, order: DisableOrder): Promise<Traced<ChangeReply>> {
    return await this.#traced(setDisabled(this.#parts, identityId, order));
  }

  /** Null when the identity is not there for callers to see. Throws CoordinatorUnreachable. */
  async describe(): Promise<{ identityPoolId: IdentityPoolId; description: IdentityDescription } | null> {
    const identity = await this.#unfrozenIdentity();
    return identity && { identityPoolId: identity.identityPoolId, description: describe(identity) };
  }

  /** As it is at this moment, also frozen, disabled or deleted: asks nobody, and changes nothing. Null where there never was one. */
  describeInFull(): IdentityReport | null {
    return identityReportOf(this.kept.value, this.host.limit.level());
  }

  /** Also of one that was deleted, as long as its tombstone stays; null where there never was one. Throws CoordinatorUnreachable. */
  async exported(): Promise<ExportedIdentity | null> {
    await this.#unfrozenIdentity();
    return exportedIdentity(this.kept.value);
  }

  /** Null when the identity is not there for callers to see, or of another pool. Throws CoordinatorUnreachable. */
  async developerUsers(identityPoolId: IdentityPoolId): Promise<{ userIdentifiers: readonly string[] } | null> {
    const identity = await this.#unfrozenIdentity();
    return identity?.identityPoolId === identityPoolId ? { userIdentifiers: developerUsersOf(identity) } : null;
  }

  /** Whether the identity may be used at all, judged after the wait for its pool: a merge may have come meanwhile. */
  async #admit(identityId: IdentityId, call: ClientCall | null): Promise<Admission> {
    const notFound = refused({ kind: "identity-not-found", identityId });
    const named = this.kept.value;
    if (named === null || named.standing.kind === "unborn") {
      // One that another absorbs before it was known here is that one in a moment, and the source knows it no more.
      return (named && freezeOf(named)) ?? { ...notFound, isUnknown: true };
    }
    if (!isVisible(named)) return notFound;
    const pool = await this.host.readPool(named.identityPoolId);
    if (pool === null) return notFound;
    const record = this.kept.value;
    const standing = judgeStanding(record, identityId);
    // A frozen identity says nothing before it is free: no login is verified for that, least of all by its provider.
    if (standing.ok) return freezeOf(standing.value) ?? { kind: "admitted", pool };
    const into = record === null || call === null ? null : mergedDuring(record, call);
    return into === null ? refused(standing.error) : { kind: "merged", into };
  }

  /** What the identity's rate would refuse afterwards costs no provider a call. Nothing is drawn before the proof (T48). */
  readonly #admitQuestion = () => this.host.limit.look();

  async #providersAtSource(): Promise<Providers> {
    const record = this.kept.value;
    const pool = record && (await this.host.readPool(record.identityPoolId));
    return record === null || pool === null ? null : providersToRemember(record, pool);
  }

  /** What a frozen identity is, its coordinator knows. */
  async #unfrozenIdentity(): Promise<IdentityRecord | null> {
    if (!(await this.deliveries.askAboutFreeze())) {
      throw new CoordinatorUnreachable("the coordinator of a merge cannot be asked");
    }
    const record = this.kept.value;
    return record !== null && isVisible(record) ? record : null;
  }

  async #traced(change: Promise<ChangeReply>): Promise<Traced<ChangeReply>> {
    const identityPoolId = this.#identityPoolId;
    const reply = await this.#deliveringAfter(change);
    return identityPoolId === null ? reply : { ...reply, trace: { identityPoolId } };
  }

  /** Whatever came of a call, those who must hear of it are told after the answer. */
  async #deliveringAfter<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } finally {
      this.deliveries.later();
    }
  }
}
