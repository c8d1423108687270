/**
 * The promise of the whole: one endpoint changes, and every id stays. Whose logins have no other story than that they are here and at
 * the source is told the id here that he has there, in each answer and at rest (invariant same-id-as-there).
 */
import type { VerifiedLogin } from "../../src/domain/login.ts";
import type { PoolSource } from "../../src/domain/pool-source.ts";
import type { StoredRecord } from "../../src/linking/first-record.ts";
import type { Cognito } from "./simulated-cognito.ts";
import { loginNamed } from "./logins.ts";
import type { Network } from "./network.ts";

type Evidence = {
  readonly network: Pick<Network, "violate">;
  readonly identities: ReadonlyMap<string, { readonly stored: StoredRecord | null }>;
  readonly logins: ReadonlyMap<
    string,
    { readonly stored: { readonly owner: { readonly identityId: string } | null } | null }
  >;
};

export class ArrivalJudge {
  readonly #world: Evidence;
  readonly #cognito: Cognito;
  /** As it is from the beginning to the end; null: it was changed, or was not there from the beginning. */
  #source: PoolSource | null;
  /** Identities and logins that were merged, unlinked or deleted here. */
  readonly #touched = new Set<string>();
  /** Identities that ever had a login of which the source knows nothing. */
  readonly #ofHere = new Set<string>();

  constructor(world: Evidence, cognito: Cognito, source: PoolSource | null) {
    this.#world = world;
    this.#cognito = cognito;
    this.#source = source;
  }

  /** Administrators change or end the source: what was decided before them may be otherwise. */
  sourceChanged(): void {
    this.#source = null;
  }

  stored(name: string, before: StoredRecord | null, after: StoredRecord | null): void {
    if (after === null) return;
    const lost = before?.logins.filter(({ loginId }) => !after.logins.some((login) => login.loginId === loginId)) ?? [];
    const wasLinked = before?.standing.kind === "linked";
    const isEnded = after.standing.kind !== "linked" && wasLinked;
    if (lost.length > 0 || isEnded || (after.standing.kind === "deleted" && before?.standing.kind !== "deleted")) {
      this.#touch(name, before);
      this.#touch(name, after);
      if (after.standing.kind === "merged") this.#touch(after.standing.into, this.#stored(after.standing.into));
    }
    for (const other of before?.transaction?.id === after.transaction?.id ? [] : (after.transaction?.absorbed ?? [])) {
      const record = this.#stored(other);
      // Of a guest, or an id that was not known here, the source may have said that it is another: then it is that one there as well.
      if (record?.standing.kind !== "linked" && !this.#cognito.isLive(other)) continue;
      this.#touch(other, record);
      // A guest who came with a login that is known here was merged here alone: there he still is one.
      if (record?.standing.kind !== "guest") this.#touch(name, after);
    }
    // A developer's user whom nobody has there is born here.
    const isStrange = after.logins.some(({ providerName, isDeveloper }) => {
      return this.#source?.providers.includes(providerName) !== true || (isDeveloper === true && isOfHere(after));
    });
    if (isStrange || this.#isInPlaceOfAnother(before, after)) this.#ofHere.add(name);
  }

  /**
   * A user of here, born so or a guest before, since the id that the source has or had for it is of no use here any more, or its login
   * was let go here before.
   */
  #isInPlaceOfAnother(before: StoredRecord | null, after: StoredRecord): boolean {
    if ((before !== null && before.standing.kind !== "guest") || !isOfHere(after)) return false;
    return after.logins.some(({ loginId }) => {
      if (this.#touched.has(loginId)) return true;
      const login = loginNamed(loginId);
      if (login === undefined) return false;
      if (this.#isTouchedLogin(login)) return true;
      const there = this.#there(login);
      if (there === null) return false;
      // It may bar a provider of which it never had a login here.
      const isBarred = barredBy(this.#stored(there)).includes(login.providerName);
      return isBarred || this.#touched.has(there) || this.#cognito.isTouched(there);
    });
  }

  /** Whether the login is another's there than its own here could be: what was merged here cannot take it any more. */
  mayConflict(login: VerifiedLogin): boolean {
    const there = this.#there(login);
    if (there === null || this.#touched.has(there) || this.#cognito.isTouched(there)) return true;
    // It has another user of that provider here, of whom the source said something else.
    const held = this.#stored(there)?.logins.filter(({ providerName }) => providerName === login.providerName) ?? [];
    return held.some(({ loginId }) => this.#there(loginNamed(loginId) ?? login) !== there);
  }

  /** What a call was answered that has proved these logins. */
  answered(logins: readonly VerifiedLogin[], identityId: string): void {
    for (const login of logins) {
      const expected = this.#expected(login, identityId);
      if (expected !== null && expected !== identityId)
        this.#world.network.violate(
          `same-id-as-there: ${login.loginId} is answered ${identityId}, and is ${expected} there`,
        );
    }
  }

  /** The first login whose owner here is another than there; null when there is none. */
  firstApart(logins: readonly VerifiedLogin[]): string | null {
    for (const login of logins) {
      const owner = this.#world.logins.get(login.loginId)?.stored?.owner?.identityId ?? null;
      const expected = owner === null ? null : this.#expected(login, owner);
      if (expected !== null && owner !== expected)
        return `same-id-as-there: ${login.loginId} is of ${owner} here, and of ${expected} there`;
    }
    return null;
  }

  /** The id that a login must have, which has this one here; null: anything may have become of it. */
  #expected(login: VerifiedLogin, owner: string): string | null {
    const { loginId, providerName, isDeveloper } = login;
    const source = this.#source;
    if (source === null || !source.providers.includes(providerName)) return null;
    const known = this.#there(login);
    // Whoever has no such user there has any identity here.
    if (known === null && isDeveloper === true) return null;
    const there = known ?? "nobody";
    const isTouched = [loginId, there, owner].some((one) => this.#touched.has(one));
    if (this.#isTouchedLogin(login)) return null;
    const isTouchedThere = this.#cognito.isTouched(there) || this.#cognito.isTouched(owner);
    return isTouched || isTouchedThere || this.#ofHere.has(owner) ? null : there;
  }

  /** Whose a login is there, or was last. */
  #there({ providerName, subject }: VerifiedLogin): string | null {
    return this.#source && this.#cognito.lastOwnerOf(this.#source.identityPoolId, providerName, subject);
  }

  /** Whether it ever was unlinked there, or of an identity that was deleted. */
  #isTouchedLogin({ providerName, subject }: VerifiedLogin): boolean {
    return this.#source !== null && this.#cognito.isTouchedLogin(this.#source.identityPoolId, providerName, subject);
  }

  #stored(identityId: string): StoredRecord | null {
    return this.#world.identities.get(identityId)?.stored ?? null;
  }

  #touch(name: string, record: StoredRecord | null): void {
    this.#touched.add(name);
    for (const { loginId } of record?.logins ?? []) this.#touched.add(loginId);
  }
}

function isOfHere(record: StoredRecord): boolean {
  return record.version === 1 || record.origin === "here";
}

function barredBy(record: StoredRecord | null): readonly string[] {
  return record === null || record.version === 1 ? [] : record.barred;
}
