/**
 * What clients saw of each login, and whether one register could have answered so (D5): a search in the manner of Wing and
 * Gong. An outcome that nobody learned stays unknown: it may have taken effect at any later time, or never.
 */
import type { IdentityId } from "../../src/domain/identifiers.ts";

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

type Asked =
  | { readonly kind: "get-id" | "get-token"; readonly tokens: ReadonlyMap<string, string> }
  | { readonly kind: "unlink"; readonly identityId: IdentityId; readonly from: readonly string[] }
  | { readonly kind: "delete"; readonly identityId: IdentityId }
  | { readonly kind: "delete-pool" | "pause" };

export class History {
  readonly entries: Entry[] = [];
  readonly #loginIds: readonly string[];

  constructor(loginIds: readonly string[]) {
    this.#loginIds = loginIds;
  }

  begin(request: Asked, calledAt: number): Recorded {
    const entries = this.#entriesOf(request, calledAt);
    this.entries.push(...entries);
    return entries;
  }

  end(recorded: Recorded | null, identityId: IdentityId | null, returnedAt: number): void {
    for (const entry of recorded ?? []) {
      entry.returnedAt = returnedAt;
      if (entry.kind === "resolve") entry.identityId = identityId;
    }
  }

  #entriesOf(request: Asked, calledAt: number): Recorded {
    const pending = { calledAt, returnedAt: Number.POSITIVE_INFINITY };
    switch (request.kind) {
      case "get-id":
      case "get-token":
        return [...request.tokens].map(([provider, subject]) => {
          return { kind: "resolve", loginId: `${provider}/${subject}`, identityId: null, ...pending };
        });
      case "unlink":
      case "delete":
        return this.#loginIds
          .filter(
            (loginId) => request.kind === "delete" || request.from.includes(loginId.slice(0, loginId.indexOf("/"))),
          )
          .map((loginId) => ({ kind: "release", loginId, identityId: request.identityId, ...pending }));
      case "delete-pool":
      case "pause":
        return [];
    }
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
      if (entry === undefined || entry.calledAt > firstReturn) return false;
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
