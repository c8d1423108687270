/**
 * Clients who are made for one race: what clients drawn at large meet once in some ten thousand schedules, these meet once in
 * some hundreds.
 */
import type { Fault } from "./faults.ts";
import { type Operation, PROVIDERS, type Tokens, tokensOf } from "./operations.ts";
import { ROLES } from "./roles.ts";
import type { Random } from "../support/random.ts";

type Pair = readonly [string, string];
export type Race = {
  readonly clients: readonly (readonly Operation[])[];
  /** The policy that the race needs; without it either. */
  readonly mergePolicy?: "conflict" | "merge";
  /** Faults without which it would be none, beside those that the seed draws. */
  readonly faults?: ReadonlyMap<Fault, number>;
};

const ONE_OR_OTHER: readonly [Pair, Pair] = [
  ["1", "2"],
  ["2", "1"],
];
const OWNERS: readonly [Tokens[number], Tokens[number]] = [
  ["a", "1"],
  ["b", "1"],
];

export function raceOf(random: Random): Race {
  return random.pick([turnstile, rivals, guest, merger])(random);
}

/** One client moves two users of a developer to and from one identity, in turn, and the others look for them. */
function turnstile(random: Random): Race {
  const tokens = tokensOf(random, 1, 1);
  const [one, other] = random.pick(ONE_OR_OTHER);
  const joins = (target: 0 | null, user: string): Operation => {
    return { kind: "developer-token", target, user, tokens, isOwn: false };
  };
  const leaves = (user: string): Operation => ({ kind: "unlink-user", target: 0, user });
  // In the end one of the two is there, or nobody: that is what a late call finds.
  const turns = [joins(null, one), leaves(one), joins(0, other), leaves(other), joins(0, one)];
  const mover = turns.slice(0, random.pick([3, 3, 4, 5]));
  const watchers = times(1 + random.below(3), () => [
    pauseOf(random),
    ...times(2 + random.below(2), () => lookOf(random)),
  ]);
  return { clients: [mover, ...watchers] };
}

function lookOf(random: Random): Operation {
  const [one, other] = random.pick(ONE_OR_OTHER);
  return random.chance(0.25)
    ? { kind: "look-up", user: one }
    : { kind: "merge-users", destination: one, source: other };
}

/** Two identities by a public login each, and one user of a developer whom calls that name either want for it. */
function rivals(random: Random): Race {
  const wish = (client: number): Operation => {
    const target = random.chance(0.8) ? client : 1 - client;
    if (random.chance(0.2)) return { kind: "unlink-user", target, user: "1" };
    const tokens = random.chance(0.5) ? OWNERS : OWNERS.slice(client, client + 1);
    return { kind: "developer-token", target, user: "1", tokens, isOwn: false };
  };
  const clients = OWNERS.map((own, client): readonly Operation[] => [
    // The second identity is known after the first, so that each client knows which is its own.
    pauseOf(random, [1 + client * 250]),
    { kind: "get-id", tokens: [own] },
    pauseOf(random, [300 - client * 250]),
    ...times(2 + random.below(3), () => wish(client)),
  ]);
  return { mergePolicy: "merge", clients };
}

/** A guest that one call gives its first login, while another brings that one and a login whose owner absorbs the guest. */
function guest(random: Random): Race {
  const [one, other] = OWNERS;
  const mints = () => times(2, () => mintOf(random, 0, random.pick<Tokens>([OWNERS, [one], [other]])));
  return {
    mergePolicy: "conflict",
    clients: [
      [{ kind: "get-id", tokens: [] }, ...mints()],
      [{ kind: "get-id", tokens: [one] }, ...mints()],
      [pauseOf(random), ...mints()],
    ],
  };
}

/** Two identities that are merged by who has proved both, while their own users mint, now and long afterwards. */
function merger(random: Random): Race {
  const mint = (): Operation => ({ kind: "get-token", target: random.below(2), tokens: [], isOwn: true });
  const mints = () => times(6, () => (random.chance(0.4) ? pauseOf(random, [50, 2000]) : mint()));
  const users = OWNERS.map((own): readonly Operation[] => [{ kind: "get-id", tokens: [own] }, ...mints()]);
  const merge = { kind: "get-token", target: random.below(2), tokens: OWNERS, isOwn: false } as const;
  return { mergePolicy: "merge", clients: [...users, [{ kind: "pause", ms: 300 }, merge]] };
}

/** Operators who drop the signing key, while guests return for their tokens for longer than an isolate holds a key. */
export function keyOrdersOf(random: Random): Race {
  const order = (): Operation => ({ kind: "rotate-key", isForced: random.chance(0.7) });
  const mint = (): Operation => ({ kind: "get-token", target: random.below(2), tokens: [], isOwn: false });
  const guests = times(1 + random.below(2), (): readonly Operation[] => [
    { kind: "get-id", tokens: [] },
    ...times(12, () => [pauseOf(random, [50, 5000, 12_000]), mint()]).flat(),
  ]);
  const operators = times(1 + random.below(2), () =>
    times(1 + random.below(2), () => [pauseOf(random, [50, 5000, 40_000]), order()]).flat(),
  );
  return { clients: [...guests, ...operators] };
}

/** A guest whose rate is drawn on in bursts, while its object loses its memory between two draws, and its bucket is not stored. */
export function burstsOf(random: Random): Race {
  const burst = (): Operation => {
    return { kind: "burst", target: 0, tokens: [], isOwn: false, count: 8 + random.below(8) };
  };
  const bursts = (): readonly Operation[] =>
    times(1 + random.below(3), () => [pauseOf(random, [5, 50, 200, 2000]), burst()]).flat();
  const faults = new Map<Fault, number>([
    ["limiter-lost", random.pick([0.05, 0.15])],
    ["storage-throws", random.pick([0, 0.1, 0.3])],
  ]);
  return { clients: [[{ kind: "get-id", tokens: [] }, ...bursts()], bursts()], faults };
}

/** Users of very few identities who ask for credentials, link and unlink meanwhile, and bring back tokens that they were given before. */
export function credentialsOf(random: Random): Race {
  const operation = (): Operation => {
    const target = random.below(2);
    const dice = random.below(100);
    if (dice < 15) return { kind: "get-id", tokens: tokensOf(random, 0, 2) };
    if (dice < 25) return { kind: "get-token", target, tokens: tokensOf(random, 0, 1), isOwn: true };
    if (dice < 35) return { kind: "bring-token", target };
    if (dice < 42) return { kind: "unlink", target, isOwn: true, tokens: [], from: [random.pick(PROVIDERS)] };
    if (dice < 45) return { kind: "delete", target };
    const custom = random.chance(0.6) ? null : random.pick(ROLES);
    return { kind: "get-credentials", target, tokens: tokensOf(random, 0, 2), isOwn: random.chance(0.5), custom };
  };
  const first = (): Operation => ({ kind: "get-id", tokens: tokensOf(random, random.chance(0.4) ? 0 : 1, 1) });
  return { clients: times(2 + random.below(3), () => [first(), ...times(2 + random.below(4), operation)]) };
}

/** Isolates that ask an issuer's object for its keys, for longer than a set is fresh. */
export function issuersOf(random: Random): Race {
  const ask = (): Operation => ({ kind: "ask-issuer", isUnfit: random.chance(0.5) });
  const isolates = times(1 + random.below(3), (): readonly Operation[] =>
    times(3 + random.below(5), () => [pauseOf(random, [5, 1000, 1000, 20_000, 150_000, 450_000]), ask()]).flat(),
  );
  const faults = new Map<Fault, number>([
    ["crash", random.pick([0, 0.1])],
    ["storage-throws", random.pick([0, 0.2])],
  ]);
  return { clients: isolates, faults };
}

function mintOf(random: Random, target: number, tokens: Tokens): Operation {
  return random.chance(0.3) ? pauseOf(random) : { kind: "get-token", target, tokens, isOwn: false };
}

export function pauseOf(random: Random, ms: readonly [number, ...number[]] = [5, 50, 200]): Operation {
  return { kind: "pause", ms: random.pick(ms) };
}

export function times<T>(count: number, make: () => T): T[] {
  return Array.from({ length: count }, () => make());
}
