/**
 * Clients for operators who import identities, write down what a pool knows of them and take it in again, late and twice, while those
 * identities' users come, unlink and are deleted.
 */
import type { LinePlan } from "./line-plans.ts";
import { type Operation, PROVIDERS, tokensOf, USERS } from "./operations.ts";
import { pauseOf, type Race, times } from "./races.ts";
import { visitOf } from "./source-races.ts";
import type { Random } from "../support/random.ts";

/** Of the ids that are known: few, so that lines and users meet. */
const TARGETS = 5;
/** A copy of an import arrives so long after its answer. */
const COPY_AFTER_MS = 20_000;

export function transferOf(random: Random): Race {
  return random.pick([beside, beside, again])(random);
}

/** Lines of all kinds while users come. */
function beside(random: Random): Race {
  const operator = () => times(1 + random.below(3), () => [pauseOf(random, [5, 200, 5000]), stepOf(random)]).flat();
  const user = () => times(2 + random.below(3), () => visitOf(random, random.below(TARGETS)));
  return { clients: [...times(1 + random.below(2), operator), ...times(1 + random.below(2), user)] };
}

/** Somebody who comes, unlinks or is deleted, and of whom an import says what was before. */
function again(random: Random): Race {
  const target = random.below(TARGETS);
  const tokens = tokensOf(random, 2, 3);
  const says = random.pick(["linked", "linked", "guest", "merged"] as const);
  const line = { ...lineOf(random), says, target, tokens, isDisabled: false };
  const told: Operation = { kind: "import", lines: [line] };
  const comes: Operation = { kind: "get-token", target, tokens: tokens.slice(0, 2), isOwn: false };
  const unlinks: Operation = { kind: "unlink", target, isOwn: true, tokens: [], from: [random.pick(PROVIDERS)] };
  const ends: Operation = random.chance(0.5) ? unlinks : { kind: "delete", target };
  const main = [random.chance(0.5) ? comes : told, { kind: "export" } as const, ends];
  const last: Operation = random.chance(0.5) ? { kind: "restore" } : told;
  return { clients: [[...main, last, visitOf(random, target)], times(2, () => visitOf(random, target))] };
}

function stepOf(random: Random): Operation {
  const dice = random.below(100);
  if (dice < 15) return { kind: "export" };
  if (dice < 30) return { kind: "restore" };
  const late = random.chance(0.2) && { copyAfterMs: COPY_AFTER_MS };
  const pool = random.chance(0.1) && { pool: 1 };
  return { kind: "import", lines: times(1 + random.below(4), () => lineOf(random)), ...late, ...pool };
}

function lineOf(random: Random): LinePlan {
  const dice = random.below(100);
  return {
    says: saysOf(dice),
    target: random.below(TARGETS),
    tokens: tokensOf(random, 1, 3),
    users: random.chance(0.15) ? [random.pick(USERS)] : [],
    barred: random.chance(0.3) ? [random.pick(PROVIDERS)] : [],
    isDisabled: random.chance(0.1),
  };
}

function saysOf(dice: number): LinePlan["says"] {
  if (dice < 12) return "listed";
  if (dice < 55) return "linked";
  if (dice < 63) return "guest";
  if (dice < 68) return "closed";
  if (dice < 78) return "merged";
  return dice < 89 ? "gone" : "freed";
}
