/**
 * Identities that were born at a source, and the logins that it says they have: who may claim such an id, and what the word of the
 * source is worth to an identity that is here already. Pure.
 */
import { holds } from "../domain/identity.ts";
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import type { Login, VerifiedLogin } from "../domain/login.ts";
import { freezeOf } from "./absorption.ts";
import type { IdentityRecord, Origin } from "./identity-record.ts";
import type { LinkOrder } from "./link-order.ts";
import type { Busy, Vouched } from "./messages.ts";

/** How an id that the source names stands here. */
export type StandingHere =
  | { readonly kind: "unknown" }
  | {
      readonly kind: "live";
      readonly origin: Origin;
      /** Providers by whose logins the source cannot claim it. */
      readonly barred: readonly string[];
    }
  | { readonly kind: "merged"; readonly into: IdentityId }
  /** Closed, deleted, or of another pool: never to be used again by the word of the source. */
  | { readonly kind: "spent" }
  | Busy;

export function standingHere(record: IdentityRecord | null, identityPoolId: IdentityPoolId): StandingHere {
  if (record === null) return { kind: "unknown" };
  if (record.identityPoolId !== identityPoolId) return { kind: "spent" };
  const { standing, origin, barred } = record;
  const busy = freezeOf(record);
  if (busy !== null) return busy;
  switch (standing.kind) {
    case "unborn":
      return { kind: "unknown" };
    case "guest":
    case "linked":
      return { kind: "live", origin, barred };
    case "merged":
      return { kind: "merged", into: standing.into };
    case "closed":
    case "deleted":
      return { kind: "spent" };
  }
}

/** Most names of an identity that bar a provider. */
const MAX_BARRED = 20;

/**
 * Names of the providers that the pool's source has; null in a pool that never had a source, where nothing of what was is
 * remembered.
 */
export function providersAtSource({ source, hadSource }: Pick<IdentityPool, "source" | "hadSource">): Providers {
  return source?.providers ?? (hadSource === true ? [] : null);
}

/** The same for what one identity lets go: one that came from a source did so also where the pool is given its source only later. */
export function providersToRemember(
  { origin }: Pick<IdentityRecord, "origin">,
  pool: Pick<IdentityPool, "source" | "hadSource">,
): Providers {
  return providersAtSource(pool) ?? (origin === "source" ? [] : null);
}

export type Providers = readonly string[] | null;

/** What an order of the pool says of it. */
export function remembering(pool: Pick<IdentityPool, "source" | "hadSource">): Pick<LinkOrder, "remembers"> {
  return providersAtSource(pool) === null ? {} : { remembers: true };
}

/**
 * The record `after` logins were let go that it had `before`: they are never asked about again, and by none of the named providers
 * can the source claim the identity from then on.
 */
export function withMemory(
  before: IdentityRecord,
  after: IdentityRecord,
  namedProviders: readonly string[],
  atSource: Providers,
): IdentityRecord {
  if (atSource === null) return after;
  const lost = after.releases.filter((release) => !before.releases.includes(release));
  const added = namedProviders.filter((name) => {
    const isMeant = atSource.includes(name) || lost.some(({ providerName }) => providerName === name);
    const isHeld = after.logins.some(({ providerName }) => providerName === name);
    return isMeant && !isHeld && !after.barred.includes(name);
  });
  if (lost.length === 0 && added.length === 0) return after;
  const releases = after.releases.map((release) =>
    lost.includes(release) ? { ...release, remember: true as const } : release,
  );
  return { ...after, releases, barred: joinedBars(after.barred, added) };
}

/** Of an identity and of another that it absorbs, too: what was let go there is let go here (invariant never-comes-back). */
export function joinedBars(barred: readonly string[], others: readonly string[]): readonly string[] {
  return [...new Set([...barred, ...others])].slice(-MAX_BARRED);
}

/** Whoever has proved a login of the identity may have back what it barred, and by nobody else does it come. */
export function unheldBars(logins: readonly Login[], barred: readonly string[]): readonly string[] {
  return barred.filter((name) => !logins.some(({ providerName }) => providerName === name));
}

/** Ids of the logins that the source has said to be this identity's; undefined where it has said nothing of it. */
export function vouchedFor({ adopts = [] }: LinkOrder, identityId: IdentityId): readonly string[] | undefined {
  const adoptions = adopts.filter(({ identityIds }) => identityIds.includes(identityId));
  return adoptions.length === 0 ? undefined : adoptions.flatMap(({ loginIds }) => loginIds);
}

/** The same, as the identity itself is told. */
export function vouchedOf(order: LinkOrder, identityId: IdentityId): Vouched | undefined {
  const loginIds = vouchedFor(order, identityId);
  if (loginIds === undefined) return undefined;
  return { loginIds, providerNames: [...new Set(order.logins.map(({ providerName }) => providerName))] };
}

/**
 * Whether a proof of the login speaks for the identity: it is its own, or the source says so. Of nothing that the identity has let
 * go, and of no provider that it bars, the source has a say (invariant never-comes-back).
 */
export function speakerFor(record: IdentityRecord, order: LinkOrder): (loginId: string) => boolean {
  const vouched = vouchedFor(order, record.identityId);
  const isBarred = order.logins.some(
    ({ loginId, providerName }) => !holds(record, loginId) && record.barred.includes(providerName),
  );
  return (loginId) => holds(record, loginId) || (!isBarred && vouched?.includes(loginId) === true);
}

/**
 * Whether the source may have to be asked before any of the logins is linked to the identity. Of one that was born here and has
 * logins it has no say.
 */
export function mayBeAtSource(
  record: IdentityRecord,
  { source }: Pick<IdentityPool, "source">,
  logins: readonly VerifiedLogin[],
): boolean {
  if (source === undefined || (record.origin === "here" && record.standing.kind === "linked")) return false;
  return logins.some(({ loginId, providerName }) => {
    return !holds(record, loginId) && source.providers.includes(providerName);
  });
}
