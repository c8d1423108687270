/** A schedule: what the clients do and which faults may strike. All of it is drawn from one seed. */
import { disablingOf } from "./disablings.ts";
import { FAULTS, type Fault, type FaultPlan } from "./faults.ts";
import { keyChangeOf } from "./key-change-operations.ts";
import { lateCopyOf } from "./late-copies.ts";
import { type Operation, PROVIDERS, tokensOf, USERS } from "./operations.ts";
import { poolChangesOf, poolRaceOf } from "./pool-races.ts";
import { burstsOf, credentialsOf, issuersOf, keyOrdersOf, type Race, raceOf } from "./races.ts";
import { planOf, type SourcePlan, sourceRaceOf } from "./source-races.ts";
import { transferOf } from "./transfers.ts";
import { type Random, streamOf } from "../support/random.ts";

export type Schedule = {
  readonly seed: number;
  readonly mergePolicy: "conflict" | "merge";
  readonly clients: readonly (readonly Operation[])[];
  readonly faults: FaultPlan;
  readonly source?: SourcePlan;
  /** Whether anybody imports or exports (transfers.ts). */
  readonly hasTransfers?: true;
};

/** So many seeds are there: they are whole numbers below this. */
export const SEEDS = 4_294_967_296;
/** The share of schedules that are made for one race (races.ts). */
const RACES = 0.2;
/** And for orders to drop the signing key. */
const KEY_ORDERS = 0.1;
/** And for what happens to pools, and between them (pool-races.ts). */
const POOL_RACES = 0.15;
/** And for a call that comes once more when it was answered and undone (late-copies.ts). */
const LATE_COPIES = 0.04;
/** And for the rate of one identity. */
const BURSTS = 0.04;
/** And for what is changed of a pool beside its settings. */
const POOL_CHANGES = 0.04;
/** And for credentials, whose role the logins decide. */
const CREDENTIALS = 0.08;
/** And for the keys of an issuer. */
const ISSUERS = 0.04;
/** And for an operator who stops users and lets them go on. */
const DISABLINGS = 0.06;
/** And for a change of KEY_ENCRYPTION_KEY. */
const KEY_CHANGES = 0.05;
/** And for imports and exports, most of them in a pool that has a source. */
const TRANSFERS = 0.12;
const TRANSFERS_WITH_SOURCE = 0.6;
/** And for pools that take over one at Cognito (source-races.ts). */
const SOURCES = 0.35;

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
  const race = streamOf(seed, "developer meeting");
  if (race.chance(RACES)) return withRace(schedule, raceOf(race), race);
  const orders = streamOf(seed, "key orders");
  if (orders.chance(KEY_ORDERS)) return withRace(schedule, keyOrdersOf(orders), orders);
  const pools = streamOf(seed, "pools");
  if (pools.chance(POOL_RACES)) return withRace(schedule, poolRaceOf(pools), pools);
  const copies = streamOf(seed, "late copies");
  if (copies.chance(LATE_COPIES)) return withRace(schedule, lateCopyOf(copies), copies);
  const bursts = streamOf(seed, "bursts");
  if (bursts.chance(BURSTS)) return withRace(schedule, burstsOf(bursts), bursts);
  const changes = streamOf(seed, "pool changes");
  if (changes.chance(POOL_CHANGES)) return withRace(schedule, poolChangesOf(changes), changes);
  const credentials = streamOf(seed, "credentials");
  if (credentials.chance(CREDENTIALS)) return withRace(schedule, credentialsOf(credentials), credentials);
  const issuers = streamOf(seed, "issuers");
  if (issuers.chance(ISSUERS)) return withRace(schedule, issuersOf(issuers), issuers);
  const disablings = streamOf(seed, "disablings");
  if (disablings.chance(DISABLINGS)) return withRace(schedule, disablingOf(disablings), disablings);
  const keyChanges = streamOf(seed, "key changes");
  if (keyChanges.chance(KEY_CHANGES)) return withRace(schedule, keyChangeOf(keyChanges), keyChanges);
  const transfers = streamOf(seed, "transfers");
  if (transfers.chance(TRANSFERS)) return withTransfers(schedule, transfers);
  const sources = streamOf(seed, "sources");
  return sources.chance(SOURCES) ? withSource(schedule, sources) : schedule;
}

function withTransfers(schedule: Schedule, random: Random): Schedule {
  const race = { ...withRace(schedule, transferOf(random), random), hasTransfers: true } as const;
  return random.chance(TRANSFERS_WITH_SOURCE) ? { ...race, source: planOf(random, false) } : race;
}

function withSource(schedule: Schedule, random: Random): Schedule {
  const { source, ...race } = sourceRaceOf(random);
  return { ...withRace(schedule, race, random), source };
}

/** A clock that jumps is felt for long; a message that comes again mostly does nothing. */
const WEIGHTS: ReadonlyMap<Fault, number> = new Map([
  ["clock-jump", 0.2],
  ["clock-stands", 0.2],
  // Asked only where it matters, and seldom there.
  ["issuer-fails", 5],
  ["key-rotates", 5],
  ["older-code", 5],
  ["limiter-lost", 2.5],
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
  if (dice < 96 && mayDeletePool) return { kind: "administer", act: "delete" };
  return { kind: "pause", ms: random.pick([5, 50, 12_000]) };
}

/** Each makes an identity, and then all use the first few of them at once: merges, mints and unlinks of one meet. */
function meetingOf(random: Random, index: number): Operation {
  if (index === 0) return { kind: "get-id", tokens: tokensOf(random, random.chance(0.3) ? 0 : 1, 1) };
  const target = random.below(2);
  if (random.chance(0.1)) return { kind: "unlink", target, isOwn: true, tokens: [], from: [random.pick(PROVIDERS)] };
  return { kind: "get-token", target, tokens: tokensOf(random, 0, 2), isOwn: random.chance(0.85) };
}

/** The same seed and faults, with the clients of a race; in most of them some call is held up until the others are done. */
function withRace(schedule: Schedule, race: Race, random: Random): Schedule {
  const { mergePolicy = schedule.mergePolicy, clients, faults = [] } = race;
  const late = random.pick([0, 0.05, 0.15]);
  const probabilities = new Map([...schedule.faults.probabilities, ["late-request", late], ...faults] as const);
  return { ...schedule, mergePolicy, clients, faults: { ...schedule.faults, probabilities } };
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
