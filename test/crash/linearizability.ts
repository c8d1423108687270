/**
 * Whether what clients saw of one login could have been the answers of a single register, in the manner of Wing and Gong:
 * a search for one order of the calls that their times allow and that explains every answer. Pure. An outcome that nobody
 * learned stays unknown: it may have taken effect at any later time, or never.
 */

/** What a call does to the register, which holds the identity that owns the login, or null. */
export type Effect =
  /**
   * The login is that identity's afterwards; null is an answer that was never learned. It takes over a login of nobody, and
   * one of another identity only where `merges`: two proofs in one request may make two identities one. To the identities
   * of `closed` it brings no login that was nobody's: they were linked already, and the call proves no other login of theirs.
   */
  | {
      readonly kind: "own";
      readonly identityId: string | null;
      readonly merges: boolean;
      readonly closed?: readonly string[];
    }
  /** A merge that may take this login along, which its request does not name; null as above. */
  | { readonly kind: "move"; readonly identityId: string | null }
  /** The identity holds the login no longer. */
  | { readonly kind: "release"; readonly identityId: string }
  /** The identity was said not to hold the login. */
  | { readonly kind: "disown"; readonly identityId: string };

export type Entry = {
  readonly calledAt: number;
  /** Infinity while nobody has learned the outcome. */
  readonly returnedAt: number;
  readonly effect: Effect;
};

export type Verdict = "linearizable" | "not linearizable" | "undecided";

/** States that are looked at before the search gives up: an undecided history is never passed over as a good one. */
const MAX_STATES = 500_000;

type Owner = string | null;
/** Calls of unknown outcome with one and the same effect, in the order of their calls: the earliest of them can do all that a later one can. */
type Unknown = { readonly effect: Effect; readonly calledAt: readonly number[] };

/**
 * Whether the call, in this state, tells what is true and could never change anything, so that no order is lost by placing
 * it first. One that may link or merge is no such call: another may need it later, to find the login where it did.
 */
function isRead(effect: Effect, owner: Owner): boolean {
  const { identityId } = effect;
  if (effect.kind === "own") return identityId !== null && identityId === owner && isClosed(effect, identityId);
  return effect.kind === "disown" && identityId !== owner;
}

function isClosed({ merges, closed = [] }: Effect & { readonly kind: "own" }, identityId: string): boolean {
  return !merges && closed.includes(identityId);
}

/** The states that may follow; none when the call cannot have ended as it did. */
function nextOwners(effect: Effect, owner: Owner, identityIds: readonly string[]): readonly Owner[] {
  switch (effect.kind) {
    case "own": {
      const targets = effect.identityId === null ? identityIds : [effect.identityId];
      if (owner === null) return targets.filter((target) => !isClosed(effect, target));
      return effect.merges ? targets : targets.filter((target) => target === owner);
    }
    case "move": {
      if (owner === null) return [null];
      const targets = effect.identityId === null ? identityIds : [effect.identityId];
      return [owner, ...targets.filter((target) => target !== owner)];
    }
    case "release":
      return [owner === effect.identityId ? null : owner];
    case "disown":
      return owner === effect.identityId ? [] : [owner];
  }
}

function unknownOf(entries: readonly Entry[]): readonly Unknown[] {
  const groups = new Map<string, { readonly effect: Effect; readonly calledAt: number[] }>();
  for (const { calledAt, returnedAt, effect } of entries) {
    if (returnedAt !== Number.POSITIVE_INFINITY) continue;
    const key = JSON.stringify(effect);
    const group = groups.get(key) ?? { effect, calledAt: [] };
    group.calledAt.push(calledAt);
    groups.set(key, group);
  }
  return [...groups.values()].map(({ effect, calledAt }) => ({ effect, calledAt: calledAt.toSorted((a, b) => a - b) }));
}

class Search {
  readonly #known: readonly Entry[];
  readonly #unknown: readonly Unknown[];
  readonly #identityIds: readonly string[];
  readonly #seen = new Set<string>();

  constructor(entries: readonly Entry[]) {
    this.#known = entries
      .filter((entry) => entry.returnedAt !== Number.POSITIVE_INFINITY)
      .toSorted((a, b) => a.calledAt - b.calledAt);
    this.#unknown = unknownOf(entries);
    this.#identityIds = [...new Set(entries.flatMap(({ effect }) => effect.identityId ?? []))];
  }

  get isExhausted(): boolean {
    return this.#seen.size >= MAX_STATES;
  }

  run(): boolean {
    return this.#search(
      new Set(),
      this.#unknown.map(() => 0),
      null,
    );
  }

  /** `placed` are the known calls that have found their place, `used` says how many of each kind of unknown ones have. */
  #search(placed: ReadonlySet<number>, used: readonly number[], owner: Owner): boolean {
    const done = new Set(placed);
    let open = this.#open(done);
    for (let read = this.#readAmong(open, owner); read !== undefined; read = this.#readAmong(open, owner)) {
      done.add(read);
      open = this.#open(done);
    }
    if (done.size === this.#known.length) return true;
    const key = `${this.#keyOf(done)}|${used.join()}|${owner}`;
    if (this.#seen.has(key) || this.isExhausted) return false;
    this.#seen.add(key);
    const after = (effect: Effect) => nextOwners(effect, owner, this.#identityIds);
    for (const index of open) {
      const effect = this.#known[index]?.effect;
      if (effect === undefined) continue;
      const next = new Set(done).add(index);
      if (after(effect).some((following) => this.#search(next, used, following))) return true;
    }
    const firstReturn = this.#firstReturn(done);
    return this.#unknown.some(({ effect, calledAt }, group) => {
      const count = used[group] ?? 0;
      const earliest = calledAt[count];
      if (earliest === undefined || earliest > firstReturn) return false;
      const next = used.with(group, count + 1);
      // One that changes nothing explains nothing: it may as well never have happened.
      return after(effect).some((following) => following !== owner && this.#search(done, next, following));
    });
  }

  #firstReturn(done: ReadonlySet<number>): number {
    let first = Number.POSITIVE_INFINITY;
    for (const [index, { calledAt, returnedAt }] of this.#known.entries()) {
      if (calledAt > first) break;
      if (!done.has(index)) first = Math.min(first, returnedAt);
    }
    return first;
  }

  /** The calls that may come next: none of the others had returned before they were made. */
  #open(done: ReadonlySet<number>): readonly number[] {
    const firstReturn = this.#firstReturn(done);
    const open: number[] = [];
    for (const [index, { calledAt }] of this.#known.entries()) {
      if (calledAt > firstReturn) break;
      if (!done.has(index)) open.push(index);
    }
    return open;
  }

  #readAmong(open: readonly number[], owner: Owner): number | undefined {
    return open.find((index) => {
      const effect = this.#known[index]?.effect;
      return effect !== undefined && isRead(effect, owner);
    });
  }

  #keyOf(done: ReadonlySet<number>): string {
    let low = 0;
    while (done.has(low)) low++;
    return `${low}:${[...done]
      .filter((index) => index > low)
      .toSorted((a, b) => a - b)
      .join()}`;
  }
}

/** Judges the whole history of one login, which nobody owned at first. */
export function judgeHistory(entries: readonly Entry[]): Verdict {
  const search = new Search(entries);
  if (search.run()) return "linearizable";
  return search.isExhausted ? "undecided" : "not linearizable";
}
