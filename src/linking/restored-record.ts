/** The record of an identity that an export has told of, and that is made again without a login: pure. */
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import { beginningOf, type IdentityRecord, newRecord } from "./identity-record.ts";
import type { Restored } from "./link-order.ts";
import { type Fact, withFacts } from "./life.ts";

/** How an identity without logins stands. */
export type StandingWithoutLogins =
  | { readonly kind: "guest" | "closed" }
  | { readonly kind: "merged"; readonly into: IdentityId };

/** What is said of it here is said as of `now`, in epoch seconds: its life before was told elsewhere. */
export function restoredRecord(
  identityId: IdentityId,
  identityPoolId: IdentityPoolId,
  standing: StandingWithoutLogins,
  restores: Restored,
  now: number,
): IdentityRecord {
  const record: IdentityRecord = {
    ...newRecord(identityId, identityPoolId, { kind: "unborn" }, now, restores.origin),
    ...keptOf(restores),
    createdAt: restores.createdAt ?? now,
    standing,
    listing: "to-add",
  };
  return withFacts(record, [beginningOf(record), ...endOf(standing)], now);
}

/** The members of a record that are as they were. */
export function keptOf(restores: Restored | undefined): Pick<Partial<IdentityRecord>, "barred" | "isDisabled"> {
  if (restores === undefined) return {};
  const { barred, isDisabled } = restores;
  return { barred, ...(isDisabled === true && { isDisabled }) };
}

function endOf(standing: StandingWithoutLogins): readonly Fact[] {
  if (standing.kind === "guest") return [];
  return standing.kind === "merged" ? [{ kind: "merged", other: standing.into }] : [{ kind: "closed" }];
}
