/**
 * A pool at Cognito that a pool of this service takes over, as one call may ask it: by the very call that its client made, whose
 * tokens the party holds and nobody here sees.
 */
import type { Result } from "../domain/errors.ts";
import type { GrantAccess } from "../domain/grant.ts";
import type { IdentityId, IdentityPoolId } from "../domain/identifiers.ts";
import type { VerifiedLogin } from "../domain/login.ts";
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

/** What one call may ask of the pools that this service takes over. */
export type Sources = {
  /** The source of the pool, asked by the logins that the call presents; null where it has none any more. */
  of(identityPoolId: IdentityPoolId): Promise<SourceParty | null>;
  /**
   * Of an id that nothing here was ever stored of: the one pool that it may be of, whose source is to be asked, and the logins as
   * verified there. Null where there is no such pool.
   */
  meet(identityId: IdentityId): Promise<Result<Met | null, Refusal>>;
};

export type Met = GrantAccess & {
  readonly identityPoolId: IdentityPoolId;
  readonly logins: readonly VerifiedLogin[];
  readonly source: SourceParty;
};

export type Located = { readonly identityId: IdentityId; readonly sourcePoolId: IdentityPoolId };

/** Asks each question once, and counts each fact once, however often the call is attempted: remembered for this call alone. */
export function askingOnce(source: SourceParty): SourceParty {
  const answers = new Map<string, ReturnType<SourceParty["ask"]>>();
  const counted = new Set<SourceFact>();
  return {
    ...source,
    count: (fact) => {
      if (!counted.has(fact)) source.count(fact);
      counted.add(fact);
    },
    ask: async (identityId, logins) => {
      const question = `${logins} ${identityId ?? ""}`;
      const known = answers.get(question) ?? source.ask(identityId, logins);
      answers.set(question, known);
      return await known;
    },
  };
}
