/**
 * What clients saw of each login, and whether one register could have answered so (invariant one-register-a-login): a
 * search in the manner of Wing and Gong. An outcome that nobody learned stays unknown: it may have taken effect at any
 * later time, or never.
 */
import type { VerifiedLogin } from "../../src/domain/login.ts";
import { type LoginOf, loginsIn, type Request, usersOf } from "./requests.ts";
import { DEVELOPER } from "./settings.ts";

/** A register is one login: the identity that owns it, or null. */
export type Entry = {
  readonly kind: "resolve" | "release";
  readonly loginId: string;
  readonly calledAt: number;
  /** Infinity while nobody has learned the outcome. */
  returnedAt: number;
  /** The owner that was answered, or the identity that let go; null is unknown. */
  identityId: string | null;
};

export type Recorded = readonly Entry[];

export class History {
  readonly entries: Entry[] = [];
  readonly #login: LoginOf;
  readonly #logins: readonly VerifiedLogin[];

  constructor(login: LoginOf, logins: readonly VerifiedLogin[]) {
    this.#login = login;
    this.#logins = logins;
  }

  begin(request: Request, calledAt: number): Recorded {
    const entries = this.#entriesOf(request, calledAt);
    this.entries.push(...entries);
    return entries;
  }

  end(recorded: Recorded | null, identityId: string | null, returnedAt: number): void {
    for (const entry of recorded ?? []) {
      entry.returnedAt = returnedAt;
      if (entry.kind === "resolve") entry.identityId = identityId;
    }
  }

  #entriesOf(request: Request, calledAt: number): Recorded {
    const pending = { calledAt, returnedAt: Number.POSITIVE_INFINITY };
    const resolve = ({ loginId }: VerifiedLogin): Entry => ({ kind: "resolve", loginId, identityId: null, ...pending });
    switch (request.kind) {
      case "get-id":
      case "get-token":
      case "get-credentials":
      case "developer-token":
        return loginsIn(request, this.#login).map(resolve);
      case "merge-users":
        return usersOf(request, this.#login).map(resolve);
      case "unlink":
        return this.#releases(request.identityId, pending, ({ providerName }) => request.from.includes(providerName));
      case "unlink-user":
        return this.#releases(request.identityId, pending, ({ providerName, subject }) => {
          return providerName === DEVELOPER && subject === request.user;
        });
      case "delete":
        return this.#releases(request.identityId, pending, () => true);
      case "disable":
      case "look-up":
      case "look-up-users":
      case "burst":
      case "bring-token":
      case "old-app":
      case "administer":
      case "import":
      case "export":
      case "change-key":
      case "rotate-key":
      case "ask-issuer":
      case "pause":
        return [];
    }
  }

  #releases(
    identityId: string | null,
    pending: Pick<Entry, "calledAt" | "returnedAt">,
    isMeant: (login: VerifiedLogin) => boolean,
  ): Recorded {
    return this.#logins.filter(isMeant).map(({ loginId }) => ({ kind: "release", loginId, identityId, ...pending }));
  }
}

/** The first login whose answers no single register could have given; null when there is none. */
export function firstAnomaly(entries: readonly Entry[]): string | null {
  for (const loginId of new Set(entries.map((entry) => entry.loginId))) {
    if (!isLinearizable(entries.filter((entry) => entry.loginId === loginId))) return loginId;
  }
  return null;
}

export function isLinearizable(entries: readonly Entry[]): boolean {
  const known = [
    ...new Set(
      entries.flatMap((entry) => (entry.kind === "resolve" && entry.identityId !== null ? [entry.identityId] : [])),
    ),
  ];
  const seen = new Set<string>();
  const all = entries.map((_, index) => index);

  function search(left: readonly number[], owner: string | null): boolean {
    const mustReturn = left.filter((index) => entries[index]?.returnedAt !== Number.POSITIVE_INFINITY);
    if (mustReturn.length === 0) return true;
    const key = `${left.join()}|${owner}`;
    if (seen.has(key)) return false;
    seen.add(key);
    const firstReturn = Math.min(...mustReturn.map((index) => entries[index]?.returnedAt ?? 0));
    return left.some((index) => {
      const entry = entries[index];
      // A client calls again in the very event that answered it: what is called there comes after.
      if (entry === undefined || entry.calledAt >= firstReturn) return false;
      const rest = left.filter((other) => other !== index);
      return nextOwners(entry, owner, known).some((next) => search(rest, next));
    });
  }
  return search(all, null);
}

/** The states that the register may have after the operation took effect in this one; none when it cannot have. */
function nextOwners(entry: Entry, owner: string | null, known: readonly string[]): readonly (string | null)[] {
  if (entry.kind === "release") return [owner === entry.identityId ? null : owner];
  if (entry.identityId === null) return owner === null ? known : [owner];
  return owner === null || owner === entry.identityId ? [entry.identityId] : [];
}
