/** The half of an identity's actor that other objects speak with: messages.ts. It keeps the record, and sends what is owed. */
import type { IdentityPoolId } from "../domain/identifiers.ts";
import { holds } from "../domain/identity.ts";
import { freeze, freezeOf, thaw } from "./absorption.ts";
import { type StandingHere, standingHere } from "./adoption.ts";
import { Deliveries } from "./deliveries.ts";
import type { IdentityHost } from "./identity-host.ts";
import type { IdentityRecord } from "./identity-record.ts";
import { KeptRecord } from "./kept-record.ts";
import type { AskOutcome, ConfirmOwner, Freeze, FreezeReply, Outcome, Reply, Settle } from "./messages.ts";
import { isOwed, outcomeOf, recover } from "./transaction.ts";

export class IdentityPeer {
  protected readonly host: IdentityHost;
  protected readonly kept: KeptRecord;
  protected readonly deliveries: Deliveries;

  /** `stored` is the record as a former life left it, whose open transaction nobody drives any more. */
  constructor(host: IdentityHost, stored: IdentityRecord | null) {
    this.host = host;
    this.kept = new KeptRecord(host, stored);
    this.deliveries = new Deliveries(host, this.kept);
    const recovered = stored === null ? null : recover(stored);
    if (recovered !== null && recovered !== stored) this.kept.write(recovered);
    this.deliveries.later();
  }

  /** How an id that the source names stands here, as one of this pool. Tells nothing of its logins. */
  standingHere(identityPoolId: IdentityPoolId): StandingHere {
    this.deliveries.abortOverdue();
    return standingHere(this.kept.value, identityPoolId);
  }

  freeze(message: Freeze): FreezeReply {
    this.deliveries.abortOverdue();
    const frozen = freeze(this.kept.value, message, this.host.now());
    if (frozen.record !== null && frozen.record !== this.kept.value) this.kept.write(frozen.record);
    return frozen.reply;
  }

  /** The coordinator that froze this identity has decided. */
  settle(message: Settle): void {
    const before = this.kept.value;
    if (before === null) return;
    const decidedAt = message.decidedAt ?? this.host.now();
    const record = thaw(before, message.transactionId, message.outcome, decidedAt);
    if (record !== before) this.kept.write(record);
  }

  /**
   * Whether a link is still this identity's, which alone can judge it. If it is not, the login's object missed its end,
   * and is told before the answer, so that the asker can go on.
   */
  async confirmOwner({ identityId, loginId, linkId }: ConfirmOwner): Promise<Reply> {
    const record = this.kept.value;
    const busy = record === null ? null : freezeOf(record);
    if (busy !== null) return busy;
    // By whichever link: to release a login that is held would let another identity take it.
    const owns = record !== null && holds(record, loginId);
    if (owns) return { kind: "ownership", owns };
    const reply = await this.host.send({ kind: "release", loginId, identityId, linkId });
    return reply.kind === "failed" ? reply : { kind: "ownership", owns };
  }

  /** How a transaction of this identity ended. Sees to it that the asker's participant has heard, too. */
  async outcome(message: AskOutcome): Promise<Outcome | "preparing"> {
    this.deliveries.abortOverdue();
    const outcome = outcomeOf(this.kept.value, message);
    if (outcome === "preparing") return outcome;
    if (isOwed(this.kept.value, message)) {
      await this.deliveries.deliver();
      // One that was under way may have met the participant's silence already.
      if (isOwed(this.kept.value, message)) await this.deliveries.deliver();
    } else {
      const { transactionId, coordinator, participant } = message;
      await this.host.send({ kind: "settle", transactionId, coordinator, participant, outcome });
    }
    return outcome;
  }

  async alarm(): Promise<void> {
    await this.deliveries.alarm();
  }
}
