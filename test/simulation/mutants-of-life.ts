/** Bugs to plant (mutants.ts): in what an identity's record tells of its life. */
import type { Mutant } from "./mutants-of-merges.ts";

const LIFE = "src/linking/life.ts";
const REMOVAL = "src/linking/removal.ts";

function mutant(name: string, file: string, find: string, replace: string): Mutant {
  return { name, edits: [{ file, find, replace }] };
}

export const MUTANTS_OF_LIFE: readonly Mutant[] = [
  mutant(
    "an unlink leaves no entry",
    REMOVAL,
    'withFacts(left, [...factsOf("unlinked", removed), ...end], now)',
    "withFacts(left, end, now)",
  ),
  mutant(
    "an identity that closes does not say so",
    REMOVAL,
    'kind === "closed" ? [{ kind }] : []',
    'kind === "closed" && now < 0 ? [{ kind }] : []',
  ),
  mutant("a deletion leaves no entry", REMOVAL, 'withFacts(tombstone, [{ kind: "deleted" }], now)', "tombstone"),
  mutant("a sequence comes twice", LIFE, "sequence: last + 1 + index", "sequence: Math.max(last, 1) + index"),
  mutant(
    "an identity that is merged does not say so",
    "src/linking/absorption.ts",
    "withFacts(merged, [end], decidedAt)",
    "merged",
  ),
  mutant(
    "a merge that fails leaves an entry",
    "src/linking/absorption.ts",
    'if (outcome === "aborted") return { ...record, freeze: null };',
    'if (outcome === "aborted")\n    return withFacts({ ...record, freeze: null }, [{ kind: "merged", other: record.freeze.coordinator }], decidedAt);',
  ),
  mutant(
    "the record of the first release is read without its life",
    "src/linking/first-record.ts",
    "return dated.reduce(",
    'if (standing.kind === "linked") return unwritten;\n  return dated.reduce(',
  ),
  {
    name: "the oldest entry is dropped, also where it alone tells of a login",
    edits: [
      { file: LIFE, find: "life.filter((entry) => !needed.has(entry)).slice", replace: "life.slice" },
      // No schedule is long enough to fill a life. A shorter list with the right rule is not caught.
      { file: LIFE, find: "MAX_LIFE_ENTRIES = 50", replace: "MAX_LIFE_ENTRIES = 5" },
    ],
  },
];
