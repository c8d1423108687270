/**
 * What happened to an identity, as the list that its record keeps: for the picture of the console, and for the events that
 * others are to hear of. Each entry is stored in the step of its fact. Names of providers and ids, never a subject (T46).
 */
import type { IdentityId } from "../domain/identifiers.ts";
import type { Login } from "../domain/login.ts";

/** Most entries of one identity: more than its logins can ever be, so that there is always one to drop. */
export const MAX_LIFE_ENTRIES = 50;

export type Fact = {
  readonly kind:
    | "born"
    | "adopted"
    | "linked"
    | "unlinked"
    /** It took in another identity. */
    | "absorbed"
    /** It went into another identity, its logins with it. */
    | "merged"
    | "disabled"
    | "enabled"
    /** Its last login was unlinked. */
    | "closed"
    | "deleted";
  /** Of the logins that it is about, each name once. */
  readonly providerNames?: readonly string[];
  /** The other identity of a merge. */
  readonly other?: IdentityId;
  /** Id of the key that signed for it, where somebody's had to. */
  readonly by?: string;
};

export type LifeEntry = Fact & {
  /** Counts up from 1 for each identity, without a gap. */
  readonly sequence: number;
  /** Epoch seconds. */
  readonly at: number;
};

type Living = { readonly life: readonly LifeEntry[]; readonly logins: readonly Login[] };

/** That logins were gained or lost; nothing where there are none. */
export function factsOf(kind: "linked" | "unlinked", logins: readonly Login[]): readonly Fact[] {
  return logins.length === 0 ? [] : [{ kind, providerNames: [...new Set(logins.map((login) => login.providerName))] }];
}

/** The record after a step that brought `facts`, in the order that they are told in. */
export function withFacts<R extends Living>(record: R, facts: readonly Fact[], at: number): R {
  const last = record.life.at(-1)?.sequence ?? 0;
  const entries = facts.map((fact, index): LifeEntry => ({ sequence: last + 1 + index, at, ...fact }));
  return { ...record, life: bounded([...record.life, ...entries], record.logins) };
}

/** Drops the oldest, but never the last `linked` of a provider that is still linked: since when it is, nothing else tells. */
function bounded(life: readonly LifeEntry[], logins: readonly Login[]): readonly LifeEntry[] {
  const excess = life.length - MAX_LIFE_ENTRIES;
  if (excess <= 0) return life;
  const needed = new Set(
    logins.map(({ providerName }) =>
      life.findLast(({ kind, providerNames }) => kind === "linked" && providerNames?.includes(providerName) === true),
    ),
  );
  const dropped = new Set(life.filter((entry) => !needed.has(entry)).slice(0, excess));
  return life.filter((entry) => !dropped.has(entry));
}
