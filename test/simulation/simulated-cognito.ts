/**
 * Cognito as a source of identities, as far as a simulation needs it: its identity pools, who is whose there, and what its public
 * calls answer (facts F4 to F11 of docs/migrate-from-cognito.md). Pure, and no code of ours: it stands for a party that nobody here wrote.
 */
import type { IdentityPoolId } from "../../src/domain/identifiers.ts";
import { DEVELOPER } from "./settings.ts";

export type CognitoPool = { readonly identityPoolId: IdentityPoolId; readonly providers: readonly string[] };

/** Provider names and login tokens, which here are subjects. */
export type Presented = ReadonlyMap<string, string>;

/** As its wire says it: an exception's name with its message. */
export type CognitoError = { readonly error: string; readonly message: string };
export type Named = { readonly identityId: string };
/** An OpenID token's claims, as far as anybody reads them here. */
export type Proved = Named & { readonly aud: string; readonly amr: readonly string[] };

type Known = {
  readonly identityId: string;
  readonly identityPoolId: IdentityPoolId;
  /** `provider/subject` of each login. */
  readonly logins: Set<string>;
  wasLinked: boolean;
  /** The identity that it went into. */
  mergedInto: Known | null;
};

export class Cognito {
  readonly #pools: ReadonlyMap<IdentityPoolId, CognitoPool>;
  readonly #mergesLinked: boolean;
  readonly #newId: () => string;
  readonly #identities = new Map<string, Known>();
  readonly #identityPoolIds = new Map<string, IdentityPoolId>();
  /** Of each pool, by `provider/subject`. */
  readonly #owners = new Map<string, Known>();
  readonly #lastOwners = new Map<string, Known>();
  /** Identities that were linked, and had a part in a merge, an unlink or a deletion, and the logins that went: none is told by the others. */
  readonly #touched = new Set<string>();

  /** `mergesLinked`: whether two linked identities that meet become one; else they conflict. */
  constructor(pools: readonly CognitoPool[], mergesLinked: boolean, newId: () => string) {
    this.#pools = new Map(pools.map((pool) => [pool.identityPoolId, pool]));
    this.#mergesLinked = mergesLinked;
    this.#newId = newId;
  }

  // What judges and old apps know of it.

  /** Also of one that was deleted. */
  poolOf(identityId: string): IdentityPoolId | undefined {
    return this.#identityPoolIds.get(identityId);
  }

  /** The id that a login has there, or had last; null: it never was anybody's. */
  lastOwnerOf(identityPoolId: IdentityPoolId, providerName: string, subject: string): string | null {
    return this.#lastOwners.get(keyOf(identityPoolId, `${providerName}/${subject}`))?.identityId ?? null;
  }

  /** Neither deleted there nor merged into another. */
  isLive(identityId: string): boolean {
    return this.#identities.get(identityId)?.mergedInto === null;
  }

  isTouched(identityId: string): boolean {
    return this.#touched.has(identityId);
  }

  /** Whether it ever was unlinked there, or of an identity that was deleted: who has it may be told by what was said before. */
  isTouchedLogin(identityPoolId: IdentityPoolId, providerName: string, subject: string): boolean {
    return this.#touched.has(keyOf(identityPoolId, `${providerName}/${subject}`));
  }

  // Public calls.

  getId(identityPoolId: IdentityPoolId, presented: Presented): Named | CognitoError {
    const refusal = this.#refusalOf(identityPoolId, presented);
    if (refusal !== null) return refusal;
    const result = this.#bring(identityPoolId, null, loginsOf(presented));
    return "error" in result ? result : { identityId: result.identityId };
  }

  getOpenIdToken(identityId: string, presented: Presented): Proved | CognitoError {
    const named = this.#live(identityId);
    if ("error" in named) return named;
    const { identityPoolId } = named;
    if (presented.size === 0) {
      return named.wasLinked ? forbidden(identityId) : { identityId, aud: identityPoolId, amr: ["unauthenticated"] };
    }
    const refusal = this.#refusalOf(identityPoolId, presented);
    if (refusal !== null) return refusal;
    const result = this.#bring(identityPoolId, named, loginsOf(presented));
    if ("error" in result) return result;
    return { identityId: result.identityId, aud: identityPoolId, amr: ["authenticated", ...presented.keys()] };
  }

  /** The same linking; its answer names no pool. */
  getCredentials(identityId: string, presented: Presented): Named | CognitoError {
    const proved = this.getOpenIdToken(identityId, presented);
    return "error" in proved ? proved : { identityId: proved.identityId };
  }

  unlink(identityId: string, presented: Presented, from: readonly string[]): CognitoError | { readonly isDone: true } {
    const named = this.#live(identityId);
    if ("error" in named) return named;
    if (!loginsOf(presented).some((login) => named.logins.has(login))) return LOGINS_DO_NOT_MATCH;
    for (const login of named.logins) {
      if (!from.includes(providerOf(login))) continue;
      named.logins.delete(login);
      this.#owners.delete(keyOf(named.identityPoolId, login));
      this.#touched.add(keyOf(named.identityPoolId, login));
      this.#touched.add(identityId);
    }
    return { isDone: true };
  }

  // Signed calls.

  lookUp(identityPoolId: IdentityPoolId, user: string): Named | CognitoError {
    const owner = this.#owners.get(keyOf(identityPoolId, `${DEVELOPER}/${user}`));
    return owner === undefined
      ? { error: "ResourceNotFoundException", message: "Developer user identifier not found." }
      : { identityId: owner.identityId };
  }

  /** With a developer's users among the logins, of whom no token is asked; makes an identity where there is none. */
  signIn(identityPoolId: IdentityPoolId, presented: Presented): Named | CognitoError {
    const result = this.#bring(identityPoolId, null, loginsOf(presented));
    return "error" in result ? result : { identityId: result.identityId };
  }

  delete(identityId: string): void {
    const known = this.#identities.get(identityId);
    if (known === undefined) return;
    for (const login of known.logins) {
      this.#owners.delete(keyOf(known.identityPoolId, login));
      this.#touched.add(keyOf(known.identityPoolId, login));
    }
    this.#identities.delete(identityId);
    this.#touched.add(identityId);
  }

  #refusalOf(identityPoolId: IdentityPoolId, presented: Presented): CognitoError | null {
    const pool = this.#pools.get(identityPoolId);
    if (pool === undefined)
      return { error: "ResourceNotFoundException", message: `IdentityPool '${identityPoolId}' not found.` };
    const isForeign = [...presented.keys()].some((name) => name === DEVELOPER || !pool.providers.includes(name));
    return isForeign ? UNSUPPORTED_PROVIDER : null;
  }

  #live(identityId: string): Known | CognitoError {
    const known = this.#identities.get(identityId);
    if (known === undefined)
      return { error: "ResourceNotFoundException", message: `Identity '${identityId}' not found.` };
    return known.mergedInto === null ? known : forbidden(identityId);
  }

  /** Links what is free, merges what is not: all of it or nothing. */
  #bring(identityPoolId: IdentityPoolId, named: Known | null, logins: readonly string[]): Known | CognitoError {
    const owners = [...new Set(logins.flatMap((login) => this.#owners.get(keyOf(identityPoolId, login)) ?? []))];
    if (named?.wasLinked === true && !owners.includes(named)) return LOGINS_DO_NOT_MATCH;
    const linked = owners.toSorted((one, other) => this.#ageOf(one) - this.#ageOf(other));
    if (linked.length > 1 && !this.#mergesLinked) return CONFLICT;
    // A linked login beats a guest, and the older identity the younger.
    const survivor = linked[0] ?? named ?? this.#newIdentity(identityPoolId);
    const together = new Set([...linked.flatMap((owner) => [...owner.logins]), ...logins]);
    if (hasTwoUsersOfOneProvider(together)) return CONFLICT;
    for (const other of new Set([...linked, ...(named === null ? [] : [named])])) {
      if (other !== survivor) this.#absorb(survivor, other);
    }
    for (const login of together) {
      survivor.logins.add(login);
      this.#owners.set(keyOf(identityPoolId, login), survivor);
      this.#lastOwners.set(keyOf(identityPoolId, login), survivor);
    }
    survivor.wasLinked ||= together.size > 0;
    this.#identities.set(survivor.identityId, survivor);
    this.#identityPoolIds.set(survivor.identityId, identityPoolId);
    return survivor;
  }

  #absorb(survivor: Known, other: Known): void {
    if (other.wasLinked) for (const { identityId } of [survivor, other]) this.#touched.add(identityId);
    other.mergedInto = survivor;
    other.logins.clear();
  }

  /** It is there once something was done with it: a call that is refused leaves none. */
  #newIdentity(identityPoolId: IdentityPoolId): Known {
    return { identityId: this.#newId(), identityPoolId, logins: new Set(), wasLinked: false, mergedInto: null };
  }

  #ageOf(known: Known): number {
    return [...this.#identities.keys()].indexOf(known.identityId);
  }
}

const LOGINS_DO_NOT_MATCH: CognitoError = {
  error: "NotAuthorizedException",
  message: "Logins don't match. Please include at least one valid login for this identity or identity pool.",
};
const UNSUPPORTED_PROVIDER: CognitoError = {
  error: "NotAuthorizedException",
  message: "Token is not from a supported provider of this identity pool.",
};
const CONFLICT: CognitoError = { error: "ResourceConflictException", message: "Logins conflict." };

function forbidden(identityId: string): CognitoError {
  return { error: "NotAuthorizedException", message: `Access to Identity '${identityId}' is forbidden.` };
}

function loginsOf(presented: Presented): readonly string[] {
  return [...presented].map(([providerName, subject]) => `${providerName}/${subject}`);
}

function providerOf(login: string): string {
  return login.slice(0, login.indexOf("/"));
}

function keyOf(identityPoolId: IdentityPoolId, login: string): string {
  return `${identityPoolId} ${login}`;
}

function hasTwoUsersOfOneProvider(logins: ReadonlySet<string>): boolean {
  const names = [...logins].map(providerOf).filter((name) => name !== DEVELOPER);
  return new Set(names).size < names.length;
}
