/**
 * An identity as an export has it: all that is needed to make it again in another deployment. Its logins are hashes, and no
 * subject is among it but of a developer's users. Pure.
 */
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import { describe, developerUsersOf } from "../domain/identity.ts";
import type { IdentityRecord } from "./identity-record.ts";
import type { LifeEntry } from "./life.ts";

/** Instants are epoch seconds. */
export type ExportedIdentity = {
  readonly identityId: IdentityId;
  readonly identityPoolId: IdentityPoolId;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly standing: "guest" | "linked" | "closed" | "merged" | "deleted";
  readonly mergedInto?: IdentityId;
  /** By an operator's word. */
  readonly isDisabled: boolean;
  readonly origin: IdentityRecord["origin"];
  readonly barred: readonly string[];
  readonly providerNames: readonly string[];
  readonly developerUsers: readonly string[];
  /** But for the developer's users. */
  readonly logins: readonly { readonly providerName: string; readonly loginId: string; readonly linkedAt: number }[];
  /** Oldest first. */
  readonly life: readonly LifeEntry[];
};

/** Null for one that nobody was ever told of. */
export function exportedIdentity(record: IdentityRecord | null): ExportedIdentity | null {
  if (record === null || record.standing.kind === "unborn") return null;
  const { identityId, identityPoolId, createdAt, modifiedAt, standing, origin, barred, life } = record;
  return {
    identityId,
    identityPoolId,
    createdAt,
    modifiedAt,
    standing: standing.kind,
    ...(standing.kind === "merged" && { mergedInto: standing.into }),
    isDisabled: record.isDisabled === true,
    origin,
    barred,
    providerNames: describe(record).providerNames,
    developerUsers: developerUsersOf(record),
    logins: record.logins
      .filter(({ isDeveloper }) => isDeveloper !== true)
      .map(({ providerName, loginId, linkedAt }) => ({ providerName, loginId, linkedAt })),
    life,
  };
}
