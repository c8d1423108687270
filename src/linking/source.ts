/**
 * A pool at Cognito that a pool of this service takes over, as one call may ask it: by the very call that its client made, whose
 * tokens the party holds and nobody here sees.
 */
import type { Result } from "../domain/errors.ts";
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import type { PoolSource } from "../domain/pool-source.ts";
import type { Refusal } from "../domain/refusals.ts";

/** `public`: all presented logins of the source's providers, which go by tokens. `developer`: the developer user. */
export type AskedLogins = "public" | "developer";

export type SourceFact = "conflict" | "barred";

export type SourceParty = {
  readonly settings: PoolSource;
  /**
   * The identity that the source says to have these logins. Null for `identityId` asks by the logins alone, or for a new guest where
   * none are presented; else the source must prove that the id is theirs, or a guest's. Null as the answer: a developer user that
   * nobody has there. Never rejects.
   */
  ask(identityId: IdentityId | null, logins: AskedLogins): Promise<Result<IdentityId | null, Refusal>>;
  /**
   * The same for an id whose pool is not known: of which source pool among these it is, as the source's token says. Only where the
   * source proves by OpenID tokens.
   */
  locate(identityId: IdentityId, among: readonly IdentityPoolId[]): Promise<Result<Located, Refusal>>;
  /** Counts what became of an answer here: it met the merge policy, or an identity that bars it or is dead. */
  count(fact: SourceFact): void;
};

export type Located = { readonly identityId: IdentityId; readonly sourcePoolId: IdentityPoolId };
