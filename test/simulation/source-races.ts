/**
 * Pools that take over an identity pool of Cognito: who is known there when a schedule begins, and clients who are made for what may
 * happen to them on the way.
 */
import type { PoolSource } from "../../src/domain/pool-source.ts";
import { type Act, type Operation, PROVIDERS, type Tokens, tokensOf, USERS } from "./operations.ts";
import { pauseOf, type Race, times } from "./races.ts";
import { DEVELOPER } from "./settings.ts";
import type { Random } from "../support/random.ts";

/** A source as it is when a schedule begins. */
export type SourcePlan = {
  /** Whether the pool has it from the beginning; else an administrator sets it. */
  readonly isSet: boolean;
  readonly settings: SourceSettings;
  /** Whether two linked identities that meet at the source become one there. */
  readonly mergesLinked: boolean;
  /** Logins of each identity that is there; a guest has none. */
  readonly known: readonly Tokens[];
  /** Whether there is a credential to look up a developer's users with, and to delete. */
  readonly hasCredential: boolean;
  /** Whether an operator has listed the ids that are there. */
  readonly hasList: boolean;
  /** Whether the neighbour of the pool has a source as well. */
  readonly hasSecond: boolean;
  /** Whether somebody's own pool at Cognito has identities of his, by logins that both pools take. */
  readonly hasStranger: boolean;
};
export type SourceSettings = Omit<PoolSource, "identityPoolId">;

export type SourceRace = Race & { readonly source: SourcePlan };

export function sourceRaceOf(random: Random): SourceRace {
  const drawn = random.pick([returning, returning, meeting, leaving, removing, switching, crossing, joining])(random);
  const { isLate = false, plan = {}, ...race } = drawn;
  return { ...race, source: { ...planOf(random, isLate), ...plan } };
}

/** `plan` is what the race needs of the source. */
type Drawn = Race & { readonly isLate?: boolean; readonly plan?: Partial<SourcePlan> };

const OF_ALL_PROVIDERS: Partial<SourcePlan> = {
  settings: { proof: "open-id-token", guests: "source", unknownIds: "ask", providers: [...PROVIDERS, DEVELOPER] },
  hasCredential: true,
  hasSecond: false,
};

export function planOf(random: Random, isLate: boolean): SourcePlan {
  const isImported = random.chance(0.15);
  const providers = random.chance(0.6) ? PROVIDERS : random.pick([["a"], ["a", "b"], ["b", "c"]]);
  return {
    isSet: !isLate,
    settings: {
      proof: isImported && random.chance(0.5) ? "credentials" : "open-id-token",
      guests: random.chance(0.7) ? "source" : "local",
      unknownIds: isImported ? "imported" : "ask",
      providers: random.chance(0.4) ? [...providers, DEVELOPER] : providers,
    },
    mergesLinked: random.chance(0.5),
    known: times(random.below(5), () => knownOf(random)),
    hasCredential: random.chance(0.8),
    hasList: random.chance(isImported ? 0.9 : 0.3),
    hasSecond: random.chance(0.15),
    hasStranger: random.chance(0.3),
  };
}

function knownOf(random: Random): Tokens {
  const logins = tokensOf(random, random.chance(0.25) ? 0 : 1, 2);
  return random.chance(0.15) ? [...logins, [DEVELOPER, random.pick(USERS)]] : logins;
}

/** Users of the old app and of the new one at a time, most of them known at the source, with the ids that their devices keep. */
function returning(random: Random): Drawn {
  const newApp = () => times(2 + random.below(3), () => visitOf(random));
  const oldApp = () => times(1 + random.below(3), () => oldVisitOf(random));
  return { clients: [...times(1 + random.below(3), newApp), ...(random.chance(0.6) ? [oldApp()] : [])] };
}

/** First sights of the same few people, at once. */
function meeting(random: Random): Drawn {
  const target = random.below(2);
  const first = (): Operation =>
    random.chance(0.5)
      ? { kind: "get-id", tokens: tokensOf(random, 1, 2) }
      : { kind: "get-token", target, tokens: tokensOf(random, 1, 2), isOwn: random.chance(0.5) };
  return { clients: times(2 + random.below(3), () => [...times(2, first), visitOf(random)]) };
}

/** Somebody who links, unlinks, and comes back with what was unlinked. */
function leaving(random: Random): Drawn {
  const target = random.below(2);
  const login = (): Tokens => [[random.pick(PROVIDERS), "1"]];
  const from = [random.pick(PROVIDERS)];
  const unlink: Operation = { kind: "unlink", target, isOwn: true, tokens: login(), from };
  const back = (): Operation =>
    random.chance(0.5)
      ? { kind: "get-token", target, tokens: login(), isOwn: random.chance(0.7) }
      : { kind: "get-id", tokens: random.chance(0.5) ? login() : tokensOf(random, 1, 2) };
  const main = [{ kind: "get-token", target, tokens: tokensOf(random, 1, 2), isOwn: true } as const, unlink];
  const others = times(random.below(3), () => times(1 + random.below(2), () => visitOf(random)));
  return {
    clients: [[...main, ...times(1 + random.below(3), back), ...(random.chance(0.3) ? [unlink] : [])], ...others],
  };
}

/** Identities that are deleted here, or there, while their users come. */
function removing(random: Random): Drawn {
  const target = random.below(2);
  const remove: Operation = { kind: "delete", target };
  const user = () => times(2 + random.below(3), () => visitOf(random, target));
  const operator = [pauseOf(random), remove, ...times(1 + random.below(2), () => visitOf(random, target))];
  return { clients: [operator, ...times(1 + random.below(2), user)] };
}

/** Administrators who set the source, change it and end it while people come. */
function switching(random: Random): Drawn {
  const step = (): Operation => ({
    kind: "administer",
    act: random.pick<Act>(["set-source", "set-source", "end-source"]),
  });
  const operator = times(1 + random.below(3), () => [pauseOf(random, [5, 200, 5000]), step()]).flat();
  const user = () => times(2 + random.below(4), () => [pauseOf(random, [5, 200, 12_000]), visitOf(random)]).flat();
  return { clients: [operator, ...times(1 + random.below(3), user)], isLate: random.chance(0.5) };
}

/**
 * A developer's user comes with a login that the source has for another identity, while he is unlinked from his own, which has another
 * user still and so bars none: what the source says of the other is no word on that one.
 */
function crossing(random: Random): Drawn {
  const [own, foreign]: readonly [Tokens, Tokens] = [[["a", "1"]], [["c", "1"]]];
  const links = (user: string): Operation => ({ kind: "developer-token", target: 0, user, tokens: own, isOwn: false });
  const comes = { kind: "developer-token", target: null, user: "2", tokens: foreign, isOwn: false } as const;
  return {
    mergePolicy: "merge",
    clients: [
      [links("1"), links("2"), pauseOf(random, [200, 300, 400]), { kind: "unlink-user", target: 0, user: "2" }],
      [{ kind: "pause", ms: 600 }, pauseOf(random, [5, 50, 200]), comes],
    ],
    plan: { ...OF_ALL_PROVIDERS, known: [[...own, [DEVELOPER, "1"]], foreign] },
  };
}

/** Two users who become one here, while the source says that a login which nobody has here yet is one of theirs. */
function joining(random: Random): Drawn {
  const [one, other]: readonly [Tokens, Tokens] = [[["a", "1"]], [["b", "1"]]];
  const third: Tokens = [["c", "1"]];
  const merge = { kind: "get-token", target: 0, tokens: [...one, ...other], isOwn: false } as const;
  const comes = (): Operation => ({ kind: "get-id", tokens: third });
  const late = () => pauseOf(random, [200, 250, 300, 350, 400, 500]);
  return {
    mergePolicy: "merge",
    clients: [
      [{ kind: "get-id", tokens: one }, { kind: "get-id", tokens: other }, pauseOf(random, [5, 50]), merge],
      [late(), comes()],
      [late(), late(), comes()],
    ],
    plan: { ...OF_ALL_PROVIDERS, known: [one, [...other, ...third]] },
  };
}

export function visitOf(random: Random, target = random.below(4)): Operation {
  const dice = random.below(100);
  if (dice < 30) return { kind: "get-id", tokens: tokensOf(random, random.chance(0.2) ? 0 : 1, 2) };
  if (dice < 72) return { kind: "get-token", target, tokens: tokensOf(random, 0, 2), isOwn: random.chance(0.6) };
  if (dice < 78) return { kind: "get-credentials", target, tokens: [], isOwn: random.chance(0.7), custom: null };
  if (dice < 84) return { kind: "unlink", target, isOwn: true, tokens: [], from: [random.pick(PROVIDERS)] };
  if (dice < 88) return { kind: "delete", target };
  if (dice < 94)
    return {
      kind: "developer-token",
      target: null,
      user: random.pick(USERS),
      tokens: tokensOf(random, 0, 1),
      isOwn: false,
    };
  return pauseOf(random, [5, 200, 12_000]);
}

/** What an app does that still speaks with Cognito itself. */
function oldVisitOf(random: Random): Operation {
  const target = random.below(4);
  const dice = random.below(100);
  if (dice < 35)
    return {
      kind: "old-app",
      act: "get-id",
      target,
      tokens: tokensOf(random, random.chance(0.2) ? 0 : 1, 2),
      isOwn: false,
    };
  if (dice < 75)
    return { kind: "old-app", act: "get-token", target, tokens: tokensOf(random, 0, 2), isOwn: random.chance(0.7) };
  if (dice < 85) return { kind: "old-app", act: "unlink", target, tokens: [], isOwn: true };
  if (dice < 90) return { kind: "old-app", act: "delete", target, tokens: [], isOwn: false };
  return pauseOf(random, [5, 200, 5000]);
}
