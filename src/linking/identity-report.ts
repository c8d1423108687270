/** All that an identity's record says, as an operator is told it: ids, dates, names of providers, and no subject but of a developer's users. Pure. */
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import type { BucketLevel } from "../limits/mint-bucket.ts";
import { type IdentityRecord, type LinkTransaction, outbox } from "./identity-record.ts";
import type { LifeEntry } from "./life.ts";
import type { Message } from "./messages.ts";

/** Digits of a login's hash that tell it from the others of an identity, and lead back to no subject. */
const HASH_DIGITS = 12;

/** Instants are epoch seconds. */
export type IdentityReport = {
  readonly identityId: IdentityId;
  readonly identityPoolId: IdentityPoolId;
  readonly standing: "guest" | "authenticated" | "closed" | "merged" | "deleted";
  readonly mergedInto?: IdentityId;
  /** By an operator's word. */
  readonly isDisabled: boolean;
  readonly createdAt: number;
  readonly modifiedAt: number;
  readonly origin: IdentityRecord["origin"];
  readonly barred: readonly string[];
  readonly logins: readonly ReportedLogin[];
  /** Oldest first. */
  readonly life: readonly LifeEntry[];
  /** The link that it coordinates and that is not over for all. */
  readonly transaction?: ReportedTransaction;
  /** Another identity's link, for which it stands still. */
  readonly freeze?: { readonly coordinator: IdentityId; readonly since: number };
  /** What others must still hear; `to` is an identity, or the hash of a login. */
  readonly owed: readonly { readonly kind: Message["kind"]; readonly to?: string }[];
  readonly bucket: BucketLevel;
};

type ReportedLogin = {
  readonly providerName: string;
  readonly loginHash: string;
  readonly linkedAt: number;
  readonly developerUserIdentifier?: string;
};

type ReportedTransaction = Pick<LinkTransaction, "phase" | "startedAt" | "absorbed"> & {
  /** Counts of logins, and of participants that have not heard how it ended. */
  readonly wanted: number;
  readonly unsettled: number;
};

/** Null for one that nobody was ever told of. */
export function identityReportOf(record: IdentityRecord | null, bucket: BucketLevel): IdentityReport | null {
  if (record === null || record.standing.kind === "unborn") return null;
  const { identityId, identityPoolId, createdAt, modifiedAt, standing, origin, barred, life, freeze } = record;
  return {
    identityId,
    identityPoolId,
    standing: standing.kind === "linked" ? "authenticated" : standing.kind,
    ...(standing.kind === "merged" && { mergedInto: standing.into }),
    isDisabled: record.isDisabled === true,
    createdAt,
    modifiedAt,
    origin,
    barred,
    logins: record.logins.map(({ providerName, loginId, linkedAt, isDeveloper, subject }) => ({
      providerName,
      loginHash: hashOf(loginId),
      linkedAt,
      ...(isDeveloper === true && subject !== undefined && { developerUserIdentifier: subject }),
    })),
    life,
    ...(record.transaction !== null && { transaction: reportedTransaction(record.transaction) }),
    ...(freeze !== null && { freeze: { coordinator: freeze.coordinator, since: freeze.since } }),
    owed: outbox(record).map(owedBy),
    bucket,
  };
}

function hashOf(loginId: string): string {
  return loginId.slice(0, HASH_DIGITS);
}

function reportedTransaction({ phase, startedAt, wanted, absorbed, unsettled }: LinkTransaction): ReportedTransaction {
  return { phase, startedAt, absorbed, wanted: wanted.length, unsettled: unsettled.length };
}

function owedBy(message: Message): IdentityReport["owed"][number] {
  const { kind } = message;
  if (kind === "release") return { kind, to: hashOf(message.loginId) };
  if (kind !== "settle") return { kind };
  const { participant } = message;
  return { kind, to: participant.kind === "login" ? hashOf(participant.loginId) : participant.identityId };
}
