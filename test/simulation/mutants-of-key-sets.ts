/** Bugs to plant (mutants.ts): in what an issuer's object decides about its key set. */
import type { Mutant } from "./mutants-of-merges.ts";

const ACTOR = "src/key-sets/key-set-actor.ts";
const LIFE = "src/key-sets/key-set-life.ts";

export const MUTANTS_OF_KEY_SETS: readonly Mutant[] = [
  {
    name: "an issuer's keys are told before they are stored",
    edits: [
      {
        file: ACTOR,
        find: "    this.#host.save({",
        replace: "    this.#held = held;\n    this.#host.save({",
      },
    ],
  },
  {
    name: "whoever asks for an issuer's keys has them fetched, whoever else does",
    edits: [{ file: ACTOR, find: "this.#fetching ??= this.#fetch(", replace: "this.#fetching = this.#fetch(" }],
  },
  {
    name: "the answer is what was held before the issuer was asked",
    edits: [{ file: ACTOR, find: "answerOf(this.#state(issuer), this", replace: "answerOf(state, this" }],
  },
  {
    name: "nobody wakes an issuer's object for the end of its set",
    edits: [{ file: ACTOR, find: "this.#isAlarmSet ? null : uselessFrom(held)", replace: "null" }],
  },
  {
    name: "an issuer's object is woken once, though its set was renewed since",
    edits: [{ file: ACTOR, find: "      this.#host.setAlarm(until);\n      return;\n", replace: "      return;\n" }],
  },
  {
    name: "a failure of an issuer is not remembered",
    edits: [
      {
        file: ACTOR,
        find: "this.#failure = failedAgain(this.#failure, loaded.error, this.#host.now());",
        replace: "this.#failure = undefined;",
      },
    ],
  },
  {
    name: "an issuer is asked anew for every token that no key fits",
    edits: [{ file: ACTOR, find: 'if (reason === "no-fitting-key") this', replace: "if (false) this" }],
  },
  {
    name: "a set of keys serves for as long as it can be of any use",
    edits: [{ file: LIFE, find: "const FRESH_SECONDS = 600;", replace: "const FRESH_SECONDS = 86_400;" }],
  },
];
