/**
 * Whom the Worker's half of the link protocol speaks with: identities and logins, of which each call may fail or come twice.
 * The Worker reaches its objects by it, and the simulation those of its network.
 */
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import type { IdentityDescription } from "../domain/identity.ts";
import type { VerifiedLogin } from "../domain/login.ts";
import type { Trace } from "../domain/trace.ts";
import type { LinkReply } from "./identity-calls.ts";
import type { LinkOrder } from "./link-order.ts";
import type { StandingHere } from "./adoption.ts";
import type { Origin } from "./identity-record.ts";
import type { AskOutcome, ConfirmOwner, Outcome, Reply } from "./messages.ts";
import type { LoginView } from "./participant.ts";

export type IdentityParty = {
  /** Brings logins together there; `draws` when a token is to be minted for that identity. */
  link(order: LinkOrder, logins: readonly VerifiedLogin[], draws: boolean): Promise<LinkReply>;
  /** How an id that the source names stands here, as one of this pool. */
  standingHere(identityPoolId: IdentityPoolId): Promise<StandingHere>;
  /** False when the id was ever used. */
  createGuest(identityId: IdentityId, identityPoolId: IdentityPoolId, origin: Origin): Promise<boolean>;
  confirmOwner(message: ConfirmOwner): Promise<Reply>;
  outcome(message: AskOutcome): Promise<Outcome | "preparing">;
  describe(): Promise<{ readonly description: IdentityDescription } | null>;
  developerUsers(identityPoolId: IdentityPoolId): Promise<{ readonly userIdentifiers: readonly string[] } | null>;
};

export type LoginParty = { view(loginId: string): Promise<LoginView> };

export type Parties = {
  readonly objects: {
    identity(identityId: IdentityId): IdentityParty;
    login(loginId: string): LoginParty;
  };
  readonly config: { readonly region: string; readonly mergePolicy: "conflict" | "merge" };
  /** Resolves after so many milliseconds. */
  pause(ms: number): Promise<void>;
  /** Uniform in [0, 1): two that wait for each other must not meet again in step. */
  random(): number;
  /** A random version 4 UUID in lower case: of the next identity that is born. */
  newUuid(): string;
  /** Takes note of what becomes of the call. */
  readonly note?: (trace: Trace) => void;
};
