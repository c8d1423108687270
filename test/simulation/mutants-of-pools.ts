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
  {
    name: "pools: a name that comes late wins over a newer one",
    edits: [
      {
        file: "src/pools/pool-directory.ts",
        find: "if (revision >= (this.#rows.revisionOf(identityPoolId) ?? 0)) ",
        replace: "",
      },
    ],
  },
  {
    name: "pools: a name that comes late brings a deleted pool back",
    edits: [
      {
        file: "src/pools/pool-directory.ts",
        find: "    if (this.#rows.hasEnded(identityPoolId)) return;\n",
        replace: "",
      },
    ],
  },
  {
    name: "pools: an identity that stands still is gone past for good",
    edits: [
      {
        file: "src/pools/pool-actor.ts",
        find: 'const isSwept = after === "" && ',
        replace: "const isSwept = ",
      },
    ],
  },
  {
    name: "pools: each change of a pool is its first",
    edits: [
      {
        file: "src/pools/pool-actor.ts",
        find: "return Math.max((this.#record?.revision ?? 0) + 1, Math.floor(this.#host.now() * 1000));",
        replace: "return 1;",
      },
    ],
  },
  {
    name: "pools: a renewal under way undoes that the pool was forgotten",
    edits: [
      { file: "src/pools/pool-memory.ts", find: "if (this.#changes !== changesBefore) return pool;", replace: "" },
    ],
  },
  {
    name: "pools: a renewal gives what it is to replace another life",
    edits: [
      {
        file: "src/pools/pool-memory.ts",
        find: "    try {\n      await this.#ask(",
        replace: "    this.#pools.set(identityPoolId, known, now);\n    try {\n      await this.#ask(",
      },
    ],
  },
];
