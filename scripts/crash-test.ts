/**
 * npm run crash-test -- --kills N --seed S   kills a real Worker N times in the middle of its work (default 40), a fifth of
 *                                            them with every process, and judges everything that clients saw and all that
 *                                            is on disk. Exits with 1 when anything contradicts.
 */
import { parseArgs } from "node:util";
import { runCrashes } from "../test/crash/run.ts";

const { values: options } = parseArgs({
  options: { kills: { type: "string", default: "40" }, seed: { type: "string" } },
});

const kills = Number(options.kills);
const seed = options.seed === undefined ? Math.floor(Math.random() * 2 ** 32) : Number(options.seed);
if (!Number.isInteger(kills) || kills < 2 || !Number.isInteger(seed)) {
  throw new Error("--kills must be a whole number of 2 or more, and --seed a whole number");
}
const wholeKills = Math.max(1, Math.floor(kills / 5));

console.log(`seed ${seed}: ${kills} kills, ${wholeKills} of them of every process`);
const startedAt = performance.now();
const report = await runCrashes({ seed, runtimeKills: kills - wholeKills, wholeKills, onStep: console.log });
const { violations, counts, deeds, people, identities, leftOpen } = report;
console.log(
  `${counts.calls} calls in ${Math.round((performance.now() - startedAt) / 1000)} s: ${counts.answered} answered, ` +
    `${counts.refused} refused, ${counts.unknown} of unknown outcome, ${counts.notDelivered} while it was down`,
);
console.log(
  `acknowledged: ${Object.entries(deeds)
    .map(([deed, count]) => `${count} ${deed}`)
    .join(", ")}`,
);
console.log(
  `${people} people, ${identities} identities on disk; ${leftOpen} transactions and messages cut off and recovered`,
);
for (const violation of violations) console.log(`VIOLATION ${violation}`);
console.log(violations.length === 0 ? "nothing acknowledged was lost, and no login has two owners" : `seed ${seed}`);
process.exitCode = violations.length === 0 ? 0 : 1;
