/** A schedule: what the clients do and which faults may strike. All of it is drawn from one seed. */
import { FAULTS, type Fault, type FaultPlan } from "./faults.ts";
import { type Random, streamOf } from "./random.ts";

export const PROVIDERS = ["a", "b", "c"] as const;

/** One login a provider, as `Logins` maps provider names to login tokens. */
export type Tokens = readonly (readonly [providerName: string, subject: string])[];

export type Operation =
  | { readonly kind: "get-id"; readonly tokens: Tokens }
  /** `target` picks among the identity ids known by then; `isOwn` adds a login that it is remembered to hold. */
  | { readonly kind: "get-token"; readonly target: number; readonly tokens: Tokens; readonly isOwn: boolean }
  | {
      readonly kind: "unlink";
      readonly target: number;
      readonly isOwn: boolean;
      readonly tokens: Tokens;
      readonly from: readonly string[];
    }
  | { readonly kind: "delete"; readonly target: number }
  /** Many requests for a token at once. */
  | {
      readonly kind: "burst";
      readonly target: number;
      readonly tokens: Tokens;
      readonly isOwn: boolean;
      readonly count: number;
    }
  /** Of the developer's own user; `target` null names no identity. */
  | {
      readonly kind: "developer-token";
      readonly target: number | null;
      readonly user: string;
      readonly tokens: Tokens;
      readonly isOwn: boolean;
    }
  | { readonly kind: "unlink-user"; readonly target: number; readonly user: string }
  | { readonly kind: "merge-users"; readonly destination: string; readonly source: string }
  | { readonly kind: "look-up"; readonly user: string }
  | { readonly kind: "delete-pool" }
  | { readonly kind: "pause"; readonly ms: number };

export const USERS = ["1", "2", "3"] as const;

export type Schedule = {
  readonly seed: number;
  readonly mergePolicy: "conflict" | "merge";
  readonly clients: readonly (readonly Operation[])[];
  readonly faults: FaultPlan;
};

/** So many seeds are there: they are whole numbers below this. */
export const SEEDS = 4_294_967_296;
const DEVELOPER_MEETINGS = 0.15;

export function scheduleOf(seed: number): Schedule {
  const random = streamOf(seed, "schedule");
  const clientCount = 2 + random.below(3);
  const operationCount = 2 + random.below(3);
  // In some schedules all clients are the users of very few identities, so that merges and mints of one meet.
  const targets = random.pick([1, 2, 3, 6]);
  // In some the clients are strangers who meet on guests, in others users who return to what is theirs.
  const ownShare = random.pick([0.2, 0.6, 0.9]);
  const mayDeletePool = random.chance(0.08);
  const isMeeting = random.chance(0.4);
  // In the others, users of the developer's own among the public ones.
  const developerShare = random.pick([0, 0, 0.3, 0.6]);
  const mayBurst = random.chance(0.05);
  const clients = Array.from({ length: clientCount }, () => {
    return Array.from({ length: operationCount }, (_, index) => {
      if (random.chance(developerShare)) return developerOperationOf(random, targets, index);
      if (mayBurst && random.chance(0.4)) return burstOf(random, targets);
      return isMeeting ? meetingOf(random, index) : operationOf(random, targets, ownShare, mayDeletePool);
    });
  });
  const mergePolicy: Schedule["mergePolicy"] = random.chance(0.5) ? "merge" : "conflict";
  const schedule = { seed, mergePolicy, clients, faults: { seed, probabilities: probabilitiesOf(random), only: null } };
  const meeting = streamOf(seed, "developer meeting");
  return meeting.chance(DEVELOPER_MEETINGS) ? asDeveloperMeeting(schedule, meeting) : schedule;
}

/** A clock that jumps is felt for long; a message that comes again mostly does nothing. */
const WEIGHTS: ReadonlyMap<Fault, number> = new Map([
  ["clock-jump", 0.2],
  ["clock-stands", 0.2],
  // Asked only where it matters, and seldom there.
  ["issuer-fails", 5],
  ["key-rotates", 5],
  ["older-code", 5],
  ["limiter-lost", 5],
  ["duplicate", 3],
]);

/** Some schedules have no fault at all, some one kind, some many: rare ones are found where they are not drowned out. */
function probabilitiesOf(random: Random): ReadonlyMap<Fault, number> {
  const share = random.pick([0, 0.25, 0.5, 1]);
  const scale = random.pick([0.01, 0.03, 0.1]);
  return new Map(FAULTS.filter(() => random.chance(share)).map((fault) => [fault, scale * (WEIGHTS.get(fault) ?? 1)]));
}

function operationOf(random: Random, targets: number, ownShare: number, mayDeletePool: boolean): Operation {
  const dice = random.below(100);
  const target = random.below(targets);
  if (dice < 28) return { kind: "get-id", tokens: tokensOf(random, random.chance(0.4) ? 0 : 1, 3) };
  if (dice < 70) return { kind: "get-token", target, tokens: tokensOf(random, 0, 2), isOwn: random.chance(ownShare) };
  if (dice < 84) {
    const from = PROVIDERS.filter(() => random.chance(0.5));
    return {
      kind: "unlink",
      target,
      isOwn: random.chance(0.9),
      tokens: tokensOf(random, 0, 1),
      from: from.length > 0 ? from : ["a"],
    };
  }
  if (dice < 91) return { kind: "delete", target };
  if (dice < 96 && mayDeletePool) return { kind: "delete-pool" };
  return { kind: "pause", ms: random.pick([5, 50, 12_000]) };
}

/** Each makes an identity, and then all use the first few of them at once: merges, mints and unlinks of one meet. */
function meetingOf(random: Random, index: number): Operation {
  if (index === 0) return { kind: "get-id", tokens: tokensOf(random, random.chance(0.3) ? 0 : 1, 1) };
  const target = random.below(2);
  if (random.chance(0.1)) return { kind: "unlink", target, isOwn: true, tokens: [], from: [random.pick(PROVIDERS)] };
  return { kind: "get-token", target, tokens: tokensOf(random, 0, 2), isOwn: random.chance(0.85) };
}

/** Two identities by a public login each, and one user of a developer whom calls that name either want for it. */
function rivalsOf(random: Random): readonly (readonly Operation[])[] {
  const publicLogins = [
    ["a", "1"],
    ["b", "1"],
  ] as const;
  return publicLogins.map((own, client): readonly Operation[] => [
    { kind: "get-id", tokens: [own] },
    ...Array.from({ length: 2 + random.below(3) }, (): Operation => {
      const target = random.chance(0.8) ? client : 1 - client;
      if (random.chance(0.2)) return { kind: "unlink-user", target, user: "1" };
      const tokens = random.chance(0.5) ? publicLogins : [own];
      return { kind: "developer-token", target, user: "1", tokens, isOwn: false };
    }),
  ]);
}

/** One client moves two users to and from one identity, in turn, and the others look for them. */
function turnstileOf(random: Random): readonly (readonly Operation[])[] {
  const tokens = tokensOf(random, 1, 1);
  const [one, other] = random.pick([
    ["1", "2"],
    ["2", "1"],
  ] as const);
  const joins = (target: 0 | null, user: string): Operation => {
    return { kind: "developer-token", target, user, tokens, isOwn: false };
  };
  const leaves = (user: string): Operation => ({ kind: "unlink-user", target: 0, user });
  const mover = [joins(null, one), leaves(one), joins(0, other), leaves(other), joins(0, one)];
  const watchers = Array.from({ length: 1 + random.below(3) }, (): readonly Operation[] => [
    { kind: "pause", ms: random.pick([50, 200]) },
    ...Array.from({ length: 2 + random.below(2) }, () => lookOf(random)),
  ]);
  return [mover, ...watchers];
}

function lookOf(random: Random): Operation {
  const [one, other] = random.pick([
    ["1", "2"],
    ["2", "1"],
  ] as const);
  return random.chance(0.25)
    ? { kind: "look-up", user: one }
    : { kind: "merge-users", destination: one, source: other };
}

/** In most of them a call is held up between two looks, until all others are done. */
function asDeveloperMeeting(schedule: Schedule, random: Random): Schedule {
  const clients = random.chance(0.5) ? turnstileOf(random) : rivalsOf(random);
  const late = random.pick([0, 0.03, 0.1]);
  const probabilities = new Map([...schedule.faults.probabilities, ["late-request", late]] as const);
  return { ...schedule, clients, faults: { ...schedule.faults, probabilities } };
}

/** Users of a developer: made, linked beside public logins, merged, and let go. */
function developerOperationOf(random: Random, targets: number, index: number): Operation {
  const user = random.pick(USERS);
  const dice = index === 0 ? random.below(50) : random.below(100);
  if (dice < 40) return { kind: "developer-token", target: null, user, tokens: tokensOf(random, 0, 1), isOwn: false };
  const target = random.below(targets);
  if (dice < 62)
    return { kind: "developer-token", target, user, tokens: tokensOf(random, 0, 1), isOwn: random.chance(0.5) };
  if (dice < 76) return { kind: "unlink-user", target, user };
  return { kind: "merge-users", destination: user, source: random.pick(USERS) };
}

function burstOf(random: Random, targets: number): Operation {
  const isGuest = random.chance(0.5);
  return { kind: "burst", target: random.below(targets), tokens: [], isOwn: !isGuest, count: 8 + random.below(8) };
}

function tokensOf(random: Random, least: number, most: number): Tokens {
  const count = least + random.below(most - least + 1);
  const providers = [...PROVIDERS];
  return Array.from({ length: count }, () => {
    const [providerName = "a"] = providers.splice(random.below(providers.length), 1);
    // The first subject is the more popular one, so that requests meet.
    return [providerName, random.chance(0.7) ? "1" : "2"] as const;
  });
}
