/** Clients who are made for what happens to pools, and between them. */
import { type Act, type Operation, tokensOf, USERS } from "./operations.ts";
import { pauseOf, type Race, times } from "./races.ts";
import type { Random } from "../support/random.ts";

export function poolRaceOf(random: Random): Race {
  return random.pick([neighbours, renamers, readers, administrators])(random);
}

/** The same people in two pools, and calls that name an identity of the one beside the other (T37). */
function neighbours(random: Random): Race {
  const clients = times(2 + random.below(2), (): readonly Operation[] => [
    { kind: "get-id", pool: random.below(2), tokens: tokensOf(random, random.chance(0.3) ? 0 : 1, 1) },
    ...times(3 + random.below(3), () => besideOf(random)),
  ]);
  return { clients };
}

/** Several who give a pool its settings at once, and at times one who deletes it beside them. */
function renamers(random: Random): Race {
  const rename = (): Operation => ({ kind: "administer", act: "update" });
  const clients = times(1 + random.below(2), (): readonly Operation[] =>
    times(1 + random.below(4), () => [pauseOf(random, [5, 50, 5000]), rename()]).flat(),
  );
  const end: readonly Operation[] = [pauseOf(random, [5, 200, 12_000]), { kind: "administer", act: "delete" }];
  return { clients: random.chance(0.5) ? [...clients, end] : clients };
}

/** Several who change a pool's roles, tags and settings at once, and look at it; and at times one who deletes it beside them. */
export function poolChangesOf(random: Random): Race {
  const change = (): Operation => {
    const act = random.pick<Act>(["set-roles", "set-roles", "tag", "tag", "update", "update", "describe"]);
    const copy = random.chance(0.2) ? { copyAfterMs: random.pick([50, 5000, 30_000]) } : {};
    return { kind: "administer", act, ...copy };
  };
  const clients = times(1 + random.below(3), (): readonly Operation[] =>
    times(2 + random.below(4), () => [pauseOf(random, [5, 50, 5000]), change()]).flat(),
  );
  const end: readonly Operation[] = [pauseOf(random, [5, 200, 12_000]), { kind: "administer", act: "delete" }];
  return { clients: random.chance(0.3) ? [...clients, end] : clients };
}

/** Guests who return to a pool for longer than an isolate remembers it, while it is renamed, and at times deleted. */
function readers(random: Random): Race {
  const read = (): Operation =>
    random.chance(0.5)
      ? { kind: "get-id", tokens: [] }
      : { kind: "get-token", target: random.below(2), tokens: [], isOwn: false };
  const users = times(1 + random.below(2), (): readonly Operation[] => [
    { kind: "get-id", tokens: [] },
    ...times(10, () => [pauseOf(random, [50, 5000, 12_000]), read()]).flat(),
  ]);
  const changes = times(2 + random.below(4), () => [
    pauseOf(random, [50, 5000, 12_000]),
    { kind: "administer", act: "update" } as const,
    { kind: "get-id", tokens: [] } as const,
  ]).flat();
  return {
    clients: [...users, random.chance(0.8) ? changes : [...changes, { kind: "administer", act: "delete" }, read()]],
  };
}

const ACTS: readonly [Act, ...Act[]] = [
  ...(["create", "create", "update", "update", "update", "describe", "delete"] as const),
  ...(["list-identities", "list-identities", "list-pools"] as const),
];

/** Administrators of some pools, among them those that are made just then, and people who come to them. */
function administrators(random: Random): Race {
  const administer = (): Operation => ({ kind: "administer", act: random.pick(ACTS), pool: random.below(4) });
  const clients = times(1 + random.below(2), (): readonly Operation[] =>
    times(2 + random.below(4), () => [pauseOf(random, [5, 200, 12_000]), administer()]).flat(),
  );
  const users = times(1 + random.below(2), (): readonly Operation[] => {
    const pool = random.below(3);
    const visits = times(random.below(3), (): readonly Operation[] => [
      pauseOf(random, [50, 12_000]),
      { kind: "look-up", pool, user: "1" },
    ]);
    return [{ kind: "get-id", pool, tokens: tokensOf(random, 0, 1) }, ...visits.flat()];
  });
  return { clients: [...clients, ...users] };
}

function besideOf(random: Random): Operation {
  const pool = random.below(2);
  const target = random.below(3);
  const user = random.pick(USERS);
  const dice = random.below(100);
  if (dice < 20)
    return { kind: "developer-token", pool, target: null, user, tokens: tokensOf(random, 0, 1), isOwn: false };
  if (dice < 50)
    return { kind: "developer-token", pool, target, user, tokens: tokensOf(random, 0, 1), isOwn: random.chance(0.5) };
  if (dice < 60) return { kind: "look-up-users", pool, target };
  if (dice < 67) return { kind: "look-up", pool, user };
  if (dice < 75) return { kind: "unlink-user", pool, target, user };
  if (dice < 83) return { kind: "merge-users", pool, destination: user, source: random.pick(USERS) };
  if (dice < 95) return { kind: "get-token", target, tokens: tokensOf(random, 0, 2), isOwn: random.chance(0.6) };
  return pauseOf(random);
}
