/** One person of the workload: some logins that overlap in every call, the identities that came of them, and what was seen. */
import { type Effect, type Entry, judgeHistory } from "./linearizability.ts";

export type Login = {
  /** Which of the issuers. */
  readonly provider: number;
  readonly subject: string;
  readonly token: string;
};

type Recorded = { readonly login: Login; readonly calledAt: number; returnedAt: number; effect: Effect };

/** The record of one call: its outcome is unknown until it is told. */
export type Observation = {
  /** The call took effect as was expected, with this identity where that was not known before. */
  done(identityId: string | null): void;
  /** The service said that the identity does not hold these logins, and did nothing. */
  disowned(identityId: string, logins: readonly Login[]): void;
  /** The call changed nothing, for certain. */
  withdrawn(): void;
};

export class Person {
  readonly logins: readonly Login[];
  /** Ids that were answered, the latest last. */
  readonly identityIds: string[] = [];
  /** Those of them that were answered to a call with logins: linked for good, and never again to be had with a free login alone. */
  readonly #linkedIds = new Set<string>();
  readonly #entries: Recorded[] = [];

  constructor(logins: readonly Login[]) {
    this.logins = logins;
  }

  learn(identityId: string): void {
    if (!this.identityIds.includes(identityId)) this.identityIds.push(identityId);
  }

  /** A call with proofs of `logins`, whose answer is the identity that holds them all; it may merge others into that one. */
  presents(logins: readonly Login[], mayMerge: boolean): Observation {
    const merges = mayMerge && logins.length > 1;
    const closed = logins.length === 1 ? [...this.#linkedIds] : [];
    const observation = this.#observe((login) => {
      if (logins.includes(login)) return { kind: "own", identityId: null, merges, closed };
      return merges ? { kind: "move", identityId: null } : null;
    });
    return {
      ...observation,
      done: (identityId) => {
        observation.done(identityId);
        if (identityId !== null && logins.length > 0) this.#linkedIds.add(identityId);
      },
    };
  }

  /** A call after which the identity holds none of `logins`. */
  releases(logins: readonly Login[], identityId: string): Observation {
    return this.#observe((login) => (logins.includes(login) ? { kind: "release", identityId } : null));
  }

  #observe(effectOn: (login: Login) => Effect | null): Observation {
    const calledAt = performance.now();
    const own = this.logins.flatMap((login): Recorded[] => {
      const effect = effectOn(login);
      return effect === null ? [] : [{ login, calledAt, returnedAt: Number.POSITIVE_INFINITY, effect }];
    });
    this.#entries.push(...own);
    const withdraw = () => {
      for (const entry of own) this.#entries.splice(this.#entries.indexOf(entry), 1);
    };
    return {
      done: (identityId) => {
        const returnedAt = performance.now();
        for (const entry of own) {
          entry.returnedAt = returnedAt;
          if (entry.effect.kind === "own" || entry.effect.kind === "move")
            entry.effect = { ...entry.effect, identityId };
        }
      },
      disowned: (identityId, logins) => {
        withdraw();
        const returnedAt = performance.now();
        const effect = { kind: "disown", identityId } as const;
        for (const login of logins) this.#entries.push({ login, calledAt, returnedAt, effect });
      },
      withdrawn: withdraw,
    };
  }

  /** What is wrong with the history of any login; empty when each is that of one register. */
  anomalies(): readonly string[] {
    return this.logins.flatMap((login) => {
      const entries = this.#entries.filter((entry) => entry.login === login);
      const verdict = judgeHistory(entries);
      if (verdict === "linearizable") return [];
      return [`login ${login.provider}/${login.subject} is ${verdict}:\n${describe(entries)}`];
    });
  }
}

function describe(entries: readonly Entry[]): string {
  return entries
    .toSorted((a, b) => a.calledAt - b.calledAt)
    .map(
      ({ calledAt, returnedAt, effect }) =>
        `  ${calledAt.toFixed(1)} to ${returnedAt.toFixed(1)}: ${JSON.stringify(effect)}`,
    )
    .join("\n");
}
