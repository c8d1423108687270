/** Clients for an operator who stops the users of very few identities, and lets them go on, while these do all that users do. */
import { type Operation, PROVIDERS, tokensOf } from "./operations.ts";
import { pauseOf, type Race, times } from "./races.ts";
import type { Random } from "../support/random.ts";

export function disablingOf(random: Random): Race {
  const users = times(1 + random.below(2), (): readonly Operation[] => [
    firstOf(random),
    ...times(3 + random.below(3), () => useOf(random)),
  ]);
  const words = times(2 + random.below(3), (): readonly Operation[] => [
    pauseOf(random, [5, 50, 200, 2000]),
    { kind: "disable", target: random.below(2), isDisabled: random.chance(0.7) },
  ]);
  return { clients: [...users, words.flat()] };
}

function firstOf(random: Random): Operation {
  const tokens = tokensOf(random, random.chance(0.3) ? 0 : 1, 1);
  return random.chance(0.3)
    ? { kind: "developer-token", target: null, user: "1", tokens, isOwn: false }
    : { kind: "get-id", tokens };
}

function useOf(random: Random): Operation {
  const target = random.below(2);
  const tokens = tokensOf(random, 0, 2);
  const dice = random.below(100);
  if (dice < 20) return { kind: "get-id", tokens: tokensOf(random, 0, 2) };
  if (dice < 55) return { kind: "get-token", target, tokens, isOwn: random.chance(0.7) };
  if (dice < 62) return { kind: "get-credentials", target, tokens, isOwn: true, custom: null };
  if (dice < 69) return { kind: "bring-token", target };
  if (dice < 77) return { kind: "unlink", target, isOwn: true, tokens: [], from: [random.pick(PROVIDERS)] };
  if (dice < 84) return { kind: "developer-token", target, user: random.pick(["1", "2"]), tokens: [], isOwn: true };
  if (dice < 89) return { kind: "unlink-user", target, user: "1" };
  if (dice < 93) return { kind: "merge-users", destination: "1", source: "2" };
  return dice < 96 ? { kind: "delete", target } : pauseOf(random);
}
