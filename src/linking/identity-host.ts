/** What an identity's actor asks of whoever runs it: an object of the platform, or one of the simulation. */
import type { Result, ServiceError } from "../domain/errors.ts";
import type { GrantWish, VerifiedForGrant } from "../domain/grant-access.ts";
import type { IdentityPoolId } from "../domain/identifiers.ts";
import type { IdentityPool } from "../domain/identity-pool.ts";
import type { ProofRule } from "../domain/link-proof.ts";
import type { Login, VerifiedLogin } from "../domain/login.ts";
import type { MintLimit } from "../limits/mint-bucket.ts";
import type { IdentityRecord, LinkTransaction } from "./identity-record.ts";
import type { Message, Reply } from "./messages.ts";

/** Epoch seconds at which the alarm is to come; `none` takes it away, `as it is` leaves it. */
export type AlarmStep = number | "none" | "as it is";

export type IdentityHost = {
  /**
   * One storage step: the record (null erases all that the object stores) and its alarm. Throws what the storage throws,
   * and then nothing is stored. A message sent afterwards must not leave before the step is durable.
   */
  save(record: IdentityRecord | null, alarm: AlarmStep): void;
  /** One storage step: the alarm alone, in epoch seconds. A message sent afterwards must not leave before it is durable. */
  setAlarm(atSeconds: number): Promise<void>;
  /** Delivers a message to its addressee; a call that failed is the reply `failed`, never a throw. */
  send(message: Message): Promise<Reply>;
  /** Begins work once what was stored so far is durable, so that nothing of it is in an answer's way. */
  afterAnswer(work: () => Promise<void>): void;
  /** Epoch seconds. */
  now(): number;
  newTransactionId(): string;
  /** The pool's settings, at most as old as the isolate's memory allows; null when there is none. */
  readPool(identityPoolId: IdentityPoolId): Promise<IdentityPool | null>;
  /** The rate of this identity. */
  readonly limit: MintLimit;
  /** How young a proof must be; absent: any will do. */
  readonly proofRule?: ProofRule;
  /** A link at its commit, for the audit. */
  linked(record: IdentityRecord, link: LinkTransaction): void;
  /** A run of the alarm that failed: the identity is not settled yet. */
  unsettled(cause: unknown): void;
};

/** The login tokens that one call presents. What they are worth, only the host can tell. */
export type PresentedLogins = {
  /** Provider names as the client spells them, and tokens. */
  readonly tokens: ReadonlyMap<string, string>;
  /** Asks ahead for what `verify` will need of the providers of these logins, which the identity has had since before the call. */
  begin(linked: readonly Login[]): void;
  /** Takes note of the pool that they are presented to: the call's log line names it. */
  presentTo(pool: IdentityPool): void;
  /** All of them, or the first refusal. `admitQuestion` is asked before a provider is: what it refuses costs nobody a call. */
  verify(pool: IdentityPool, admitQuestion: () => ServiceError | null): Promise<Result<readonly VerifiedLogin[]>>;
  /** The same for a token or credentials, with what the pool gives for these logins; or why it gives nothing. */
  verifyForGrant(
    pool: IdentityPool,
    wish: GrantWish,
    admitQuestion: () => ServiceError | null,
  ): Promise<Result<VerifiedForGrant>>;
};
