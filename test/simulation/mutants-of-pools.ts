/** Mistakes that somebody could make with pools: between them, in their settings, their lists and their end. */
import type { Mutant } from "./mutants-of-merges.ts";

export const MUTANTS_OF_POOLS: readonly Mutant[] = [
  {
    name: "pools: an identity takes logins that were verified for another pool",
    edits: [
      {
        file: "src/linking/identity-actor.ts",
        find: "if (admitted.pool.identityPoolId !== identityPoolId) {",
        replace: "if (admitted.pool.identityPoolId.length !== identityPoolId.length) {",
      },
    ],
  },
  {
    name: "pools: one pool is told of the developer's users in another",
    edits: [
      {
        file: "src/linking/identity-actor.ts",
        find: "return identity?.identityPoolId === identityPoolId ? {",
        replace: "return identity?.identityPoolId.length === identityPoolId.length ? {",
      },
    ],
  },
];
