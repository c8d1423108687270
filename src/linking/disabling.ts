/**
 * An operator's word on whether an identity may be used at all. It holds whatever the standing, and from its one storage step on;
 * the logins stay where they are, so that nobody else gains them, and everything is as it was once the word is taken back.
 */
import { isVisible } from "../domain/identity.ts";
import type { IdentityId } from "../domain/identifiers.ts";
import { refused } from "../domain/refusals.ts";
import { type ChangeReply, change, type IdentityParts } from "./identity-calls.ts";
import type { IdentityRecord } from "./identity-record.ts";
import { withFacts } from "./life.ts";
import { obstacleOf } from "./removal.ts";

export type DisableOrder = {
  /** What it is to be. */
  readonly isDisabled: boolean;
  /** Id of the key that signed for it. */
  readonly by: string;
  /** Pools of that key's credential. */
  readonly allowedPools: readonly string[] | "*";
};

/** DisableIdentity and EnableIdentity; idempotent. Waits for an open transaction, so that no link of before commits after it. */
export async function setDisabled(
  parts: IdentityParts,
  identityId: IdentityId,
  { isDisabled, by, allowedPools }: DisableOrder,
): Promise<ChangeReply> {
  return await change(parts, (record) => {
    if (record === null || !isVisible(record)) return refused({ kind: "identity-not-found", identityId });
    if (allowedPools !== "*" && !allowedPools.includes(record.identityPoolId)) {
      return refused({ kind: "pool-not-allowed" });
    }
    const obstacle = obstacleOf(record);
    if (obstacle !== null) return obstacle;
    const { standing } = record;
    // Its user goes on under the other id: "done" would be taken for the end of that.
    if (standing.kind === "merged") return refused({ kind: "identity-merged", identityId, into: standing.into });
    return (record.isDisabled === true) === isDisabled ? record : told(record, isDisabled, by, parts.host.now());
  });
}

function told(record: IdentityRecord, isDisabled: boolean, by: string, now: number): IdentityRecord {
  const { isDisabled: _, ...rest } = record;
  const changed: IdentityRecord = { ...rest, modifiedAt: now, ...(isDisabled && { isDisabled }) };
  return withFacts(changed, [{ kind: isDisabled ? "disabled" : "enabled", by }], now);
}
